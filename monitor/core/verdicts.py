"""What may be said of a lead at an instant, and how it differs from what was said before."""

from collections.abc import Mapping, Sequence
from zlib import crc32

from monitor.core import event as ev
from monitor.core.calendar import Calendar
from monitor.core.event import Scalar
from monitor.core.lead import Clock, Lead, Told
from monitor.core.outcome import Kind, Outcome, Reason
from monitor.core.policy import Policy
from monitor.core.tables import ClockState
from monitor.core.telling import REASONS, Telling
from monitor.core.tellings import ToldKey, tellings


def difference(
    lead: Lead, policy: Policy, *, ticking: bool, since: int = 0, among: Sequence[Clock] | None = None
) -> tuple[tuple[Told, ...], tuple[Outcome, ...]]:
    """What was told after this step, and the outcomes that bring it about.

    `since`: nothing that was known of instants before it has changed. `among`: nothing has changed but these clocks.

    Only a tick may announce what the passing of time decides (`ticking`): behind it in the log stands
    everything that could have disproved it. Between ticks such a thing is only upheld, changed or withdrawn.
    """
    told: dict[ToldKey, Told] = {entry[:4]: entry for entry in lead.told}
    outcomes: list[Outcome] = []
    looked_at = lead.fold.clocks if among is None else among
    holding: set[ToldKey] = set()
    # Who a lead belonged to before the kept evidence begins can't be told any more: what was said stands.
    if lead.base_key is not None:
        since = max(since, lead.base_key[0] + 1)
    for clock in looked_at:
        for telling in tellings(clock, lead.known_until, told, ticking):
            duty, cycle, kind, level = key = (clock.duty, clock.cycle, telling.kind, telling.level)
            before = told.get(key)
            if before is None:
                outcome = _outcome(lead, clock, telling, 0, policy)
                told[key] = Told(duty, cycle, kind, level, 0, True, telling.at, telling.due_at, _mark(outcome))
                outcomes.append(outcome)
                continue
            holding.add(key)
            if _settled(before, telling, since):
                continue
            outcome = _outcome(lead, clock, telling, before.revision, policy)
            entry = Told(*key, before.revision, True, telling.at, telling.due_at, _mark(outcome))
            if before._replace(version="") == entry:
                continue
            replaced = _as_said(outcome, before).outcome_id if before.standing else None
            outcomes.append(outcome._replace(revision=before.revision + 1, supersedes=replaced))
            told[key] = entry._replace(revision=before.revision + 1)
    taken_back: list[Outcome] = []
    for entry in lead.told:
        key = entry[:4]
        if entry.standing and key not in holding and (among is None or _of_any(among, entry)):
            taken_back.append(_withdrawal(lead, entry, policy))
            told[key] = entry._replace(standing=False)
    return tuple(told.values()), (*taken_back, *outcomes)


def _settled(before: Told, telling: Telling, since: int) -> bool:
    return before.standing and telling.at < since and before.at == telling.at and before.due_at == telling.due_at


def _of_any(clocks: Sequence[Clock], entry: Told) -> bool:
    return any(clock.duty == entry.duty and clock.cycle == entry.cycle for clock in clocks)


def _mark(outcome: Outcome) -> int:
    said = (
        *outcome.evidence_ids, outcome.owner, outcome.segment, outcome.lead_source, str(outcome.started_at),
        outcome.limit, outcome.calendar,
    )  # fmt: skip
    if outcome.missing:
        said = (*said, outcome.missing)
    return crc32("\x1f".join(said).encode())


def _withdrawal(lead: Lead, entry: Told, policy: Policy) -> Outcome:
    level = f"{entry.kind}:{entry.level}" if entry.level else entry.kind
    telling = Telling(Kind.WITHDRAWN, level, entry.at, entry.due_at)
    named = (clock for clock in lead.fold.clocks if (clock.duty, clock.cycle) == (entry.duty, entry.cycle))
    outcome = _outcome(lead, next(named, None) or _gone(entry, policy), telling, entry.revision, policy)
    said = _as_said(outcome._replace(kind=entry.kind, level=entry.level), entry)
    return outcome._replace(policy_version=said.policy_version, supersedes=said.outcome_id)


