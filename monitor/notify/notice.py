"""Decides which outcomes somebody is told about, and writes what is sent."""

import json
from enum import StrEnum
from typing import Final

from monitor.core.instant import to_rfc3339
from monitor.core.outcome import Kind, Outcome
from monitor.core.sentence import sentence
from monitor.ports import Notice

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
        case Kind.WARNED | Kind.BREACHED | Kind.FULFILLED_LATE | Kind.STALLED | Kind.PASSED_AROUND:
            pass
        case Kind.AT_RISK | Kind.CORRECTED:
            pass
        case Kind.AMENDED | Kind.REVIEW_DUE | Kind.REVIEW_OVERDUE if not outcome.lead:
            pass
        case Kind.WITHDRAWN if outcome.level == Kind.BREACHED.value:
            pass
        case Kind.WITHDRAWN:
            return Quiet.WARNING_WITHDRAWN
        case _:
            return Quiet.KIND
    kind = outcome.kind.value
    payload = {"type": f"lead-sla.{kind}", "timestamp": to_rfc3339(outcome.at), "data": _data(outcome)}
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return Notice(outcome.outcome_id, kind, outcome.lead, body)


def _data(outcome: Outcome) -> dict[str, object]:
    return {
        "outcome_id": outcome.outcome_id,
        "summary": sentence(outcome),
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
        "started_at": to_rfc3339(outcome.started_at),
        "due_at": to_rfc3339(outcome.due_at),
        "limit": outcome.limit,
        "calendar": outcome.calendar,
        "evidence_at": None if outcome.evidence_at is None else to_rfc3339(outcome.evidence_at),
        "evidence_ids": list(outcome.evidence_ids),
        "late_elapsed_s": _seconds(outcome.late_elapsed_us),
        "late_working_s": _seconds(outcome.late_working_us),
        "supersedes": outcome.supersedes,
        "policy_version": outcome.policy_version,
        **({"changes": list(outcome.changes)} if outcome.changes else {}),
    }


def _seconds(duration_us: int | None) -> float | None:
    return None if duration_us is None else duration_us / _US_PER_S
