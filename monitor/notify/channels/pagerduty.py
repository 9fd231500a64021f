"""PagerDuty: Events API v2 (developer.pagerduty.com/docs/events-api-v2), one incident for each clock."""

from enum import StrEnum
from hashlib import blake2b
from typing import Final

from monitor.core.instant import to_rfc3339
from monitor.core.outcome import Kind
from monitor.core.routing import severity_of
from monitor.notify.channels.groups import text_of, worst
from monitor.notify.channels.post import Post, json_post
from monitor.notify.channels.texts import Link, Style, fitted
from monitor.ports import Form, Message

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


def pagerduty_post(message: Message, style: Style, routing_key: str, action: Action | None = None) -> Post:
    """The event; without an `action` the one that the outcomes call for: what ends all of them closes the incident."""
    ended = all(notice.outcome.kind in _RESOLVING for notice in message.notices)
    action = action or (Action.RESOLVE if ended else Action.TRIGGER)
    event: dict[str, object] = {
        "routing_key": routing_key,
        "event_action": action.value,
        "dedup_key": incident_of(message),
    }
    if action is Action.TRIGGER:
        event |= _alert(message, style)
    return json_post(event)


def incident_of(message: Message) -> str:
    """The `dedup_key`: the same for all that is said of one clock, or quota, and for all that has the same cause."""
    first, *others = message.notices
    if not others:
        about = f"{first.outcome.subject}\x1f{first.outcome.duty}\x1f{first.outcome.cycle}"
    elif message.form is Form.FOLDED and message.cause:
        about = "\x1f".join(("folded", *(part for pair in message.cause for part in pair)))
    else:
        about = f"several\x1f{message.message_id}"
    return "lead-sla-" + blake2b(about.encode("utf-8", "replace"), digest_size=16).hexdigest()


def _alert(message: Message, style: Style) -> dict[str, object]:
    worst_of_all, text = worst(message)[0].outcome, text_of(message, style)
    details = dict(text.facts) | {str(n): item.text for n, item in enumerate(text.items, 1)}
    alert: dict[str, object] = {
        "client": "lead-sla",
        "payload": {
            "summary": fitted(text.title, SUMMARY_CHARS_MAX),
            "source": "lead-sla",
            "severity": severity_of(worst_of_all.kind).value,
            "timestamp": to_rfc3339(worst_of_all.at),
            "component": worst_of_all.duty,
            "group": worst_of_all.team,
            "class": worst_of_all.kind.value,
            "custom_details": details | ({"…": text.more} if text.more else {}),
        },
    }
    links = [
        {"href": link.url, "text": link.label}
        for link in (*text.links, *(Link(item.text, item.url) for item in text.items))
        if link.url and len(link.url) <= LINK_CHARS_MAX
    ]
    return alert | ({"links": links} if links else {})
