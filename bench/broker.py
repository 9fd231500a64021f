"""The brokers of the rows that need one, and topics on them with records in before anything is measured."""

import asyncio
import json
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.history import raw_event
from bench.machine import kafka_version
from bench.sending import producer, send_batches, send_by_lead
from bench.site import PARTITIONS, Site
from monitor.cli.demo.broker import EmbeddedBroker
from monitor.core.advance import TimeAdvanced
from monitor.core.event import Event
from monitor.stream.intake import Topics
from monitor.stream.kafka import KafkaAccess, ensure_topics
from monitor.stream.positions import Positions
from monitor.stream.worker import Worker
from monitor.wire.timeline import encode_event, encode_tick
from tests.support import kafka


class Broker(NamedTuple):
    """One that is running."""

    name: str
    bootstrap: str
    real: bool
    """Apache Kafka, not the embedded stand-in."""

    def site(self) -> Site:
        """Topics that nobody else uses, all of them empty."""
        made = Site(self.bootstrap, f"b{uuid.uuid4().hex[:8]}-", probe_ends=not self.real)
        changelogs = Worker.changelogs_of(made.group)
        asyncio.run(ensure_topics(KafkaAccess(self.bootstrap), topics_of(made), changelogs, 1))
        return made


@contextmanager
def apache_kafka() -> Iterator[Broker]:
    """A real one; see `tests.support.kafka.missing` for what may keep it from running."""
    with (
        tempfile.TemporaryDirectory(prefix="lead-sla-bench-") as folder,
        kafka.KafkaBroker(Path(folder), lives_long=True) as real,
    ):
        yield Broker(kafka_version(), real.bootstrap, real=True)


@contextmanager
def embedded() -> Iterator[Broker]:
    """The one that `make run` uses; it keeps everything in memory."""
    with tempfile.TemporaryDirectory(prefix="lead-sla-bench-") as folder, EmbeddedBroker(Path(folder)) as tansu:
        yield Broker("embedded broker", tansu.bootstrap, real=False)


def topics_of(where: Site) -> Topics:
    """The site's topics as the product names them."""
    return Topics(where.events, PARTITIONS, where.timeline, where.facts, where.outcomes, where.dead_letters, PARTITIONS)


def to_timeline(where: Site, events: Iterable[Event]) -> None:
    """As intake would have written them."""
    _fill(where, where.timeline, ((event.lead, encode_event(event)) for event in events))


def to_timeline_as_json(where: Site, events: Iterable[Event]) -> None:
    """For whoever reads JSON."""
    _fill(where, where.timeline, ((event.lead, json.dumps(event).encode()) for event in events))


def to_events(where: Site, events: Iterable[Event]) -> None:
    """As producers would have sent them."""
    _fill(where, where.events, ((event.lead, raw_event(event)) for event in events))


def to_changelog(where: Site, states: Iterable[tuple[str, bytes]]) -> None:
    """As a judge would have written them."""
    _fill(where, where.changelog, states)


def begin_timeline(where: Site) -> int:
    """One record in each partition, an old tick, for states that say they contain offset 0; how many that makes."""

    async def send() -> None:
        async with producer(where.bootstrap) as sender:
            for partition in range(PARTITIONS):
                tick = (None, encode_tick(TimeAdvanced(1)))
                await asyncio.gather(*await send_batches(sender, where.timeline, partition, [tick]))

    asyncio.run(send())
    return PARTITIONS


def records_in(where: Site, topic: str) -> int:
    """How many records, or markers of transactions, were ever written there."""

    async def ask() -> int:
        positions = Positions({"bootstrap_servers": where.bootstrap}, where.group, probe_ends=where.probe_ends)
        try:
            return sum((await positions.ends(topic, PARTITIONS)).values())
        finally:
            await positions.stop()

    return asyncio.run(ask())


def _fill(where: Site, topic: str, records: Iterable[tuple[str, bytes]]) -> None:
    async def send() -> None:
        async with producer(where.bootstrap) as sender:
            await send_by_lead(sender, topic, PARTITIONS, records)

    asyncio.run(send())
