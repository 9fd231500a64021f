"""Leads with one open clock and five pieces of evidence, by the million: as states, and what happens to them next."""

from collections.abc import Iterator

from bench.history import LIMIT_US, MINUTE_US, SECOND_US, lead_events, one_duty
from monitor.core import event as ev
from monitor.core.advance import advance
from monitor.core.event import Event
from monitor.core.lead import Lead
from monitor.core.tellings import next_instant
from monitor.wire.state import encode_state

# Judging every one of them would take longer than what is measured: so many are judged, the others are like them.
_TEMPLATES = 600
_OLDEST_US, _YOUNGEST_US = 40 * MINUTE_US, 10 * MINUTE_US


def open_lead(number: int, start_at: int) -> Lead:
    """A lead that was assigned two minutes after `start_at`; four events later, nobody has called yet."""
    policy = one_duty()
    first, *others = lead_events(number * 8 + 1, start_at)
    lead = advance(None, first, policy).lead
    for n, event in enumerate(others, 1):
        lead = advance(lead, event._replace(at=start_at + 2 * n * MINUTE_US), policy).lead
    return lead


def lead_name(number: int) -> str:
    """Of an open lead."""
    return f"L-{number:07d}"


def open_states(count: int, now_at: int) -> Iterator[tuple[str, bytes]]:
    """(lead, packed state) as of timeline offset 0; the first is due 22 minutes after `now_at`, the last 52."""
    templates = []
    for n in range(_TEMPLATES):
        lead = open_lead(n, now_at - _OLDEST_US + n * (_OLDEST_US - _YOUNGEST_US) // _TEMPLATES)
        templates.append(encode_state(lead, 0, next_instant(lead)))
    for n in range(count):
        yield lead_name(n), bytes(bytearray(templates[n % _TEMPLATES]))


def next_events(count: int, among: int, now_at: int, turn: int = 0) -> Iterator[Event]:
    """Each of `count` different leads out of so many hears from somebody: every second one from a person, who meets."""
    step = among // count
    for n in range(count):
        name = lead_name(n * step + turn % step)
        person = "person" if n % 2 else "automation"
        data = {"channel": "call", "direction": "outbound", "actor": person}
        yield Event(name, f"{name}-next-{turn}", ev.ACTIVITY_LOGGED, now_at + n, "dialler", data)


def due_soon(count: int, first_due_at: int, spread_s: float) -> list[Event]:
    """So many other leads were assigned an hour ago: they are due from then on, one after the other."""
    names = [f"D-{n:06d}" for n in range(count)]
    at = first_due_at - LIMIT_US
    spread_us = int(spread_s * SECOND_US)
    return [
        Event(name, f"{name}-0", ev.LEAD_ASSIGNED, at + spread_us * n // count, "crm", {"owner": "ana"})
        for n, name in enumerate(names)
    ]
