"""The one verb of the core: what a lead becomes, and what is to be said, when an event or a tick reaches it."""

from collections.abc import Sequence

from monitor.core import event as ev
from monitor.core.amendment import judged_again_since
from monitor.core.compaction import compacted
from monitor.core.ending import clock_on
from monitor.core.event import Event
from monitor.core.evidence import Evidence, History, Pieces, evidence_of
from monitor.core.fold import apply
from monitor.core.lead import Clock, Lead, new_lead, with_clocks
from monitor.core.merging import Forward, handed_over, is_newer_word, merge_by, passed_on, reworded
from monitor.core.outcome import Kind, Outcome, Reason
from monitor.core.passing import folded_again, time_acts_at, time_has_acted, timed
from monitor.core.policy import Policy
from monitor.core.remark import Remark as Remark
from monitor.core.remark import on_transition
from monitor.core.step import Step as Step
from monitor.core.step import TimeAdvanced as TimeAdvanced
from monitor.core.tables import LIVE_STATES, ClockInput, ClockState
from monitor.core.verdicts import difference


def advance(lead: Lead | None, event: Event | Forward | TimeAdvanced, policy: Policy) -> Step:
    """One step of one lead; `lead` is None when nothing is known of it. A tick needs a lead.

    The same events in any order, however often, end in the same verdicts.
    """
    if isinstance(event, TimeAdvanced):
        if lead is None:
            raise ValueError("a tick reaches only leads that are known")
        at = max(event.at, lead.known_until)
        return _tick(lead, at, policy.as_of(at))
    via = None
    if isinstance(event, Forward):
        event, via = event
    lead = lead or new_lead(event.lead)
    if lead.known_until < policy.reaches_back_at:  # asked here as well: hardly an agreement does, and every event asks
        policy = policy.as_of(lead.known_until)
    if lead.erased:
        return Step(lead, (), (Remark.ERASED,))
    if event.type == ev.LEAD_ERASED:
        return _erase(lead, event, policy)
    return _learn(lead, evidence_of(event, via), policy)


def _learn(lead: Lead, new: Evidence, policy: Policy) -> Step:
    evidence = lead.evidence
    if evidence.knows(new):
        return _learn_again(lead, new, policy)
    if lead.base_key is not None and new.key() <= lead.base_key:
        return Step(lead, (), (Remark.TOO_LATE,))
    merge = lead.merged
    if merge is not None and new.key() > merge.key:
        return Step(lead, (), *passed_on(lead.id, merge, new))
    if new.type == ev.LEAD_MERGED:
        merge = merge_by(lead, new) or merge
    newest_at = evidence.newest_at
    # Nothing was ever said of an instant behind the newest evidence and the newest tick, and nothing is final there.
    ahead = new.at > lead.known_until and (newest_at is None or new.at > newest_at)
    barred = () if ahead else _barred(lead, new)
    if barred:
        new = new.but(barred, new.via)
    outcomes: tuple[Outcome, ...] = ()
    newest = ahead or _is_newest(new, evidence)
    if ahead or (newest and not policy.amending and not time_has_acted(lead.fold, new.at, policy)):
        fold = apply(lead.fold, new, policy)
        remarks = on_transition(lead.fold.stage, fold.stage, policy)
        after = Lead(lead.id, lead.known_until, evidence.followed_by(new), fold, lead.told, lead.base, lead.base_key)
        if merge is not None:
            after = after.but(merged=merge)
        if not ahead and any(entry.at >= new.at for entry in lead.told):
            after, outcomes = _told(after, policy, since=new.at)
        elif fold.clocks is not lead.fold.clocks:
            changed = _changed(lead.fold.clocks, fold.clocks)
            after, outcomes = _told(after, policy, since=new.at, among=changed)
    else:
        after, outcomes = _judged_again(lead.but(merged=merge), (*evidence, new), policy)
        remarks = on_transition(lead.fold.stage, after.fold.stage, policy) if newest else (Remark.OUT_OF_ORDER,)
    if barred:
        remarks = (*remarks, Remark.TOO_LATE)
    return _step(lead, after, outcomes if ahead else _because_of(new, outcomes), remarks, policy)


