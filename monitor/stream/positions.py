"""What the brokers know of topics and of this group's progress: the ends, what is committed, who is behind."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

# Reading one batch from a local broker takes milliseconds; this only bounds a broker that never answers.
PROBE_S_MAX = 5.0


class Positions:
    """Questions to the brokers, over connections of its own."""

    def __init__(self, client: Mapping[str, Any], group: str, *, probe_ends: bool) -> None:
        """`client`: connection settings of aiokafka; `probe_ends`: the broker reports end offsets wrongly."""
        self._client = dict(client)
        self._group = group
        self._probe_ends = probe_ends
        self._lock = asyncio.Lock()
        self._connections: tuple[AIOKafkaConsumer, AIOKafkaAdminClient] | None = None

    async def stop(self) -> None:
        """Close the connections."""
        async with self._lock:
            if self._connections is not None:
                consumer, admin = self._connections
                self._connections = None
                await consumer.stop()
                await admin.close()

    async def partitions(self, topic: str) -> int:
        """How many the topic has; 0: there is no such topic."""
        async with self._lock:
            _, admin = await self._connected()
            if topic not in await admin.list_topics():
                return 0
            (described,) = await admin.describe_topics([topic])
        return len(described["partitions"])

    async def ends(self, topic: str, partitions: int) -> dict[TopicPartition, int]:
        """Per partition, the offset after the last record that is readable now."""
        tps = [TopicPartition(topic, partition) for partition in range(partitions)]
        async with self._lock:
            consumer, _ = await self._connected()
            reported = dict(await consumer.end_offsets(tps))
        return await self.true_ends(reported)

    async def true_ends(self, reported: Mapping[Any, int]) -> dict[Any, int]:
        """The same keys with the true ends.

        The embedded broker reports the first offset of the last batch + 1; reading that batch tells the end.
        """
        ends = dict(reported)
        if not self._probe_ends:
            return ends
        keys = {TopicPartition(key.topic, key.partition): key for key, end in ends.items() if end}
        if not keys:
            return ends
        async with self._lock:
            consumer, _ = await self._connected()
            consumer.assign(list(keys))
            for tp, key in keys.items():
                consumer.seek(tp, ends[key] - 1)
            unread = set(keys)
            async with asyncio.timeout(PROBE_S_MAX):
                while unread:
                    for tp, records in (await consumer.getmany(timeout_ms=200)).items():
                        if records:
                            ends[keys[tp]] = max(ends[keys[tp]], records[-1].offset + 1)
                            unread.discard(tp)
            consumer.assign([])
        return ends

    async def unread(self, ends: Mapping[TopicPartition, int]) -> list[TopicPartition]:
        """The partitions of which the group has not yet committed everything before these ends."""
        async with self._lock:
            consumer, admin = await self._connected()
            found = await admin.list_consumer_group_offsets(self._group, partitions=list(ends))
            behind = [tp for tp, end in ends.items() if _committed(found, tp) < end]
            if not behind:
                return []
            begins = await consumer.beginning_offsets(behind)
        # Nothing was ever committed where nothing is left to read.
        return [tp for tp in behind if max(_committed(found, tp), begins[tp]) < ends[tp]]

    async def lags(self, topics: Iterable[tuple[str, int]]) -> dict[TopicPartition, tuple[int, int]]:
        """What the group has committed and how many records follow, per partition of (topic, count) pairs."""
        ends: dict[TopicPartition, int] = {}
        for topic, partitions in topics:
            ends |= await self.ends(topic, partitions)
        async with self._lock:
            _, admin = await self._connected()
            found = await admin.list_consumer_group_offsets(self._group, partitions=list(ends))
        read = {tp: max(_committed(found, tp), 0) for tp in ends}
        return {tp: (read[tp], max(0, end - read[tp])) for tp, end in ends.items()}

    async def _connected(self) -> tuple[AIOKafkaConsumer, AIOKafkaAdminClient]:
        if self._connections is None:
            consumer = AIOKafkaConsumer(
                **self._client, enable_auto_commit=False, isolation_level="read_committed", fetch_max_wait_ms=50
            )
            await consumer.start()
            admin = AIOKafkaAdminClient(**self._client)
            await admin.start()
            self._connections = consumer, admin
        return self._connections


def _committed(found: Mapping[TopicPartition, Any], tp: TopicPartition) -> int:
    position = found.get(tp)
    return -1 if position is None else int(position.offset)
