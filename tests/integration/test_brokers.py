"""What the monitor relies on in a broker, and where the embedded one differs; an upgrade that changes it shows here."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaConnectionError

from monitor.cli.demo.broker import EmbeddedBroker
from tests.support.kafka import KafkaBroker

AnyBroker = EmbeddedBroker | KafkaBroker


@asynccontextmanager
async def admin_of(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def create_topic(bootstrap: str, name: str, partitions: int = 1) -> TopicPartition:
    async with admin_of(bootstrap) as admin:
        await admin.create_topics([NewTopic(name, num_partitions=partitions, replication_factor=1)])
    return TopicPartition(name, 0)


async def send_batch(bootstrap: str, partition: TopicPartition, values: list[bytes]) -> None:
    """All in one record batch, acknowledged."""
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        batch = producer.create_batch()
        for value in values:
            assert batch.append(key=b"k", value=value, timestamp=None) is not None
        await (await producer.send_batch(batch, partition.topic, partition=partition.partition))


async def read(bootstrap: str, partition: TopicPartition, count: int) -> list[bytes]:
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        consumer.assign([partition])
        return [(await consumer.getone()).value for _ in range(count)]


async def test_what_was_acknowledged_is_read_in_order(broker: AnyBroker, prefix: str) -> None:
    partition = await create_topic(broker.bootstrap, prefix + "order")
    values = [str(n).encode() for n in range(50)]
    for part in (values[:20], values[20:]):
        await send_batch(broker.bootstrap, partition, part)
    assert await read(broker.bootstrap, partition, 50) == values


async def test_key_timestamp_and_headers_survive(broker: AnyBroker, prefix: str) -> None:
    partition = await create_topic(broker.bootstrap, prefix + "headers")
    headers = [("ce_type", b"lead.created"), ("empty", b""), ("bytes", b"\x00\xff")]
    async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap) as producer:
        await producer.send_and_wait(
            partition.topic, b"value", key=b"\x00key", partition=0, timestamp_ms=1_790_000_000_000, headers=headers
        )
    async with AIOKafkaConsumer(bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest") as consumer:
        consumer.assign([partition])
        record = await consumer.getone()
    assert (record.key, record.value, record.timestamp) == (b"\x00key", b"value", 1_790_000_000_000)
    assert list(record.headers) == headers


async def test_an_empty_partition_ends_at_zero(broker: AnyBroker, prefix: str) -> None:
    partition = await create_topic(broker.bootstrap, prefix + "empty")
    assert await end_offset(broker.bootstrap, partition) == 0


async def test_kafka_reports_the_end_of_the_last_batch(kafka: KafkaBroker, prefix: str) -> None:
    partition = await create_topic(kafka.bootstrap, prefix + "end")
    await send_batch(kafka.bootstrap, partition, [b"a", b"b", b"c"])
    await send_batch(kafka.bootstrap, partition, [b"d", b"e", b"f", b"g"])
    assert await end_offset(kafka.bootstrap, partition) == 7


async def test_the_embedded_broker_reports_the_start_of_the_last_batch_plus_one(
    embedded: EmbeddedBroker, prefix: str
) -> None:
    # Not what the protocol says. Whoever waits for an end offset must also read that batch to its end.
    partition = await create_topic(embedded.bootstrap, prefix + "end")
    await send_batch(embedded.bootstrap, partition, [b"a", b"b", b"c"])
    await send_batch(embedded.bootstrap, partition, [b"d", b"e", b"f", b"g"])
    assert await end_offset(embedded.bootstrap, partition) == 4
    assert len(await read(embedded.bootstrap, partition, 7)) == 7


async def end_offset(bootstrap: str, partition: TopicPartition) -> int:
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap) as consumer:
        return int((await consumer.end_offsets([partition]))[partition])


async def test_a_groups_committed_offsets_can_be_read_by_another_client(broker: AnyBroker, prefix: str) -> None:
    partition = await create_topic(broker.bootstrap, prefix + "committed", partitions=2)
    never_committed = TopicPartition(partition.topic, 1)
    group = prefix + "group"
    await commit(broker.bootstrap, group, partition, 2)
    async with admin_of(broker.bootstrap) as admin:
        committed = await admin.list_consumer_group_offsets(group, partitions=[partition, never_committed])
    assert {at: known.offset for at, known in committed.items()} == {partition: 2, never_committed: -1}


async def test_kafka_lists_a_groups_offsets_without_naming_partitions(kafka: KafkaBroker, prefix: str) -> None:
    partition = await create_topic(kafka.bootstrap, prefix + "all")
    await commit(kafka.bootstrap, prefix + "group", partition, 2)
    async with admin_of(kafka.bootstrap) as admin:
        committed = await admin.list_consumer_group_offsets(prefix + "group")
    assert {at: known.offset for at, known in committed.items()} == {partition: 2}


async def test_the_embedded_broker_must_be_told_which_partitions(embedded: EmbeddedBroker, prefix: str) -> None:
    # Its answer to "all of them" is shorter than the protocol says; so always name the partitions.
    async with admin_of(embedded.bootstrap) as admin:
        with pytest.raises(KafkaConnectionError):
            await admin.list_consumer_group_offsets(prefix + "group")


async def commit(bootstrap: str, group: str, partition: TopicPartition, offset: int) -> None:
    async with AIOKafkaConsumer(
        partition.topic,
        bootstrap_servers=bootstrap,
        group_id=group,
        enable_auto_commit=False,
        session_timeout_ms=6_000,
        rebalance_timeout_ms=6_000,
        heartbeat_interval_ms=1_000,
    ) as consumer:
        while partition not in consumer.assignment():
            await asyncio.sleep(0.05)
        await consumer.commit({partition: offset})


@pytest.mark.kafka
async def test_kafka_keeps_acknowledged_records_over_a_crash(tmp_path: Path, prefix: str) -> None:
    with KafkaBroker(tmp_path / "kafka") as broker:
        partition = await create_topic(broker.bootstrap, prefix + "kept")
        await send_batch(broker.bootstrap, partition, [b"before the crash"])
        broker.kill()
        broker.restart()
        await send_batch(broker.bootstrap, partition, [b"after it"])
        assert await read(broker.bootstrap, partition, 2) == [b"before the crash", b"after it"]


@pytest.mark.embedded
async def test_the_embedded_broker_forgets_everything_when_it_stops(tmp_path: Path, prefix: str) -> None:
    broker = EmbeddedBroker(tmp_path)
    try:
        partition = await create_topic(broker.start(), prefix + "lost")
        await send_batch(broker.bootstrap, partition, [b"a"])
        broker.stop()
        async with admin_of(broker.start()) as admin:
            topics = await admin.list_topics()
    finally:
        broker.stop()
    assert partition.topic not in topics
