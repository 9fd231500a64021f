"""What may be said of a lead at an instant, and how it differs from what was said before."""

from collections.abc import Mapping
from zlib import crc32

from monitor.core import event as ev
from monitor.core.calendar import Calendar
from monitor.core.event import Scalar
from monitor.core.lead import Clock, Lead, Told
from monitor.core.outcome import Kind, Outcome, Reason
from monitor.core.policy import Policy
from monitor.core.tables import ClockState
from monitor.core.tellings import Telling, ToldKey, tellings


def difference(
    lead: Lead, policy: Policy, *, ticking: bool, since: int = 0
) -> tuple[tuple[Told, ...], tuple[Outcome, ...]]:
    """What was told after this step, and the outcomes that bring it about.

    `since`: nothing that was known of instants before it has changed.

    Only a tick may announce what the passing of time decides (`ticking`): behind it in the log stands
    everything that could have disproved it. Between ticks such a thing is only upheld, changed or withdrawn.
    """
    told: dict[ToldKey, Told] = {entry[:4]: entry for entry in lead.told}
    outcomes: list[Outcome] = []
    holding: set[ToldKey] = set()
    # Who a lead belonged to before the kept evidence begins can't be told any more: what was said stands.
    if lead.base_key is not None:
        since = max(since, lead.base_key[0] + 1)
    for clock in lead.fold.clocks:
        for telling in tellings(clock, lead.known_until, told, ticking):
            key = (clock.duty, clock.cycle, str(telling.kind), telling.level)
            holding.add(key)
            before = told.get(key)
            upheld = before is not None and before.standing
            if before is not None and upheld and _settled(before, telling, clock, since):
                continue
            outcome = _outcome(lead, clock, telling, 0 if before is None else before.revision, policy)
            entry = Told(*key, outcome.revision, True, telling.at, clock.due_at, _mark(outcome))
            if before is not None:
                if upheld and before == entry:
                    continue
                replaced = outcome.outcome_id if upheld else None
                outcome = outcome._replace(revision=before.revision + 1, supersedes=replaced)
                entry = entry._replace(revision=outcome.revision)
            outcomes.append(outcome)
            told[key] = entry
    taken_back: list[Outcome] = []
    clocks = {(clock.duty, clock.cycle): clock for clock in lead.fold.clocks}
    for key, entry in told.items():
        if entry.standing and key not in holding:
            told[key] = entry._replace(standing=False)
            taken_back.append(_withdrawal(lead, clocks.get(key[:2]), entry, policy))
    return tuple(told.values()), (*taken_back, *outcomes)


def _settled(before: Told, telling: Telling, clock: Clock, since: int) -> bool:
    return telling.at < since and (before.at, before.due_at) == (telling.at, clock.due_at)


def _mark(outcome: Outcome) -> int:
    said = (
        *outcome.evidence_ids, outcome.owner, outcome.segment, outcome.lead_source, str(outcome.started_at),
        outcome.limit, outcome.calendar,
    )  # fmt: skip
    return crc32("\x1f".join(said).encode())


def _withdrawal(lead: Lead, clock: Clock | None, entry: Told, policy: Policy) -> Outcome:
    level = f"{entry.kind}:{entry.level}" if entry.level else entry.kind
    duty = policy.duty(entry.duty)
    gone = Clock(
        duty=entry.duty, cycle=entry.cycle, round=0, state=ClockState.CANCELLED, started_at=entry.at, started_by="",
        due_at=entry.due_at, policy_version=policy.version, team=duty.team if duty else "", limit="", calendar="",
        warn_ats=(), hold_us=0, final_after={},
    )  # fmt: skip
    telling = Telling(Kind.WITHDRAWN, level, entry.at, "", Reason.LATE_EVIDENCE)
    outcome = _outcome(lead, clock or gone, telling, entry.revision, policy)
    said = outcome._replace(kind=Kind(entry.kind), level=entry.level)
    return outcome._replace(supersedes=said.outcome_id)


def _outcome(lead: Lead, clock: Clock, telling: Telling, revision: int, policy: Policy) -> Outcome:
    owner, segment, source = _who(lead, telling.at)
    late = telling.kind is Kind.FULFILLED_LATE
    calendar = policy.calendars.get(clock.calendar)
    return Outcome(
        kind=telling.kind,
        lead=lead.id,
        duty=clock.duty,
        cycle=clock.cycle,
        level=telling.level,
        revision=revision,
        policy_version=clock.policy_version,
        reason=_reason(lead, telling),
        at=telling.at,
        team=clock.team,
        owner=owner,
        segment=segment,
        lead_source=source,
        started_at=clock.started_at,
        due_at=clock.due_at,
        limit=clock.limit,
        calendar=clock.calendar,
        evidence_ids=(telling.evidence_id,) if telling.evidence_id else (),
        evidence_at=telling.at if telling.evidence_id else None,
        late_elapsed_us=telling.at - clock.due_at if late else None,
        late_working_us=_working(calendar, clock.due_at, telling.at) if late else None,
        hold_us=clock.hold_us,
    )


def _working(calendar: Calendar | None, from_at: int, to_at: int) -> int | None:
    return calendar.elapsed(from_at, to_at) if calendar is not None else None


def _reason(lead: Lead, telling: Telling) -> Reason:
    if telling.kind is Kind.CANCELLED:
        for evidence in reversed(lead.evidence):
            if evidence.id == telling.evidence_id and evidence.type == ev.LEAD_MERGED:
                return Reason.MERGED
        if not telling.evidence_id:
            return Reason.DUTY_REMOVED
    return telling.reason


def _who(lead: Lead, at: int) -> tuple[str, str, str]:
    """Owner, segment and source of the lead at that instant, whenever it is asked."""
    who: Mapping[str, Scalar] = {} if lead.base is None else lead.base.attributes
    owner, segment, source = who.get("owner", ""), who.get("segment", ""), who.get("source", "")
    for evidence in lead.evidence:
        if evidence.at > at:
            break
        data = evidence.data
        owner, segment, source = data.get("owner", owner), data.get("segment", segment), data.get("source", source)
    return str(owner), str(segment), str(source)
