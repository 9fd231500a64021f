"""When the next tick is needed: leads by the minute they wait for; entries that are outdated are skipped, not removed.

Most deadlines are far away, so an entry is no more than a reference in the list of its minute. Only minutes that
begin to be due are put in order, instant by instant, in a heap.
"""

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import Final, Generic, TypeVar

Name = TypeVar("Name", str, bytes)
"""What a lead is called where the index is used. The index holds on to the very object that it is given."""

_MINUTE_US: Final = 60_000_000


class DeadlineIndex(Generic[Name]):
    """The pending instants of one partition's leads, microseconds since the epoch."""

    def __init__(self, current: Callable[[Name], int | None]) -> None:
        """`current` says which instant a lead waits for now, or None."""
        self._current: Callable[[Name], int | None] = current
        self.fill([])

    def __len__(self) -> int:
        return len(self._soon) + sum(map(len, self._later.values()))

    def fill(self, pending: list[tuple[int, Name]]) -> None:
        """Start over from these (instant, lead) pairs."""
        self._later: dict[int, list[Name]] = {}
        self._minutes: list[int] = []  # the keys of `_later`, as a heap
        self._soon: list[tuple[int, Name]] = []  # the minutes before `_from`, as a heap
        self._from: int | None = None
        for at, lead in pending:
            self.add(at, lead)

    def add(self, at: int, lead: Name) -> None:
        """The lead waits for this instant now; an earlier entry of it goes stale by itself."""
        minute = at // _MINUTE_US
        if self._from is not None and minute < self._from:
            heappush(self._soon, (at, lead))
            return
        waiting = self._later.get(minute)
        if waiting is None:
            self._later[minute] = [lead]
            heappush(self._minutes, minute)
        else:
            waiting.append(lead)

    def first(self, until: int | None = None) -> int | None:
        """The earliest instant that some lead waits for, at the latest `until`; None when there is none."""
        while True:
            while self._soon:
                at, lead = self._soon[0]
                if until is not None and at > until:
                    return None
                if self._current(lead) == at:
                    return at
                heappop(self._soon)
            if not self._minutes or (until is not None and self._minutes[0] * _MINUTE_US > until):
                return None
            self._begin(heappop(self._minutes))

    def due(self, until: int) -> list[Name]:
        """Take out every lead that waits for an instant up to `until`, in the order of their instants."""
        leads: dict[Name, None] = {}
        while self.first(until) is not None:
            leads[heappop(self._soon)[1]] = None
        return list(leads)

    def _begin(self, minute: int) -> None:
        self._from = minute + 1
        for lead in self._later.pop(minute):
            at = self._current(lead)
            if at is not None and at // _MINUTE_US == minute:
                self._soon.append((at, lead))
        heapify(self._soon)
