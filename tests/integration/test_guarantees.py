"""Tell, remember, commit on a real Apache Kafka: what each guarantee promises, and how a predecessor is fenced."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from prometheus_client import CollectorRegistry

from monitor.core.lead import new_lead
from monitor.core.outcome import Kind
from monitor.stream.clock import SystemTime
from monitor.stream.durably import AtLeastOnce, Durably
from monitor.stream.engine.batches import send_in_batches
from monitor.stream.engine.ownership import Fenced, SelfFenced
from monitor.stream.intake import Topics
from monitor.stream.kafka import KafkaAccess, ensure_topics
from monitor.stream.partition_judge import Judged
from monitor.stream.positions import Positions
from monitor.stream.transactional import Transactional
from monitor.telemetry.engine import EngineMetrics, FenceReason
from monitor.wire.state import encode_state, state_header
from tests.unit.telemetry.test_scrape import outcome

pytestmark = pytest.mark.kafka


class Site:
    """Topics of their own, and a way to make another worker's guarantee on them."""

    def __init__(self, bootstrap: str, prefix: str) -> None:
        self.access = KafkaAccess(bootstrap)
        self.group = prefix + "group"
        names = (prefix + name for name in ("timeline", "facts", "outcomes", "dead-letters"))
        self.topics = Topics(prefix + "events", 1, *names, 1)
        self.changelog = prefix + "changelog"
        self.epoch = 0
        self._plain = AIOKafkaProducer(bootstrap_servers=bootstrap)

    async def start(self) -> None:
        await ensure_topics(self.access, self.topics, [self.changelog], 1)
        await self._plain.start()

    async def stop(self) -> None:
        await self._plain.stop()

    async def send_all(self, topic: str, partition: int, records: Any, epoch: int | None) -> int | None:
        return await send_in_batches(self._plain, self._plain.create_batch, topic, partition, records)

    def at_least_once(self) -> Durably:
        metrics = EngineMetrics(CollectorRegistry())
        return AtLeastOnce(self.topics, self.topics.timeline, self.changelog, self.send_all, SystemTime(), metrics)

    def transactional(self) -> Durably:
        metrics = EngineMetrics(CollectorRegistry())
        return Transactional(
            self.access.client(), self.group, self.group, self.topics, self.topics.timeline, self.changelog,
            self.send_all, lambda: self.epoch, SystemTime(), metrics,
        )  # fmt: skip

    async def records(self, topic: str, isolation: str = "read_committed") -> list[Any]:
        """Everything that is readable now."""
        consumer = AIOKafkaConsumer(**self.access.client(), enable_auto_commit=False, isolation_level=isolation)
        await consumer.start()
        try:
            tp = TopicPartition(topic, 0)
            consumer.assign([tp])
            await consumer.seek_to_beginning(tp)
            end = (await consumer.end_offsets([tp]))[tp]
            read: list[Any] = []
            while await consumer.position(tp) < end:
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    read += records
            return read
        finally:
            await consumer.stop()

    async def committed(self) -> int:
        """The group's progress on the timeline."""
        positions = Positions(self.access.client(), self.group, probe_ends=False)
        try:
            return (await positions.lags([(self.topics.timeline, 1)]))[TopicPartition(self.topics.timeline, 0)][0]
        finally:
            await positions.stop()


@pytest.fixture
async def site(kafka: Any, prefix: str) -> AsyncIterator[Site]:
    made = Site(kafka.bootstrap, prefix)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture(params=["at_least_once", "transactional"])
async def durably(request: pytest.FixtureRequest, site: Site) -> AsyncIterator[Durably]:
    made: Durably = getattr(site, request.param)()
    await made.begin([0])
    yield made
    await made.end()


def judged(*offsets: int) -> Judged:
    """One lead's outcome and state for each of these timeline offsets."""
    said = [outcome(Kind.BREACHED, lead=f"L-{offset}") for offset in offsets]
    states = [(b"L-%d" % offset, encode_state(new_lead(f"L-{offset}"), offset, None)) for offset in offsets]
    return Judged(said, states, [], Counter(), None, [])


def leads(records: list[Any]) -> list[str]:
    return [json.loads(record.value)["subject"] for record in records]


