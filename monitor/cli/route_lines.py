"""Says in words who hears of what, for whoever checks an agreement."""

from collections.abc import Iterator
from typing import Final

from monitor.core.routing import Asks, Recipient, Route, Routing, Rung
from monitor.core.sentence import duration

_ASKED: Final = (
    ("duty", "duties"), ("team", "teams"), ("segment", "segments"), ("owner", "owners"), ("source", "sources"),
    ("kind", "kinds"), ("news", "news"), ("severity", "severities"),
)  # fmt: skip


def route_lines(routing: Routing) -> Iterator[str]:
    """A line for each recipient, and one for each route in the order in which they are tried."""
    for recipient in routing.recipients.values():
        yield f"recipient {_recipient(recipient)}"
    for owner, name in routing.owners.items():
        yield f"owner {owner} is {name}"
    if routing.default_owner:
        yield f"any other owner, and nobody, is {routing.default_owner}"
    for number, route in enumerate(routing.routes, 1):
        yield f"route {number}, {route.name}: {_asked(route)}: {_told(route)}"


def _recipient(recipient: Recipient) -> str:
    hours = "at any hour" if recipient.calendar is None else f"in the hours of {recipient.calendar.name}"
    return f"{recipient.name}: channel {recipient.channel}, {hours}"


def _asked(route: Route) -> str:
    named = ((word, sorted(getattr(route, field))) for word, field in _ASKED)
    return ", ".join(f"{word} {' or '.join(values)}" for word, values in named if values) or "all that is left"


def _told(route: Route) -> str:
    if route.mute:
        return "nobody is told"
    parts = [_step(rung) for rung in route.ladder]
    parts += ["at any hour"] if route.page else []
    if route.fold_us:
        parts.append(f"what has the same {', '.join(route.fold_by)} within {duration(route.fold_us)} in one message")
    return "; ".join(parts)


def _step(rung: Rung) -> str:
    if rung.level:
        when = f"at {rung.level}%" if rung.level.isdigit() else f"when there are {rung.level}"
    else:
        when = "at once" if rung.after is None else f"{rung.after.text} after the breach"
    asks = ", asked to reassign the lead" if rung.asks is Asks.REASSIGN else ""
    return f"{when} {', '.join(rung.to)}{asks}"
