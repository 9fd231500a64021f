"""One example of each lead event and outcome, and one explained lead; the committed ones are written from here."""

import json
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Final

from monitor.core import event as ev
from monitor.core.event import Scalar
from monitor.core.explanation import explained
from monitor.core.instant import from_rfc3339, to_rfc3339
from monitor.core.outcome import Delivery, Kind, Outcome, Reason
from monitor.core.replay import Replay
from monitor.wire.explanation import lead_answer
from monitor.wire.outcome import encode_outcome
from monitor.wire.policy import read_policy

_STORY: Final[tuple[tuple[str, str, Mapping[str, Scalar]], ...]] = (
    (ev.LEAD_CREATED, "07:00:00Z", {"source": "web-form", "segment": "enterprise", "persona": "plant-manager"}),
    (ev.LEAD_UPDATED, "07:00:05Z", {"grade": "A", "score": 85, "industry": "manufacturing", "employees": 1200}),
    (ev.LEAD_STAGE_CHANGED, "07:01:00Z", {"stage": "mql"}),
    (ev.LEAD_HANDED_OFF, "09:01:00+02:00", {"team": "sales"}),
    (ev.LEAD_ASSIGNED, "07:02:00.250Z", {"owner": "ana", "team": "sales"}),
    (
        ev.ACTIVITY_LOGGED,
        "08:15:00Z",
        {"channel": "call", "direction": "outbound", "actor": "person", "outcome": "connected", "duration_s": 184.5},
    ),
    (ev.LEAD_ACCEPTED, "08:20:00Z", {}),
    (ev.LEAD_REJECTED, "08:20:00Z", {"reason": "wrong-persona"}),
    (ev.LEAD_RECYCLED, "09:00:00Z", {"reason": "no-budget"}),
    (ev.LEAD_DISQUALIFIED, "09:00:00Z", {"reason": "competitor"}),
    (ev.LEAD_MERGED, "10:00:00Z", {"into": "L-7"}),
    (ev.LEAD_ERASED, "11:00:00Z", {}),
    (ev.DEAL_WON, "12:00:00Z", {"amount": "12500.00", "currency": "EUR"}),
    (ev.DEAL_LOST, "12:00:00Z", {"reason": "competitor"}),
    (ev.SPEND_RECORDED, "12:00:00Z", {"amount": "900", "currency": "EUR", "team": "marketing", "campaign": "fair"}),
    (ev.REVENUE_RECORDED, "12:00:00Z", {"amount": "1041.6667", "currency": "EUR"}),
)
_DAY: Final = "2026-10-01T"
_STARTED_AT: Final = from_rfc3339(_DAY + "07:02:00Z")
_DUE_AT: Final = from_rfc3339(_DAY + "11:02:00Z")

# Of `explained_lead`: an automated mail, a pause, another owner, somebody else's call, and one that is too late.
EXPLAINED_BY: Final = """\
agreement: {name: DACH inbound, version: 2026-Q4, effective_from: 2026-10-01}
timezone: Europe/Berlin
calendars:
  munich: {hours: {mon-thu: [09:00-12:30, 13:30-18:00], fri: 09:00-15:00}}
follow_up:
  - duty: first-touch
    starts: lead.assigned
    met_by: {activity: [call, email, meeting], direction: outbound}
    paused_while: {waiting_on: prospect}
    on_reassign: remaining, at least 30 working_minutes
    calendar: munich
    targets:
      - {when: 'grade == "A"', within: 30 working_minutes}
      - {within: 4 working_hours}
    warn_at: [50%, 30 working_minutes left]
    final_after: {default: 10 minutes, crm-import: 24 hours}
"""
_EXPLAINED: Final[tuple[tuple[str, str, Mapping[str, Scalar]], ...]] = (
    (ev.LEAD_CREATED, "01T14:00:00Z", {"source": "web-form", "segment": "enterprise"}),
    (ev.LEAD_STAGE_CHANGED, "01T14:10:00Z", {"stage": "mql"}),
    (ev.LEAD_HANDED_OFF, "01T14:15:00Z", {"team": "sales"}),
    (ev.LEAD_ASSIGNED, "01T14:30:00Z", {"owner": "ana", "grade": "B"}),
    (ev.ACTIVITY_LOGGED, "01T14:31:00Z", {"channel": "email", "direction": "outbound", "actor": "automation"}),
    (ev.LEAD_UPDATED, "01T15:30:00Z", {"waiting_on": "prospect"}),
    (ev.LEAD_UPDATED, "02T07:30:00Z", {"waiting_on": "nobody"}),
    (ev.LEAD_ASSIGNED, "02T09:00:00Z", {"owner": "ben"}),
    (ev.ACTIVITY_LOGGED, "02T09:40:00Z", {"channel": "call", "direction": "outbound", "actor_id": "cem"}),
    (ev.ACTIVITY_LOGGED, "02T12:40:00Z", {"channel": "call", "direction": "outbound", "actor": "person"}),
)


