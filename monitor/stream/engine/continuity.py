"""Whether a partition is read without holes: every record, from where reading was to begin, one after the other."""

from collections.abc import Mapping

from faust.types.tuples import TP

from monitor.stream.engine.ownership import SelfFenced
from monitor.telemetry.engine import FenceReason


class HoleFound(SelfFenced):
    """Records were stepped over; the worker must stop, for what it has not judged it would refuse later as old."""

    def __init__(self, detail: str) -> None:
        super().__init__(FenceReason.HOLE, detail)


class Continuity:
    """The next offset expected of each partition that only we write, and write without transactions."""

    def __init__(self) -> None:
        self._expected: dict[TP, int] = {}

    def begin(self, sought: Mapping[TP, int | None]) -> None:
        """Reading begins at these offsets; None: wherever the partition begins."""
        self._expected = {tp: offset for tp, offset in sought.items() if offset is not None}

    def check(self, tp: TP, first: int, last: int) -> None:
        """Take note of a batch. Raises HoleFound when it does not begin where the one before it ended."""
        expected = self._expected.get(tp)
        if expected is not None and first > expected:
            raise HoleFound(f"{tp.topic} {tp.partition}: expected offset {expected}, got {first}")
        self._expected[tp] = last + 1
