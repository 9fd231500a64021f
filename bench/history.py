"""A believable history of many leads, open side by side, and the agreements it is judged by."""

from collections.abc import Iterator
from pathlib import Path

from monitor.core.event import Event, Scalar
from monitor.core.instant import from_rfc3339
from monitor.core.policy import Policy
from monitor.wire.policy import load_policy

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
START_AT = from_rfc3339("2026-10-05T06:00:00Z")
EVENTS_PER_LEAD = 5

_EXAMPLE = Path(__file__).parents[1] / "monitor" / "cli" / "examples" / "agreement.yaml"
_ONE_DUTY = Path(__file__).parent / "one-duty.yaml"


def one_duty() -> Policy:
    """A first touch within an elapsed hour, nothing else: what the bare state machine can do too."""
    return load_policy(_ONE_DUTY)


def example() -> Policy:
    """The agreement that `lead-sla init` writes: three duties, two calendars, warnings."""
    return load_policy(_EXAMPLE)


def lead_events(number: int, start_at: int) -> Iterator[Event]:
    """Five events of one lead: three in four are touched within the hour, one in eight late, one in eight never."""
    name = f"L-{number:06d}"

    def event(type_: str, minutes: int, source: str, **data: Scalar) -> Event:
        at = start_at + minutes * MINUTE_US
        return Event(name, f"{name}-{type_}-{minutes}", type_, at, source, data)

    late = number % 8
    touch: dict[str, Scalar] = {"channel": "call", "direction": "outbound", "actor": "person", "outcome": "connected"}
    yield event(
        "lead.created", 0, "forms", segment="enterprise" if number % 3 else "mid-market", source="web-form", score=61
    )
    yield event("lead.assigned", 2, "crm", owner=f"owner-{number % 40}", team="sales", grade="B")
    yield event("activity.logged", 4, "sequencer", **{**touch, "channel": "email", "actor": "automation"})
    yield event("activity.logged", 90 if late == 0 else 30, "dialler", **touch) if late != 1 else event(
        "lead.updated", 30, "crm", score=64
    )
    yield event("lead.updated", 200, "crm", score=75, employees=120)


def history(leads: int, start_at: int = START_AT, spacing_us: int = SECOND_US) -> list[Event]:
    """All their events in order of time; a lead begins every `spacing_us`."""
    events = [event for n in range(leads) for event in lead_events(n, start_at + n * spacing_us)]
    return sorted(events, key=lambda event: event.at)
