"""The Faust application of a worker: settings that were measured, batch transport, tables of packed states."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import faust
from faust.types.tuples import TP

from monitor.stream.engine.batches import BATCH_BYTES_MAX, REQUEST_BYTES_MAX
from monitor.stream.engine.lanes import Batch, Lanes
from monitor.stream.engine.ownership import Ownership
from monitor.stream.engine.producer import Producer
from monitor.stream.engine.shards import Shard
from monitor.stream.engine.store import PartitionStore
from monitor.stream.engine.transport import BatchSchema, Transport
from monitor.telemetry.engine import EngineMetrics


@dataclass(frozen=True)
class EngineSettings:
    """What the engine must know; times in seconds."""

    group: str
    bootstrap_servers: str
    partitions: int
    session_s: float
    commit_s: float
    advertised_url: str
    metrics: EngineMetrics
    credentials: Any = None
    tables: tuple[str, ...] = field(kw_only=True)
    open_shard: Callable[[str, int], Shard] = field(kw_only=True)
    """The shard of a table and partition."""
    elapsed_s: Callable[[], float] = field(kw_only=True)
    true_ends: Callable[[Mapping[TP, int]], Awaitable[dict[TP, int]]] = field(kw_only=True)
    on_taken: Callable[[list[int]], Awaitable[None]] = field(kw_only=True)
    """Partitions were assigned and their states are not yet read. May raise KafkaError, TimeoutError."""
    on_given_up: Callable[[], Awaitable[None]] = field(kw_only=True)
    on_shards_ready: Callable[[str, list[int]], Awaitable[None]] = field(kw_only=True)
    """The states of these partitions of a table are read; judging begins when it has returned for every table."""
    committed_elsewhere: frozenset[str] = field(kw_only=True, default=frozenset())
    """Topics whose offsets are committed by whoever does the work on them."""


class StateTable(faust.Table):  # type: ignore[misc]
    """A Faust table whose store keeps packed bytes per partition."""

    def _new_store(self) -> PartitionStore:
        engine: EngineSettings = self.app.engine
        return PartitionStore(
            "lead-sla://", self.app, self,
            open_shard=partial(engine.open_shard, self.name), on_ready=partial(engine.on_shards_ready, self.name),
        )  # fmt: skip


class LeadApp(faust.App):  # type: ignore[misc]
    """One worker: agents that take whole-partition batches, and the tables of what they remember."""

    def __init__(self, engine: EngineSettings) -> None:
        self.engine = engine
        self.metrics = engine.metrics
        self.ownership = Ownership(engine.session_s, engine.elapsed_s, engine.metrics)
        self.elapsed_s = engine.elapsed_s
        self.true_ends = engine.true_ends
        self.committed_elsewhere = engine.committed_elsewhere
        self.continuous_topics: set[str] = set()
        """Topics that only we write: a hole in them is a loss."""
        self._lanes: list[Lanes] = []
        super().__init__(**_faust_settings(engine))
        self.transport = Transport(self.conf.broker_consumer, self)
        self.producer_transport = Transport(self.conf.broker_producer, self)
        self._tables = {name: self._table(name) for name in engine.tables}

    def _table(self, name: str) -> StateTable:
        table = StateTable(
            self,
            name=name,
            partitions=self.engine.partitions,
            key_type=bytes,
            value_type=bytes,
            recovery_buffer_size=4,  # 1 makes Faust read the live changelog back over newer state
        )
        self.tables.add(table)
        return table

    def changelog_topic(self, table: str) -> str:
        """The compacted topic that a table is recovered from."""
        name: str = self._tables[table].changelog_topic.get_topic_name()
        return name

    def shard(self, table: str, partition: int) -> Shard:
        """The states of one partition of a table."""
        store: PartitionStore = self._tables[table].data
        return store.shard(partition)

    def take_stale(self, table: str, partition: int) -> list[tuple[bytes, bytes]]:
        """See PartitionStore.take_stale."""
        store: PartitionStore = self._tables[table].data
        return store.take_stale(partition)

    def take_batches(
        self,
        name: str,
        topic: str,
        work: Callable[[Batch], Awaitable[None]],
        *,
        drained: bool = True,
        continuous: bool = False,
    ) -> None:
        """Register an agent whose `work` gets each batch of the topic; see Lanes and Continuity."""
        if continuous:
            self.continuous_topics.add(topic)
        lanes = Lanes(work, self.ownership, self.crash, self.metrics, drained=drained)
        self._lanes.append(lanes)

        async def take(stream: Any) -> None:
            async for event in stream.noack().events():
                lanes.put(event, self.consumer)

        self.agent(self.topic(topic, schema=BatchSchema(key_type=bytes, value_type=bytes)), name=name)(take)

    def _create_directories(self) -> None:
        """Faust's folders for table files: the store keeps its own."""

    async def partitions_taken(self, assigned: set[TP]) -> None:
        """See Host."""
        await self.engine.on_taken(sorted({tp.partition for tp in assigned if tp.topic in self.continuous_topics}))

    async def partitions_given_up(self) -> None:
        """See Host."""
        await self.engine.on_given_up()

    def owner_url(self, table: str, partition: int) -> str | None:
        """Base URL of the worker that has this partition of a table; None while it is not known."""
        url = self.assignor._tps_url.get(TP(self.changelog_topic(table), partition))
        return None if url is None else str(url)

    def worker_urls(self) -> set[str]:
        """Base URLs of all workers that have partitions, as far as they are known."""
        return {str(url) for url in self.assignor._tps_url.values()}

    async def until_crashed(self) -> None:
        """Return when the engine has crashed; `crash_reason` then says with what."""
        await self._crashed.wait()

    def recovery_left(self) -> int | None:
        """Changelog offsets still to be read; None while nothing is being recovered."""
        return self.tables.recovery.active_remaining_total() if self.in_recovery else None

    def drop_queued(self) -> None:
        """Forget every batch that no lane has begun."""
        for lanes in self._lanes:
            lanes.drop_queued()

    async def send_all(self, topic: str, partition: int, records: Any, epoch: int | None) -> int | None:
        """See Producer.send_all; raises Fenced, too, when it is not certain that nobody else wrote in between.

        A worker that was paused may have bytes in its buffers that leave when it goes on, behind those of the new
        owner. If it remembered their offset, it would skip what the new owner wrote.
        """
        producer: Producer = self.producer
        offset = await producer.send_all(topic, partition, records, epoch)
        if epoch is not None:
            await self.ownership.may_write(epoch)
        return offset

    async def quiesce(self) -> None:
        """Before stopping: finish what has begun and commit it. Nothing is written any more once the group is left."""
        if self._consumer is not None and not (self.crashed or self.rebalancing) and self.consumer.assignment():
            await self.consumer.quiesce()
        self.ownership.next_epoch()


