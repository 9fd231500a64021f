"""Sends records to one partition as few whole batches, each acknowledged as one."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder

Send = tuple[bytes | None, bytes | None, Sequence[tuple[str, bytes | None]]]
"""Key, value, headers."""
State = tuple[bytes, bytes | None]
"""Key and packed state; None: nothing is kept of it any more."""
# What Kafka puts beside key and value of a record, generously.
RECORD_BYTES = 24
# Half of what a broker takes by default in one request: few requests, and none is refused for its size.
BATCH_BYTES_MAX = 524_288
# A dead letter is a record of at most 1 MiB, Kafka's default, and the headers that say what is wrong with it.
REQUEST_BYTES_MAX = 2_097_152


async def send_in_batches(
    producer: AIOKafkaProducer,
    new_builder: Callable[[], BatchBuilder],
    topic: str,
    partition: int,
    records: Iterable[Send],
) -> int | None:
    """Produce in order and wait until the brokers have acknowledged all.

    Returns the offset of the last record, None when there was nothing to send. Raises what the producer's
    futures raise, ValueError for a record that exceeds the largest batch.
    """
    futures: list[asyncio.Future[object]] = []
    builder, count = new_builder(), 0
    for key, value, headers in records:
        if builder.append(timestamp=None, key=key, value=value, headers=list(headers)) is None:
            builder.close()
            futures.append(await producer.send_batch(builder, topic, partition=partition))
            builder, count = new_builder(), 0
            if builder.append(timestamp=None, key=key, value=value, headers=list(headers)) is None:
                raise ValueError(f"a record for {topic} exceeds the largest batch")
        count += 1
    if count:
        builder.close()
        futures.append(await producer.send_batch(builder, topic, partition=partition))
    if not futures:
        return None
    *_, last = await asyncio.gather(*futures)
    return int(last.offset) + count - 1  # type: ignore[attr-defined]


def parts_of(states: Sequence[State]) -> Iterator[Sequence[State]]:
    """These states in parts of which each fits into one record batch, so that all of it arrives or none."""
    begin = size = 0
    for n, (key, packed) in enumerate(states):
        bytes_ = len(key) + len(packed or b"") + RECORD_BYTES
        if n > begin and size + bytes_ > BATCH_BYTES_MAX:
            yield states[begin:n]
            begin, size = n, 0
        size += bytes_
    if begin < len(states):
        yield states[begin:] if begin else states
