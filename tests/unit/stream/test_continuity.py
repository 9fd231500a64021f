"""A hole in what is read stops the worker."""

import pytest
from faust.types.tuples import TP

from monitor.stream.engine.continuity import Continuity, HoleFound

ZERO = TP("timeline", 0)


def test_batches_that_follow_one_another_are_fine() -> None:
    continuity = Continuity()
    continuity.begin({ZERO: 5})
    continuity.check(ZERO, 5, 9)
    continuity.check(ZERO, 10, 10)


def test_a_first_batch_behind_the_sought_offset_is_a_hole() -> None:
    continuity = Continuity()
    continuity.begin({ZERO: 5})
    with pytest.raises(HoleFound, match="expected offset 5, got 6"):
        continuity.check(ZERO, 6, 9)


def test_a_skipped_batch_is_a_hole() -> None:
    continuity = Continuity()
    continuity.begin({ZERO: 0})
    continuity.check(ZERO, 0, 4)
    with pytest.raises(HoleFound):
        continuity.check(ZERO, 6, 9)


def test_a_partition_never_committed_begins_anywhere() -> None:
    continuity = Continuity()
    continuity.begin({ZERO: None})
    continuity.check(ZERO, 700, 710)


def test_records_that_come_again_are_no_hole() -> None:
    continuity = Continuity()
    continuity.begin({ZERO: 10})
    continuity.check(ZERO, 8, 12)
    continuity.check(ZERO, 13, 13)
