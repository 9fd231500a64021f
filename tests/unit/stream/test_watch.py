"""What a worker notices of itself: a standstill, how far it is behind, and how recovery goes."""

import asyncio
from collections.abc import Iterable

import pytest
from aiokafka import TopicPartition

from monitor.stream.engine.ownership import SelfFenced
from monitor.stream.intake import Topics
from monitor.stream.positions import Positions
from monitor.stream.watch import LOOK_EVERY_S, STALLED_S_MAX, RecoveryProgress, Standstill, Watch
from monitor.telemetry.engine import FenceReason
from monitor.telemetry.metrics import Metrics
from tests.support.virtual_time import VirtualTime, run_virtually

TOPICS = Topics("events", 1, "timeline", "facts", "outcomes", "dead-letters", 2)
READ = ("events", "timeline", "facts", "outcomes")


class Brokers(Positions):
    """Of every partition one record is read; so many wait as are named here."""

    def __init__(self, waiting: dict[tuple[str, int], int]) -> None:
        super().__init__({}, "group", probe_ends=False)
        self.waiting = waiting

    async def lags(self, topics: Iterable[tuple[str, int]]) -> dict[TopicPartition, tuple[int, int]]:
        each = [(topic, partition) for topic, partitions in topics for partition in range(partitions)]
        return {TopicPartition(*tp): (1, self.waiting.get(tp, 0)) for tp in each}


async def watched(waiting: dict[tuple[str, int], int], owned: set[tuple[str, int]], for_s: float) -> Metrics:
    """The metrics after a worker that owns these has looked for so long."""
    metrics = Metrics()
    watch = Watch(TOPICS, Brokers(waiting), lambda: owned, lambda: None, VirtualTime(), metrics)
    try:
        async with asyncio.timeout(for_s):
            await watch.run()
    except TimeoutError:
        pass
    return metrics


def lag_of(metrics: Metrics, topic: str, partition: int) -> float | None:
    labels = {"topic": topic, "partition": str(partition)}
    return metrics.registry.get_sample_value("lead_sla_partition_lag_records", labels)


def test_the_lag_is_shown_of_every_topic_that_is_read_and_of_no_partition_that_another_worker_has() -> None:
    async def look() -> None:
        waiting = {(topic, partition): 7 for topic in READ for partition in range(2)}
        metrics = await watched(waiting, {(topic, 0) for topic in READ}, LOOK_EVERY_S / 2)
        assert [lag_of(metrics, topic, 0) for topic in READ] == [7] * 4
        assert [lag_of(metrics, topic, 1) for topic in READ] == [None] * 4

    run_virtually(look())


@pytest.mark.parametrize("topic", READ)
def test_a_worker_stops_itself_when_records_wait_and_none_is_read_of_any_topic(topic: str) -> None:
    async def look() -> None:
        with pytest.raises(SelfFenced, match=f"of {topic} 0 wait") as fenced:
            await watched({(topic, 0): 3}, {(topic, 0)}, 2 * STALLED_S_MAX)
        assert fenced.value.reason is FenceReason.READING_STALLED

    run_virtually(look())


def test_a_worker_goes_on_where_nothing_waits_or_another_reads() -> None:
    async def look() -> None:
        await watched({("outcomes", 1): 3}, {("outcomes", 0)}, 2 * STALLED_S_MAX)

    run_virtually(look())


def test_a_standstill_lasts_from_when_the_value_was_first_seen() -> None:
    standstill = Standstill()
    assert standstill.lasts_s(7, 100.0) == 0.0
    assert standstill.lasts_s(7, 130.0) == 30.0


def test_a_change_ends_a_standstill() -> None:
    standstill = Standstill()
    standstill.lasts_s(7, 100.0)
    assert standstill.lasts_s(8, 130.0) == 0.0


def test_what_has_nothing_to_wait_for_does_not_stand_still() -> None:
    standstill = Standstill()
    standstill.lasts_s(7, 100.0)
    standstill.over()
    assert standstill.lasts_s(7, 500.0) == 0.0


def test_progress_tells_the_rate_and_the_time_to_go() -> None:
    progress = RecoveryProgress()
    assert progress.look(1_000, 10.0) == (1_000, 0.0, 0.0)
    assert progress.look(400, 12.0) == (400, 300.0, 400 / 300)


def test_another_recovery_is_measured_from_its_own_beginning() -> None:
    progress = RecoveryProgress()
    progress.look(1_000, 10.0)
    progress.over()
    progress.look(500, 20.0)
    assert progress.look(400, 21.0).per_s == 100.0


def test_a_restart_within_one_recovery_is_measured_anew() -> None:
    progress = RecoveryProgress()
    progress.look(100, 10.0)
    assert progress.look(900, 11.0).per_s == 0.0
