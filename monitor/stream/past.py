"""Reads what stands on a topic, from its beginning to its present end at least, without belonging to a group."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from monitor.stream.positions import Positions

_US_PER_MS = 1_000
_POLL_MS = 500


class NoSuchTopic(Exception):
    """The message names the topic and the settings to look at."""


class Stood(NamedTuple):
    """A record that stood there."""

    where: str
    """`topic[partition]:offset`."""
    value: bytes | None
    headers: Any
    at: int
    """Its timestamp, microseconds since the epoch."""


async def past_of(client: Mapping[str, Any], topic: str, *, probe_ends: bool) -> AsyncIterator[Stood]:
    """Partition by partition mixed, each in its order; what no transaction has committed is left out.

    `client`: connection settings of aiokafka; `probe_ends`: the broker reports end offsets wrongly. Raises NoSuchTopic.
    """
    positions = Positions(client, "", probe_ends=probe_ends)
    consumer = AIOKafkaConsumer(**client, enable_auto_commit=False, isolation_level="read_committed")
    try:
        await consumer.start()
        ends = await positions.ends(topic, await positions.partitions(topic))
        if not ends:
            fix = "set LEAD_SLA_TOPIC_PREFIX and the names of the topics as the workers have them"
            raise NoSuchTopic(f"there is no topic {topic}; {fix}")
        begins = await consumer.beginning_offsets(list(ends))
        unread = {tp: end for tp, end in ends.items() if begins[tp] < end}
        consumer.assign(list(unread))
        for tp in unread:
            consumer.seek(tp, begins[tp])
        async for record in _until(consumer, unread):
            yield record
    finally:
        await consumer.stop()
        await positions.stop()


async def _until(consumer: Any, unread: dict[TopicPartition, int]) -> AsyncIterator[Stood]:
    """A position moves over what is no record of ours, such as the marks of transactions."""
    while unread:
        for tp, records in (await consumer.getmany(timeout_ms=_POLL_MS)).items():
            for record in records:
                where = f"{tp.topic}[{tp.partition}]:{record.offset}"
                yield Stood(where, record.value, record.headers, record.timestamp * _US_PER_MS)
        for tp in list(unread):
            if await consumer.position(tp) >= unread[tp]:
                del unread[tp]
                consumer.pause(tp)
