"""Folds a lead's history, with what time does in between: accept by silence, start a clock, bring a new agreement."""

from collections.abc import Iterable
from typing import Final

from monitor.core import event as ev
from monitor.core.amendment import taken_over, under_their_versions
from monitor.core.ending import clock_on
from monitor.core.fold import apply
from monitor.core.lead import BY_TIME, EMPTY_FOLD, Clock, Evidence, Fold, Lead, by_time
from monitor.core.matching import Happening
from monitor.core.outcome import Kind
from monitor.core.policy import Applies, Policy, Rhythm
from monitor.core.starting import Prior, prior_of, started
from monitor.core.tables import OPEN_STATES, ClockInput, ClockState

# Clocks in a row that nobody acts on, after which an independent rhythm ends: the lead is abandoned, and it was said.
MISSED_MAX: Final = 12


def folded(
    fold: Fold, pieces: Iterable[Evidence], policy: Policy, prior: Prior, known_until: int, until: int | None = None
) -> Fold:
    """The fold after these pieces and after all that time has brought about up to `known_until`, and before `until`."""
    goes_on = policy.timed or policy.amending
    for evidence in pieces:
        if goes_on:
            fold = _brought_about(fold, evidence.at, policy, prior, known_until)
        fold = apply(fold, evidence, policy, prior)
    return _brought_about(fold, until, policy, prior, known_until) if goes_on else fold


def _brought_about(fold: Fold, before: int | None, policy: Policy, prior: Prior, known_until: int) -> Fold:
    for version in policy.versions:
        at = version.effective_at
        if version.applies_to is Applies.OPEN and at <= known_until and (before is None or at <= before):
            fold = taken_over(_passed(fold, at, policy, prior, known_until), version, policy)
    return _passed(fold, before, policy, prior, known_until)


def folded_again(lead: Lead, policy: Policy) -> Lead:
    """The lead as all kept evidence of it adds up now; what was settled before stays."""
    before = lead.fold.clocks
    fold = folded(lead.base or EMPTY_FOLD, lead.evidence, policy, prior_of(before, policy), lead.known_until)
    again = {(clock.duty, clock.cycle) for clock in fold.clocks}
    # What is final stays, and so does a clock whose duty this policy no longer has; time brings nothing after it.
    stay = tuple(
        clock._replace(then_at=None)
        for clock in before
        if (clock.duty, clock.cycle) not in again and (clock.final or policy.judging(clock).duty(clock.duty) is None)
    )
    breached = {(t.duty, t.cycle) for t in lead.told if t.standing and t.kind == Kind.BREACHED}
    clocks = tuple(
        timed(clock, lead.known_until, policy) if (clock.duty, clock.cycle) in breached else clock
        for clock in (*fold.clocks, *stay)
    )
    told = under_their_versions(lead.told, before, clocks)
    return lead.but(fold=fold.but(clocks=clocks), told=told)


def timed(clock: Clock, at: int, policy: Policy) -> Clock:
    """The clock when a tick says that it is `at`."""
    if clock.state not in OPEN_STATES:
        return clock
    if policy.judging(clock).duty(clock.duty) is None:
        return clock_on(clock, ClockInput.CANCELLED_IN_TIME, min(at, clock.deadline_at), "")
    if at >= clock.deadline_at + clock.hold_us:
        return clock_on(clock, ClockInput.DUE_PASSED, clock.deadline_at, "")
    return clock


def time_acts_at(fold: Fold, at: int) -> int | None:
    """The first instant at which time does more to some clock than to breach it, once a tick says that it is `at`."""
    acts = [
        clock.then_at
        for clock in fold.clocks
        if clock.then_at is not None and clock.state is not ClockState.PAUSED and clock.then_at + clock.hold_us <= at
    ]
    return min(acts, default=None)


def time_has_acted(fold: Fold, at: int, policy: Policy) -> bool:
    """Whether the passing of time has already decided at or after that instant what an event there could change."""
    return any(
        (clock.state is ClockState.BREACHED and clock.deadline_at >= at and not clock.final)
        or (clock.accepted_by_silence and clock.due_at >= at)
        or (clock.started_at >= at and by_time(clock.started_by))
        or (policy.timed and clock.then_at is None and clock.due_at >= at and _goes_on(clock, policy))
        for clock in fold.clocks
    )


def _goes_on(clock: Clock, policy: Policy) -> bool:
    """Whether its due instant may start the next one, even if it did not."""
    duty = policy.judging(clock).duty(clock.duty)
    return duty is not None and duty.rhythm is Rhythm.INDEPENDENT


def _passed(fold: Fold, before: int | None, policy: Policy, prior: Prior, known_until: int) -> Fold:
    while True:
        due = [
            (clock.then_at, n)
            for n, clock in enumerate(fold.clocks)
            if clock.then_at is not None
            and clock.state is not ClockState.PAUSED
            and clock.then_at + clock.hold_us <= known_until
            and (before is None or clock.then_at < before)
        ]
        if not due:
            return fold
        at, n = min(due)
        clock = fold.clocks[n]
        fold = _with(fold, n, clock._replace(then_at=None))
        judged_by = policy.judging(clock)
        duty = judged_by.duty(clock.duty)
        if duty is not None and duty.silence_accepts:
            fold = _accepted(fold, n, at, policy, prior)
        elif duty is not None and duty.rhythm is Rhythm.INDEPENDENT:
            fold = _next(fold, n, at, policy, prior)


def _accepted(fold: Fold, n: int, at: int, policy: Policy, prior: Prior) -> Fold:
    clock = clock_on(fold.clocks[n], ClockInput.MET_IN_TIME, at, "")
    if not clock.accepted_by_silence:
        return fold
    silence = Evidence(at, f"{BY_TIME}{clock.duty}:{clock.cycle}", ev.LEAD_ACCEPTED, "", {})
    return apply(_with(fold, n, clock), silence, policy, prior)


def _next(fold: Fold, n: int, at: int, policy: Policy, prior: Prior) -> Fold:
    """The clock behind the one that was due at `at`, unless the lead has left or was abandoned."""
    clock = fold.clocks[n]
    if clock.state is ClockState.RUNNING:
        clock = clock_on(clock, ClockInput.DUE_PASSED, at, "")
        fold = _with(fold, n, clock)
    if clock.round != fold.round or clock.state in (ClockState.CANCELLED, ClockState.LAPSED):
        return fold
    missed = 0
    for other in reversed(fold.clocks):
        if other.duty == clock.duty:
            if other.state not in OPEN_STATES:
                break
            missed += 1
    starting = policy.in_force(at)
    duty = starting.duty(clock.duty)
    if missed >= MISSED_MAX or duty is None or duty.rhythm is not Rhythm.INDEPENDENT:
        return fold
    passing = Evidence(at, f"{BY_TIME}{clock.duty}:{clock.cycle + 1}", ev.LEAD_UPDATED, "", {})
    now = Happening(passing, None, fold.attributes)
    return started(fold, duty, now, starting, prior)


def _with(fold: Fold, n: int, clock: Clock) -> Fold:
    return fold.but(clocks=(*fold.clocks[:n], clock, *fold.clocks[n + 1 :]))
