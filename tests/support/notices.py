"""Notices for tests, and a clock that stands still until it is told to move."""

import base64

from monitor.core.outcome import Kind, Outcome, Reason
from monitor.notify.channels.standard import StandardWebhook
from monitor.ports import Message, Notice, TimeSource, alone
from monitor.sinks.http import HttpSink
from monitor.stream.clock import SystemTime

SECRET = "whsec_" + base64.b64encode(b"a key for the tests only").decode()

NOON = 1_790_856_000_000_000
"""Thu, 01 Oct 2026 12:00:00 GMT."""
REASONS = {
    Kind.WARNED: Reason.SHARE_USED,
    Kind.BREACHED: Reason.NO_EVIDENCE,
    Kind.FULFILLED_LATE: Reason.AFTER_DUE,
    Kind.WITHDRAWN: Reason.LATE_EVIDENCE,
    Kind.STALLED: Reason.PAUSE_TOO_LONG,
    Kind.PASSED_AROUND: Reason.OWNERS_TOO_MANY,
}
OF_AGREEMENT = {
    Kind.AMENDED: Reason.NEW_VERSION,
    Kind.REVIEW_DUE: Reason.REVIEW_NEAR,
    Kind.REVIEW_OVERDUE: Reason.REVIEW_PASSED,
}
LEVELS = {Kind.WARNED: "80", Kind.WITHDRAWN: "breached", Kind.STALLED: "1"}


def outcome(kind: Kind = Kind.BREACHED, **changes: object) -> Outcome:
    said = Outcome(
        kind=kind,
        lead="lead-1",
        duty="first-touch",
        cycle=1,
        level=LEVELS.get(kind, ""),
        revision=0,
        policy_version="2026-Q4",
        reason=REASONS.get(kind, Reason.STARTED),
        at=NOON,
        team="sales",
        owner="ana",
        segment="enterprise",
        lead_source="web",
        started_at=NOON - 300_000_000,
        due_at=NOON,
        limit="5 minutes elapsed",
        calendar="",
        evidence_ids=("evt-private",),
        evidence_at=None,
    )
    return said._replace(**changes)  # type: ignore[arg-type]


def notice_of_agreement(kind: Kind, **changes: object) -> Notice:
    """A notice about the agreement itself."""
    nothing = {"lead": "", "owner": "", "segment": "", "lead_source": "", "limit": "", "duty": "agreement"}
    return notice(kind, **{**nothing, "reason": OF_AGREEMENT[kind], **changes})


def notice(kind: Kind = Kind.BREACHED, **changes: object) -> Notice:
    """The first word of an outcome."""
    said = outcome(kind, **changes)
    return Notice(said.outcome_id, said)


def message(kind: Kind = Kind.BREACHED, **changes: object) -> Message:
    """A notice that is sent alone."""
    return alone(notice(kind, **changes))


def hook(url: str, secret: str = SECRET, time: TimeSource | None = None, timeout_s: float = 2.0) -> HttpSink:
    """The sink of a signed webhook on this machine."""
    post_of = StandardWebhook([secret]).post
    return HttpSink("webhook", url, post_of, time or SystemTime(), timeout_s=timeout_s, allow_private=True)


class Hours:
    """A TimeSource that moves when told."""

    def __init__(self) -> None:
        self.passed_s = 0.0

    def now_at(self) -> int:
        return NOON + int(self.passed_s * 1e6)

    def elapsed_s(self) -> float:
        return self.passed_s
