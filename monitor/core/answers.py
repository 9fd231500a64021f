"""What people answer to a notice: they acknowledge it, want to hear of it later, or want it sent again."""

from collections.abc import Iterable

from monitor.core.case import SNOOZES_MAX, Case, Change, Drop, Item, Stage, State, asks, bounded, dropped
from monitor.core.casework import changed, decided


def acknowledged(case: Case, notice_id: str, by: str, at: int) -> Change:
    """Somebody takes care of it: the ladder stops, the clock goes on, and its end is told.

    What was said at once by whatever is still on its way arrives all the same.
    """
    later = [item for item in case.waiting() if item.call.rung]
    change = changed(case, later, lambda item: dropped(item, Drop.ACKNOWLEDGED, at), Stage.ANSWER)
    after = (change.case or case)._replace(acknowledged_at=at, acknowledged_by=by)
    return Change(after, (decided(Stage.ANSWER, "acknowledged", "asked", notice_id), *change.decisions))


def snoozed(case: Case, notice_id: str, until: int, at: int) -> Change:
    """Nothing that asks for action is said before then; what `notice_id` said is said once more, unless it has ended.

    So often at most; afterwards it changes nothing.
    """
    if case.snoozes >= SNOOZES_MAX:
        return Change(case, (decided(Stage.ANSWER, "refused", "snoozed_too_often", notice_id),))
    held = [item for item in case.waiting() if asks(item.call)]
    change = changed(
        case, held, lambda item: item._replace(at=max(item.at, until), message=""), Stage.ANSWER, "put_off"
    )
    reminders = [
        Item(f"{item.notice_id}-again{case.snoozes + 1}", item.outcome_id, item.call._replace(at=until), until)
        for item in case.items
        if item.state is State.DELIVERED and notice_id in (item.notice_id, item.message) and asks(item.call)
    ]
    after = change.case or case
    said, items = bounded(after.said, (*after.items, *reminders))
    after = after._replace(said=said, items=items, snoozed_until=until, snoozes=case.snoozes + 1)
    return Change(after, (decided(Stage.ANSWER, "snoozed", "asked", notice_id), *change.decisions))


def sent_again(case: Case, items: Iterable[Item], at: int) -> Change:
    """What is a dead letter is tried anew, under the same id."""
    failed = [item for item in items if item.state is State.FAILED]

    def anew(item: Item) -> Item:
        return Item(item.notice_id, item.outcome_id, item.call, at)

    return changed(case, failed, anew, Stage.ANSWER, "sent_again")
