"""A case: what people were told, or are to be told, of one clock, one quota's term or the agreement itself."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple

from monitor.core.calls import Call, End
from monitor.core.outcome import Kind, Outcome

_US_PER_S: Final = 1_000_000
_DAY_US: Final = 86_400 * _US_PER_S
# Twice what one clock can bring about where every step of a ladder names four recipients: two warnings, a breach with
# three steps behind it, and the end.
ITEMS_MAX: Final = 64
# A reminder that was put off so often is not wanted.
SNOOZES_MAX: Final = 20
# How long a case is kept after its last word. A crash lets outcomes be told again when workers start anew, and a day
# covers a night and an outage; nobody waits for the verdict any more once it is final.
KEEP_US: Final = _DAY_US
# A case whose clock never becomes final, as one of a lead that was erased: longer than the quarter that it was part of.
KEEP_OPEN_US: Final = 100 * _DAY_US


class State(StrEnum):
    """Where one item stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DROPPED = "dropped"
    """It is not to be said any more; the reason says why."""
    FAILED = "failed"
    """It is a dead letter, and may be sent again."""


class Drop(StrEnum):
    """Why something is not said, beside what ends a clock (`monitor.core.calls.End`)."""

    REPLACED = "replaced_by_revision"
    ACKNOWLEDGED = "acknowledged"
    LAPSED = "lead_left_funnel"
    OVERTAKEN = "overtaken_by_later"
    """A later warning, or the breach, says all of it."""
    FULL = "case_full"


class Stage(StrEnum):
    """The steps between an outcome and a message."""

    ROUTE = "route"
    RECHECK = "recheck"
    FOLD = "fold"
    DELIVER = "deliver"
    ANSWER = "answer"


class Decision(NamedTuple):
    """What was decided about a notice, and why; a bounded vocabulary, fit for metric labels."""

    stage: Stage
    decision: str
    reason: str
    notice_id: str
    """The outcome's id where nobody is called."""


class Said(NamedTuple):
    """An outcome as it was heard."""

    outcome: Outcome
    told_at: int
    """When it was put on its topic, microseconds since the epoch."""
    offset: int


class Item(NamedTuple):
    """One notice for one recipient over one channel."""

    notice_id: str
    """Constant for ever: the outcome's id; behind it the step of the ladder, or which reminder it is."""
    outcome_id: str
    call: Call
    at: int
    """Not before; later than the call where the recipient must not be disturbed at that time."""
    state: State = State.WAITING
    reason: str = ""
    """Why it was dropped or has failed; while it waits: how the last attempt ended."""
    attempts: int = 0
    next_at: int = 0
    """Not before, after an attempt that failed."""
    message: str = ""
    """The id of the message that it was put into together with others; "" by itself."""
    settled_at: int = 0
    digest: bool = False
    """It came while the recipient was not to be disturbed, and is told at the next opening with what else did."""

    @property
    def ready_at(self) -> int:
        """When it may leave."""
        return max(self.at, self.next_at)

    @property
    def ref(self) -> tuple[str, str]:
        """What tells it from the others of its case."""
        return self.notice_id, self.call.channel


class Case(NamedTuple):
    """All of one clock's items; bounded, the oldest that are settled are forgotten."""

    said: tuple[Said, ...]
    items: tuple[Item, ...]
    heard_at: int
    """When the newest outcome was told."""
    closed: bool = False
    """The verdict is final."""
    acknowledged_at: int = 0
    acknowledged_by: str = ""
    snoozed_until: int = 0
    snoozes: int = 0

    def waiting(self) -> tuple[Item, ...]:
        """What is still to be said."""
        return tuple([item for item in self.items if item.state is State.WAITING])

    def outcome_of(self, item: Item) -> Said:
        """What the item is about."""
        return next(said for said in self.said if said.outcome.outcome_id == item.outcome_id)

    def forget_at(self) -> int | None:
        """When nothing can come any more that this case would have to know of; None while something waits."""
        if self.waiting():
            return None
        settled_at = max([self.heard_at, *(item.settled_at for item in self.items)])
        return settled_at + KEEP_US if self.closed else self.heard_at + KEEP_OPEN_US


class Answer(NamedTuple):
    """How one attempt ended."""

    delivered: bool
    reason: str
    """One of `monitor.ports.DELIVERY_REASONS` or ABANDONED."""
    next_at: int | None
    """When it is tried again; None: never."""


class Change(NamedTuple):
    """A case after a step, None where there is none, and what was decided."""

    case: Case | None
    decisions: tuple[Decision, ...] = ()


# What asks people to do something; all else says how it ended.
_ASKING: Final = frozenset({Kind.WARNED, Kind.BREACHED, Kind.STALLED, Kind.PASSED_AROUND, Kind.AT_RISK})


def key_of(outcome: Outcome) -> str:
    """What its case is known by: no id holds a control character."""
    return f"{outcome.subject}\x1f{outcome.duty}\x1f{outcome.cycle}"


def notice_id_of(outcome_id: str, call: Call) -> str:
    """The id of a notice: that of its outcome, with the step of the ladder where it comes later."""
    return f"{outcome_id}-{call.rung}" if call.rung else outcome_id


def asks(call: Call) -> bool:
    """Whether somebody is to act on it: then it is of no use any more when the clock has ended."""
    return call.said.partition(":")[0] in _ASKING


def dropped(item: Item, why: End | Drop, at: int) -> Item:
    """The same, not to be said."""
    return item._replace(state=State.DROPPED, reason=why.value, settled_at=at)


def bounded(said: Iterable[Said], items: Iterable[Item]) -> tuple[tuple[Said, ...], tuple[Item, ...]]:
    """As many as are kept: of outcomes and items the newest, and whatever waits."""
    kept = list(items)
    for item in [item for item in kept if item.state is not State.WAITING][: max(0, len(kept) - ITEMS_MAX)]:
        kept.remove(item)
    needed = {item.outcome_id for item in kept}
    told = list(said)
    idle = [each for each in told if each.outcome.outcome_id not in needed]
    for each in idle[: max(0, len(told) - ITEMS_MAX)]:
        told.remove(each)
    return tuple(told), tuple(kept)
