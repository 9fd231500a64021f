"""What may be committed: never more than is done, in order; the position when nothing is left."""

from dataclasses import dataclass

from faust.types.tuples import TP
from hypothesis import given
from hypothesis import strategies as st

from monitor.stream.engine.in_flight import InFlight

TIMELINE = TP("timeline", 0)


@dataclass
class Batch:
    offset: int
    acked: bool = False


def test_a_batch_that_is_done_before_its_predecessor_is_not_committed() -> None:
    flight, first, second = InFlight(), Batch(9), Batch(19)
    flight.add(TIMELINE, first)
    flight.add(TIMELINE, second)
    second.acked = True
    assert flight.committable(TIMELINE) is None
    first.acked = True
    assert flight.committable(TIMELINE) == 20


def test_what_is_read_and_not_a_record_is_committed_when_nothing_is_in_flight() -> None:
    flight, batch = InFlight(), Batch(9)
    flight.add(TIMELINE, batch)
    flight.read_to({TIMELINE: 12})  # two control records behind it
    assert flight.committable(TIMELINE) is None
    batch.acked = True
    assert flight.committable(TIMELINE) == 12


def test_what_is_forgotten_is_not_committed() -> None:
    flight = InFlight()
    flight.add(TIMELINE, Batch(9, acked=True))
    flight.read_to({TIMELINE: 10})
    flight.forget([TIMELINE])
    assert list(flight.partitions()) == []
    assert flight.committable(TIMELINE) is None


@given(st.lists(st.booleans(), min_size=1, max_size=30), st.lists(st.integers(0, 29), max_size=30))
def test_nothing_is_committed_that_is_not_done(done: list[bool], order: list[int]) -> None:
    flight = InFlight()
    batches = [Batch(10 * (n + 1) - 1) for n in range(len(done))]
    for batch in batches:
        flight.add(TIMELINE, batch)
    committed = 0
    for n in order:
        if n < len(done) and done[n]:
            batches[n].acked = True
        committed = max(committed, flight.committable(TIMELINE) or 0)
        assert all(batch.acked for batch in batches if batch.offset < committed)
