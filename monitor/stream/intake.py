"""Intake: decode, validate, re-key by lead to the timeline, or by ledger to the facts; dead letters for the rest."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, NamedTuple, Protocol

from faust.types.tuples import TP

from monitor.core.ledger import LEDGER_OF
from monitor.stream.engine.batches import Send
from monitor.stream.engine.lanes import Batch
from monitor.stream.partitioning import partition_of
from monitor.telemetry.metrics import Metrics
from monitor.wire.dead_letter import dead_letter
from monitor.wire.fact import encode_entry
from monitor.wire.lead_event import InvalidRecord, TimeLimits, decode
from monitor.wire.timeline import encode_event

# A record's timestamp is its producer's word, unless the topic has another rule. It is not believed further ahead of
# the present than this: more than a day no two clocks differ that anybody has set.
AHEAD_US_MAX: Final = 86_400_000_000


class Topics(NamedTuple):
    """Names and sizes of the topics."""

    events: str
    events_partitions: int
    timeline: str
    facts: str
    outcomes: str
    dead_letters: str
    partitions: int

    def __str__(self) -> str:
        own = ", ".join((self.timeline, self.facts, self.outcomes, self.dead_letters))
        return f"{self.events} with {self.events_partitions} partitions; {own} with {self.partitions} each"


class SendAll(Protocol):
    """Sends records to one partition and returns when the broker has them all."""

    def __call__(self, topic: str, partition: int, records: Sequence[Send], epoch: int | None) -> Awaitable[int | None]:
        """See `monitor.stream.engine.producer.Producer.send_all`."""
        ...


class Intake:
    """The agent on the topic of lead events."""

    def __init__(
        self, topics: Topics, limits: TimeLimits, send_all: SendAll, now_at: Callable[[], int], metrics: Metrics
    ) -> None:
        """`now_at`: by the clock of the brokers as far as it is known, microseconds since the epoch."""
        self._topics = topics
        self._now_at = now_at
        self._limits = limits
        self._send_all = send_all
        self._metrics = metrics

    async def take(self, batch: Batch) -> None:
        """Return when every record is in the timeline, the facts or dead letters, acknowledged by the broker."""
        by_partition: defaultdict[tuple[str, int], list[Send]] = defaultdict(list)
        dead: list[Send] = []
        believed_at = self._now_at() + AHEAD_US_MAX
        for record in batch.records:
            try:
                event = decode(record.value, record.headers, min(record.timestamp * 1_000, believed_at), self._limits)
            except InvalidRecord as invalid:
                dead.append(letter(batch.tp, record, invalid.reason, invalid.detail))
                self._metrics.event_read("unknown", "dead_letter")
                self._metrics.dead_lettered(invalid.reason)
                continue
            self._metrics.event_read(event.type, "accepted")
            if ledger := LEDGER_OF.get(event.type):
                topic, key, value = self._topics.facts, ledger, encode_entry(event)
            else:
                topic, key, value = self._topics.timeline, event.lead, encode_event(event)
            by_partition[topic, partition_of(key, self._topics.partitions)].append((key.encode(), value, ()))
        # Any worker may repeat these, even one that is superseded: the judge knows an event by its id.
        sends = [
            self._send_all(topic, partition, records, None) for (topic, partition), records in by_partition.items()
        ]
        if dead:
            partition = batch.tp.partition % self._topics.partitions
            sends.append(self._send_all(self._topics.dead_letters, partition, dead, None))
        await asyncio.gather(*sends)


def letter(tp: TP, record: Any, reason: str, detail: str) -> Send:
    """The dead letter of one Kafka record of that topic and partition."""
    return dead_letter(
        key=record.key,
        value=record.value,
        headers=record.headers,
        reason=reason,
        detail=detail,
        topic=tp.topic,
        partition=tp.partition,
        offset=record.offset,
        timestamp_ms=record.timestamp,
    )