async def test_what_was_written_is_told_and_remembered_and_the_offset_is_the_states(
    site: Site, durably: Durably
) -> None:
    offset = await durably.write(0, 0, judged(5, 6), 7)
    assert leads(await site.records(site.topics.outcomes)) == ["L-5", "L-6"]
    states = await site.records(site.changelog)
    assert [(record.key, state_header(record.value).offset) for record in states] == [(b"L-5", 5), (b"L-6", 6)]
    assert offset == states[-1].offset


async def test_a_batch_that_changes_nothing_writes_nothing(site: Site, durably: Durably) -> None:
    assert await durably.write(0, 0, judged(), 7) is None
    assert await site.records(site.topics.outcomes) == []


async def test_a_repair_writes_states_and_tells_nothing(site: Site, durably: Durably) -> None:
    await durably.repair(0, 0, judged(5).states)
    assert [record.key for record in await site.records(site.changelog)] == [b"L-5"]
    assert await site.records(site.topics.outcomes) == []


async def test_more_than_one_batch_of_bytes_is_written_whole(site: Site, durably: Durably) -> None:
    offset = await durably.write(0, 0, judged(*range(4_000)), 4_000)
    states = await site.records(site.changelog)
    assert [state_header(record.value).offset for record in states] == list(range(4_000))
    assert offset == states[-1].offset


async def test_progress_is_part_of_the_transaction(site: Site) -> None:
    durably = site.transactional()
    await durably.begin([0])
    await durably.write(0, 0, judged(5), 6)
    assert await site.committed() == 6
    await durably.write(0, 0, judged(), 9)
    assert await site.committed() == 9
    await durably.end()


async def test_a_predecessor_is_refused_by_the_broker_and_nothing_of_it_is_readable(site: Site) -> None:
    before, after = site.transactional(), site.transactional()
    await before.begin([0])
    await before.write(0, 0, judged(1), 2)
    await after.begin([0])
    with pytest.raises(SelfFenced) as refused:
        await before.write(0, 0, judged(2), 3)
    assert refused.value.reason is FenceReason.SUPERSEDED
    await after.write(0, 0, judged(3), 4)
    assert leads(await site.records(site.topics.outcomes)) == ["L-1", "L-3"]
    assert [record.key for record in await site.records(site.changelog)] == [b"L-1", b"L-3"]
    assert await site.committed() == 4
    await after.end()
    await before.end()


async def test_what_a_predecessor_had_begun_is_gone_before_its_successor_reads(site: Site) -> None:
    """A worker that dies in the middle of a transaction: told, but neither remembered nor committed."""
    half = AIOKafkaProducer(**site.access.client(), transactional_id=f"{site.group}-0", transaction_timeout_ms=60_000)
    await half.start()
    await half.begin_transaction()
    await half.send_and_wait(site.topics.outcomes, b"half of a batch", key=b"L-1", partition=0)
    after = site.transactional()
    await after.begin([0])
    assert await site.records(site.topics.outcomes) == []
    assert len(await site.records(site.topics.outcomes, "read_uncommitted")) == 1
    await after.write(0, 0, judged(1), 2)
    assert leads(await site.records(site.topics.outcomes)) == ["L-1"]
    await after.end()
    await half.stop()


async def test_nothing_of_an_epoch_that_is_over_is_begun(site: Site) -> None:
    durably = site.transactional()
    await durably.begin([0])
    site.epoch = 1
    with pytest.raises(Fenced):
        await durably.write(0, 0, judged(1), 2)
    assert await site.records(site.topics.outcomes, "read_uncommitted") == []
    await durably.end()


async def test_after_the_end_nothing_is_begun(site: Site) -> None:
    durably = site.transactional()
    await durably.begin([0])
    await durably.end()
    with pytest.raises(Fenced):
        await durably.write(0, 0, judged(1), 2)


async def test_a_broker_that_does_not_answer_leaves_the_worker_unsure(
    kafka: Any, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.stream.transactional.TRANSACTION_S_MAX", 1.5)
    durably = site.transactional()
    await durably.begin([0])
    kafka.pause()
    try:
        with pytest.raises(SelfFenced) as refused:
            await durably.write(0, 0, judged(1), 2)
    finally:
        kafka.resume()
    assert refused.value.reason is FenceReason.UNSURE
    after = site.transactional()
    await after.begin([0])
    await after.write(0, 0, judged(1), 2)
    assert set(leads(await site.records(site.topics.outcomes))) == {"L-1"}
    await after.end()
    await asyncio.wait_for(durably.end(), 30)
