"""What may be said of one clock at an instant, and when that may change next."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from monitor.core.lead import Clock, Lead, Told
from monitor.core.outcome import Kind, Reason
from monitor.core.tables import LATE_STATES, OPEN_STATES, ClockState

ToldKey = tuple[str, int, str, str]
"""Duty, cycle, kind, level: the first four fields of Told, by which a later telling of the same is recognised."""


class Telling(NamedTuple):
    """Something that holds of a clock and may be said."""

    kind: Kind
    level: str
    at: int
    evidence_id: str
    reason: Reason


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
    told = {entry[:4] for entry in lead.told if entry.standing}
    pending: list[int] = []
    for clock in lead.fold.clocks:
        if clock.final:
            continue
        name = (clock.duty, clock.cycle)
        if clock.state in OPEN_STATES:
            for percent, warn_at in clock.warn_ats:
                if (*name, Kind.WARNED, str(percent)) not in told:
                    pending.append(warn_at + clock.hold_us)
        undecided = clock.state is ClockState.RUNNING or clock.state in LATE_STATES
        if undecided and (*name, Kind.BREACHED, "") not in told:
            pending.append(clock.due_at + clock.hold_us)
            continue
        pending += [at for wait in clock.final_after.values() if (at := clock.verdict_at + wait) > lead.known_until]
    return min(pending, default=None)


def tellings(clock: Clock, known_until: int, told: Mapping[ToldKey, Told], ticking: bool) -> Iterator[Telling]:
    """Everything that holds of the clock, in order. What only passing time decides needs a tick, or was told."""

    def due(at: int, kind: Kind, level: str = "") -> bool:
        if known_until < at:
            return False
        if ticking:
            return True
        before = told.get((clock.duty, clock.cycle, kind, level))
        return before is not None and before.standing

    yield Telling(Kind.ACTIVATED, "", clock.started_at, clock.started_by, Reason.STARTED)
    for percent, warn_at in clock.warn_ats:
        if clock.ended_at is not None and clock.ended_at <= warn_at:
            continue
        level = str(percent)
        if clock.ended_at is not None or due(warn_at + clock.hold_us, Kind.WARNED, level):
            yield Telling(Kind.WARNED, level, warn_at, "", Reason.SHARE_USED)
    ended_at = clock.due_at if clock.ended_at is None else clock.ended_at
    if clock.state is ClockState.MET:
        yield Telling(Kind.MET, "", ended_at, clock.ended_by, Reason.IN_TIME)
    elif clock.state is ClockState.CANCELLED:
        yield Telling(Kind.CANCELLED, "", ended_at, clock.ended_by, Reason.CONDITION)
    elif due(clock.due_at + clock.hold_us, Kind.BREACHED):
        yield Telling(Kind.BREACHED, "", clock.due_at, "", Reason.NO_EVIDENCE)
        if clock.state is ClockState.FULFILLED_LATE:
            yield Telling(Kind.FULFILLED_LATE, "", ended_at, clock.ended_by, Reason.AFTER_DUE)
    else:
        return
    if due(clock.final_at(), Kind.FINALISED):
        yield Telling(Kind.FINALISED, "", clock.final_at(), "", Reason.WAIT_OVER)
