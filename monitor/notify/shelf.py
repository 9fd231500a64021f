"""What waits for one channel, over all partitions of a worker: what leaves next, and what of it in one message."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from heapq import heappop, heappush
from itertools import islice
from typing import Final, NamedTuple

from monitor.core.case import Item
from monitor.core.outcome import Outcome

# What so many notices say one by one within the reach of one pause is a storm, whatever the agreement says of folding:
# nobody reads the eleventh.
SINGLES_MAX: Final = 10
# A message names the worst and counts the others; beyond so many it is a second one. Its members are written one by
# one when it has arrived, and that must not hold up a partition.
TOGETHER_MAX: Final = 10_000

Home = tuple[int, bytes]
"""Partition and key of a case."""


class Entry(NamedTuple):
    """One item that waits, and the case that it belongs to."""

    home: Home
    item: Item
    outcome: Outcome
    told_at: int
    order: int
    """Offset of its outcome: a lead's notices leave in this order."""

    @property
    def ref(self) -> "Ref":
        """What tells it from all others of the channel."""
        return self.home, self.item.notice_id

    @property
    def lead(self) -> tuple[int, str]:
        """Whose notices wait for each other."""
        return self.home[0], self.outcome.subject


Ref = tuple[Home, str]
_Place = tuple[object, ...]
"""Entries of one place leave together."""


