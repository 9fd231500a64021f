"""A believable history of many leads, open side by side, and the agreements it is judged by."""

import json
from collections.abc import Iterator
from pathlib import Path

from monitor.core import event as ev
from monitor.core.event import Event, Scalar
from monitor.core.instant import from_rfc3339, to_rfc3339
from monitor.core.policy import Policy
from monitor.wire.lead_event import TimeLimits
from monitor.wire.policy import load_policy

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
START_AT = from_rfc3339("2026-10-05T06:00:00Z")
EVENTS_PER_LEAD = 5
ANY_TIME = TimeLimits(future_us=2**62, past_us=2**62)
"""Intake's limits, for events of which nobody cares when they are sent."""

LIMIT_US = 60 * MINUTE_US
"""Of `one_duty`."""


def one_duty() -> Policy:
    """A first touch within an elapsed hour, nothing else: what the bare state machine can do too."""
    return load_policy(Path(__file__).parent / "one-duty.yaml")


def three_duties() -> Policy:
    """Three duties, two calendars, warnings."""
    return load_policy(Path(__file__).parent / "three-duties.yaml")


def lead_events(number: int, start_at: int) -> Iterator[Event]:
    """Five events of one lead: three in four are touched within the hour, one in eight late, one in eight never."""
    name = f"L-{number:06d}"
    touch: dict[str, Scalar] = {"channel": "call", "direction": "outbound", "actor": "person", "outcome": "connected"}
    middle: tuple[int, str, str, dict[str, Scalar]] = (30, ev.ACTIVITY_LOGGED, "dialler", touch)
    if number % 8 == 0:
        middle = (90, ev.ACTIVITY_LOGGED, "dialler", touch)
    elif number % 8 == 1:
        middle = (30, ev.LEAD_UPDATED, "crm", {"score": 64})
    segment = "enterprise" if number % 3 else "mid-market"
    happened: tuple[tuple[int, str, str, dict[str, Scalar]], ...] = (
        (0, ev.LEAD_CREATED, "forms", {"segment": segment, "source": "web-form", "score": 61}),
        (2, ev.LEAD_ASSIGNED, "crm", {"owner": f"owner-{number % 40}", "team": "sales", "grade": "B"}),
        (4, ev.ACTIVITY_LOGGED, "sequencer", {**touch, "channel": "email", "actor": "automation"}),
        middle,
        (200, ev.LEAD_UPDATED, "crm", {"score": 75, "employees": 120}),
    )
    for n, (minutes, type_, source, data) in enumerate(happened):
        yield Event(name, f"{name}-{n}", type_, start_at + minutes * MINUTE_US, source, data)


def history(leads: int, start_at: int = START_AT, spacing_us: int = SECOND_US) -> list[Event]:
    """All their events in order of time; a lead begins every `spacing_us`."""
    events = [event for n in range(leads) for event in lead_events(n, start_at + n * spacing_us)]
    return sorted(events, key=lambda event: event.at)


def raw_event(event: Event) -> bytes:
    """The event as its producer would send it."""
    fields = {
        "specversion": "1.0", "type": event.type, "id": event.id, "source": event.source, "subject": event.lead,
        "time": to_rfc3339(event.at), "data": dict(event.data),
    }  # fmt: skip
    return json.dumps(fields).encode()
