"""A broker for the rows that need one, topics on it, and records in them before anything is measured."""

import asyncio
import json
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer

from bench.inprocess import raw_event
from monitor.cli.demo.broker import EmbeddedBroker
from monitor.core.event import Event
from monitor.stream.intake import Topics
from monitor.stream.kafka import KafkaAccess, ensure_topics
from monitor.stream.partitioning import partition_of
from monitor.wire.timeline import encode_event
from tests.support import kafka

PARTITIONS = 4
CHILD_S_MAX = 90


class Site(NamedTuple):
    """Where a run happens: a broker, and the names of its own topics and group on it."""

    bootstrap: str
    probe_ends: bool
    prefix: str

    @property
    def topics(self) -> Topics:
        """The topics of this run."""
        names = (self.prefix + name for name in ("timeline", "outcomes", "dead-letters"))
        timeline, outcomes, dead_letters = names
        return Topics(self.prefix + "events", PARTITIONS, timeline, outcomes, dead_letters, PARTITIONS)

    @property
    def changelog(self) -> str:
        """Where states go."""
        return f"{self.prefix}group-leads-changelog"

    @property
    def group(self) -> str:
        """The consumer group."""
        return self.prefix + "group"


@contextmanager
def broker() -> Iterator[tuple[str, str, bool]]:
    """(what it is, its address, whether it reports end offsets wrongly)."""
    with tempfile.TemporaryDirectory(prefix="lead-sla-bench-") as folder:
        if kafka.missing() is None:
            with kafka.KafkaBroker(Path(folder)) as real:
                yield "Apache Kafka 4", real.bootstrap, False
        else:
            with EmbeddedBroker(Path(folder)) as embedded:
                yield f"embedded Tansu, in memory ({kafka.missing()})", embedded.bootstrap, True


def site(bootstrap: str, probe_ends: bool) -> Site:
    """Topics that nobody else uses."""
    made = Site(bootstrap, probe_ends, f"b{uuid.uuid4().hex[:8]}-")
    asyncio.run(ensure_topics(KafkaAccess(bootstrap), made.topics, made.changelog, 1))
    return made


def to_timeline(where: Site, events: Iterable[Event]) -> None:
    """As intake would have written them."""
    _produce(where, where.topics.timeline, ((event, encode_event(event)) for event in events))


def to_timeline_as_json(where: Site, events: Iterable[Event]) -> None:
    """For whoever reads JSON."""
    _produce(where, where.topics.timeline, ((event, json.dumps(event).encode()) for event in events))


def to_events(where: Site, events: Iterable[Event]) -> None:
    """As producers would have sent them."""
    _produce(where, where.topics.events, ((event, raw_event(event)) for event in events))


def child(module: str, where: Site, count: int, *arguments: str) -> dict[str, Any]:
    """Run one contestant as a process of its own; what it prints last is what it measured."""
    command = [sys.executable, "-m", f"bench.{module}", where.bootstrap, where.prefix, str(count), *arguments]
    if where.probe_ends:
        command.append("--probe-ends")
    done = subprocess.run(command, capture_output=True, text=True, timeout=CHILD_S_MAX, check=False)
    if done.returncode:
        raise RuntimeError(f"bench.{module} failed:\n{done.stderr[-3000:]}")
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measured


def _produce(where: Site, topic: str, records: Iterable[tuple[Event, bytes]]) -> None:
    async def send() -> None:
        producer = AIOKafkaProducer(bootstrap_servers=where.bootstrap, linger_ms=20, max_batch_size=131_072)
        await producer.start()
        try:
            sent = [
                await producer.send(
                    topic, value, key=event.lead.encode(), partition=partition_of(event.lead, PARTITIONS)
                )
                for event, value in records
            ]
            await asyncio.gather(*sent)
        finally:
            await producer.stop()

    asyncio.run(send())
