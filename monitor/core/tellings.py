"""What may be said of one clock at an instant, and when that may change next."""

from collections.abc import Mapping, Sequence
from typing import Final

from monitor.core.lead import Clock, Lead, Move, Told, by_time
from monitor.core.outcome import Kind, Reason
from monitor.core.pauses import stands_since
from monitor.core.tables import OPEN_STATES, ClockState
from monitor.core.telling import Telling

ToldKey = tuple[str, int, Kind, str]
"""Duty, cycle, kind, level: the first four fields of Told, by which a later telling of the same is recognised."""

# What is said of a clock that ended in time; nothing but the end of the waits is still to come.
_ENDED: Final[Mapping[ClockState, Kind]] = {ClockState.MET: Kind.MET, ClockState.CANCELLED: Kind.CANCELLED}


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
        if clock.then_at is not None and clock.state is not ClockState.PAUSED:
            pending.append(clock.then_at + clock.hold_us)
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
            for level, warn_at in clock.warn_ats:
                if (Kind.WARNED, str(level)) not in said and not _never_comes(clock, warn_at):
                    pending.append(warn_at + clock.hold_us)
        if clock.state is ClockState.PAUSED:
            if clock.stalls_at is not None and (Kind.STALLED, _nth(clock.moves, Kind.PAUSED)) not in said:
                pending.append(clock.stalls_at + clock.hold_us)
        elif (Kind.BREACHED, "") in said:
            pending += _waits(clock, lead.known_until)
        else:
            pending.append(clock.deadline_at + clock.hold_us)
    return min(pending) if pending else None


def _waits(clock: Clock, known_until: int) -> list[int]:
    """When each source becomes final, where that is still to come."""
    return [at for wait in clock.final_after.values() if (at := clock.verdict_at + wait) > known_until]


def _never_comes(clock: Clock, warn_at: int) -> bool:
    """A warning waits while the clock stands still, and is pointless once a cadence is out of reach."""
    return ((since := stands_since(clock)) is not None and warn_at > since) or warn_at > clock.deadline_at


def _nth(moves: Sequence[Move], kind: Kind) -> str:
    """How many of that kind there are."""
    return str(sum(move.kind is kind for move in moves))


def tellings(clock: Clock, known_until: int, told: Mapping[ToldKey, Told], ticking: bool) -> list[Telling]:
    """Everything that holds of the clock, in order. What only passing time decides needs a tick, or was told."""

    def due(at: int, kind: Kind, level: str = "") -> bool:
        if known_until < at:
            return False
        if ticking:
            return True
        before = told.get((clock.duty, clock.cycle, kind, level))
        return before is not None and before.standing

    due_at = clock.due_at
    first_due_at = due_at if clock.first_due_at is None else clock.first_due_at
    hold: list[Telling] = []
    if clock.started_at != first_due_at:  # a definition is decided at its start
        hold.append(Telling(Kind.ACTIVATED, "", clock.started_at, first_due_at, _evidence(clock.started_by), None))
    if clock.moves:
        hold += _moves(clock)
        level = _nth(clock.moves, Kind.PAUSED)
        if clock.stalls_at is not None and due(clock.stalls_at + clock.hold_us, Kind.STALLED, level):
            hold.append(Telling(Kind.STALLED, level, clock.stalls_at, due_at))
    ended_at = clock.ended_at
    for percent, warn_at in clock.warn_ats:
        if (ended_at is not None and ended_at <= warn_at) or _never_comes(clock, warn_at):
            continue
        level = str(percent)
        if ended_at is not None or due(warn_at + clock.hold_us, Kind.WARNED, level):
            hold.append(Telling(Kind.WARNED, level, warn_at, _due_as_of(clock, warn_at)))
    deadline_at = clock.deadline_at
    ended_in_time = _ENDED.get(clock.state)
    if ended_in_time is not None:
        hold.append(_ending(clock, ended_in_time))
    elif clock.state is not ClockState.PAUSED and due(deadline_at + clock.hold_us, Kind.BREACHED):
        ids = _evidence(clock.started_by) if clock.missing else ()
        hold.append(Telling(Kind.BREACHED, "", deadline_at, due_at, ids, _breach_reason(clock)))
        if clock.state is ClockState.FULFILLED_LATE:
            hold.append(_ending(clock, Kind.FULFILLED_LATE))
    else:
        return hold
    final_at = clock.final_at()
    if due(final_at, Kind.FINALISED):
        hold.append(Telling(Kind.FINALISED, "", final_at, due_at))
    return hold


def _moves(clock: Clock) -> list[Telling]:
    """What happened to the time of the clock; each kind is numbered."""
    said: list[Telling] = []
    for n, move in enumerate(clock.moves, 1):
        level = _nth(clock.moves[:n], Kind.PAUSED if move.kind is Kind.STALLED else move.kind)
        if move.kind is Kind.PASSED_AROUND:
            level = ""
        said.append(Telling(move.kind, level, move.at, move.due_at, _evidence(move.by)))
    return said


def _due_as_of(clock: Clock, at: int) -> int:
    due_at = clock.due_at if clock.first_due_at is None else clock.first_due_at
    for move in clock.moves:
        if move.at > at:
            break
        due_at = move.due_at
    return due_at


def _ending(clock: Clock, kind: Kind) -> Telling:
    at = clock.due_at if clock.ended_at is None else clock.ended_at
    if kind is Kind.MET and clock.started_at == clock.due_at:
        return Telling(kind, "", at, clock.due_at, (clock.ended_by,), Reason.DEFINITION_MET)
    if clock.ended_by and not clock.needed and not clock.attempts:
        silent = kind is Kind.MET and by_time(clock.ended_by)  # the lead was accepted because of another duty
        return Telling(
            kind, "", at, clock.due_at, _evidence(clock.ended_by), Reason.SILENCE_ACCEPTED if silent else None
        )
    attempts = tuple(attempt.id for attempt in clock.attempts)
    ids, reason = attempts, None
    if clock.ended_by not in attempts:
        ids = (*attempts, *_evidence(clock.ended_by))
    if kind is Kind.CANCELLED:
        ids = _evidence(clock.ended_by)
    elif kind is Kind.MET and (attempts or clock.needed):
        reason = Reason.CONNECTED if clock.needed else Reason.ATTEMPTS_MADE
    elif clock.accepted_by_silence:
        reason = Reason.SILENCE_ACCEPTED
    return Telling(kind, "", at, clock.due_at, ids, reason)


def _breach_reason(clock: Clock) -> Reason | None:
    if clock.missing:
        return Reason.DEFINITION_NOT_MET
    if clock.deadline_at < clock.due_at:
        return Reason.OUT_OF_REACH
    return Reason.TOO_FEW_ATTEMPTS if clock.needed or clock.attempts else None


def _evidence(event_id: str) -> tuple[str, ...]:
    return () if by_time(event_id) else (event_id,)