def _learn_again(lead: Lead, new: Evidence, policy: Policy) -> Step:
    """The same event again changes nothing, unless it comes from a merged lead that has judged it anew."""
    known = next(piece for piece in lead.evidence if (piece.id, piece.source) == (new.id, new.source))
    if not is_newer_word(new.via, known.via):
        return Step(lead, (), (Remark.DUPLICATE,))
    pieces = [piece for piece in lead.evidence if piece is not known]
    after, outcomes = _judged_again(lead, (*pieces, reworded(known, new, _barred(lead, known))), policy)
    return _step(lead, after, _because_of(new, outcomes), (Remark.OUT_OF_ORDER,), policy)


def _because_of(new: Evidence, outcomes: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
    """What is taken back names the evidence that disproved it."""
    return tuple(
        [o._replace(evidence_ids=(new.id,), evidence_at=new.at) if o.kind is Kind.WITHDRAWN else o for o in outcomes]
    )


def _judged_again(lead: Lead, pieces: Sequence[Evidence], policy: Policy) -> tuple[Lead, tuple[Outcome, ...]]:
    """The lead with this evidence in the place of its own, save for what belongs to another since a merge."""
    kept = Pieces(p for p in sorted(pieces, key=Evidence.key) if lead.merged is None or p.key() <= lead.merged.key)
    lead = lead.but(evidence=kept)
    return _told(folded_again(lead, policy), policy)


def _step(
    before: Lead, after: Lead, outcomes: tuple[Outcome, ...], remarks: tuple[Remark, ...], policy: Policy
) -> Step:
    if after.merged is None:
        return Step(compacted(after, policy), outcomes, remarks)
    after, forwards, noticed = handed_over(before, after, policy)
    return Step(compacted(after, policy), outcomes, (*remarks, *noticed), forwards)


def _is_newest(new: Evidence, evidence: History) -> bool:
    newest_at = evidence.newest_at
    if newest_at != new.at:
        return newest_at is None or newest_at < new.at
    *_, newest = evidence
    return newest.key() < new.key()


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
    amended = since = judged_again_since(lead.fold.clocks, policy, at) if policy.amending else at
    acts_at = time_acts_at(lead.fold, at) if policy.timed else None
    forwards: tuple[Forward, ...] = ()
    if since < at or acts_at is not None:
        since = min(since, at if acts_at is None else acts_at)
        before, lead = lead, folded_again(lead.but(known_until=at), policy)
        lead, forwards, _ = handed_over(before, lead, policy)
    fold = with_clocks(lead.fold, [timed(clock, at, policy) for clock in lead.fold.clocks])
    lead = Lead(lead.id, at, lead.evidence, fold, lead.told, lead.base, lead.base_key, lead.erased, lead.merged)
    lead, outcomes = _told(lead, policy, ticking=True, since=since)
    if amended < at:
        outcomes = tuple([o._replace(reason=Reason.NEW_VERSION) if o.kind is Kind.WITHDRAWN else o for o in outcomes])
    final = [
        clock if clock.final or clock.state is ClockState.PAUSED or at < clock.final_at() else clock.settled()
        for clock in fold.clocks
    ]
    after = with_clocks(fold, final)
    if after is not fold:
        lead = lead.but(fold=after)
    return Step(lead, outcomes, (), forwards)


def _told(
    lead: Lead, policy: Policy, *, ticking: bool = False, since: int = 0, among: Sequence[Clock] | None = None
) -> tuple[Lead, tuple[Outcome, ...]]:
    told, outcomes = difference(lead, policy, ticking=ticking, since=since, among=among)
    if outcomes:
        lead = lead.but(told=told)
    return lead, outcomes


def _erase(lead: Lead, event: Event, policy: Policy) -> Step:
    """Nothing of the lead is kept but that it was erased; what it was counted for, a breach too, stays counted."""
    clocks = tuple(
        clock_on(clock, ClockInput.CANCELLED_IN_TIME, max(event.at, clock.started_at), event.id)
        for clock in lead.fold.clocks
        if clock.state in LIVE_STATES
    )
    _, outcomes = difference(lead.but(fold=lead.fold.but(clocks=clocks)), policy, ticking=False)
    said = tuple(o._replace(reason=Reason.ERASED) for o in outcomes if o.kind is Kind.CANCELLED)
    return Step(new_lead(lead.id).but(known_until=lead.known_until, erased=True), said, (Remark.ERASED,))
