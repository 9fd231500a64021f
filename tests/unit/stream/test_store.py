"""Shards in memory and on disk keep the same promises; recovery keeps the newest state of each lead."""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import pytest
from faust.types.tuples import TP

from monitor.core.lead import new_lead
from monitor.stream.engine.store import MemoryShard, PartitionStore, RocksShard, Shard
from monitor.wire.state import encode_state, state_header


@pytest.fixture(params=["memory", "rocksdb"])
def open_shard(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[int], Shard]:
    def opened(partition: int) -> Shard:
        return MemoryShard() if request.param == "memory" else RocksShard(tmp_path / str(partition))

    return opened


def state(offset: int, lead: str = "a") -> bytes:
    return encode_state(new_lead(lead), offset, None)


def test_what_was_put_is_there_and_what_was_deleted_is_not(open_shard: Callable[[int], Shard]) -> None:
    shard = open_shard(0)
    shard.put_all([(b"a", b"1"), (b"b", b"2")], 7)
    shard.put_all([(b"a", None), (b"b", b"3")], 8)
    assert (shard.get(b"a"), shard.get(b"b"), shard.changelog_offset) == (None, b"3", 8)
    assert list(shard.items()) == [(b"b", b"3")]
    shard.close()


def test_a_shard_on_disk_is_there_again_with_its_offset(tmp_path: Path) -> None:
    shard = RocksShard(tmp_path / "0")
    shard.put_all([(b"a", b"1")], 41)
    shard.close()
    again = RocksShard(tmp_path / "0")
    assert (again.get(b"a"), again.changelog_offset) == (b"1", 41)
    again.close()


class Record(NamedTuple):
    key: bytes
    value: bytes | None


class Message(NamedTuple):
    partition: int
    offset: int
    value: list[Record]


class Event(NamedTuple):
    message: Message


class TableStub(NamedTuple):
    name: str


class App:
    """What the store needs of the application."""

    def __init__(self, begin: Callable[[list[int]], None] = lambda partitions: None) -> None:
        self._begin = begin
        self.crashed: list[BaseException] = []

    async def crash(self, reason: BaseException) -> None:
        self.crashed.append(reason)

    async def on_shards_ready(self, partitions: list[int]) -> None:
        self._begin(partitions)


def store_of(open_shard: Callable[[int], Shard], app: App | None = None) -> PartitionStore:
    return PartitionStore("lead-sla://", app or App(), TableStub("leads"), open_shard=open_shard)


def test_recovery_refuses_a_state_older_than_the_one_it_has(open_shard: Callable[[int], Shard]) -> None:
    store = store_of(open_shard)
    stale_last = [Record(b"a", state(3)), Record(b"a", state(9)), Record(b"a", state(5))]
    store.apply_changelog_batch([Event(Message(0, 2, stale_last))], None, None)
    store.apply_changelog_batch([Event(Message(0, 3, [Record(b"a", state(4))]))], None, None)
    kept = store.shard(0).get(b"a")
    assert kept is not None
    assert state_header(kept).offset == 9
    assert store.shard(0).changelog_offset == 3


def test_recovery_names_what_is_no_state_and_goes_on(open_shard: Callable[[int], Shard]) -> None:
    store = store_of(open_shard)
    records = [Record(b"a", b"\x63nonsense"), Record(b"b", b""), Record(b"c", state(1, "c"))]
    store.apply_changelog_batch([Event(Message(0, 2, records))], None, None)
    assert [key for key, _ in store.shard(0).items()] == [b"c"]
    assert store.unreadable == 2


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
        store.apply_changelog_batch([Event(Message(0, 2, [Record(b"a", state(1))]))], None, None)
    await asyncio.sleep(0)
    assert [str(error) for error in app.crashed] == ["no space left on device"]


async def test_a_worker_that_cannot_begin_to_judge_does_not_turn_ready() -> None:
    def refuse(partitions: list[int]) -> None:
        raise ValueError("cannot read the shard")

    app = App(refuse)
    with pytest.raises(ValueError, match="cannot read"):
        await store_of(lambda partition: MemoryShard(), app).on_recovery_completed({TP("changelog", 0)}, set())
    assert [str(error) for error in app.crashed] == ["cannot read the shard"]
