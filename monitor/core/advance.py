"""The one verb of the core: what a lead becomes, and what is to be said, when an event or a tick reaches it."""

from enum import StrEnum
from typing import NamedTuple

from monitor.core import event as ev
from monitor.core.compaction import compacted
from monitor.core.event import Event
from monitor.core.fold import Prior, apply, clock_on
from monitor.core.lead import (
    EMPTY_FOLD,
    Clock,
    Evidence,
    Fold,
    Lead,
    Told,
    evidence_of,
    new_lead,
)
from monitor.core.outcome import Kind, Outcome, Reason
from monitor.core.policy import Policy
from monitor.core.tables import OPEN_STATES, ClockInput, ClockState
from monitor.core.verdicts import difference


class TimeAdvanced(NamedTuple):
    """A tick: everything appended to any input before `at` has been judged before it."""

    at: int


class Remark(StrEnum):
    """What is worth counting about a step beside its outcomes."""

    DUPLICATE = "duplicate"
    OUT_OF_ORDER = "out_of_order"
    TOO_LATE = "too_late"
    ERASED = "erased"
    TRANSITION_LEGAL = "transition_legal"
    TRANSITION_SKIPPED = "transition_skipped"
    TRANSITION_ILLEGAL = "transition_illegal"


class Step(NamedTuple):
    """What one event or tick brought about."""

    lead: Lead
    outcomes: tuple[Outcome, ...]
    remarks: tuple[Remark, ...] = ()


def advance(lead: Lead | None, event: Event | TimeAdvanced, policy: Policy) -> Step:
    """One step of one lead; `lead` is None when nothing is known of it. A tick needs a lead.

    The same events in any order, however often, end in the same verdicts.
    """
    if isinstance(event, TimeAdvanced):
        if lead is None:
            raise ValueError("a tick reaches only leads that are known")
        return _tick(lead, event.at, policy)
    lead = lead or new_lead(event.lead)
    if lead.erased:
        return Step(lead, (), (Remark.ERASED,))
    if event.type == ev.LEAD_ERASED:
        return _erase(lead, event, policy)
    return _learn(lead, evidence_of(event), policy)


def _learn(lead: Lead, new: Evidence, policy: Policy) -> Step:
    evidence = lead.evidence
    for known in evidence:
        if known.id == new.id and known.source == new.source:
            return Step(lead, (), (Remark.DUPLICATE,))
    key = new.key()
    if lead.base_key is not None and key <= lead.base_key:
        return Step(lead, (), (Remark.TOO_LATE,))
    barred = _barred(lead, new)
    if barred:
        new = new._replace(barred=barred)
    if not evidence or evidence[-1].key() < key:
        since = new.at
        fold = apply(lead.fold, new, policy)
        remarks = _transition(lead.fold, fold, policy)
        after = Lead(lead.id, lead.known_until, (*evidence, new), fold, lead.told, lead.base, lead.base_key)
    else:
        since = 0
        at = sum(1 for known in evidence if known.key() < key)
        after = lead._replace(evidence=(*evidence[:at], new, *evidence[at:]))
        after = after._replace(fold=_folded(after, policy))
        remarks = (Remark.OUT_OF_ORDER,)
    if barred:
        remarks = (*remarks, Remark.TOO_LATE)
    outcomes: tuple[Outcome, ...] = ()
    if after.fold.clocks is not lead.fold.clocks or not _all_before(since, lead.told):
        after, outcomes = _told(after, policy, ticking=False, since=since)
    return Step(compacted(after, policy), outcomes, remarks)


def _all_before(since: int, told: tuple[Told, ...]) -> bool:
    """Whether everything that was said is of instants before `since`: then only a change of a clock changes it."""
    for entry in told:
        if entry.at >= since:
            return False
    return True


def _barred(lead: Lead, new: Evidence) -> tuple[str, ...]:
    """Duties whose verdict this event would come before, but is final for its source."""
    barred: tuple[str, ...] = ()
    if lead.known_until < new.at:  # no verdict that lies behind the event can be final yet
        return barred
    for clock in lead.fold.clocks:
        if new.at <= clock.verdict_at and lead.known_until >= clock.final_at(new.source) and _judged(lead, clock):
            barred += (clock.duty,)
    return barred


