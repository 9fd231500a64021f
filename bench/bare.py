"""The baseline of the core: the least that tells met from breached. No order, no repeats, no reasons, no revision."""

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush

from monitor.core.event import Event

LIMIT_US = 3_600_000_000
_CHANNELS = frozenset({"call", "email", "meeting"})


class BareMachine:
    """One clock per lead: assigned starts it, a person's outbound act meets it, the limit breaches it."""

    def __init__(self) -> None:
        self.due_ats: dict[str, int] = {}
        self._heap: list[tuple[int, str]] = []

    def run(self, events: Iterable[Event]) -> Iterator[tuple[str, str, int]]:
        """(verdict, lead, instant) of events that are already in order of time."""
        due_ats, heap = self.due_ats, self._heap
        for event in events:
            while heap and heap[0][0] < event.at:
                due_at, lead = heappop(heap)
                if due_ats.get(lead) == due_at:
                    del due_ats[lead]
                    yield "breached", lead, due_at
            lead = event.lead
            if event.type == "lead.assigned":
                if lead not in due_ats:
                    due_ats[lead] = event.at + LIMIT_US
                    heappush(heap, (event.at + LIMIT_US, lead))
                    yield "activated", lead, event.at
            elif event.type == "activity.logged" and lead in due_ats:
                data = event.data
                if data["direction"] == "outbound" and data["actor"] == "person" and data["channel"] in _CHANNELS:
                    del due_ats[lead]
                    yield "met", lead, event.at
