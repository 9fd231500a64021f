"""Puts the made-up funnel on the topic of lead events, as time goes by."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Final

from aiokafka import AIOKafkaProducer

from monitor.cli.demo.funnel import Planned, record
from monitor.ports import TimeSource

_US_PER_S: Final = 1_000_000
# A machine that slept, or whose clock was set: the funnel goes on from the new time.
_DRIFT_US_MAX: Final = 1_000_000
# At most so many records await their acknowledgement.
_BATCH_RECORDS_MAX: Final = 500


async def produce(
    producer: AIOKafkaProducer,
    topic: str,
    plan: Iterator[Planned],
    time: TimeSource,
    sent: Callable[[Planned], None],
) -> None:
    """Send every record when it is due, without end; `sent` hears of each that is acknowledged. Raises KafkaError."""
    began_s = time.elapsed_s()
    started_at = time.now_at()
    planned = next(plan)
    while True:
        elapsed_s = time.elapsed_s() - began_s
        now_at = time.now_at() - round(elapsed_s * _US_PER_S)
        if abs(now_at - started_at) > _DRIFT_US_MAX:
            started_at = now_at
        due: list[Planned] = []
        while planned.send_s <= elapsed_s and len(due) < _BATCH_RECORDS_MAX:
            due.append(planned)
            planned = next(plan)
        records = [record(each, started_at) for each in due]
        waiting = [await producer.send(topic, each.value, key=each.key, headers=list(each.headers)) for each in records]
        await asyncio.gather(*waiting)
        for each in due:
            sent(each)
        await asyncio.sleep(max(0.0, planned.send_s - elapsed_s))