def _as_said(outcome: Outcome, entry: Told) -> Outcome:
    return outcome._replace(policy_version=entry.version or outcome.policy_version)


def _gone(entry: Told, policy: Policy) -> Clock:
    """What is still known of a clock that the evidence no longer starts."""
    duty = policy.duty(entry.duty)
    return Clock(
        duty=entry.duty, cycle=entry.cycle, round=0, state=ClockState.CANCELLED, started_at=entry.at, started_by="",
        due_at=entry.due_at, policy_version=policy.version, team=duty.team if duty else "", limit="", calendar="",
        warn_ats=(), hold_us=0, final_after={},
    )  # fmt: skip


def _outcome(lead: Lead, clock: Clock, telling: Telling, revision: int, policy: Policy) -> Outcome:
    owner, segment, source = who_at(lead, telling.at)
    reason, missing = telling.reason, ""
    if reason is None:
        reason, missing = _reason(lead, telling, clock.duty in policy.rejectable)
    elif telling.kind is Kind.BREACHED:
        missing = clock.missing
    late_elapsed_us = late_working_us = None
    if telling.kind is Kind.FULFILLED_LATE:
        late_elapsed_us = telling.at - clock.deadline_at
        late_working_us = _working(_calendar_of(clock, policy), clock.deadline_at, telling.at)
    return Outcome(
        telling.kind,
        lead.id,
        clock.duty,
        clock.cycle,
        telling.level,
        revision,
        clock.policy_version,
        reason,
        telling.at,
        clock.team,
        owner,
        segment,
        source,
        clock.started_at,
        telling.due_at,
        clock.limit,
        clock.calendar,
        telling.evidence_ids,
        telling.at if telling.evidence_ids else None,
        late_elapsed_us,
        late_working_us,
        None,
        clock.hold_us,
        (),
        missing,
    )


def _calendar_of(clock: Clock, policy: Policy) -> Calendar | None:
    """The calendar by which its time counts; None for elapsed time."""
    return policy.judging(clock).calendars.get(clock.calendar)


def _working(calendar: Calendar | None, from_at: int, to_at: int) -> int | None:
    return calendar.elapsed(from_at, to_at) if calendar is not None else None


def _reason(lead: Lead, telling: Telling, rejectable: bool) -> tuple[Reason, str]:
    """The reason that its evidence gives or else its kind does, and why a lead was rejected."""
    if telling.kind is Kind.CANCELLED and not telling.evidence_ids:
        return Reason.DUTY_REMOVED, ""
    if telling.kind is Kind.CANCELLED or (telling.kind is Kind.MET and rejectable):
        for evidence in reversed(tuple(lead.evidence)):
            if evidence.id not in telling.evidence_ids:
                continue
            if evidence.type == ev.LEAD_MERGED and telling.kind is Kind.CANCELLED:
                return Reason.MERGED, ""
            if evidence.type == ev.LEAD_REJECTED and telling.kind is Kind.MET:
                return Reason.REJECTED, str(evidence.data.get("reason", ""))
    return REASONS[telling.kind], ""


def who_at(lead: Lead, at: int) -> tuple[str, str, str]:
    """Owner, segment and source of the lead at that instant, whenever it is asked."""
    newest_at = lead.evidence.newest_at
    if newest_at is None or newest_at <= at:
        who: Mapping[str, Scalar] = lead.fold.attributes
        return str(who.get("owner", "")), str(who.get("segment", "")), str(who.get("source", ""))
    who = {} if lead.base is None else lead.base.attributes
    owner, segment, source = who.get("owner", ""), who.get("segment", ""), who.get("source", "")
    for evidence in lead.evidence:
        if evidence.at > at:
            break
        data = evidence.data
        owner, segment, source = data.get("owner", owner), data.get("segment", segment), data.get("source", source)
    return str(owner), str(segment), str(source)
