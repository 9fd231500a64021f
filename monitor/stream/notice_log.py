"""Reads the cases from their changelog, whether workers run or not."""

from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from monitor.core.case import Case
from monitor.stream.engine.recovery import PartitionRecovery
from monitor.stream.engine.shards import MemoryShard
from monitor.stream.past import NoSuchTopic
from monitor.stream.positions import Positions
from monitor.wire.case import decode_case
from monitor.wire.state import UnreadableState

# Behind the end that the broker names: one that names it too low, as the embedded one does, has a batch more.
_MORE_MS = 500


async def read_cases(client: Mapping[str, Any], topic: str) -> tuple[list[Case], int]:
    """All cases as they were written last, and how many cannot be read. Raises NoSuchTopic, KafkaError.

    `client`: connection settings of aiokafka.
    """
    positions = Positions(client, "", probe_ends=False)
    consumer = AIOKafkaConsumer(**client, enable_auto_commit=False)
    try:
        await consumer.start()
        tps = [TopicPartition(topic, partition) for partition in range(await positions.partitions(topic))]
        if not tps:
            fix = "set LEAD_SLA_TOPIC_PREFIX and LEAD_SLA_GROUP as the workers have them"
            raise NoSuchTopic(f"there is no topic {topic}; {fix}")
        consumer.assign(tps)
        await consumer.seek_to_beginning(*tps)
        ends = await consumer.end_offsets(tps)
        shards = {tp: MemoryShard() for tp in tps}
        recoveries = {tp: PartitionRecovery(shard) for tp, shard in shards.items()}
        while True:
            found = await consumer.getmany(timeout_ms=_MORE_MS)
            for tp, records in found.items():
                recoveries[tp].fold(records, records[-1].offset)
            if not found and all([await consumer.position(tp) >= ends[tp] for tp in tps]):
                return _decoded(shards.values())
    finally:
        await consumer.stop()
        await positions.stop()


def _decoded(shards: Iterable[MemoryShard]) -> tuple[list[Case], int]:
    cases, unreadable = [], 0
    for shard in shards:
        for _, packed in shard.items():
            try:
                cases.append(decode_case(packed))
            except UnreadableState:
                unreadable += 1
    return cases, unreadable
