"""What may be said of one clock at an instant, and when that may change next."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from monitor.core.lead import Clock, Lead, Told
from monitor.core.outcome import Kind, Reason
from monitor.core.tables import OPEN_STATES, ClockState

ToldKey = tuple[str, int, Kind, str]
"""Duty, cycle, kind, level: the first four fields of Told, by which a later telling of the same is recognised."""


# What is said of a clock that ended in time; nothing but the end of the waits is still to come.
_ENDED: Final[Mapping[ClockState, Kind]] = {ClockState.MET: Kind.MET, ClockState.CANCELLED: Kind.CANCELLED}

REASONS: Final[Mapping[Kind, Reason]] = {
    Kind.ACTIVATED: Reason.STARTED,
    Kind.WARNED: Reason.SHARE_USED,
    Kind.MET: Reason.IN_TIME,
    Kind.BREACHED: Reason.NO_EVIDENCE,
    Kind.FULFILLED_LATE: Reason.AFTER_DUE,
    Kind.CANCELLED: Reason.CONDITION,
    Kind.WITHDRAWN: Reason.LATE_EVIDENCE,
    Kind.FINALISED: Reason.WAIT_OVER,
}


class Telling(NamedTuple):
    """Something that holds of a clock and may be said."""

    kind: Kind
    level: str
    at: int
    evidence_id: str


def pending_as_before(before: Lead | None, after: Lead) -> bool:
    """Whether `next_instant` is sure to be the same for both, by a look that costs next to nothing."""
    return (
        before is not None
        and before.fold.clocks is after.fold.clocks
        and before.told is after.told
        and before.known_until == after.known_until
    )


def next_instant(lead: Lead) -> int | None:
    """The next instant at which a tick may change what is said of this lead; None while nothing is pending."""
    pending: list[int] = []
    for clock in lead.fold.clocks:
        if clock.final:
            continue
        if clock.state in _ENDED:
            pending += _waits(clock, lead.known_until)
            continue
        said = {
            (entry.kind, entry.level)
            for entry in lead.told
            if entry.standing and entry.cycle == clock.cycle and entry.duty == clock.duty
        }
        if clock.state in OPEN_STATES:
            for percent, warn_at in clock.warn_ats:
                if (Kind.WARNED, str(percent)) not in said:
                    pending.append(warn_at + clock.hold_us)
        if (Kind.BREACHED, "") in said:
            pending += _waits(clock, lead.known_until)
        else:
            pending.append(clock.due_at + clock.hold_us)
    return min(pending, default=None)


def _waits(clock: Clock, known_until: int) -> list[int]:
    """When each source becomes final, where that is still to come."""
    return [at for wait in clock.final_after.values() if (at := clock.verdict_at + wait) > known_until]


def tellings(clock: Clock, known_until: int, told: Mapping[ToldKey, Told], ticking: bool) -> list[Telling]:
    """Everything that holds of the clock, in order. What only passing time decides needs a tick, or was told."""

    def due(at: int, kind: Kind, level: str = "") -> bool:
        if known_until < at:
            return False
        if ticking:
            return True
        before = told.get((clock.duty, clock.cycle, kind, level))
        return before is not None and before.standing

    hold = [Telling(Kind.ACTIVATED, "", clock.started_at, clock.started_by)]
    ended_at = clock.ended_at
    for percent, warn_at in clock.warn_ats:
        if ended_at is not None and ended_at <= warn_at:
            continue
        level = str(percent)
        if ended_at is not None or due(warn_at + clock.hold_us, Kind.WARNED, level):
            hold.append(Telling(Kind.WARNED, level, warn_at, ""))
    ended_in_time = _ENDED.get(clock.state)
    if ended_in_time is not None:
        hold.append(Telling(ended_in_time, "", clock.due_at if ended_at is None else ended_at, clock.ended_by))
    elif due(clock.due_at + clock.hold_us, Kind.BREACHED):
        hold.append(Telling(Kind.BREACHED, "", clock.due_at, ""))
        if clock.state is ClockState.FULFILLED_LATE:
            hold.append(
                Telling(Kind.FULFILLED_LATE, "", clock.due_at if ended_at is None else ended_at, clock.ended_by)
            )
    else:
        return hold
    final_at = clock.final_at()
    if due(final_at, Kind.FINALISED):
        hold.append(Telling(Kind.FINALISED, "", final_at, ""))
    return hold
