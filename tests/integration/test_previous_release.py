"""What the previous release left in Kafka is read by this one; what a newer one left is refused and not lost."""

import asyncio
import base64
import json
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from monitor.core.agreement import AGREEMENT as OF_THE_AGREEMENT
from monitor.stream.intake import Topics
from monitor.stream.kafka import KafkaAccess, ensure_topics
from monitor.wire.dead_letter import DeadLetterReason, read_dead_letter
from monitor.wire.state import PAGE_KEYS, VERSION
from tests.support.cluster import Reader, WorkerProcess, produce, standing, touch
from tests.support.leads import funnel
from tests.support.verdicts import replayed

# Recorded from release 0.1.0 (commit 83f0898), stopped with SIGTERM while clocks were open: leads that were met,
# breached, withdrawn, fulfilled late, cancelled, handed off, accepted, recycled, merged and erased.
RECORDED = Path(__file__).parent / "previous_release"
AGREEMENT_KEY = OF_THE_AGREEMENT.encode()
AGREEMENT = RECORDED / "agreement.yaml"
CHANGELOG = "lead-sla-leads-changelog"
Partition = list[tuple[bytes | None, bytes]]

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]


def recorded() -> dict[str, dict[int, Partition]]:
    """Keys and values by topic and partition, in the order of the log."""
    topics: dict[str, dict[int, Partition]] = defaultdict(lambda: defaultdict(list))
    for line in (RECORDED / "topics.jsonl").read_text().splitlines():
        record = json.loads(line)
        key = None if record["key"] is None else record["key"].encode()
        value = record["text"].encode() if "text" in record else base64.b64decode(record["base64"])
        topics[record["topic"]][record["partition"]].append((key, value))
    return topics


async def left_behind(bootstrap: str, prefix: str, topics: Mapping[str, Mapping[int, Partition]], unread: int) -> None:
    """Write these topics and what the group had committed: all but the last few records of the timeline."""
    names = Topics(
        "leads.events", 3, "lead-sla.timeline", "lead-sla.quota-facts", "lead-sla.outcomes", "lead-sla.dead-letters", 4
    )
    own = Topics(*(prefix + name if isinstance(name, str) else name for name in names))
    await ensure_topics(KafkaAccess(bootstrap), own, [prefix + CHANGELOG], 1)
    committed = {}
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        for topic, partitions in topics.items():
            for partition, records in partitions.items():
                batch = producer.create_batch()
                for key, value in records:
                    batch.append(key=key, value=value, timestamp=None)
                await (await producer.send_batch(batch, prefix + topic, partition=partition))
                end = max(0, len(records) - (unread if topic == "lead-sla.timeline" else 0))
                if topic != CHANGELOG:
                    committed[TopicPartition(prefix + topic, partition)] = end
    group = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=prefix + "lead-sla", enable_auto_commit=False)
    await group.start()
    group.assign(list(committed))
    await group.commit(committed)
    await group.stop()


async def test_states_and_timeline_of_the_previous_release_are_read_and_judged_to_the_end(
    kafka: Any, prefix: str, tmp_path: Path
) -> None:
    topics = recorded()
    history = [json.loads(value) for partition in topics["leads.events"].values() for _, value in partition]
    await left_behind(kafka.bootstrap, prefix, topics, unread=3)
    with WorkerProcess(kafka.bootstrap, prefix, AGREEMENT, tmp_path) as worker:
        await worker.ready()
        now = time.time()
        history += (news := [touch("open-0", now), touch("handed-0", now), *funnel("new-", 20, now, 1, seed=8)])
        await produce(kafka.bootstrap, prefix + "leads.events", news)
        expected = replayed(history, now + 30, AGREEMENT)
        async with Reader(kafka.bootstrap, prefix + "lead-sla.outcomes") as reader:
            await reader.until(lambda r: expected.items() <= standing(r.outcomes).items(), why="the replay's verdicts")
            assert standing(reader.outcomes) == expected
            by_id: dict[str, dict[str, Any]] = {}
            for outcome in reader.outcomes:
                assert by_id.setdefault(outcome["id"], outcome) == outcome
        assert worker.stop() == 0, worker.tail()
    async with Reader(kafka.bootstrap, prefix + "lead-sla.dead-letters") as reader:
        await reader.poll()
        assert reader.records == []


async def test_states_of_a_newer_release_are_refused_by_name_and_left_as_they_are(
    kafka: Any, prefix: str, tmp_path: Path
) -> None:
    topics = recorded()
    newer = {p: [(key, bytes([VERSION + 1]) + value[1:]) for key, value in of] for p, of in topics[CHANGELOG].items()}
    leads = sorted({key.decode() for of in newer.values() for key, _ in of if key is not None})
    await left_behind(kafka.bootstrap, prefix, {**topics, CHANGELOG: newer}, unread=0)
    before = sum(len(of) for of in topics["lead-sla.outcomes"].values())
    with WorkerProcess(kafka.bootstrap, prefix, AGREEMENT, tmp_path) as worker:
        await worker.ready()
        now = time.time()
        await produce(
            kafka.bootstrap, prefix + "leads.events", [*(touch(lead, now) for lead in leads), touch("new", now)]
        )
        async with Reader(kafka.bootstrap, prefix + "lead-sla.dead-letters") as reader:
            await reader.until(lambda r: len(r.records) >= len(leads), why="a dead letter for each lead")
            letters = [read_dead_letter(r.key, r.value, r.headers) for r in reader.records]
        await asyncio.sleep(1)  # a tick would have come by now
        _, metrics = worker.get("/metrics")
        assert worker.stop() == 0, worker.tail()
    assert sorted((letter.key or b"").decode() for letter in letters) == leads
    assert {letter.reason for letter in letters} == {DeadLetterReason.INTERNAL_RECORD}
    assert all(letter.detail.startswith(f"the state has version {VERSION + 1}; this release") for letter in letters)
    assert f"lead_sla_states_unreadable {float(len(leads))}" in metrics
    async with (
        Reader(kafka.bootstrap, prefix + "lead-sla.outcomes") as outcomes,
        Reader(kafka.bootstrap, prefix + CHANGELOG) as changelog,
    ):
        await changelog.until(lambda r: b"new" in {record.key for record in r.records}, why="the other lead is judged")
        await outcomes.until(lambda r: len(r.records) >= before)
        assert len(outcomes.records) == before
        of_leads = {
            r.key: r.value for r in changelog.records if r.key != AGREEMENT_KEY and not r.key.startswith(PAGE_KEYS)
        }
        assert {lead: state for lead, state in of_leads.items() if lead != b"new"} == {
            key: value for of in newer.values() for key, value in of
        }
