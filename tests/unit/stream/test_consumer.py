"""A fetch belongs to one assignment: nothing that was read is lost when the group gives partitions out anew."""

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from aiokafka.errors import IllegalStateError
from faust.types.tuples import TP
from prometheus_client import CollectorRegistry

from monitor.stream.engine.app import EngineSettings, LeadApp
from monitor.stream.engine.consumer import FETCH_S_MAX, Consumer
from monitor.stream.engine.ownership import SelfFenced
from monitor.stream.engine.shards import MemoryShard
from monitor.telemetry.engine import EngineMetrics

EVENTS = TP("leads.events", 2)


class Record(NamedTuple):
    offset: int
    timestamp: int = 0
    timestamp_type: int = 0


class Thread:
    """Stands for the thread that talks to the brokers: a fetch returns when the test says so."""

    def __init__(self) -> None:
        self.asked_s: list[float] = []
        self.fetched: asyncio.Queue[Mapping[TP, list[Record]]] = asyncio.Queue()

    async def getmany(self, active: set[TP] | None, timeout: float) -> Mapping[TP, list[Record]]:  # noqa: ASYNC109
        self.asked_s.append(timeout)
        return await self.fetched.get()

    async def seek_to_committed(self) -> Mapping[TP, int]:
        raise IllegalStateError("partitions are being moved")

    def assignment(self) -> set[TP]:
        return {EVENTS}

    def highwater(self, tp: TP) -> int:
        return 0

    def _ensure_consumer(self) -> Any:
        return SimpleNamespace(_subscription=SimpleNamespace(subscription=SimpleNamespace(assignment=None)))


async def nothing(*_: Any) -> None:
    pass


@pytest.fixture
async def consumer() -> Consumer:
    settings = EngineSettings(
        "group", "127.0.0.1:1", 4, 6.0, 0.2, "http://127.0.0.1:1", EngineMetrics(CollectorRegistry()),
        open_shard=lambda partition: MemoryShard(), elapsed_s=lambda: 0.0, true_ends=nothing, on_taken=nothing,
        on_given_up=nothing, on_shards_ready=nothing,
    )  # fmt: skip
    app = LeadApp(settings)
    app.finalize()
    made: Consumer = app.consumer
    made._thread = Thread()
    made._set_active_tps({EVENTS})
    return made


async def taken(consumer: Consumer) -> list[list[int]]:
    """The offsets that one round of reading hands on."""
    return [[record.offset for record in message.value] async for _, message in consumer.getmany(1.0)]


async def test_what_is_read_first_under_a_new_assignment_is_handed_on(consumer: Consumer) -> None:
    """Reading waits for the flow while partitions move: it begins under one assignment and reads under the next."""
    consumer.stop_flow()
    reading = asyncio.create_task(taken(consumer))
    await asyncio.sleep(0)
    consumer.app.consumer_generation_id += 1
    consumer.resume_flow()
    consumer._thread.fetched.put_nowait({EVENTS: [Record(5), Record(6)]})
    assert await reading == [[5, 6]]


async def test_partitions_are_given_up_only_when_the_fetch_under_way_is_over(consumer: Consumer) -> None:
    reading = asyncio.create_task(taken(consumer))
    while not consumer._thread.asked_s:
        await asyncio.sleep(0)
    giving_up = asyncio.create_task(consumer.quiesce())
    for _ in range(100):
        await asyncio.sleep(0)
    assert not giving_up.done()
    consumer._thread.fetched.put_nowait({EVENTS: [Record(5)]})
    await giving_up
    assert await reading == [], "they are read again from where their owner seeks to"
    assert consumer._thread.asked_s == [FETCH_S_MAX], "a fetch without records must not hold up the group"


async def test_a_fetch_that_outlives_its_assignment_stops_the_worker(consumer: Consumer) -> None:
    reading = asyncio.create_task(taken(consumer))
    while not consumer._thread.asked_s:
        await asyncio.sleep(0)
    consumer.app.consumer_generation_id += 1
    consumer._thread.fetched.put_nowait({EVENTS: [Record(5)]})
    with pytest.raises(SelfFenced, match="hole"):
        await reading