def _judged(lead: Lead, clock: Clock) -> bool:
    if clock.state in (ClockState.MET, ClockState.CANCELLED):
        return True
    return any(t.kind == Kind.BREACHED and (t.duty, t.cycle) == (clock.duty, clock.cycle) for t in lead.told)


def _tick(lead: Lead, at: int, policy: Policy) -> Step:
    if at <= lead.known_until:
        at = lead.known_until
    clocks = tuple([_timed(clock, at, policy) for clock in lead.fold.clocks])
    fold = lead.fold._replace(clocks=clocks)
    lead = Lead(lead.id, at, lead.evidence, fold, lead.told, lead.base, lead.base_key, lead.erased)
    lead, outcomes = _told(lead, policy, ticking=True, since=at)
    if any(not clock.final and at >= clock.final_at() for clock in clocks):
        clocks = tuple([clock._replace(final=True) if at >= clock.final_at() else clock for clock in clocks])
        lead = lead._replace(fold=lead.fold._replace(clocks=clocks))
    return Step(lead, outcomes)


def _timed(clock: Clock, at: int, policy: Policy) -> Clock:
    if clock.state not in OPEN_STATES:
        return clock
    if policy.duty(clock.duty) is None:
        return clock_on(clock, ClockInput.CANCELLED_IN_TIME, min(at, clock.due_at), "")
    if at >= clock.due_at + clock.hold_us:
        return clock_on(clock, ClockInput.DUE_PASSED, clock.due_at, "")
    return clock


def _told(lead: Lead, policy: Policy, *, ticking: bool, since: int) -> tuple[Lead, tuple[Outcome, ...]]:
    told, outcomes = difference(lead, policy, ticking=ticking, since=since)
    return (lead._replace(told=told) if outcomes else lead), outcomes


def _folded(lead: Lead, policy: Policy) -> Fold:
    prior: Prior = {(clock.duty, clock.cycle): clock for clock in lead.fold.clocks}
    fold = lead.base or EMPTY_FOLD
    for evidence in lead.evidence:
        fold = apply(fold, evidence, policy, prior)
    again = {(clock.duty, clock.cycle) for clock in fold.clocks}
    # What is final stays, and so does a clock whose duty this policy no longer has.
    stay = tuple(
        clock for name, clock in prior.items() if name not in again and (clock.final or policy.duty(clock.duty) is None)
    )
    breached = {(t.duty, t.cycle) for t in lead.told if t.standing and t.kind == Kind.BREACHED}
    clocks = tuple(
        _timed(clock, lead.known_until, policy) if (clock.duty, clock.cycle) in breached else clock
        for clock in (*fold.clocks, *stay)
    )
    return fold._replace(clocks=clocks)


def _erase(lead: Lead, event: Event, policy: Policy) -> Step:
    """Nothing of the lead is kept but that it was erased; what it was counted for, a breach too, stays counted."""
    clocks = tuple(
        clock_on(clock, ClockInput.CANCELLED_IN_TIME, max(event.at, clock.started_at), event.id)
        for clock in lead.fold.clocks
        if clock.state is ClockState.RUNNING
    )
    _, outcomes = difference(lead._replace(fold=lead.fold._replace(clocks=clocks)), policy, ticking=False)
    said = tuple(o._replace(reason=Reason.ERASED) for o in outcomes if o.kind is Kind.CANCELLED)
    return Step(new_lead(lead.id)._replace(erased=True, known_until=lead.known_until), said, (Remark.ERASED,))


def _transition(before: Fold, after: Fold, policy: Policy) -> tuple[Remark, ...]:
    if after.stage == before.stage or not before.stage:
        return ()
    reach: set[str] = set()
    frontier = {before.stage}
    while frontier := {n for s in frontier if s in policy.stages for n in policy.stages[s].next} - reach:
        if not reach and after.stage in frontier:
            return (Remark.TRANSITION_LEGAL,)
        reach |= frontier
    return (Remark.TRANSITION_SKIPPED,) if after.stage in reach else (Remark.TRANSITION_ILLEGAL,)
