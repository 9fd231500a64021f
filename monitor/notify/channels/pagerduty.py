"""PagerDuty: Events API v2 (developer.pagerduty.com/docs/events-api-v2), one incident for each clock."""

from collections.abc import Mapping
from enum import StrEnum
from hashlib import blake2b
from typing import Final

from monitor.core.instant import to_rfc3339
from monitor.core.outcome import Kind, Outcome
from monitor.notify.channels.post import Post, json_post
from monitor.notify.channels.texts import Style, fitted, text_of
from monitor.ports import Notice

EVENTS_URL: Final = "https://events.pagerduty.com/v2/enqueue"
ROUTING_KEY_CHARS: Final = 32
DEDUP_KEY_CHARS_MAX: Final = 255
SUMMARY_CHARS_MAX: Final = 1_024
BODY_BYTES_MAX: Final = 512 * 1024
# The API names no limit for a link; with this one a whole event stays small.
LINK_CHARS_MAX: Final = 2_048


class Action(StrEnum):
    """What an event does to its incident."""

    TRIGGER = "trigger"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"


# What ends a breach, or shows that there was none, closes the incident; anything else opens it or adds to it.
_RESOLVING: Final = frozenset({Kind.FULFILLED_LATE, Kind.WITHDRAWN, Kind.MET, Kind.CANCELLED})
_SEVERITY: Final[Mapping[Kind, str]] = {Kind.BREACHED: "error"}


def pagerduty_post(notice: Notice, style: Style, routing_key: str, action: Action | None = None) -> Post:
    """The event; without an `action` the one that the outcome calls for."""
    outcome = notice.outcome
    action = action or (Action.RESOLVE if outcome.kind in _RESOLVING else Action.TRIGGER)
    event: dict[str, object] = {
        "routing_key": routing_key,
        "event_action": action.value,
        "dedup_key": dedup_key(outcome),
    }
    if action is Action.TRIGGER:
        event |= _alert(notice, style)
    return json_post(event)


def dedup_key(outcome: Outcome) -> str:
    """The same for all that is said of one clock: lead, duty and cycle."""
    clock = f"{outcome.lead}\x1f{outcome.duty}\x1f{outcome.cycle}"
    return "lead-sla-" + blake2b(clock.encode("utf-8", "replace"), digest_size=16).hexdigest()


def _alert(notice: Notice, style: Style) -> dict[str, object]:
    outcome, text = notice.outcome, text_of(notice, style)
    alert: dict[str, object] = {
        "client": "lead-sla",
        "payload": {
            "summary": fitted(text.title, SUMMARY_CHARS_MAX),
            "source": "lead-sla",
            "severity": _SEVERITY.get(outcome.kind, "warning"),
            "timestamp": to_rfc3339(outcome.at),
            "component": outcome.duty,
            "group": outcome.team,
            "class": outcome.kind.value,
            "custom_details": dict(text.facts),
        },
    }
    if text.link and len(text.link) <= LINK_CHARS_MAX:
        alert["links"] = [{"href": text.link, "text": text.link_label}]
    return alert
