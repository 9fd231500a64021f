"""What a run left behind on its topics, read when everything is over."""

import time
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

READ_S_MAX = 120.0


class Evidence(NamedTuple):
    """Per topic, the records of each partition in the order of their offsets."""

    timeline: dict[int, list[Any]]
    outcomes: dict[int, list[Any]]
    changelog: dict[int, list[Any]]
    dead_letters: dict[int, list[Any]]


async def gather(bootstrap: str, prefix: str, partitions: int, *, committed: bool) -> Evidence:
    """Read all four topics; `committed`: as a reader does that leaves out what no transaction committed."""
    names = ("lead-sla.timeline", "lead-sla.outcomes", "lead-sla-leads-changelog", "lead-sla.dead-letters")
    read = [await read_all(bootstrap, prefix + name, partitions, committed=committed) for name in names]
    return Evidence(*read)


async def read_all(bootstrap: str, topic: str, partitions: int, *, committed: bool) -> dict[int, list[Any]]:
    """Every record that is in the topic now, by partition. Raises TimeoutError when it does not end."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        isolation_level="read_committed" if committed else "read_uncommitted",
    )
    await consumer.start()
    try:
        tps = [TopicPartition(topic, partition) for partition in range(partitions)]
        records: dict[int, list[Any]] = {tp.partition: [] for tp in tps}
        consumer.assign(tps)
        begins, ends = await consumer.beginning_offsets(tps), await consumer.end_offsets(tps)
        for tp in tps:
            consumer.seek(tp, begins[tp])
        until_s = time.monotonic() + READ_S_MAX
        # The position, not the last record: compaction and transactions leave offsets without one.
        while any([await consumer.position(tp) < ends[tp] for tp in tps]):
            if time.monotonic() > until_s:
                raise TimeoutError(f"{topic} was not read to its end within {READ_S_MAX:.0f} s")
            for tp, fetched in (await consumer.getmany(timeout_ms=200)).items():
                records[tp.partition] += fetched
    finally:
        await consumer.stop()
    return records
