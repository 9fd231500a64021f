"""A fetch belongs to one assignment: nothing that was read is lost when the group gives partitions out anew."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from aiokafka.errors import IllegalStateError
from faust.types.tuples import TP
from prometheus_client import CollectorRegistry

from monitor.stream.engine.app import EngineSettings, LeadApp
from monitor.stream.engine.consumer import Consumer
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
        tables=("leads",), open_shard=lambda table, partition: MemoryShard(), elapsed_s=lambda: 0.0,
        true_ends=nothing, on_taken=nothing, on_given_up=nothing, on_shards_ready=nothing,
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


class Brokers:
    """As much of aiokafka's consumer as a fetch touches: what has arrived, and under which assignment."""

    def __init__(self) -> None:
        self.arrived: dict[TP, list[Record]] = {}
        self.waiters: list[asyncio.Future[None]] = []
        self._closed = False
        self._fetcher = self._subscriptions = self
        self._records: dict[TP, Any] = {}
        self._subscription = SimpleNamespace(reassignment_in_progress=False, subscription=SimpleNamespace())
        self._subscription.subscription.assignment = object()

    @contextmanager
    def fetch_context(self) -> Iterator[None]:
        yield

    async def fetched_records(self, partitions: Any, timeout: float, max_records: Any) -> Any:  # noqa: ASYNC109
        assert timeout == 0, "aiokafka's own waiting goes on across a change of the assignment"
        arrived, self.arrived = self.arrived, {}
        return arrived

    def _create_fetch_waiter(self) -> asyncio.Future[None]:
        self.waiters.append(asyncio.get_running_loop().create_future())
        return self.waiters[-1]

    def arrive(self) -> None:
        self.arrived = {EVENTS: [Record(5)]}
        for waiter in self.waiters:
            waiter.set_result(None)


async def test_a_fetch_waits_for_what_arrives_and_takes_it(consumer: Consumer) -> None:
    brokers, thread = Brokers(), consumer._new_consumer_thread()
    fetch = asyncio.create_task(thread._fetch_records(brokers, {EVENTS}, timeout=10))
    await asyncio.sleep(0)
    brokers.arrive()
    assert await fetch == {EVENTS: [Record(5)]}


async def test_a_fetch_without_records_ends_after_its_time(consumer: Consumer) -> None:
    brokers, thread = Brokers(), consumer._new_consumer_thread()
    assert await thread._fetch_records(brokers, {EVENTS}, timeout=0.01) == {}
    assert brokers.waiters[0].cancelled(), "nobody waits for it any more"


async def test_a_fetch_takes_nothing_while_partitions_move_and_nothing_of_the_next_assignment(
    consumer: Consumer,
) -> None:
    brokers, thread = Brokers(), consumer._new_consumer_thread()
    fetch = asyncio.create_task(thread._fetch_records(brokers, {EVENTS}, timeout=10))
    await asyncio.sleep(0)
    brokers._subscription.subscription.assignment = object()
    brokers.arrive()
    assert await fetch == {}
    brokers._subscription.reassignment_in_progress = True
    assert await thread._fetch_records(brokers, {EVENTS}, timeout=0.01) == {}
    brokers._subscription.reassignment_in_progress = False
    assert await thread._fetch_records(brokers, {EVENTS}, timeout=0.01) == {EVENTS: [Record(5)]}


async def test_a_fetch_that_outlives_its_assignment_stops_the_worker(consumer: Consumer) -> None:
    reading = asyncio.create_task(taken(consumer))
    while not consumer._thread.asked_s:
        await asyncio.sleep(0)
    consumer.app.consumer_generation_id += 1
    consumer._thread.fetched.put_nowait({EVENTS: [Record(5)]})
    with pytest.raises(SelfFenced, match="hole"):
        await reading
