"""Decides which outcomes somebody is told about, and writes what is sent."""

import json
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from monitor.core.outcome import Kind, Outcome
from monitor.ports import Notice

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_US_PER_S: Final = 1_000_000


class Quiet(StrEnum):
    """Why nobody is told about an outcome."""

    KIND = "kind_needs_no_one"
    WARNING_WITHDRAWN = "only_a_warning_was_withdrawn"


def notice_of(outcome: Outcome) -> Notice | Quiet:
    """The notice that an outcome calls for, or why it calls for none.

    Its body follows the payload of Standard Webhooks (type, timestamp, data); its id is the outcome's, so that
    the far end can tell a repetition.
    """
    match outcome.kind:
        case Kind.WARNED | Kind.BREACHED | Kind.FULFILLED_LATE:
            pass
        case Kind.WITHDRAWN if outcome.level == Kind.BREACHED.value:
            pass
        case Kind.WITHDRAWN:
            return Quiet.WARNING_WITHDRAWN
        case _:
            return Quiet.KIND
    kind = outcome.kind.value
    payload = {"type": f"lead-sla.{kind}", "timestamp": _iso(outcome.at), "data": _data(outcome)}
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return Notice(outcome.outcome_id, kind, outcome.lead, body)


def _data(outcome: Outcome) -> dict[str, object]:
    return {
        "outcome_id": outcome.outcome_id,
        "summary": _summary(outcome),
        "lead": outcome.lead,
        "duty": outcome.duty,
        "cycle": outcome.cycle,
        "level": outcome.level,
        "revision": outcome.revision,
        "reason": outcome.reason.value,
        "team": outcome.team,
        "owner": outcome.owner,
        "segment": outcome.segment,
        "lead_source": outcome.lead_source,
        "started_at": _iso(outcome.started_at),
        "due_at": _iso(outcome.due_at),
        "limit": outcome.limit,
        "calendar": outcome.calendar,
        "evidence_at": None if outcome.evidence_at is None else _iso(outcome.evidence_at),
        "evidence_ids": list(outcome.evidence_ids),
        "late_elapsed_s": _seconds(outcome.late_elapsed_us),
        "late_working_s": _seconds(outcome.late_working_us),
        "supersedes": outcome.supersedes,
        "policy_version": outcome.policy_version,
    }


def _summary(outcome: Outcome) -> str:
    """One sentence a person understands."""
    who = outcome.owner or f"{outcome.team} (nobody assigned)"
    duty, due = f"{outcome.duty} of lead {outcome.lead}", _iso(outcome.due_at)
    match outcome.kind:
        case Kind.WARNED:
            return f"{who} has used {outcome.level}% of the time for {duty}; it is due {due}."
        case Kind.BREACHED:
            return f"{who} did not do {duty} in time; it was due {due} ({outcome.limit})."
        case Kind.FULFILLED_LATE:
            return f"{who} did {duty} late; it was due {due} ({outcome.limit})."
        case _:
            return f"{who} did {duty} in time after all, by evidence that arrived late; the breach is withdrawn."


def _iso(at: int) -> str:
    """RFC 3339 in UTC, exact to the microsecond; no float is involved."""
    return (_EPOCH + timedelta(microseconds=at)).isoformat().replace("+00:00", "Z")


def _seconds(duration_us: int | None) -> float | None:
    return None if duration_us is None else duration_us / _US_PER_S