def lead_events() -> dict[str, dict[str, object]]:
    """A structured CloudEvent for each type, by type."""
    return {
        event_type: {
            "specversion": "1.0",
            "id": f"evt-{number:04}",
            "source": "crm",
            "type": event_type,
            "subject": "L-1",
            "time": _DAY + time,
            "datacontenttype": "application/json",
            "data": dict(data),
        }
        for number, (event_type, time, data) in enumerate(_STORY, start=1)
    }


def outcomes() -> Iterator[Outcome]:
    """One of each kind: a duty in time, late, ended, moved, a breach taken back; the agreement itself."""
    activated = Outcome(
        kind=Kind.ACTIVATED, lead="L-1", duty="first-touch", cycle=1, level="", revision=0, policy_version="2026-Q4",
        reason=Reason.STARTED, at=_STARTED_AT, team="sales", owner="ana", segment="enterprise",
        lead_source="web-form", started_at=_STARTED_AT, due_at=_DUE_AT, limit="4 working_hours", calendar="munich",
        evidence_ids=("evt-0005",), evidence_at=_STARTED_AT, hold_us=30_000_000,
    )  # fmt: skip
    silent = activated._replace(evidence_ids=(), evidence_at=None)
    breached = silent._replace(kind=Kind.BREACHED, reason=Reason.NO_EVIDENCE, at=_DUE_AT)
    in_time_at, late_at = from_rfc3339(_DAY + "08:15:00Z"), from_rfc3339(_DAY + "12:40:30Z")
    acted = activated._replace(evidence_ids=("evt-0006",), evidence_at=in_time_at, at=in_time_at)
    yield activated
    paused = acted._replace(kind=Kind.PAUSED, level="1", reason=Reason.PAUSING, evidence_ids=("evt-0002",))
    yield paused
    later = paused._replace(due_at=from_rfc3339("2026-10-02T09:17:00Z"), at=late_at, evidence_at=late_at)
    yield later._replace(kind=Kind.RESUMED, reason=Reason.RESUMING)
    yield later._replace(kind=Kind.RESET, reason=Reason.RESETTING)
    yield later._replace(kind=Kind.REASSIGNED, reason=Reason.OWNER_CHANGED, owner="ben")
    yield later._replace(kind=Kind.PASSED_AROUND, level="", reason=Reason.OWNERS_TOO_MANY, owner="ben")
    yield silent._replace(kind=Kind.STALLED, level="1", reason=Reason.PAUSE_TOO_LONG, at=late_at)
    yield silent._replace(kind=Kind.WARNED, level="80", reason=Reason.SHARE_USED, at=from_rfc3339(_DAY + "10:14:00Z"))
    yield acted._replace(kind=Kind.MET, reason=Reason.IN_TIME)
    yield breached
    yield breached._replace(
        duty="definition-mql", reason=Reason.DEFINITION_NOT_MET, team="marketing", owner="", due_at=_STARTED_AT,
        at=_STARTED_AT, limit="at once", calendar="", evidence_ids=("evt-0003",), evidence_at=_STARTED_AT,
        missing="without persona; not score >= 60",
    )  # fmt: skip
    yield acted._replace(
        kind=Kind.FULFILLED_LATE, reason=Reason.AFTER_DUE, at=late_at, evidence_at=late_at,
        late_elapsed_us=late_at - _DUE_AT, late_working_us=2_910_000_000,
    )  # fmt: skip
    yield acted._replace(kind=Kind.CANCELLED, reason=Reason.CONDITION, evidence_ids=("evt-0010",))
    yield breached._replace(
        kind=Kind.WITHDRAWN, level=Kind.BREACHED.value, reason=Reason.LATE_EVIDENCE,
        supersedes=breached.outcome_id,
    )  # fmt: skip
    yield from _of_quota()
    yield silent._replace(kind=Kind.FINALISED, reason=Reason.WAIT_OVER, at=from_rfc3339("2026-10-02T11:02:00Z"))
    yield from _of_the_agreement()


