"""The cases of a partition: heard once, written with numbers that tell the newest, forgotten when nothing can come."""

from typing import Any

from monitor.core.answers import acknowledged
from monitor.core.calls import Reach
from monitor.core.case import KEEP_US, Answer, Case, State
from monitor.core.casework import Directions, attempt_ended
from monitor.core.outcome import Kind
from monitor.stream.engine.recovery import PartitionRecovery
from monitor.stream.engine.shards import MemoryShard
from monitor.stream.partition_desk import PartitionDesk
from monitor.stream.partition_desk import State as Written
from monitor.wire.case import decode_case
from monitor.wire.outcome import encode_outcome
from tests.support.notices import NOON, outcome
from tests.support.office import Record

TO_ALL = Directions(None, Reach(("slack",)))
BREACH = outcome(Kind.BREACHED)
KEY = b"lead-1\x1ffirst-touch\x1f1"


class Log:
    """The changelog of the partition."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def append(self, states: list[Written]) -> int:
        self.records += [Record(key, packed, len(self.records) + n) for n, (key, packed) in enumerate(states)]
        return len(self.records) - 1

    def recovered(self) -> tuple[MemoryShard, list[tuple[bytes, bytes]]]:
        shard = MemoryShard()
        recovery = PartitionRecovery(shard)
        recovery.fold(self.records, len(self.records) - 1)
        return shard, recovery.take_stale()

    def owner(self, generation: int) -> PartitionDesk:
        return PartitionDesk(self.recovered()[0], generation, lambda key, case: None)


def written(desk: PartitionDesk, log: Log) -> None:
    states = desk.states()
    desk.remember(states, log.append(states))


def record(said: Any, offset: int = 0) -> Record:
    return Record(b"lead-1", said if isinstance(said, bytes) else encode_outcome(said), offset)


def begun() -> tuple[PartitionDesk, Log]:
    log = Log()
    desk = PartitionDesk(MemoryShard(), 1, lambda key, case: None)
    desk.fold([record(BREACH)], TO_ALL)
    written(desk, log)
    return desk, log


def test_what_a_superseded_worker_still_writes_is_older_than_anything_of_the_new_owner() -> None:
    superseded, log = begun()
    owner = log.owner(2)
    superseded.step(KEY, lambda case: acknowledged(case, BREACH.outcome_id, "too late", NOON))
    late = superseded.states()
    owner.fold([record(outcome(Kind.STALLED), 1)], TO_ALL)
    written(owner, log)
    log.append(late)
    shard, stale = log.recovered()
    (key, packed), *others = shard.items()
    assert (key, others) == (KEY, [])
    assert [item.call.said for item in decode_case(packed).items] == ["breached", "stalled:1"]
    assert stale == [(KEY, packed)]


def test_a_case_is_forgotten_for_good_a_day_after_its_last_word() -> None:
    desk, log = begun()
    (item,) = decode_case(log.records[-1].value or b"").items
    desk.step(KEY, lambda case: attempt_ended(case, [item], Answer(True, "ok", None), NOON, TO_ALL))
    desk.fold([record(outcome(Kind.FINALISED), 1)], TO_ALL)
    written(desk, log)
    desk.forget_old(NOON + KEEP_US - 1)
    assert desk.states() == []
    desk.forget_old(NOON + KEEP_US)
    written(desk, log)
    assert desk.case(KEY) is None
    assert list(log.recovered()[0].items()) == []


def test_after_a_restart_old_cases_are_forgotten_too_and_what_waits_is_not() -> None:
    desk, log = begun()
    desk.fold([record(outcome(Kind.FINALISED), 1)], TO_ALL)
    written(desk, log)
    again = log.owner(2)
    again.forget_old(NOON + 1000 * KEEP_US)
    assert again.states() == []


def test_what_cannot_be_read_is_named_and_the_rest_is_heard() -> None:
    desk = PartitionDesk(MemoryShard(), 1, lambda key, case: None)
    damaged = record(b"\xff", 0)
    heard = desk.fold([damaged, record(BREACH, 1)], TO_ALL)
    assert [found for found, _ in heard.damaged] == [damaged]
    assert [key for key, _ in desk.states()] == [KEY]


def test_a_case_that_cannot_be_read_is_set_aside_and_its_outcomes_are_named() -> None:
    _, log = begun()
    log.append([(KEY, b"\x63not a case, and of no version")])
    desk = log.owner(2)
    assert desk.set_aside == 1
    late = record(outcome(Kind.FULFILLED_LATE), 1)
    heard = desk.fold([late], TO_ALL)
    assert [found for found, _ in heard.damaged] == [late]
    assert desk.step(KEY, lambda case: acknowledged(case, BREACH.outcome_id, "ana", NOON)) == ()
    assert desk.states() == []


def test_whoever_places_what_waits_hears_of_it_at_the_start_and_at_every_write() -> None:
    _, log = begun()
    placed: list[tuple[bytes, Case | None]] = []
    desk = PartitionDesk(log.recovered()[0], 2, lambda key, case: placed.append((key, case)))
    assert [key for key, _ in placed] == [KEY]
    desk.fold([record(outcome(Kind.MET), 1)], TO_ALL)
    assert len(placed) == 1
    written(desk, log)
    case = placed[-1][1]
    assert case is not None
    assert [item.state for item in case.items] == [State.DROPPED]


def test_what_was_not_written_never_was() -> None:
    desk, _ = begun()
    desk.fold([record(outcome(Kind.MET), 1)], TO_ALL)
    desk.abandon()
    assert desk.states() == []
    case = desk.case(KEY)
    assert case is not None
    assert case.waiting()
