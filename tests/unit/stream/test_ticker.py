"""What the ticker learns of its clock: from the ticks that it sent itself, and of each only once."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import TopicPartition

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


class Brokers(Positions):
    """With nothing to wait for, unless a partition is given an end; what was asked for is kept."""

    def __init__(self) -> None:
        super().__init__({}, "group", probe_ends=False)
        self.behind: dict[TopicPartition, int] = {}
        self.asked: list[TopicPartition] = []

    async def ends(self, topic: str, partitions: int) -> dict[Any, int]:
        return {tp: end for tp, end in self.behind.items() if tp.topic == topic}

    async def unread(self, ends: Mapping[Any, int]) -> list[Any]:
        self.asked += ends
        return [tp for tp in ends if tp in self.behind]


def waiting() -> PartitionJudge:
    """A partition with a lead whose deadline has come."""
    shard = MemoryShard()
    shard.put_all([(b"a", encode_state(new_lead("a"), 0, NOW))], 0)
    return PartitionJudge(shard, policy())


@asynccontextmanager
async def ticking(
    partitions: int,
    acknowledged: Callable[[int, Ticker], None] = lambda partition, ticker: None,
    brokers: Brokers | None = None,
) -> AsyncIterator[tuple[Ticker, list[int], Metrics]]:
    """A running ticker, the partitions to which it sent, and its metrics."""
    judges = {partition: waiting() for partition in range(partitions)}
    sent: list[int] = []
    metrics = Metrics()

    async def send_all(topic: str, partition: int, records: Sequence[Send], epoch: int | None) -> int | None:
        sent.append(partition)
        acknowledged(partition, ticker)
        return 0

    topics = Topics("events", 1, "timeline", "facts", "outcomes", "dead-letters", partitions)
    ticker = Ticker(topics, lambda: judges, dict, lambda: 1, brokers or Brokers(), send_all, FastClock(), metrics)
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
            ticker.judged("timeline", partition, came_back(FastClock().now_at()))
        assert skew_s(metrics) == -HOUR_S


async def test_the_tick_of_another_worker_tells_nothing_of_our_clock() -> None:
    async with ticking(partitions=1) as (ticker, sent, metrics):
        await until(lambda: len(sent) == 1)
        ticker.judged("timeline", 0, came_back(FastClock().now_at() + 1))
        ticker.judged("timeline", 0, came_back(FastClock().now_at()))
        assert skew_s(metrics) == 0


@pytest.mark.parametrize("topic", ["events", "timeline"])
async def test_no_tick_is_sent_while_somebody_has_still_to_read_what_was_there(topic: str) -> None:
    """Intake may hold what disproves a breach, and so may the judge of a lead that was merged."""
    brokers = Brokers()
    brokers.behind[TopicPartition(topic, 5)] = 7  # of another worker
    async with ticking(partitions=1, brokers=brokers) as (_, sent, metrics):
        await until(lambda: len(brokers.asked) > 2)
        assert sent == []
        held_back = metrics.registry.get_sample_value("lead_sla_ticks_total", {"result": "held_back"})
        brokers.behind.clear()
        await until(lambda: sent == [0])
        assert held_back == 1


async def test_what_this_worker_has_judged_itself_it_does_not_wait_to_see_committed() -> None:
    brokers = Brokers()
    brokers.behind[TopicPartition("timeline", 0)] = 7
    async with ticking(partitions=1, brokers=brokers) as (ticker, sent, _):
        await until(lambda: len(brokers.asked) > 1)
        assert sent == []
        ticker._judges()[0].judged_to = 7
        await until(lambda: sent == [0])


async def test_a_tick_may_be_read_before_its_acknowledgement_arrives() -> None:
    def read_at_once(partition: int, ticker: Ticker) -> None:
        ticker.judged("timeline", partition, ReadTick(FastClock().now_at(), None))

    async with ticking(partitions=1, acknowledged=read_at_once) as (_, sent, _metrics):
        await until(lambda: len(sent) > 1)  # else the lead that is still due would wait for ever
