"""Starts clocks, also those that a lead's history, folded again, starts a second time."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from monitor.core.attempts import needed_after, reach_at
from monitor.core.calendar import due_at
from monitor.core.definition import missing
from monitor.core.lead import Clock, Fold, by_time
from monitor.core.matching import Happening
from monitor.core.moves import paused
from monitor.core.outcome import Kind
from monitor.core.policy import Applies, Attempts, Definition, Duty, Policy, Rhythm
from monitor.core.predicate import holds
from monitor.core.tables import LATE_STATES, LIVE_STATES, OPEN_STATES, ClockState
from monitor.core.targets import calendar_of, target_of, warn_ats


class Prior(NamedTuple):
    """Clocks as they stood before a fold is made again."""

    clocks: Mapping[tuple[str, int], Clock]
    """By duty and cycle."""
    lost: frozenset[tuple[str, int]]
    """Of which no version that is loaded says how they began."""


NO_PRIOR: Final = Prior({}, frozenset())


def prior_of(clocks: Sequence[Clock], policy: Policy) -> Prior:
    """These clocks, before they are judged again by `policy`."""
    lost = frozenset([(clock.duty, clock.cycle) for clock in clocks if _began_unknown(clock, policy)])
    return Prior({(clock.duty, clock.cycle): clock for clock in clocks}, lost)


def _began_unknown(clock: Clock, policy: Policy) -> bool:
    version = policy.in_force(clock.started_at)
    before_all = clock.started_at < version.applies_from
    if policy.of(clock.policy_version) is None:
        return before_all or version.applies_to is Applies.NEW
    return before_all and _amended(clock)


def started(fold: Fold, duty: Duty, now: Happening, policy: Policy, prior: Prior) -> Fold:
    """The fold with one more clock, where the round has room for it; `policy` is the version that it is judged by."""
    cycle, newest = 1, None
    for clock in fold.clocks:
        if clock.duty == duty.name:
            if clock.round == fold.round and (not duty.repeats or clock.state in _occupying(duty)):
                return fold
            cycle, newest = max(cycle, clock.cycle + 1), clock
    if newest is not None and newest.round == fold.round and _ends_later(newest, now, prior):
        return fold
    new = _again(fold, duty, cycle, now, policy, prior) if prior.clocks else _new(fold, duty, cycle, now, policy)
    if new is None:
        return fold
    return fold.but(clocks=(*fold.clocks, new))


def _occupying(duty: Duty) -> frozenset[ClockState]:
    """The states in which a clock leaves no room for the next; an independent rhythm does not wait for late touches."""
    if duty.definition is not None:
        return frozenset()  # it is asked at every entry
    return LIVE_STATES if duty.rhythm is Rhythm.INDEPENDENT else OPEN_STATES


def _ends_later(clock: Clock, now: Happening, prior: Prior) -> bool:
    """What is final comes back as it ended, when its history is folded again; it was not over before that."""
    by, at = now.event.id, now.event.at
    if not clock.final or clock.verdict_at != at:
        return clock.final and clock.verdict_at > at
    # At that very instant: what ended it may start the next one, and so may what came right behind.
    return by != clock.ended_by and not by_time(by) and not _has_started(by, clock.duty, prior)


def _has_started(event_id: str, duty: str, prior: Prior) -> bool:
    return any(clock.duty == duty and clock.started_by == event_id for clock in prior.clocks.values())


def _again(fold: Fold, duty: Duty, cycle: int, now: Happening, policy: Policy, prior: Prior) -> Clock | None:
    """The clock, as far as it was settled before; None: a verdict behind this start is final already."""
    event = now.event
    frozen = [clock for clock in prior.clocks.values() if clock.final and clock.duty == duty.name]
    for clock in frozen:
        if clock.started_by == event.id:
            clock = clock._replace(round=fold.round, then_at=_then_at(clock, duty))
            if clock.state in LATE_STATES:  # that it was breached is final; how late it is fulfilled is measured anew
                clock = clock._replace(state=ClockState.BREACHED, ended_at=None, ended_by="")
                if duty.attempts is not None:
                    clock = clock._replace(attempts=(), needed=needed_after((), duty.attempts))
            return clock
    # What ends a clock of a duty that repeats may start the next one at that very instant.
    latest_at = max((clock.verdict_at for clock in frozen), default=event.at - 1)
    known = _has_started(event.id, duty.name, prior)
    if not known and (latest_at > event.at or (latest_at == event.at and not duty.repeats)):
        return None
    name = (duty.name, cycle)
    if name in prior.lost and prior.clocks[name].started_by == event.id:
        old = prior.clocks[name]
        return _as_it_began(old, fold.round, duty) if duty.definition is None else old._replace(round=fold.round)
    return _new(fold, duty, cycle, now, policy)


def _as_it_began(old: Clock, round_: int, duty: Duty) -> Clock:
    """A clock of a version that is not loaded any more, at its start: a later edit of the policy does not move it."""
    due = old.due_at if old.first_due_at is None else old.first_due_at
    # Where a version has taken it over, that is done again when its turn comes.
    version = "" if _amended(old) else old.policy_version
    clock = old._replace(
        state=ClockState.RUNNING, ended_at=None, ended_by="", round=round_, due_at=due, policy_version=version,
        first_due_at=None, moves=(), paused_at=None, stalls_at=None, then_at=_then_at(old, duty),
    )  # fmt: skip
    return clock if duty.attempts is None else _with_attempts(clock, duty.attempts)


def _amended(clock: Clock) -> bool:
    return any(move.kind is Kind.AMENDED for move in clock.moves)


def _then_at(clock: Clock, duty: Duty) -> int | None:
    """Folded again, the passing of time must do once more what it did after a clock that is settled."""
    if duty.rhythm is Rhythm.INDEPENDENT and clock.state is not ClockState.CANCELLED:
        return clock.due_at
    accepted = duty.silence_accepts and (clock.state in OPEN_STATES or clock.accepted_by_silence)
    return clock.due_at if accepted else None


def _new(fold: Fold, duty: Duty, cycle: int, now: Happening, policy: Policy) -> Clock:
    target = target_of(duty, now)
    limit, at, name = target.limit, now.event.at, calendar_of(target, now)
    calendar = policy.calendars[name] if name else None
    due = due_at(calendar, at, limit)
    clock = Clock(
        duty.name,
        cycle,
        fold.round,
        ClockState.RUNNING,
        at,
        now.event.id,
        due,
        policy.version,
        duty.team,
        limit.text,
        name or "",
        warn_ats(duty.warn_at, calendar, at, limit, due) if duty.warn_at else (),
        duty.hold_us,
        duty.final_after,
    )
    if duty.definition is not None:
        return _asked(clock, duty.definition, now)
    if duty.attempts is not None:
        clock = _with_attempts(clock, duty.attempts)
    if duty.silence_accepts or duty.rhythm is Rhythm.INDEPENDENT:
        clock = clock._replace(then_at=due)
    if duty.pausing is not None and duty.pausing.during is not None and holds(duty.pausing.during, now.attributes):
        clock = paused(clock, duty, at, now.event.id, policy)
    return clock


def _asked(clock: Clock, definition: Definition, now: Happening) -> Clock:
    """The clock of a definition: met at its start, or due at its start and never met."""
    lacks = missing(definition, {**now.attributes, **now.event.data})
    if lacks:
        return clock._replace(missing=lacks)
    return clock._replace(state=ClockState.MET, ended_at=clock.started_at, ended_by=clock.started_by)


def _with_attempts(clock: Clock, agreed: Attempts) -> Clock:
    """The clock before the first of its attempts."""
    needed = needed_after((), agreed)
    return clock._replace(attempts=(), needed=needed, reach_at=reach_at(clock.started_at, clock.due_at, needed, agreed))
