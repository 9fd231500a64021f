"""One worker: the agents, the tables and the ticker, from start to a clean stop."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from monitor.core.casework import Directions
from monitor.core.counting import Names
from monitor.core.lead import Lead
from monitor.core.policy import Policy
from monitor.notify.outlets import Outlets
from monitor.ports import TimeSource
from monitor.stream.answers import AnswerDesk
from monitor.stream.book_judge import BookJudge
from monitor.stream.desk import Desk
from monitor.stream.directory import Directory
from monitor.stream.dispatcher import Dispatcher
from monitor.stream.durably import AtLeastOnce, Durably
from monitor.stream.engine.app import EngineSettings, LeadApp
from monitor.stream.engine.ownership import Fenced
from monitor.stream.engine.shards import MemoryShard, RocksShard, Shard
from monitor.stream.garbage import collect_less_often
from monitor.stream.intake import Intake, Topics
from monitor.stream.judge import AGREEMENT_PARTITION, Judge
from monitor.stream.judged import PartitionJudging
from monitor.stream.kafka import KafkaAccess
from monitor.stream.partition_judge import NO_NAMES, PartitionJudge
from monitor.stream.partitioning import partition_of
from monitor.stream.positions import Positions
from monitor.stream.scrape import answer_scrapes
from monitor.stream.ticker import Ticker
from monitor.stream.transactional import Transactional
from monitor.stream.watch import Watch
from monitor.telemetry.metrics import Metrics
from monitor.wire.lead_event import TimeLimits
from monitor.wire.state import UnreadableState

log = logging.getLogger(__name__)

STOP_S_MAX = 20.0
# What has crashed need not end in order: the sooner it is started again, the better.
CRASHED_STOP_S_MAX = 5.0
# What is on its way to a channel is better waited for than sent again after the start.
FINISH_S_MAX = 5.0
LEADS, QUOTAS, NOTICES = TABLES = ("leads", "quotas", "notices")
"""The tables: states of leads, books of quotas, what people are told of both."""


@dataclass(frozen=True)
class WorkerSettings:
    """What a worker needs beside the policy; times in seconds."""

    access: KafkaAccess
    topics: Topics
    group: str
    advertised_url: str
    session_s: float
    commit_s: float
    limits: TimeLimits
    state_dir: Path | None
    """Folder for RocksDB; None keeps state in memory."""
    probe_ends: bool
    transactional: bool = False
    """Outcomes, states and offsets of a batch in one transaction; Apache Kafka only."""
    names: Names = NO_NAMES
    """What live counts tell apart."""


class Worker:
    """Judges the partitions that the group gives it."""

    def __init__(
        self, settings: WorkerSettings, policy: Policy, outlets: Outlets, time: TimeSource, metrics: Metrics
    ) -> None:
        self._settings = settings
        self._time = time
        self._metrics = metrics
        self._assigned_s = time.elapsed_s()
        self._positions = Positions(settings.access.client(), settings.group, probe_ends=settings.probe_ends)
        app = self._app = LeadApp(self._engine())
        topics = settings.topics
        self._durably = {table: self._make_durably(table) for table in TABLES}
        self._judge = Judge(policy, self._lead_judge, self._durably[LEADS], time, metrics)
        self._bookkeeper = Judge(policy, self._book_judge, self._durably[QUOTAS], time, metrics)
        self._ticker = Ticker(
            topics, lambda: self._judge.partitions, lambda: self._bookkeeper.partitions, lambda: app.ownership.epoch,
            self._positions, app.send_all, time, metrics,
        )  # fmt: skip
        self._judge.on_judged = partial(self._ticker.judged, topics.timeline)
        self._bookkeeper.on_judged = partial(self._ticker.judged, topics.facts)
        answer_scrapes(metrics, self._judge, self._bookkeeper, time)
        intake = Intake(topics, settings.limits, app.send_all, self._ticker.now_at, metrics)
        app.take_batches("intake", topics.events, intake.take)
        app.take_batches("judge", topics.timeline, self._judge.take, continuous=True)
        app.take_batches("bookkeeper", topics.facts, self._bookkeeper.take, continuous=True)
        directions = Directions(policy.notices, outlets.reach)
        self._desk = Desk(
            topics, app.changelog_topic(NOTICES), partial(app.shard, NOTICES), directions, outlets, app.send_all,
            lambda: app.ownership.epoch, lambda: app.consumer_generation_id, metrics,
        )  # fmt: skip
        self._dispatcher = Dispatcher(self._desk, outlets, self._lead, self._of_one_assignment, time, metrics)
        app.take_batches("desk", topics.outcomes, self._desk.take)
        self._watch = Watch(topics, self._positions, self._owned, app.recovery_left, time, metrics)
        self.answers = AnswerDesk(app, self._desk, time)
        self.directory = Directory(app, LEADS, topics.partitions, lambda: self._judge.partitions)

    def _engine(self) -> EngineSettings:
        settings, topics = self._settings, self._settings.topics
        return EngineSettings(
            group=settings.group,
            bootstrap_servers=settings.access.bootstrap_servers,
            partitions=settings.topics.partitions,
            session_s=settings.session_s,
            commit_s=settings.commit_s,
            advertised_url=settings.advertised_url,
            metrics=self._metrics.engine,
            credentials=settings.access.faust_credentials(),
            tables=TABLES,
            open_shard=self._open_shard,
            elapsed_s=self._time.elapsed_s,
            true_ends=self._positions.true_ends,
            on_taken=self._taken,
            on_given_up=self._given_up,
            on_shards_ready=self._recovered,
            committed_elsewhere=frozenset({topics.timeline, topics.facts} if settings.transactional else ()),
        )

    @staticmethod
    def changelogs_of(group: str) -> list[str]:
        """The names of the tables' changelog topics, which have to exist before the worker starts."""
        return [f"{group}-{table}-changelog" for table in TABLES]

    def adopt(self, policy: Policy) -> None:
        """Judge by this policy from the next batches on."""
        self._judge.adopt(policy)
        self._bookkeeper.adopt(policy)
        self._desk.adopt(policy.notices)

    def live(self) -> list[str]:
        """See `monitor.ports.Health`."""
        return [f"the worker crashed: {type(self._app.crash_reason).__name__}"] if self._app.crashed else []

    def ready(self) -> list[str]:
        """See `monitor.ports.Health`."""
        if self._app.crashed:
            return self.live()
        if self._app.rebalancing or not self._app.tables.actives_ready:
            return ["partitions are being assigned and their state recovered"]
        return []

    async def run(self, stop: asyncio.Event, *beside: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Work until `stop` is set; `beside` is run as long, and the worker ends when it fails.

        Raises what the engine crashed with, KafkaError when no broker answers, and what `beside` raises.
        """
        collect_less_often()
        self._app.finalize()
        try:
            await self._app.start()
            tasks = [
                asyncio.create_task(work())
                for work in (self._ticker.run, self._watch.run, self._dispatcher.run, *beside)
            ]
            ends = [asyncio.create_task(stop.wait()), asyncio.create_task(self._app.until_crashed())]
            await asyncio.wait([*tasks, *ends], return_when=asyncio.FIRST_COMPLETED)
            await self._dispatcher.finish(0.0 if self._app.crashed else FINISH_S_MAX)
            for task in tasks + ends:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            await self._stop()
        if self._app.crash_reason is not None:
            raise self._app.crash_reason
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def _stop(self) -> None:
        limit_s = CRASHED_STOP_S_MAX if self._app.crashed else STOP_S_MAX
        try:
            async with asyncio.timeout(limit_s):
                await self._app.quiesce()
                await self._app.stop()
                await self._end_writing()
        except TimeoutError:
            log.warning("stopping took longer than %s s; what was not committed will be read again", limit_s)
        await self._positions.stop()
        await self._dispatcher.close()

    def _lead_judge(self, partition: int, policy: Policy) -> PartitionJudge:
        shard, names = self._app.shard(LEADS, partition), self._settings.names
        return PartitionJudge(shard, policy, agreement=partition == AGREEMENT_PARTITION, names=names)

    def _book_judge(self, partition: int, policy: Policy) -> BookJudge:
        partitions = self._settings.topics.partitions
        return BookJudge(
            self._app.shard(QUOTAS, partition), policy, lambda quota: partition_of(quota, partitions) == partition
        )

    def _of_one_assignment(self) -> bool:
        return self._desk.partitions.keys() == self._judge.partitions.keys()

    def _lead(self, partition: int, name: str) -> Lead | None:
        """As it is remembered; None where nothing is known of it, or it cannot be read."""
        judge = self._judge.partitions.get(partition)
        try:
            return None if judge is None else judge.lead(name)
        except UnreadableState:
            return None

    def _open_shard(self, table: str, partition: int) -> Shard:
        if self._settings.state_dir is None:
            return MemoryShard()
        folder = self._settings.state_dir / self._settings.group
        return RocksShard(folder / str(partition) if table == LEADS else folder / table / str(partition))

    def _make_durably(self, table: str) -> Durably:
        settings, app, topics = self._settings, self._app, self._settings.topics
        source = {LEADS: topics.timeline, QUOTAS: topics.facts, NOTICES: topics.outcomes}[table]
        changelog = app.changelog_topic(table)
        if not settings.transactional or table == NOTICES:  # no message to people is part of a transaction
            return AtLeastOnce(topics, source, changelog, app.send_all, self._time, self._metrics.engine)
        ids = settings.group if table == LEADS else f"{settings.group}-{table}"
        return Transactional(
            settings.access.client(), settings.group, ids, topics, source, changelog, app.send_all,
            lambda: app.ownership.epoch, self._time, self._metrics.engine,
        )  # fmt: skip

    def _owned(self) -> set[tuple[str, int]]:
        return {(tp.topic, tp.partition) for tp in self._app.consumer.assignment()}

    async def _taken(self, partitions: list[int]) -> None:
        self._assigned_s = self._time.elapsed_s()
        await asyncio.gather(*(durably.begin(partitions) for durably in self._durably.values()))

    async def _given_up(self) -> None:
        self._judge.own([])
        self._bookkeeper.own([])
        self._desk.own([])
        self._ticker.reset()
        self._watch.revoked()
        self._metrics.engine.owns(0)
        await self._end_writing()

    async def _end_writing(self) -> None:
        await asyncio.gather(*(durably.end() for durably in self._durably.values()))

    async def _recovered(self, table: str, partitions: list[int]) -> None:
        epoch = self._app.ownership.epoch
        try:
            await self._repair(table, partitions)
            if epoch != self._app.ownership.epoch:
                raise Fenced
        except Fenced:
            log.info("the assignment changed while states were written again")
            return
        if table == NOTICES:
            self._desk.own(partitions)
            return
        (self._judge if table == LEADS else self._bookkeeper).own(partitions)
        self._ticker.reset()
        judges: list[PartitionJudging] = [*self._judge.partitions.values(), *self._bookkeeper.partitions.values()]
        self._metrics.engine.unreadable(sum(judge.set_aside for judge in judges))
        if table != LEADS:
            return
        self._metrics.engine.owns(len(partitions))
        seconds = self._time.elapsed_s() - self._assigned_s
        self._metrics.engine.recovered(seconds)
        log.info(
            "epoch %s: judging partitions %s, %.1f s after they came", self._app.ownership.epoch, partitions, seconds
        )

    async def _repair(self, table: str, partitions: list[int]) -> None:
        """A superseded worker's older record may stand behind the newest: compaction must not keep the older one."""
        epoch = self._app.ownership.epoch
        for partition in partitions:
            states = self._app.take_stale(table, partition)
            if states:
                await self._durably[table].repair(partition, epoch, states)
                self._metrics.engine.repaired(len(states))
                log.warning("partition %s: %s states written again behind older ones", partition, len(states))
