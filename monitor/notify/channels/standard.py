"""The generic webhook: the outcome as JSON, signed as Standard Webhooks (standardwebhooks.com) asks."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from standardwebhooks import Webhook

from monitor.core.instant import to_rfc3339
from monitor.core.outcome import Outcome
from monitor.core.sentence import sentence
from monitor.notify.channels.post import Post, json_bytes
from monitor.ports import Notice

_US_PER_S: Final = 1_000_000


class StandardWebhook:
    """Writes and signs; with two secrets both sign, so that the far end may change from one to the other."""

    def __init__(self, secrets: Sequence[str]) -> None:
        """`secrets`: each `whsec_` and base64, the newest first."""
        self._signers = [Webhook(secret) for secret in secrets]

    def post(self, notice: Notice, now_at: int) -> Post:
        """The request: id and body are constant over attempts, time and signatures are those of `now_at`."""
        timestamp_s = now_at // _US_PER_S
        signed_at = datetime.fromtimestamp(timestamp_s, UTC)
        body = webhook_body(notice)
        signatures = [signer.sign(notice.notice_id, signed_at, body.decode()) for signer in self._signers]
        headers = {
            "Content-Type": "application/json",
            "webhook-id": notice.notice_id,
            "webhook-timestamp": str(timestamp_s),
            "webhook-signature": " ".join(signatures),
        }
        return Post(body, headers)


def webhook_body(notice: Notice) -> bytes:
    """The payload: type, timestamp, data. The spec advises to stay below 20 kB; an outcome has about one."""
    outcome = notice.outcome
    kind = outcome.kind.value
    return json_bytes({"type": f"lead-sla.{kind}", "timestamp": to_rfc3339(outcome.at), "data": _data(outcome)})


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
