"""Sending many records quickly, with nothing but aiokafka: whole batches to one partition, a future for each."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from aiokafka import AIOKafkaProducer

from monitor.stream.partitioning import partition_of

# A million records wait as batches of half a megabyte, some of them at a time.
BATCH_BYTES_MAX = 524_288
RECORDS_AT_ONCE = 50_000


def producer(bootstrap: str) -> AIOKafkaProducer:
    """One that waits for all replicas, and for nothing before it sends."""
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", max_batch_size=BATCH_BYTES_MAX, max_request_size=2 * BATCH_BYTES_MAX
    )


async def send_batches(
    sender: AIOKafkaProducer, topic: str, partition: int, records: Iterable[tuple[bytes | None, bytes]]
) -> list[asyncio.Future[Any]]:
    """Hand over what is to be acknowledged; the futures say when it was."""
    futures = []
    batch = sender.create_batch()
    for key, value in records:
        if batch.append(timestamp=None, key=key, value=value) is None:
            batch.close()
            futures.append(await sender.send_batch(batch, topic, partition=partition))
            batch = sender.create_batch()
            batch.append(timestamp=None, key=key, value=value)
    if batch.record_count():
        batch.close()
        futures.append(await sender.send_batch(batch, topic, partition=partition))
    return futures


async def send_by_lead(
    sender: AIOKafkaProducer, topic: str, partitions: int, records: Iterable[tuple[str, bytes]]
) -> None:
    """(lead, value) records, each to its lead's partition, acknowledged when this returns."""
    by_partition: defaultdict[int, list[tuple[bytes | None, bytes]]] = defaultdict(list)

    async def flush() -> None:
        futures = []
        for partition, waiting in by_partition.items():
            futures += await send_batches(sender, topic, partition, waiting)
        by_partition.clear()
        await asyncio.gather(*futures)

    for n, (lead, value) in enumerate(records, 1):
        by_partition[partition_of(lead, partitions)].append((lead.encode(), value))
        if n % RECORDS_AT_ONCE == 0:
            await flush()
    await flush()