def _of_the_agreement() -> Iterator[Outcome]:
    begun_at, review_at = from_rfc3339("2026-09-30T22:00:00Z"), from_rfc3339("2026-12-18T23:00:00Z")
    amended = Outcome(
        kind=Kind.AMENDED, lead="", duty="agreement", cycle=2, level="", revision=0, policy_version="2026-Q4",
        reason=Reason.NEW_VERSION, at=begun_at, team="", owner="", segment="", lead_source="", started_at=begun_at,
        due_at=review_at, limit="", calendar="", evidence_ids=(), evidence_at=None,
        changes=("duty first-touch, within: 4 working_hours instead of 8 working_hours",),
    )  # fmt: skip
    yield amended
    review = amended._replace(level=to_rfc3339(review_at), changes=())
    near_at = from_rfc3339("2026-12-04T23:00:00Z")
    yield review._replace(kind=Kind.REVIEW_DUE, reason=Reason.REVIEW_NEAR, at=near_at)
    yield review._replace(kind=Kind.REVIEW_OVERDUE, reason=Reason.REVIEW_PASSED, at=review_at)


def _of_quota() -> Iterator[Outcome]:
    at_risk = Outcome(
        kind=Kind.AT_RISK, lead="", duty="qualified-leads", cycle=1, level="1", revision=0, policy_version="2026-Q4",
        reason=Reason.FORECAST_LOW, at=from_rfc3339("2026-10-15T22:00:00Z"), team="marketing", owner="",
        segment="enterprise", lead_source="", started_at=from_rfc3339("2026-09-30T22:00:00Z"),
        due_at=from_rfc3339("2026-10-31T23:00:00Z"), limit="1 month", calendar="munich", evidence_ids=(),
        evidence_at=None,
        delivery=Delivery(
            "2026-10", (("segment", "enterprise"),), 40_000, 14_000, 3_000, 2_000, 1_000, 30_400, 24_900, 35_800
        ),
    )  # fmt: skip
    yield at_risk
    yield at_risk._replace(
        kind=Kind.CORRECTED, level=Kind.BREACHED.value, reason=Reason.CHANGED_AFTER_FINAL,
        at=from_rfc3339("2026-11-12T09:00:00Z"),
        delivery=Delivery("2026-10", (("segment", "enterprise"),), 40_000, 38_000, 0, 4_000, 1_000),
    )  # fmt: skip


def explained_lead() -> dict[str, object]:
    """A lead whose time was paused, that changed hands, and was followed up too late."""
    events = [
        ev.Event("L-1", f"evt-{number:04}", type_, from_rfc3339(f"2026-10-{time}"), "crm", data)
        for number, (type_, time, data) in enumerate(_EXPLAINED, start=1)
    ]
    policy, until_at = read_policy(EXPLAINED_BY, "agreement.yaml"), from_rfc3339("2026-10-02T13:00:00Z")
    replay = Replay(policy)
    deque(replay.run(events, until_at), maxlen=0)
    return lead_answer(explained(replay.leads["L-1"], policy, until_at))


def valid_files() -> dict[str, dict[str, object]]:
    """The valid examples, by file name."""
    events = lead_events()
    files = {f"{event_type}.json": event for event_type, event in events.items()}
    files["plain--lead.assigned.json"] = {
        name: events[ev.LEAD_ASSIGNED][name] for name in ("id", "source", "type", "subject", "time", "data")
    }
    files["extensions-and-unknown-fields--lead.updated.json"] = {
        **events[ev.LEAD_UPDATED],
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "data": {"grade": "A", "persona": None, "favourite_colour": "red", "utm": {"medium": "cpc", "tags": ["a"]}},
    }
    for outcome in outcomes():
        of = f"--{outcome.reason}" if outcome.reason is Reason.DEFINITION_NOT_MET else ""
        files[f"outcome.{outcome.kind}{of}.json"] = json.loads(encode_outcome(outcome))
    files["lead-explanation.json"] = explained_lead()
    return files
