"""The one verb of the core: what a lead becomes, and what is to be said, when an event or a tick reaches it."""

from collections.abc import Sequence
from operator import is_
from typing import NamedTuple

from monitor.core import event as ev
from monitor.core.compaction import compacted
from monitor.core.event import Event
from monitor.core.evidence import Evidence, History, Pieces, evidence_of
from monitor.core.fold import apply, clock_on
from monitor.core.lead import EMPTY_FOLD, Clock, Fold, Lead, by_time, new_lead
from monitor.core.outcome import Kind, Outcome, Reason
from monitor.core.passing import folded, waits_for_time
from monitor.core.policy import Policy
from monitor.core.remark import Remark as Remark
from monitor.core.remark import on_transition
from monitor.core.starting import Prior
from monitor.core.tables import LIVE_STATES, OPEN_STATES, ClockInput, ClockState
from monitor.core.verdicts import difference


class TimeAdvanced(NamedTuple):
    """A tick: everything appended to any input before `at` has been judged before it."""

    at: int


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
    if evidence.knows(new):
        return Step(lead, (), (Remark.DUPLICATE,))
    if lead.base_key is not None and new.key() <= lead.base_key:
        return Step(lead, (), (Remark.TOO_LATE,))
    newest_at = evidence.newest_at
    # Nothing was ever said of an instant behind the newest evidence and the newest tick, and nothing is final there.
    ahead = new.at > lead.known_until and (newest_at is None or new.at > newest_at)
    barred = () if ahead else _barred(lead, new)
    if barred:
        new = new._replace(barred=barred)
    outcomes: tuple[Outcome, ...] = ()
    newest = ahead or _is_newest(new, evidence)
    if ahead or (newest and not _time_has_acted(lead.fold, new.at)):
        fold = apply(lead.fold, new, policy)
        remarks = on_transition(lead.fold.stage, fold.stage, policy)
        after = Lead(lead.id, lead.known_until, evidence.followed_by(new), fold, lead.told, lead.base, lead.base_key)
        if not ahead and any(entry.at >= new.at for entry in lead.told):
            after, outcomes = _told(after, policy, since=new.at)
        elif fold.clocks is not lead.fold.clocks:
            changed = _changed(lead.fold.clocks, fold.clocks)
            after, outcomes = _told(after, policy, since=new.at, among=changed)
    else:
        after = lead._replace(evidence=Pieces(sorted((*evidence, new), key=Evidence.key)))
        after, outcomes = _told(after._replace(fold=_folded(after, policy)), policy)
        remarks = on_transition(lead.fold.stage, after.fold.stage, policy) if newest else (Remark.OUT_OF_ORDER,)
    if barred:
        remarks = (*remarks, Remark.TOO_LATE)
    return Step(compacted(after, policy), outcomes, remarks)


def _is_newest(new: Evidence, evidence: History) -> bool:
    newest_at = evidence.newest_at
    if newest_at != new.at:
        return newest_at is None or newest_at < new.at
    *_, newest = evidence
    return newest.key() < new.key()


def _time_has_acted(fold: Fold, at: int) -> bool:
    """Whether the passing of time has already done at or after that instant what an event there could have averted."""
    return any(
        (clock.state is ClockState.BREACHED and clock.deadline_at >= at and not clock.final)
        or (clock.accepted_by_silence and clock.due_at >= at)
        or (clock.started_at >= at and by_time(clock.started_by))
        for clock in fold.clocks
    )


def _changed(before: Sequence[Clock], after: Sequence[Clock]) -> list[Clock]:
    """A newest event changes clocks and starts some; it moves none and removes none."""
    return [clock for n, clock in enumerate(after) if n >= len(before) or before[n] is not clock]


def _barred(lead: Lead, new: Evidence) -> tuple[str, ...]:
    """Duties whose verdict this event would come before, but is final for its source."""
    barred: tuple[str, ...] = ()
    for clock in lead.fold.clocks:
        if new.at <= clock.verdict_at and lead.known_until >= clock.final_at(new.source) and _judged(lead, clock):
            barred += (clock.duty,)
    return barred


def _judged(lead: Lead, clock: Clock) -> bool:
    if clock.state in (ClockState.MET, ClockState.CANCELLED):
        return True
    return any(t.kind == Kind.BREACHED and (t.duty, t.cycle) == (clock.duty, clock.cycle) for t in lead.told)


def _tick(lead: Lead, at: int, policy: Policy) -> Step:
    at = max(at, lead.known_until)
    if policy.timed and waits_for_time(lead.fold, at):
        lead = lead._replace(known_until=at)
        lead = lead._replace(fold=_folded(lead, policy))
    fold = _with_clocks(lead.fold, [_timed(clock, at, policy) for clock in lead.fold.clocks])
    lead = Lead(lead.id, at, lead.evidence, fold, lead.told, lead.base, lead.base_key, lead.erased)
    lead, outcomes = _told(lead, policy, ticking=True, since=at)
    final = [
        clock
        if clock.final or clock.state is ClockState.PAUSED or at < clock.final_at()
        else clock._replace(final=True)
        for clock in fold.clocks
    ]
    after = _with_clocks(fold, final)
    if after is not fold:
        lead = Lead(lead.id, at, lead.evidence, after, lead.told, lead.base, lead.base_key, lead.erased)
    return Step(lead, outcomes)


def _with_clocks(fold: Fold, clocks: list[Clock]) -> Fold:
    """The same fold when it has these already."""
    if all(map(is_, clocks, fold.clocks)):
        return fold
    return Fold(fold.stage, fold.stage_at, fold.round, fold.attributes, tuple(clocks), fold.claims)


def _timed(clock: Clock, at: int, policy: Policy) -> Clock:
    if clock.state not in OPEN_STATES:
        return clock
    if policy.judging(clock).duty(clock.duty) is None:
        return clock_on(clock, ClockInput.CANCELLED_IN_TIME, min(at, clock.deadline_at), "")
    if at >= clock.deadline_at + clock.hold_us:
        return clock_on(clock, ClockInput.DUE_PASSED, clock.deadline_at, "")
    return clock


def _told(
    lead: Lead, policy: Policy, *, ticking: bool = False, since: int = 0, among: Sequence[Clock] | None = None
) -> tuple[Lead, tuple[Outcome, ...]]:
    told, outcomes = difference(lead, policy, ticking=ticking, since=since, among=among)
    if outcomes:
        lead = Lead(lead.id, lead.known_until, lead.evidence, lead.fold, told, lead.base, lead.base_key, lead.erased)
    return lead, outcomes


def _folded(lead: Lead, policy: Policy) -> Fold:
    prior: Prior = {(clock.duty, clock.cycle): clock for clock in lead.fold.clocks}
    fold = folded(lead.base or EMPTY_FOLD, lead.evidence, policy, prior, lead.known_until)
    again = {(clock.duty, clock.cycle) for clock in fold.clocks}
    # What is final stays, and so does a clock whose duty this policy no longer has.
    stay = tuple(
        clock
        for name, clock in prior.items()
        if name not in again and (clock.final or policy.judging(clock).duty(clock.duty) is None)
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
        if clock.state in LIVE_STATES
    )
    _, outcomes = difference(lead._replace(fold=lead.fold._replace(clocks=clocks)), policy, ticking=False)
    said = tuple(o._replace(reason=Reason.ERASED) for o in outcomes if o.kind is Kind.CANCELLED)
    return Step(new_lead(lead.id)._replace(erased=True, known_until=lead.known_until), said, (Remark.ERASED,))
