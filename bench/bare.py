"""The baseline of the core: what one would write by hand in an afternoon, with nothing but verdicts in mind.

It remembers the ids it has seen and who owns the lead. It knows no calendar, no warning, no policy, no order of
arrival, no revision, and keeps nothing to explain a verdict by.
"""

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from typing import Any

from monitor.core.event import Event

LIMIT_US = 3_600_000_000
_CHANNELS = frozenset({"call", "email", "meeting"})


class BareMachine:
    """One clock per lead: assigned starts it, a person's outbound act meets it, the limit breaches it."""

    def __init__(self) -> None:
        self.leads: dict[str, dict[str, Any]] = {}
        self._heap: list[tuple[int, str]] = []

    def run(self, events: Iterable[Event]) -> Iterator[dict[str, Any]]:
        """The verdicts on events that are already in order of time."""
        leads, heap = self.leads, self._heap
        for event in events:
            while heap and heap[0][0] < event.at:
                due_at, name = heappop(heap)
                if leads[name]["due_at"] == due_at:
                    yield self._verdict("breached", name, due_at)
            lead = leads.setdefault(event.lead, {"seen": set(), "owner": "", "due_at": None, "started_at": None})
            if event.id in lead["seen"]:
                continue
            lead["seen"].add(event.id)
            if "owner" in event.data:
                lead["owner"] = event.data["owner"]
            if event.type == "lead.assigned":
                if lead["started_at"] is None:
                    lead["started_at"], lead["due_at"] = event.at, event.at + LIMIT_US
                    heappush(heap, (lead["due_at"], event.lead))
                    yield {"kind": "activated", "lead": event.lead, "at": event.at, "owner": lead["owner"]}
            elif event.type == "activity.logged" and lead["due_at"] is not None and _counts(event):
                yield self._verdict("met", event.lead, event.at)

    def _verdict(self, kind: str, name: str, at: int) -> dict[str, Any]:
        lead = self.leads[name]
        due_at, lead["due_at"] = lead["due_at"], None
        return {"kind": kind, "lead": name, "at": at, "owner": lead["owner"], "due_at": due_at}


def _counts(event: Event) -> bool:
    data = event.data
    return data["direction"] == "outbound" and data["actor"] == "person" and data["channel"] in _CHANNELS
