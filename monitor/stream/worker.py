"""One worker: the agents, the table and the ticker, from start to a clean stop."""

import asyncio
import gc
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka.errors import KafkaError

from monitor.core.policy import Policy
from monitor.notify.delivery import Backoff
from monitor.ports import Sink, TimeSource
from monitor.stream.directory import Directory
from monitor.stream.engine.app import EngineSettings, LeadApp
from monitor.stream.engine.shards import MemoryShard, RocksShard, Shard
from monitor.stream.intake import Intake, Topics
from monitor.stream.judge import AtLeastOnce, Judge
from monitor.stream.kafka import KafkaAccess
from monitor.stream.notifier import Notifier
from monitor.stream.positions import Positions
from monitor.stream.ticker import Ticker
from monitor.telemetry.metrics import Metrics
from monitor.wire.lead_event import TimeLimits

log = logging.getLogger(__name__)

LAG_EVERY_S = 5.0
STOP_S_MAX = 20.0


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
    backoff: Backoff


class Worker:
    """Judges the partitions that the group gives it."""

    def __init__(
        self, settings: WorkerSettings, policy: Policy, sink: Sink | None, time: TimeSource, metrics: Metrics
    ) -> None:
        self._settings = settings
        self._time = time
        self._metrics = metrics
        self._assigned_s: float | None = None
        self._lag_series: set[tuple[str, int]] = set()
        self._positions = Positions(settings.access.client(), settings.group, probe_ends=settings.probe_ends)
        engine = EngineSettings(
            group=settings.group,
            bootstrap_servers=settings.access.bootstrap_servers,
            partitions=settings.topics.partitions,
            session_s=settings.session_s,
            commit_s=settings.commit_s,
            advertised_url=settings.advertised_url,
            credentials=settings.access.faust_credentials(),
            open_shard=self._open_shard,
            elapsed_s=time.elapsed_s,
            true_ends=self._positions.true_ends,
            on_shards_ready=self._recovered,
        )
        self._app = LeadApp(engine)
        app, topics = self._app, settings.topics
        self._judge = Judge(policy, app.shard, AtLeastOnce(topics, app.changelog_topic, app.send_all), time, metrics)
        self._ticker = Ticker(
            topics, lambda: self._judge.partitions, lambda: app.ownership.epoch, self._positions, app.send_all, time,
            metrics,
        )  # fmt: skip
        self._judge.on_judged = self._ticker.judged
        metrics.watch_clocks(self._judge.open_clocks)
        app.take_batches("intake", topics.events, Intake(topics, settings.limits, app.send_all, metrics).take)
        app.take_batches("judge", topics.timeline, self._judge.take, continuous=True)
        notifier = Notifier(topics, sink, settings.backoff, app.send_all, time, metrics)
        app.take_batches("notifier", topics.outcomes, notifier.take, drained=False)
        app.on_partitions_assigned.connect(self._assigned, weak=False)
        app.on_partitions_revoked.connect(self._revoked, weak=False)
        self.directory = Directory(app, topics.partitions, lambda: self._judge.partitions)

    @staticmethod
    def changelog_of(group: str) -> str:
        """The name of the table's changelog topic, which has to exist before the worker starts."""
        return f"{group}-leads-changelog"

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

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set. Raises what the engine crashed with, KafkaError when no broker answers."""
        _collect_garbage_less_often()
        self._app.finalize()
        try:
            await self._app.start()
            tasks = [asyncio.create_task(self._ticker.run()), asyncio.create_task(self._watch_lag())]
            ends = [asyncio.create_task(stop.wait()), asyncio.create_task(self._app._crashed.wait())]
            await asyncio.wait([*tasks, *ends], return_when=asyncio.FIRST_COMPLETED)
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
        try:
            async with asyncio.timeout(STOP_S_MAX):
                await self._app.quiesce()
                await self._app.stop()
        except TimeoutError:
            log.warning("stopping took longer than %s s; what was not committed will be read again", STOP_S_MAX)
        await self._positions.stop()

    def _open_shard(self, partition: int) -> Shard:
        if self._settings.state_dir is None:
            return MemoryShard()
        return RocksShard(self._settings.state_dir / self._settings.group / str(partition))

    async def _assigned(self, _app: Any, _tps: Any, **_: Any) -> None:
        self._assigned_s = self._time.elapsed_s()

    async def _revoked(self, _app: Any, _tps: Any, **_: Any) -> None:
        self._judge.own([])
        self._ticker.reset()
        for topic, partition in self._lag_series:
            self._metrics.forget_partition(topic, partition)
        self._lag_series.clear()

    def _recovered(self, partitions: list[int]) -> None:
        self._judge.own(partitions)
        self._ticker.reset()
        log.info("judging partitions %s", partitions)
        if self._assigned_s is not None:
            self._metrics.recovered(self._time.elapsed_s() - self._assigned_s)

    async def _watch_lag(self) -> None:
        topics = self._settings.topics
        sizes = [(topics.events, topics.events_partitions), (topics.timeline, topics.partitions)]
        while True:
            await asyncio.sleep(LAG_EVERY_S)
            try:
                lags = await self._positions.lags(sizes)
            except (KafkaError, TimeoutError, OSError) as error:
                log.warning("the lag is not known: %s", type(error).__name__)
                continue
            owned = {(tp.topic, tp.partition) for tp in self._app.consumer.assignment()}
            for tp, records in lags.items():
                if (tp.topic, tp.partition) in owned:
                    self._lag_series.add((tp.topic, tp.partition))
                    self._metrics.lag(tp.topic, tp.partition, records)


def _collect_garbage_less_often() -> None:
    """A batch makes and drops some hundred thousand small values, hardly any of them in a cycle.

    With Python's own thresholds the collector takes a fifth of the judge's time to find that out.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
