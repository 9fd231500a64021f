"""The steps of a case: an outcome is heard, an attempt ends, something is of no use any more."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from monitor.core.calls import Call, End, Reach, Silence, calls_for, corrections, ends_ladder
from monitor.core.case import (
    ITEMS_MAX,
    Answer,
    Case,
    Change,
    Decision,
    Drop,
    Item,
    Said,
    Stage,
    State,
    asks,
    bounded,
    dropped,
    notice_id_of,
)
from monitor.core.outcome import Kind, Outcome
from monitor.core.routing import Routing, sendable_at

_OVERTAKEN: Final = frozenset({Kind.WARNED, Kind.AT_RISK})
_OVERTAKING: Final = _OVERTAKEN | {Kind.BREACHED}


class Directions(NamedTuple):
    """Who hears of what, as it is now: of the newest version of the agreement, for people change."""

    routing: Routing | None
    reach: Reach


def heard(case: Case | None, said: Said, directions: Directions) -> Change:
    """An outcome was read from its topic. One that is read again changes nothing."""
    outcome, before = said.outcome, case or Case((), (), said.told_at)
    if any(each.outcome.outcome_id == outcome.outcome_id for each in before.said):
        return Change(case, (decided(Stage.ROUTE, "repeated", "heard_before", outcome.outcome_id),))
    called = calls_for(outcome, *directions)
    if case is None and isinstance(called, Silence):
        return Change(None, (_quiet(outcome, called),))
    if outcome.kind is Kind.FINALISED:
        return Change(before._replace(closed=True, heard_at=max(before.heard_at, said.told_at)))
    items, decisions = _ended(before.items, outcome, said.told_at)
    told = [item.call for item in items if item.state is State.DELIVERED]
    ends = corrections(outcome, told, directions.reach)
    calls = (*ends, *(() if isinstance(called, Silence) else called))
    if isinstance(called, Silence) and not calls:
        decisions.append(_quiet(outcome, called))
    for item in _items_of(before, outcome, calls, said.told_at, directions.routing):
        if item.ref in {each.ref for each in items}:
            continue  # what is news to a route may end an incident of the same channel, too
        if len([each for each in items if each.state is State.WAITING]) >= ITEMS_MAX:
            item = dropped(item, Drop.FULL, said.told_at)
        items.append(item)
        decisions.append(_of(Stage.ROUTE, item))
    over = ends_ladder(outcome) is not None
    noted = (*before.said, said) if calls or over or called is not Silence.KIND else before.said
    kept_said, kept = bounded(noted, items)
    return Change(
        before._replace(
            said=kept_said,
            items=kept,
            heard_at=max(before.heard_at, said.told_at),
            closed=False,
            acknowledged_at=0 if over else before.acknowledged_at,
            acknowledged_by="" if over else before.acknowledged_by,
            snoozed_until=0 if over else before.snoozed_until,
        ),
        tuple(decisions),
    )


def attempt_ended(case: Case, items: Sequence[Item], answer: Answer, at: int, directions: Directions) -> Change:
    """What was tried arrived, is to be tried again, or is given up.

    What arrived although an end came meanwhile is corrected in the same place.
    """
    refs = {item.ref for item in items}
    after = [_answered(item, answer, at) if item.ref in refs else item for item in case.items]
    more = list(_late_corrections(case, refs, directions, at) if answer.delivered else ())
    said, kept = bounded(case.said, (*after, *more))
    decisions = [_of(Stage.DELIVER, item) for item in after if item.ref in refs]
    return Change(case._replace(said=said, items=kept), (*decisions, *(_of(Stage.ROUTE, item) for item in more)))


def put_together(case: Case, items: Sequence[Item], message: str) -> Change:
    """These are to leave in one message with that id, now and whenever it is tried again."""
    return changed(case, items, lambda item: item._replace(message=message), Stage.FOLD, "folded")


def left_unsaid(case: Case, items: Sequence[Item], why: End | Drop, at: int) -> Change:
    """The newest state says that these are of no use any more."""
    return changed(case, items, lambda item: dropped(item, why, at), Stage.RECHECK)


def given_up(case: Case, items: Sequence[Item], why: str, at: int, *, tried: bool) -> Change:
    """These are dead letters; `tried`: after one more attempt."""

    def failed(item: Item) -> Item:
        return item._replace(state=State.FAILED, reason=why, attempts=item.attempts + tried, settled_at=at)

    return changed(case, items, failed, Stage.DELIVER)


def put_off(case: Case, items: Sequence[Item], until: int) -> Change:
    """The recipient must not be disturbed now: at the next opening, with what else came until then."""
    return changed(case, items, lambda item: item._replace(at=until, message="", digest=True), Stage.RECHECK, "put_off")


def _ended(items: Iterable[Item], outcome: Outcome, at: int) -> tuple[list[Item], list[Decision]]:
    """The items without what this outcome makes pointless."""
    end, replaced = ends_ladder(outcome), outcome.supersedes
    after, decisions = [], []
    for item in items:
        if item.state is State.WAITING:
            why: End | Drop | None = None
            if replaced is not None and item.outcome_id == replaced:
                why = End.WITHDRAWN if outcome.kind is Kind.WITHDRAWN else Drop.REPLACED
            elif end is not None and outcome.kind is not Kind.WITHDRAWN and asks(item.call):
                why = end
            elif outcome.kind in _OVERTAKING and item.call.said.partition(":")[0] in _OVERTAKEN:
                why = Drop.OVERTAKEN
            if why is not None:
                item = dropped(item, why, at)
                decisions.append(_of(Stage.ROUTE, item))
        after.append(item)
    return after, decisions


def _items_of(
    case: Case, outcome: Outcome, calls: Iterable[Call], told_at: int, routing: Routing | None
) -> Iterator[Item]:
    for call in calls:
        recipient = None if routing is None else routing.recipients.get(call.recipient)
        wanted_at = max(call.at, case.snoozed_until if asks(call) else 0)
        at = sendable_at(wanted_at, recipient, call.page)
        item = Item(notice_id_of(outcome.outcome_id, call), outcome.outcome_id, call, at, digest=at > wanted_at)
        if case.acknowledged_at and call.route and asks(call):
            item = dropped(item, Drop.ACKNOWLEDGED, told_at)
        yield item


def _late_corrections(case: Case, refs: set[tuple[str, str]], directions: Directions, at: int) -> Iterator[Item]:
    """For what was dropped while it was on its way."""
    arrived = [item for item in case.items if item.ref in refs and item.state is State.DROPPED]
    known = {item.ref for item in case.items}
    for item in arrived:
        for said in case.said[case.said.index(case.outcome_of(item)) + 1 :]:
            for call in corrections(said.outcome, [item.call], directions.reach):
                correction = Item(said.outcome.outcome_id, said.outcome.outcome_id, call, max(call.at, at))
                if correction.ref not in known:
                    known.add(correction.ref)
                    yield correction


def _answered(item: Item, answer: Answer, at: int) -> Item:
    item = item._replace(attempts=item.attempts + 1)
    if answer.delivered:
        return item._replace(state=State.DELIVERED, reason="", settled_at=at)
    if item.state is not State.WAITING:
        return item
    if answer.next_at is None:
        return item._replace(state=State.FAILED, reason=answer.reason, settled_at=at)
    return item._replace(reason=answer.reason, next_at=answer.next_at)


def changed(
    case: Case, items: Iterable[Item], change: Callable[[Item], Item], stage: Stage, decision: str = ""
) -> Change:
    """The same with these items changed, and that as a decision about each."""
    refs = {item.ref for item in items}
    after = tuple([change(item) if item.ref in refs else item for item in case.items])
    decisions = [
        decided(stage, decision or item.state.value, "due" if decision else item.reason, item.notice_id)
        for item in after
        if item.ref in refs
    ]
    return Change(case._replace(items=after), tuple(decisions))


def _of(stage: Stage, item: Item) -> Decision:
    return decided(stage, item.state.value, item.reason or "called", item.notice_id)


def _quiet(outcome: Outcome, silence: Silence) -> Decision:
    return decided(Stage.ROUTE, "quiet", silence.value, outcome.outcome_id)


def decided(stage: Stage, decision: str, reason: str, notice_id: str) -> Decision:
    """See Decision."""
    return Decision(stage, decision, reason, notice_id)
