"""What the ticker learns of its clock: from the ticks that it sent itself, and of each only once."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from monitor.core.instant import from_rfc3339
from monitor.core.lead import new_lead
from monitor.stream.engine.batches import Send
from monitor.stream.engine.shards import MemoryShard
from monitor.stream.intake import Topics
from monitor.stream.partition_judge import PartitionJudge, ReadTick
from monitor.stream.positions import Positions
from monitor.stream.ticker import Ticker
from monitor.telemetry.metrics import Metrics
from monitor.wire.state import encode_state
from tests.support.agreement import policy

NOW = from_rfc3339("2026-10-01T08:00:00Z")
HOUR_S = 3600.0


class FastClock:
    """An hour ahead of the brokers'."""

    def now_at(self) -> int:
        return NOW + round(HOUR_S * 1e6)

    def elapsed_s(self) -> float:
        return 0.0


class NothingToWaitFor(Positions):
    """Brokers whose input has been read to its end."""

    def __init__(self) -> None:
        super().__init__({}, "group", probe_ends=False)

    async def ends(self, topic: str, partitions: int) -> dict[Any, int]:
        return {}

    async def unread(self, ends: Mapping[Any, int]) -> list[Any]:
        return []


def waiting() -> PartitionJudge:
    """A partition with a lead whose deadline has come."""
    shard = MemoryShard()
    shard.put_all([(b"a", encode_state(new_lead("a"), 0, NOW))], 0)
    return PartitionJudge(shard, policy())


@asynccontextmanager
async def ticking(
    partitions: int, acknowledged: Callable[[int, Ticker], None] = lambda partition, ticker: None
) -> AsyncIterator[tuple[Ticker, list[int], Metrics]]:
    """A running ticker, the partitions to which it sent, and its metrics."""
    judges = {partition: waiting() for partition in range(partitions)}
    sent: list[int] = []
    metrics = Metrics()

    async def send_all(topic: str, partition: int, records: Sequence[Send], epoch: int | None) -> int | None:
        sent.append(partition)
        acknowledged(partition, ticker)
        return 0

    topics = Topics("events", 1, "timeline", "outcomes", "dead-letters", partitions)
    ticker = Ticker(topics, lambda: judges, lambda: 1, NothingToWaitFor(), send_all, FastClock(), metrics)
    task = asyncio.create_task(ticker.run())
    try:
        yield ticker, sent, metrics
    finally:
        task.cancel()


async def until(happened: Callable[[], bool]) -> None:
    while not happened():
        await asyncio.sleep(0.01)


def came_back(at: int) -> ReadTick:
    """A tick of that instant, stamped by the brokers' clock."""
    return ReadTick(at, NOW)


def skew_s(metrics: Metrics) -> float | None:
    return metrics.registry.get_sample_value("lead_sla_clock_skew_seconds")


async def test_two_ticks_under_way_turn_the_clock_back_once() -> None:
    async with ticking(partitions=2) as (ticker, sent, metrics):
        await until(lambda: len(sent) == 2)
        for partition in sent:
            ticker.judged(partition, came_back(FastClock().now_at()))
        assert skew_s(metrics) == -HOUR_S


async def test_the_tick_of_another_worker_tells_nothing_of_our_clock() -> None:
    async with ticking(partitions=1) as (ticker, sent, metrics):
        await until(lambda: len(sent) == 1)
        ticker.judged(0, came_back(FastClock().now_at() + 1))
        ticker.judged(0, came_back(FastClock().now_at()))
        assert skew_s(metrics) == 0


async def test_a_tick_may_be_read_before_its_acknowledgement_arrives() -> None:
    def read_at_once(partition: int, ticker: Ticker) -> None:
        ticker.judged(partition, ReadTick(FastClock().now_at(), None))

    async with ticking(partitions=1, acknowledged=read_at_once) as (_, sent, _metrics):
        await until(lambda: len(sent) > 1)  # else the lead that is still due would wait for ever
