"""The generic webhook: the outcome as JSON, signed as Standard Webhooks (standardwebhooks.com) asks."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from standardwebhooks import Webhook

from monitor.core.instant import to_rfc3339
from monitor.core.outcome import Delivery
from monitor.core.quota import UNIT
from monitor.core.sentence import sentence
from monitor.notify.channels.groups import counts_of, leads_in, worst
from monitor.notify.channels.post import Post, json_bytes
from monitor.ports import Message, Notice

_US_PER_S: Final = 1_000_000
# Below the 20 kB that the spec advises.
BODY_BYTES_MAX: Final = 19_500


class StandardWebhook:
    """Writes and signs; with two secrets both sign, so that the far end may change from one to the other."""

    def __init__(self, secrets: Sequence[str]) -> None:
        """`secrets`: each `whsec_` and base64, the newest first."""
        self._signers = [Webhook(secret) for secret in secrets]

    def post(self, message: Message, now_at: int) -> Post:
        """The request: id and body are constant over attempts, time and signatures are those of `now_at`."""
        timestamp_s = now_at // _US_PER_S
        signed_at = datetime.fromtimestamp(timestamp_s, UTC)
        body = webhook_body(message)
        signatures = [signer.sign(message.message_id, signed_at, body.decode()) for signer in self._signers]
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message.message_id,
            "webhook-timestamp": str(timestamp_s),
            "webhook-signature": " ".join(signatures),
        }
        return Post(body, headers)


def webhook_body(message: Message) -> bytes:
    """The payload: type, timestamp, data. The spec advises to stay below 20 kB; an outcome has about one."""
    first, *others = message.notices
    if others:
        return _body_of_several(message)
    kind = first.outcome.kind.value
    return json_bytes({"type": f"lead-sla.{kind}", "timestamp": to_rfc3339(first.outcome.at), "data": _data(first)})


def _body_of_several(message: Message) -> bytes:
    """How many of what, and as many of the worst as fit: whoever wants each one asks the agreement not to fold."""
    data: dict[str, object] = {
        "count": len(message.notices),
        "leads": leads_in(message),
        "cause": dict(message.cause),
        "counts": [{"kind": kind.value, "duty": duty, "count": count} for (kind, duty), count in counts_of(message)],
    }
    last_at = max(notice.outcome.at for notice in message.notices)
    body, examples = b"", list[dict[str, object]]()
    for notice in (None, *worst(message)):
        examples += [] if notice is None else [_data(notice)]
        told = {
            "type": f"lead-sla.{message.form}",
            "timestamp": to_rfc3339(last_at),
            "data": {**data, "worst": examples},
        }
        longer = json_bytes(told)
        if len(longer) > BODY_BYTES_MAX:
            break
        body = longer
    return body


def _data(notice: Notice) -> dict[str, object]:
    outcome = notice.outcome
    step = {"after": notice.after, "asks": notice.asks.value} if notice.after else {}
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
        **({"missing": outcome.missing} if outcome.missing else {}),
        **({"changes": list(outcome.changes)} if outcome.changes else {}),
        **({} if outcome.delivery is None else {"delivery": _standing(outcome.delivery)}),
        **step,
    }


def _standing(delivery: Delivery) -> dict[str, object]:
    """Of a quota, in leads or points, as outcomes on their topic have it."""
    term, dims, *amounts = delivery
    names = Delivery._fields[2:]
    in_units = {name: None if each is None else each / UNIT for name, each in zip(names, amounts, strict=True)}
    return {"term": term, "dims": dict(dims), **in_units}


def _seconds(duration_us: int | None) -> float | None:
    return None if duration_us is None else duration_us / _US_PER_S
