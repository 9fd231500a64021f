"""A worker of the simulation: the product's own classes, put together over the model of Kafka."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from types import SimpleNamespace
from typing import Any, NamedTuple

from aiokafka.errors import KafkaError, RequestTimedOutError
from faust.types.tuples import TP

from monitor.core.casework import Directions
from monitor.core.policy import Policy
from monitor.stream import transactional
from monitor.stream.desk import Desk
from monitor.stream.dispatcher import Dispatcher
from monitor.stream.durably import AtLeastOnce, Durably
from monitor.stream.engine.app import LeadApp
from monitor.stream.engine.lanes import Lanes
from monitor.stream.engine.ownership import Ownership, SelfFenced
from monitor.stream.engine.shards import MemoryShard, Shard
from monitor.stream.engine.store import PartitionStore
from monitor.stream.intake import Intake, Topics
from monitor.stream.judge import Judge
from monitor.stream.partition_judge import NO_NAMES
from monitor.stream.ticker import Ticker
from monitor.stream.worker import LEADS, NOTICES, QUOTAS, Worker
from monitor.telemetry.metrics import Metrics
from monitor.wire.lead_event import TimeLimits
from tests.simulation.clients import JUDGES, LOST, TIMELINE, PlainProducer, Positions, Reader, TransactionalProducer
from tests.simulation.kafka import Assignment, Cluster
from tests.simulation.people import People
from tests.simulation.world import START_AT, Process, World

SESSION_S = 6.0
COMMIT_S = 0.2
FINISH_S = 1.0
CHANGELOG, BOOKS, CASES = JUDGES[1:]
CHANGELOGS = {LEADS: CHANGELOG, QUOTAS: BOOKS, NOTICES: CASES}
TOPICS = Topics("events", 2, TIMELINE, "facts", JUDGES[0], "dead-letters", 3)
METRICS = Metrics(version="simulated")
LIMITS = TimeLimits(future_us=2**62, past_us=2**62)


class Time(NamedTuple):
    """TimeSource of a world."""

    world: World

    def now_at(self) -> int:
        """Wall clock, microseconds."""
        return START_AT + round(self.world.now_s * 1e6)

    def elapsed_s(self) -> float:
        """Monotonic seconds."""
        return self.world.now_s


class Message(NamedTuple):
    """A piece of a changelog partition."""

    partition: int
    offset: int
    value: list[Any]


class App:
    """What the engine's parts need of the application."""

    send_all = LeadApp.send_all
    quiesce = LeadApp.quiesce
    crashed = rebalancing = False
    continuous_topics = frozenset({TOPICS.timeline, TOPICS.facts})
    log = logging.getLogger("simulation")
    flow_control = SimpleNamespace(suspend=lambda: None, clear=lambda: None)
    monitor = SimpleNamespace(track_tp_end_offset=lambda tp, offset: None)
    topics = SimpleNamespace(acks_enabled_for=lambda topic: True)

    def __init__(
        self, process: Process, cluster: Cluster, time: Time, crashed: Callable[[BaseException], None]
    ) -> None:
        self.metrics = METRICS.engine
        self.ownership = Ownership(SESSION_S, time.elapsed_s, METRICS.engine)
        self.producer = PlainProducer(process, cluster, self)
        self.committed_elsewhere: frozenset[str] = frozenset()
        self.lanes: list[Lanes] = []
        self.stores: dict[str, PartitionStore]
        self.consumer: Reader
        self._consumer: Reader
        self._crashed = crashed

    async def crash(self, reason: BaseException) -> None:
        """The process will end soon."""
        self._crashed(reason)

    def shard(self, table: str, partition: int) -> Shard:
        """See LeadApp."""
        return self.stores[table].shard(partition)

    def take_stale(self, table: str, partition: int) -> list[tuple[bytes, bytes]]:
        """See LeadApp."""
        return self.stores[table].take_stale(partition)

    def drop_queued(self) -> None:
        """See LeadApp."""
        for lanes in self.lanes:
            lanes.drop_queued()