def _faust_settings(engine: EngineSettings) -> dict[str, Any]:
    """What Faust is told; docs/internals/engine.md says why."""
    return {
        "id": engine.group,
        "broker": [f"kafka://{server.strip()}" for server in engine.bootstrap_servers.split(",")],
        "broker_credentials": engine.credentials,
        "canonical_url": engine.advertised_url,
        "autodiscover": False,
        "datadir": None,
        "store": "memory://",
        "topic_partitions": engine.partitions,
        "topic_disable_leader": True,
        "topic_allow_declare": False,
        "table_standby_replicas": 0,
        "web_enabled": False,
        "broker_session_timeout": engine.session_s,
        "broker_heartbeat_interval": engine.session_s / 6,
        "broker_rebalance_timeout": max(6.0, engine.session_s),
        "broker_request_timeout": max(30.0, engine.session_s),
        "broker_commit_interval": engine.commit_s,
        "broker_commit_livelock_soft_timeout": 300.0,
        "consumer_auto_offset_reset": "earliest",
        "consumer_max_fetch_size": 1_048_576,
        "stream_buffer_maxsize": 256,
        "stream_wait_empty": False,
        "stream_recovery_delay": 0.0,
        "producer_acks": -1,
        "producer_linger": 0,
        "producer_max_batch_size": BATCH_BYTES_MAX,
        "producer_max_request_size": REQUEST_BYTES_MAX,
    }
