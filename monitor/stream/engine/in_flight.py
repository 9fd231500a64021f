"""What has been read and not yet committed: batches in order, and where reading stands when none is left."""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from faust.types.tuples import TP


class Acknowledged(Protocol):
    """A batch that says itself whether its work is done."""

    acked: bool
    offset: int
    """Of its last record."""


class InFlight:
    """Per partition, the batches in the order in which they were read."""

    def __init__(self) -> None:
        self._batches: defaultdict[TP, deque[Acknowledged]] = defaultdict(deque)
        self._read_to: dict[TP, int] = {}

    def add(self, tp: TP, batch: Acknowledged) -> None:
        """A batch was handed on to be worked on."""
        self._batches[tp].append(batch)

    def read_to(self, positions: Mapping[TP, int]) -> None:
        """Everything before these positions was handed on, or holds no record at all."""
        self._read_to.update(positions)

    def partitions(self) -> Iterator[TP]:
        """Of which something may be committed."""
        return iter({*self._batches, *self._read_to})

    def committable(self, tp: TP) -> int | None:
        """The offset after the unbroken run of acknowledged batches, the position when that run is all of them."""
        batches, offset = self._batches[tp], None
        while batches and batches[0].acked:
            offset = batches.popleft().offset + 1
        if not batches and tp in self._read_to:
            offset = max(offset or 0, self._read_to[tp])
        return offset

    def forget(self, tps: Iterable[TP] | None = None) -> None:
        """These partitions, or all: what was not committed of them will be read again."""
        for tp in list(self.partitions()) if tps is None else tps:
            self._batches.pop(tp, None)
            self._read_to.pop(tp, None)