class SimulatedWorker(Worker):
    """Faust's part is modelled here, ours is inherited."""

    def __init__(
        self,
        process: Process,
        cluster: Cluster,
        policy: Policy,
        open_shard: Callable[[str, int], Shard],
        crashed: Callable[[BaseException], None],
        *,
        by_transactions: bool,
        people: People,
    ) -> None:
        self._process = process
        self._cluster = cluster
        self._time = Time(process.world)
        self._metrics = METRICS
        self._assigned_s = 0.0
        self._watch: Any = SimpleNamespace(revoked=lambda: None)
        self._app: Any = (app := App(process, cluster, self._time, crashed))
        self._settings: Any = SimpleNamespace(topics=TOPICS, names=NO_NAMES)
        app.stores = {table: self._store(table, open_shard) for table in CHANGELOGS}
        if by_transactions:
            app.committed_elsewhere = frozenset({TOPICS.timeline, TOPICS.facts})
            transactional.AIOKafkaProducer = TransactionalProducer
        make = self._by_transactions if by_transactions else self._at_least_once
        self._durably = {
            LEADS: make(LEADS, TOPICS.timeline),
            QUOTAS: make(QUOTAS, TOPICS.facts),
            NOTICES: self._at_least_once(NOTICES, TOPICS.outcomes),
        }
        self._judge = Judge(policy, self._lead_judge, self._durably[LEADS], self._time, METRICS)
        self._bookkeeper = Judge(policy, self._book_judge, self._durably[QUOTAS], self._time, METRICS)
        positions: Any = Positions(process, cluster)
        self._ticker = Ticker(
            TOPICS, lambda: self._judge.partitions, lambda: self._bookkeeper.partitions, lambda: app.ownership.epoch,
            positions, app.send_all, self._time, METRICS,
        )  # fmt: skip
        self._judge.on_judged = partial(self._ticker.judged, TOPICS.timeline)
        self._bookkeeper.on_judged = partial(self._ticker.judged, TOPICS.facts)
        outlets = people.outlets(process)
        self._desk = Desk(
            TOPICS, CASES, partial(app.shard, NOTICES), Directions(policy.notices, outlets.reach), outlets,
            app.send_all, lambda: app.ownership.epoch, lambda: self.reader.generation, METRICS,
        )  # fmt: skip
        self._dispatcher = Dispatcher(
            self._desk, outlets, self._lead, self._of_one_assignment, self._time, METRICS,
            share=process.world.rng.random,
        )  # fmt: skip
        intake = Intake(TOPICS, LIMITS, app.send_all, self._ticker.now_at, METRICS)
        put = {
            TOPICS.events: self._lane(intake.take),
            TOPICS.timeline: self._lane(self._judge.take),
            TOPICS.facts: self._lane(self._bookkeeper.take),
            TOPICS.outcomes: self._lane(self._desk.take),
        }
        self.reader = app.consumer = app._consumer = Reader(process, cluster, app, put)
        self._recovering: asyncio.Task[None] | None = None
        self._ticking: asyncio.Task[None]

    @property
    def overlaps(self) -> list[str]:
        """See Socket."""
        found: list[str] = self._app.producer.socket.overlaps
        return found

    def _store(self, table: str, open_shard: Callable[[str, int], Shard]) -> PartitionStore:
        named = SimpleNamespace(name=table, changelog_topic_name=CHANGELOGS[table])
        return PartitionStore(
            "lead-sla://", self._app, named, open_shard=partial(open_shard, table),
            on_ready=partial(self._recovered, table), loop=self._process.loop,
        )  # fmt: skip

    def _at_least_once(self, table: str, source: str) -> Durably:
        return AtLeastOnce(TOPICS, source, CHANGELOGS[table], self._app.send_all, self._time, METRICS.engine)

    def _by_transactions(self, table: str, source: str) -> Durably:
        app, client = self._app, {"process": self._process, "cluster": self._cluster}
        return transactional.Transactional(
            client, "group", table, TOPICS, source, CHANGELOGS[table], app.send_all, lambda: app.ownership.epoch,
            self._time, METRICS.engine,
        )  # fmt: skip

    def _lane(self, work: Callable[[Any], Awaitable[None]]) -> Callable[..., None]:
        lanes = Lanes(work, self._app.ownership, self._app.crash, METRICS.engine, drained=True)
        self._app.lanes.append(lanes)
        return lanes.put

    async def live(self) -> None:
        """From start until the process ends."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._ticking = tasks.create_task(self._ticker.run())
                tasks.create_task(self._dispatcher.run())
                tasks.create_task(self._commit())
                while True:
                    await self._assigned(await self._join())
                    await self._beat()
                    await self._revoked()
        except ExceptionGroup as group:
            await self._app.crash(group.exceptions[0])
        except Exception as error:
            await self._app.crash(error)

    async def terminate(self) -> None:
        """As on SIGTERM."""
        self._ticking.cancel()
        if self._recovering is not None:
            self._recovering.cancel()
        await self._dispatcher.finish(FINISH_S)
        await self._app.quiesce()
        await self._end_writing()
        name = self._process.name
        await self._process.ask("group", lambda reply: self._cluster.group.leave(name, reply))

    async def _join(self) -> Assignment:
        """Join, and fetch the assignment: the lease counts from when it was asked for, as in ConsumerThread."""
        name, group = self._process.name, self._cluster.group
        while True:
            try:
                generation = await self._process.ask("group", lambda reply: group.join(name, reply), LOST)
                asked_s = self._time.elapsed_s()
                assignment: Assignment | None = await self._process.ask(
                    "group", lambda reply, n=generation: group.sync(name, n, reply), LOST
                )
            except RequestTimedOutError:
                continue
            if assignment is not None:
                self._app.ownership.heard(asked_s)
                return assignment

    async def _assigned(self, assignment: Assignment) -> None:
        self.reader.generation = assignment.generation
        mine = [tp.partition for tp in assignment.partitions if tp.topic == TOPICS.timeline]
        await self._taken(mine)
        self._recovering = asyncio.create_task(self._recover(mine, assignment))

    async def _recover(self, partitions: list[int], assignment: Assignment) -> None:
        try:
            for table, changelog in CHANGELOGS.items():
                for partition in partitions:
                    await self._read_changelog(self._app.stores[table], TP(changelog, partition))
            # Faust does not stop these when another assignment comes.
            done = [
                asyncio.create_task(
                    self._app.stores[table].on_recovery_completed({TP(changelog, p) for p in partitions}, set())
                )
                for table, changelog in CHANGELOGS.items()
            ]
            await asyncio.wait(done)
            await self.reader.seek(assignment.partitions, assignment.generation)
        except KafkaError as error:
            await self._app.crash(error)

    async def _read_changelog(self, store: PartitionStore, tp: TP) -> None:
        log = self._cluster.log
        end = await self._process.ask("fetch", lambda reply: reply(log.stable_end(tp)))
        position = store.persisted_offset(tp) or 0
        while position < end:
            count = self._process.world.rng.choice((1, 5, 100))
            records, position = await self._process.ask(
                "fetch", lambda reply, at=position, count=count: reply(log.read(tp, at, count))
            )
            message = Message(tp.partition, position - 1, records)
            store.apply_changelog_batch([SimpleNamespace(message=message)], None, None)

    async def _beat(self) -> None:
        """Until the assignment is over."""
        name, generation, group = self._process.name, self.reader.generation, self._cluster.group
        while True:
            await asyncio.sleep(SESSION_S / 6)
            asked_s = self._time.elapsed_s()
            try:
                answer = await self._process.ask(
                    "heartbeat", lambda reply: group.heartbeat(name, generation, reply), LOST
                )
            except RequestTimedOutError:
                continue
            if answer != "alive":
                return
            self._app.ownership.heard(asked_s)

    async def _revoked(self) -> None:
        if self._recovering is not None:
            self._recovering.cancel()
        await self.reader.quiesce()
        self._app.ownership.next_epoch()
        self.reader.revoked()
        await self._given_up()

    async def _commit(self) -> None:
        while True:
            await self.reader.progress.wait()
            self.reader.progress.clear()
            await asyncio.sleep(COMMIT_S)
            if not await self.reader.commit():
                self.reader.progress.set()


class Machine:
    """Where a worker is started again whenever it ends."""

    def __init__(
        self,
        cluster: Cluster,
        policy: Policy,
        name: str,
        people: People,
        *,
        by_transactions: bool,
        disk: bool,
        holes: float = 0.0,
    ) -> None:
        """`disk`: states outlive the process."""
        self.world = cluster.world
        self.people = people
        self.errors: list[BaseException] = []
        self.overlaps: list[list[str]] = []
        """Of each process, see Socket."""
        self.worker: SimulatedWorker
        self.process: Process
        self.on_step: Callable[[Machine], None] = lambda machine: None
        self._cluster = cluster
        self._policy = policy
        self._name = name
        self._by_transactions = by_transactions
        self.disk: dict[tuple[str, int], MemoryShard] | None = {} if disk else None
        self._holes = holes
        self._starts = 0
        self._retired = False

    def start(self) -> None:
        """A new process."""
        if self._retired:
            return
        self._starts += 1
        self.process = process = Process(self.world, f"{self._name}.{self._starts}")
        process.on_step = lambda _: self.on_step(self)
        self.worker = SimulatedWorker(
            process, self._cluster, self._policy, self._open_shard, lambda reason: self._crashed(process, reason),
            by_transactions=self._by_transactions, people=self.people,
        )  # fmt: skip
        self.worker.reader.holes = self._holes
        self.overlaps.append(self.worker.overlaps)
        self.world.note(f"{process.name} starts")
        process.begin(self.worker.live())

    def kill(self) -> None:
        """kill -9, and a start a little later."""
        self._end(self.process)

    def retire(self) -> None:
        """kill -9, and no start any more."""
        self._retired = True
        self.process.kill()

    def terminate(self) -> None:
        """SIGTERM, and a start a little later."""
        self.world.note(f"{self.process.name} is asked to stop")
        self.process.begin(self._terminate(self.worker, self.process))

    async def _terminate(self, worker: SimulatedWorker, process: Process) -> None:
        await worker.terminate()
        self.world.after(0.0, self._end, process)

    def _crashed(self, process: Process, reason: BaseException) -> None:
        self.world.note(f"{process.name} crashes: {type(reason).__name__}: {reason}")
        if not isinstance(reason, SelfFenced | KafkaError | TimeoutError):
            self.errors.append(reason)
        self.world.after(self.world.rng.random() / 2, self._end, process)

    def _end(self, process: Process) -> None:
        if process is self.process and process.alive:
            process.kill()
            self.world.after(0.1 + self.world.rng.random() * 2, self.start)

    def _open_shard(self, table: str, partition: int) -> Shard:
        return MemoryShard() if self.disk is None else self.disk.setdefault((table, partition), MemoryShard())