class Shelf:
    """The entries of one channel; instants in microseconds since the epoch."""

    def __init__(self, *, folds: bool) -> None:
        """`folds`: people read it, and more than SINGLES_MAX for one of them at once become one message."""
        self._folds = folds
        self._homes: dict[Home, dict[Ref, Entry]] = {}
        self._later: list[tuple[int, int, Ref]] = []
        """What may leave at an instant, or has to be looked at again then; entries may be outdated."""
        self._count = 0
        self._lines: defaultdict[tuple[int, str], dict[Ref, Entry]] = defaultdict(dict)
        """By lead: what may leave, waits for another attempt or is under way."""
        self._singles: defaultdict[str, dict[Ref, Entry]] = defaultdict(dict)
        """By recipient: the first of a lead's line, if it leaves by itself."""
        self._groups: defaultdict[_Place, dict[Ref, Entry]] = defaultdict(dict)
        self._under_way: set[Ref] = set()
        self._now_at = 0

    def __len__(self) -> int:
        return sum(map(len, self._homes.values()))

    def oldest_at(self) -> int | None:
        """Since when the oldest of what may leave waits or is under way; None without one."""
        return min((entry.item.at for line in self._lines.values() for entry in line.values()), default=None)

    def put(self, home: Home, entries: Iterable[Entry]) -> bool:
        """From now on these are all that waits of this case; whether something is different."""
        before = self._homes.pop(home, {})
        for ref, entry in before.items():
            if ref not in self._under_way:
                self._take_out(ref, entry)
        fresh = {entry.ref: entry for entry in entries}
        if fresh:
            self._homes[home] = fresh
        for ref, entry in fresh.items():
            if ref in self._under_way:
                self._lines[entry.lead][ref] = entry
            else:
                self._look_again(entry.item.at, ref)
        return fresh != before

    def forget(self, partitions: Collection[int]) -> None:
        """Other workers send these, or this one does from the table again; what is under way is not begun anew."""
        for home in [home for home in self._homes if home[0] in partitions]:
            self.put(home, ())
        for line in [line for line in self._lines if line[0] in partitions]:
            del self._lines[line]

    def next(self, now_at: int) -> list[Entry]:
        """What leaves now in one message, nothing where nothing may; it is under way until `ended`."""
        self._bring_forward(now_at)
        for place in sorted(self._groups, key=self._closes_at):
            if self._closes_at(place) <= now_at and (leaving := self._together(place)):
                return self.begin(leaving)
        for waiting in self._singles.values():
            if self._folds and len(waiting) > SINGLES_MAX:
                return self.begin(list(islice(waiting.values(), TOGETHER_MAX)))
        firsts = [next(iter(waiting.values())) for waiting in self._singles.values() if waiting]
        return self.begin([min(firsts, key=_order)]) if firsts else []

    def ended(self, entries: Iterable[Entry]) -> None:
        """These are under way no more; what still waits of them was put here again."""
        for entry in entries:
            self._under_way.discard(entry.ref)
            current = self._homes.get(entry.home, {}).get(entry.ref)
            if current is None:
                self._take_out(entry.ref, entry)
            else:
                self._lines[entry.lead][entry.ref] = current
                self._look_again(current.item.ready_at, entry.ref)

    def wake_at(self, now_at: int) -> int | None:
        """When to ask again unless something changes; None: only then."""
        self._bring_forward(now_at)
        if any(self._singles.values()):
            return now_at
        coming = [at for place in self._groups if (at := self._closes_at(place)) > now_at]
        coming += [self._later[0][0]] if self._later else []
        if any(self._closes_at(place) <= now_at and self._together(place) for place in self._groups):
            return now_at
        return min(coming, default=None)

    def begin(self, entries: list[Entry]) -> list[Entry]:
        """These are under way until `ended`."""
        for entry in entries:
            self._withdraw(entry.ref, entry)
            self._under_way.add(entry.ref)
        return entries

    def overdue(self, before_at: int) -> list[Entry]:
        """What waits since before then, and is not under way."""
        return [
            entry
            for line in self._lines.values()
            for ref, entry in line.items()
            if ref not in self._under_way and max(entry.item.at, entry.told_at) < before_at
        ]

    def _bring_forward(self, now_at: int) -> None:
        self._now_at = now_at
        while self._later and self._later[0][0] <= now_at:
            _, _, ref = heappop(self._later)
            entry = self._homes.get(ref[0], {}).get(ref)
            if entry is None or ref in self._under_way or entry.item.at > now_at:
                continue
            self._lines[entry.lead][ref] = entry
            if entry.item.ready_at > now_at:
                self._look_again(entry.item.ready_at, ref)
            else:
                self._offer(ref, entry)

    def _look_again(self, at: int, ref: Ref) -> None:
        self._count += 1
        heappush(self._later, (at, self._count, ref))

    def _offer(self, ref: Ref, entry: Entry) -> None:
        place = _place_of(entry)
        if place is not None:
            self._groups[place][ref] = entry
        elif ref == min(self._lines[entry.lead].values(), key=_order).ref:
            self._singles[entry.item.call.recipient][ref] = entry

    def _take_out(self, ref: Ref, entry: Entry) -> None:
        self._withdraw(ref, entry)
        line = self._lines.get(entry.lead)
        if line is None or line.pop(ref, None) is None:
            return
        if not line:
            del self._lines[entry.lead]
            return
        first = min(line.values(), key=_order)
        if first.ref not in self._under_way and first.item.ready_at <= self._now_at:
            self._offer(first.ref, first)

    def _withdraw(self, ref: Ref, entry: Entry) -> None:
        place = _place_of(entry)
        if place is None:
            self._singles[entry.item.call.recipient].pop(ref, None)
        elif place in self._groups:
            self._groups[place].pop(ref, None)
            if not self._groups[place]:
                del self._groups[place]

    def _closes_at(self, place: _Place) -> int:
        first = min(entry.item.at for entry in self._groups[place].values())
        window_us = next(iter(self._groups[place].values())).item.call.fold_us if place[0] == "fold" else 0
        return first + window_us

    def _together(self, place: _Place) -> list[Entry]:
        """Those of a place that nothing of the same lead stands before, or only what leaves with them."""
        leaving: dict[Ref, Entry] = {}
        for ref, entry in sorted(self._groups[place].items(), key=lambda each: _order(each[1])):
            line = self._lines[entry.lead].items()
            if all(other in leaving or _order(each) >= _order(entry) for other, each in line):
                leaving[ref] = entry
            if len(leaving) == TOGETHER_MAX:
                break
        return list(leaving.values())


def _order(entry: Entry) -> tuple[int, int, str]:
    return entry.item.at, entry.order, entry.item.notice_id


def _place_of(entry: Entry) -> _Place | None:
    """None: it leaves by itself."""
    item, call = entry.item, entry.item.call
    if item.message:
        return "message", item.message
    if item.digest:
        return "digest", call.recipient
    if call.fold_us:
        return "fold", call.route, call.recipient, call.rung, call.said, call.fold
    return None
