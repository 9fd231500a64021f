"""What one would write by hand in an afternoon: aiokafka, a loop, the bare state machine and a changelog.

It tells and remembers at once and waits for both, so a crash may remember what was never told. It recovers nothing,
knows nothing of rebalances, and judges only what the bare machine can.
"""

import asyncio
import json
import sys
from collections import defaultdict
from time import monotonic, process_time
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from bench.bare import BareMachine
from bench.sending import producer, send_batches
from bench.site import Site, contestant_arguments, site_of
from monitor.core.event import Event
from monitor.wire.timeline import decode_record


async def run(where: Site, count: int) -> dict[str, Any]:
    """Seconds from the first record until all outcomes and states are acknowledged and the offsets are committed."""
    machines: defaultdict[TopicPartition, BareMachine] = defaultdict(BareMachine)
    consumer = AIOKafkaConsumer(
        where.timeline,
        bootstrap_servers=where.bootstrap,
        group_id=where.group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=6_000,
        heartbeat_interval_ms=1_000,
        fetch_max_wait_ms=100,
    )
    began: tuple[float, float] | None = None
    async with consumer, producer(where.bootstrap) as sender:
        while count > 0:
            fetched = await consumer.getmany(timeout_ms=200)
            if fetched and began is None:
                began = monotonic(), process_time()
            acknowledged: list[asyncio.Future[Any]] = []
            for tp, records in fetched.items():
                acknowledged += await judge(where, sender, tp.partition, machines[tp], records)
                count -= len(records)
            await asyncio.gather(*acknowledged)
            await consumer.commit()
        began_s, began_processor_s = began or (0.0, 0.0)
        return {"seconds": monotonic() - began_s, "processor_s": process_time() - began_processor_s, "last": True}


async def judge(
    where: Site, sender: AIOKafkaProducer, partition: int, machine: BareMachine, records: list[Any]
) -> list[asyncio.Future[Any]]:
    """One batch of one partition, on its way when this returns."""
    events = [event for record in records if isinstance(event := decode_record(record.value), Event)]
    verdicts = list(machine.run(events))
    touched = {event.lead for event in events} | {verdict["lead"] for verdict in verdicts}
    outcomes = ((verdict["lead"].encode(), msgspec.json.encode(verdict)) for verdict in verdicts)
    states = ((name.encode(), msgspec.msgpack.encode(machine.leads[name])) for name in touched)
    told = await send_batches(sender, where.outcomes, partition, outcomes)
    return told + await send_batches(sender, where.changelog, partition, states)


def main() -> None:
    """Nothing beside the site."""
    given = contestant_arguments().parse_args()
    measured = asyncio.run(run(site_of(given), given.count))
    sys.stdout.write(json.dumps(measured) + "\n")


main()
