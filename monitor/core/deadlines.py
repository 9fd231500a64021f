"""When the next tick is needed: a heap of (instant, lead) in which outdated entries are skipped, not removed."""

from collections.abc import Callable
from heapq import heapify, heappop, heappush

CurrentInstant = Callable[[str], int | None]
"""The instant that a lead is waiting for now, or None."""


class DeadlineIndex:
    """The pending instants of one partition's leads, microseconds since the epoch."""

    def __init__(self, current: CurrentInstant) -> None:
        self._current = current
        self._heap: list[tuple[int, str]] = []

    def __len__(self) -> int:
        return len(self._heap)

    def fill(self, pending: list[tuple[int, str]]) -> None:
        """Start over from these (instant, lead) pairs."""
        self._heap = pending
        heapify(self._heap)

    def add(self, at: int, lead: str) -> None:
        """The lead waits for this instant now; an earlier entry of it goes stale by itself."""
        heappush(self._heap, (at, lead))

    def first(self) -> int | None:
        """The earliest instant that some lead waits for, or None."""
        while self._heap:
            at, lead = self._heap[0]
            if self._current(lead) == at:
                return at
            heappop(self._heap)
        return None

    def due(self, until: int) -> list[str]:
        """Take out every lead that waits for an instant up to `until`, in the order of their instants."""
        leads: dict[str, None] = {}
        while self._heap and self._heap[0][0] <= until:
            at, lead = heappop(self._heap)
            if self._current(lead) == at:
                leads[lead] = None
        return list(leads)
