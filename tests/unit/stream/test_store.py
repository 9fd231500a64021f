"""The table store: recovery fills shards, names damage once, and forgets partitions of others whole."""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import pytest
from faust.types.tuples import TP

from monitor.core.lead import new_lead
from monitor.stream.engine.recovery import Damage
from monitor.stream.engine.shards import MemoryShard, RocksShard, Shard
from monitor.stream.engine.store import PartitionStore
from monitor.wire.state import encode_state


@pytest.fixture(params=["memory", "rocksdb"])
def open_shard(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[int], Shard]:
    def opened(partition: int) -> Shard:
        return MemoryShard() if request.param == "memory" else RocksShard(tmp_path / str(partition))

    return opened


def state(offset: int, lead: str = "a") -> bytes:
    return encode_state(new_lead(lead), offset, None)


class Record(NamedTuple):
    offset: int
    key: bytes | None
    value: bytes | None


class Message(NamedTuple):
    partition: int
    offset: int
    value: list[Record]


class Event(NamedTuple):
    message: Message


class TableStub(NamedTuple):
    name: str
    changelog_topic_name: str = "changelog"


class App:
    """What the store needs of the application."""

    def __init__(self, begin: Callable[[list[int]], None] = lambda partitions: None) -> None:
        self._begin = begin
        self.crashed: list[BaseException] = []

    async def crash(self, reason: BaseException) -> None:
        self.crashed.append(reason)

    async def ready(self, partitions: list[int]) -> None:
        self._begin(partitions)


def store_of(open_shard: Callable[[int], Shard], app: App | None = None) -> PartitionStore:
    app = app or App()
    return PartitionStore("lead-sla://", app, TableStub("leads"), open_shard=open_shard, on_ready=app.ready)


def event(partition: int, *records: Record) -> Event:
    return Event(Message(partition, records[-1].offset, list(records)))


def test_recovery_keeps_the_newest_state_across_batches_and_tells_once_what_must_be_written_again(
    open_shard: Callable[[int], Shard],
) -> None:
    store = store_of(open_shard)
    stale_last = event(0, Record(0, b"a", state(3)), Record(1, b"a", state(9)), Record(2, b"a", state(5)))
    store.apply_changelog_batch([stale_last], None, None)
    store.apply_changelog_batch([event(0, Record(3, b"a", state(4))), event(1, Record(0, b"b", state(1)))], None, None)
    assert store.shard(0).get(b"a") == state(9)
    assert (store.take_stale(0), store.take_stale(0), store.take_stale(1)) == ([(b"a", state(9))], [], [])


async def test_damage_is_logged_once_for_each_kind_with_a_count_and_an_example(
    open_shard: Callable[[int], Shard], caplog: pytest.LogCaptureFixture
) -> None:
    store = store_of(open_shard)
    records = [Record(n, b"a", b"\x63" + state(n)[1:]) for n in range(3)]
    records += [Record(3, None, state(1)), Record(4, b"\xff", b""), Record(5, b"c", state(1))]
    store.apply_changelog_batch([event(2, *records)], None, None)
    assert caplog.messages == []
    await store.on_recovery_completed({TP("changelog", 2)}, set())
    await store.on_recovery_completed({TP("changelog", 2)}, set())
    assert [message.split("]: ", 1)[1] for message in caplog.messages] == [
        "2 changelog records have no lead's id as their key and were skipped; "
        "the first: changelog, partition 2, offset 3: the key is no lead's id",
        "3 changelog records are no states that this release reads; their leads are set aside, not judged; "
        "the first: changelog, partition 2, offset 0: "
        "the state has version 99; this release reads version 2 and older ones",
    ]
    assert store.damage == {Damage.NOT_A_LEAD: 2, Damage.UNREADABLE: 3}
    assert sorted(store) == [b"a", b"c"]


async def test_partitions_of_others_are_forgotten_whole(open_shard: Callable[[int], Shard]) -> None:
    store = store_of(open_shard)
    for partition in (0, 1):
        store.shard(partition).put_all([(b"k%d" % partition, b"v")], 0)
    await store.on_recovery_completed({TP("changelog", 1)}, set())
    assert list(store) == [b"k1"]


class FullDisk(MemoryShard):
    """Takes nothing more."""

    def put_all(self, items: Iterable[tuple[bytes, bytes | None]], changelog_offset: int) -> None:
        raise OSError("no space left on device")


async def test_a_state_that_cannot_be_stored_stops_the_worker_instead_of_the_recovery() -> None:
    app = App()
    store = store_of(lambda partition: FullDisk(), app)
    with pytest.raises(OSError, match="no space"):
        store.apply_changelog_batch([event(0, Record(2, b"a", state(1)))], None, None)
    await asyncio.sleep(0)
    assert [str(error) for error in app.crashed] == ["no space left on device"]


async def test_a_worker_that_cannot_begin_to_judge_does_not_turn_ready() -> None:
    def refuse(partitions: list[int]) -> None:
        raise ValueError("cannot read the shard")

    app = App(refuse)
    with pytest.raises(ValueError, match="cannot read"):
        await store_of(lambda partition: MemoryShard(), app).on_recovery_completed({TP("changelog", 0)}, set())
    assert [str(error) for error in app.crashed] == ["cannot read the shard"]
