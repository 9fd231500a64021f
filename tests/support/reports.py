"""A made-up company for tests of the report: follow-up with objectives, quotas, and leads of every kind."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from monitor.cli.report.build import report_of
from monitor.cli.report.period import Period, period_between
from monitor.cli.report.records import records_of
from monitor.core.event import Event, Scalar
from monitor.core.heard import Said
from monitor.core.instant import from_rfc3339
from monitor.core.policy import Policy
from monitor.core.replay import Replay
from monitor.wire.policy import read_policy
from monitor.wire.report.report import ReportData

AGREEMENT = """
agreement: {name: Acme, version: 2026-Q4, effective_from: 2026-10-01, review_by: 2026-10-20, approved_by: [ana, ben]}
timezone: Europe/Berlin
calendars: {office: {hours: {mon-fri: 09:00-17:00}}}
definitions: {mql: {requires: [source]}}
quotas:
  - {duty: qualified-leads, counts: mql, per: segment, every: month, target: {smb: 2}, final_after: 3 days,
     claw_back: {within: 20 working_days}}
money: {currency: EUR}
goals: {month: 1000}
follow_up:
  - {duty: first-touch, starts: lead.assigned, within: 8 working_hours, objective: 50% per month, final_after: 2 days,
     met_by: {activity: call, direction: outbound, by: person}}
"""
CALL: dict[str, Scalar] = {"channel": "call", "direction": "outbound", "actor": "person", "outcome": "connected"}
# Thursday the 1st: three leads, one in time, one late, one never; a fourth is taken back after the month.
STORY: Sequence[tuple[str, str, str, dict[str, Scalar]]] = (
    ("A", "lead.stage_changed", "2026-10-01T07:00:00Z", {"stage": "mql", "segment": "smb", "source": "fair"}),
    ("A", "lead.assigned", "2026-10-01T08:00:00Z", {"owner": "ana"}),
    ("A", "activity.logged", "2026-10-01T09:00:00Z", CALL),
    ("B", "lead.stage_changed", "2026-10-01T07:00:00Z", {"stage": "mql", "segment": "smb"}),
    ("B", "lead.assigned", "2026-10-01T08:00:00Z", {"owner": "ben"}),
    ("B", "activity.logged", "2026-10-02T10:00:00Z", CALL),
    ("C", "lead.assigned", "2026-10-01T08:00:00Z", {"owner": "ben", "source": "web"}),
    ("D", "lead.stage_changed", "2026-10-29T08:00:00Z", {"stage": "mql", "segment": "smb", "source": "web"}),
    ("D", "lead.rejected", "2026-11-03T08:00:00Z", {"reason": "bad-data"}),
    ("A", "deal.won", "2026-10-30T08:00:00Z", {"amount": "1250.50", "currency": "EUR"}),
)
UNTIL = from_rfc3339("2026-12-15T12:00:00Z")


def agreement(text: str = AGREEMENT) -> Policy:
    """The company's."""
    return read_policy(text, "agreement.yaml")


def events() -> list[Event]:
    """What happened to its leads."""
    return [
        Event(lead, f"e{n:02}", type_, from_rfc3339(time), "crm", data)
        for n, (lead, type_, time, data) in enumerate(STORY)
    ]


def said(happened: Sequence[Event] = (), until: int = UNTIL) -> list[Said]:
    """What workers that had every event in time would have said, with the instants."""
    replay = Replay(agreement())
    return [Said(outcome, replay.now) for outcome in replay.run(happened or events(), until)]


def october() -> Period:
    """The period of most tests."""
    return period_between("2026-10-01", "2026-10-31", ZoneInfo("Europe/Berlin"))


def reported(
    told: Sequence[Said] | None = None,
    happened: Sequence[Event] | None = None,
    *,
    until: int = UNTIL,
    owners: int = 0,
    policy: Policy | None = None,
) -> ReportData:
    """The report of October, of outcomes, of events, or of both."""
    policy = policy or agreement()
    records = records_of(told, happened, policy, recorded=True, until=until)
    return report_of(records, policy, october(), owners)
