"""Lanes: in order within a partition, side by side across partitions, acknowledged only when done."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from faust.types.tuples import TP
from prometheus_client import CollectorRegistry

from monitor.stream.engine.lanes import Batch, Lanes
from monitor.stream.engine.ownership import Fenced, Ownership
from monitor.telemetry.engine import EngineMetrics

ZERO, ONE = TP("timeline", 0), TP("timeline", 1)


class Message(NamedTuple):
    tp: TP
    value: list[Any]


class Event:
    """A batch as the engine hands it over."""

    def __init__(self, tp: TP, value: list[Any]) -> None:
        self.message = Message(tp, value)
        self.acked = False

    def ack(self) -> None:
        self.acked = True


class Flow:
    """Which partitions are not fetched just now."""

    def __init__(self) -> None:
        self.full: set[TP] = set()

    def on_buffer_full(self, tp: TP) -> None:
        self.full.add(tp)

    def on_buffer_drop(self, tp: TP) -> None:
        self.full.discard(tp)


class Bench:
    """Lanes with a work function, and what became of it."""

    def __init__(self, work: Callable[[Batch], Awaitable[None]], *, drained: bool = True) -> None:
        self.registry = CollectorRegistry()
        metrics = EngineMetrics(self.registry)
        self.ownership = Ownership(6.0, lambda: 0.0, metrics)
        self.flow = Flow()
        self.crashed: list[BaseException] = []
        self.lanes = Lanes(work, self.ownership, self._crash, metrics, drained=drained)

    async def _crash(self, error: BaseException) -> None:
        self.crashed.append(error)

    def put(self, tp: TP, *value: Any) -> Event:
        event = Event(tp, list(value))
        self.lanes.put(event, self.flow)
        return event


async def test_a_partition_is_worked_on_in_order_and_acknowledged_afterwards() -> None:
    seen: list[Any] = []
    go = asyncio.Event()

    async def work(batch: Batch) -> None:
        await go.wait()
        seen.extend(batch.records)

    bench = Bench(work)
    events = [bench.put(ZERO, n) for n in range(4)]
    await asyncio.sleep(0.01)
    assert not any(event.acked for event in events)
    go.set()
    assert await bench.ownership.drain(1.0)
    assert seen == [0, 1, 2, 3]
    assert all(event.acked for event in events)


async def test_a_slow_partition_does_not_hold_up_another() -> None:
    never = asyncio.Event()

    async def work(batch: Batch) -> None:
        if batch.tp == ZERO:
            await never.wait()

    bench = Bench(work)
    slow, quick = bench.put(ZERO, 1), bench.put(ONE, 1)
    await asyncio.sleep(0.01)
    assert (slow.acked, quick.acked) == (False, True)


async def test_a_partition_that_falls_behind_is_not_fetched_until_it_caught_up() -> None:
    go = asyncio.Event()

    async def work(batch: Batch) -> None:
        await go.wait()

    bench = Bench(work)
    for n in range(4):
        bench.put(ZERO, n)
    await asyncio.sleep(0)
    assert bench.flow.full == {ZERO}
    go.set()
    await bench.ownership.drain(1.0)
    assert bench.flow.full == set()


async def test_work_that_fails_stops_the_worker_and_acknowledges_nothing() -> None:
    async def work(batch: Batch) -> None:
        raise ValueError("broken")

    bench = Bench(work)
    first, second = bench.put(ZERO, 1), bench.put(ZERO, 2)
    await asyncio.sleep(0.01)
    assert [str(error) for error in bench.crashed] == ["broken"]
    assert not first.acked
    assert not second.acked


async def test_work_that_is_fenced_is_dropped_without_a_crash() -> None:
    async def work(batch: Batch) -> None:
        raise Fenced

    bench = Bench(work)
    event = bench.put(ZERO, 1)
    await asyncio.sleep(0.01)
    assert bench.crashed == []
    assert not event.acked


async def test_what_has_not_begun_is_dropped_and_what_has_is_waited_for() -> None:
    go, seen = asyncio.Event(), []

    async def work(batch: Batch) -> None:
        await go.wait()
        seen.extend(batch.records)

    bench = Bench(work)
    begun, queued = bench.put(ZERO, 1), bench.put(ZERO, 2)
    await asyncio.sleep(0)
    bench.lanes.drop_queued()
    assert not await bench.ownership.drain(0.01)
    go.set()
    assert await bench.ownership.drain(1.0)
    assert (seen, begun.acked, queued.acked) == ([1], True, False)


async def test_a_delivery_in_progress_is_cancelled_rather_than_waited_for() -> None:
    async def work(batch: Batch) -> None:
        await asyncio.Event().wait()

    bench = Bench(work, drained=False)
    event = bench.put(ZERO, 1)
    await asyncio.sleep(0)
    bench.lanes.drop_queued()
    assert await bench.ownership.drain(0.5)
    await asyncio.sleep(0)
    assert not event.acked
