"""Watches a worker from within: how far it is behind, how recovery goes, and whether either stands still."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import NamedTuple

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from monitor.ports import TimeSource
from monitor.stream.engine.ownership import SelfFenced
from monitor.stream.intake import Topics
from monitor.stream.positions import Positions
from monitor.telemetry.engine import FenceReason
from monitor.telemetry.metrics import Metrics

log = logging.getLogger(__name__)

LOOK_EVERY_S = 5.0
# Reading or recovering that has not moved for so long although there is something to read does not move by itself
# any more: a start takes seconds. Twice the time that an election or a slow disk may take.
STALLED_S_MAX = 120.0


class Standstill:
    """Something that should change while there is work left, and since when it has not."""

    def __init__(self) -> None:
        self._seen: tuple[object, float] | None = None

    def lasts_s(self, value: object, now_s: float) -> float:
        """How long the value has been this one."""
        if self._seen is None or self._seen[0] != value:
            self._seen = (value, now_s)
        return now_s - self._seen[1]

    def over(self) -> None:
        """There is nothing to wait for."""
        self._seen = None


class Progress(NamedTuple):
    """Recovery as it goes."""

    left: int
    per_s: float
    seconds_left: float


class RecoveryProgress:
    """How fast the records that are left become fewer."""

    def __init__(self) -> None:
        self._began: tuple[int, float] | None = None

    def look(self, left: int, now_s: float) -> Progress:
        """`left` records at this monotonic second."""
        if self._began is None or left > self._began[0]:
            self._began = (left, now_s)
        before, began_s = self._began
        per_s = (before - left) / (now_s - began_s) if now_s > began_s else 0.0
        return Progress(left, per_s, left / per_s if per_s else 0.0)

    def over(self) -> None:
        """The next look is at another recovery."""
        self._began = None


class Watch:
    """Looks every few seconds, until cancelled."""

    def __init__(
        self,
        topics: Topics,
        positions: Positions,
        owned: Callable[[], set[tuple[str, int]]],
        recovery_left: Callable[[], int | None],
        time: TimeSource,
        metrics: Metrics,
    ) -> None:
        """`owned`: (topic, partition) pairs of this worker; `recovery_left`: None while nothing is recovered."""
        self._sizes = [
            (topics.events, topics.events_partitions),
            (topics.timeline, topics.partitions),
            (topics.facts, topics.partitions),
            (topics.outcomes, topics.partitions),
        ]
        self._positions = positions
        self._owned = owned
        self._recovery_left = recovery_left
        self._time = time
        self._metrics = metrics
        self._series: set[tuple[str, int]] = set()
        self._progress = RecoveryProgress()
        self._recovery = Standstill()
        self._reading: dict[TopicPartition, Standstill] = {}

    async def run(self) -> None:
        """Raises SelfFenced when recovery or the reading of a partition has come to a standstill."""
        while True:
            left = self._recovery_left()
            if left is None:
                self._progress.over()
                self._recovery.over()
                await self._look_at_lag()
            else:
                self._look_at_recovery(left)
            await asyncio.sleep(LOOK_EVERY_S)

    def revoked(self) -> None:
        """All partitions were given up: nothing that was seen of them counts any more."""
        for topic, partition in self._series:
            self._metrics.forget_partition(topic, partition)
        self._series.clear()
        self._reading.clear()

    def _look_at_recovery(self, left: int) -> None:
        now_s = self._time.elapsed_s()
        progress = self._progress.look(left, now_s)
        self._metrics.engine.recovering(*progress)
        log.info("recovering: %s records left, %.0f a second, %.0f s to go", *progress)
        if self._recovery.lasts_s(left, now_s) > STALLED_S_MAX:
            raise SelfFenced(FenceReason.RECOVERY_STALLED, f"{left} records left, none read in {STALLED_S_MAX} s")

    async def _look_at_lag(self) -> None:
        try:
            read = await self._positions.lags(self._sizes)
        except (KafkaError, TimeoutError, OSError) as error:
            log.warning("the lag is not known: %s", type(error).__name__)
            self._reading.clear()  # whoever asks in vain reads in vain, too
            return
        owned = self._owned()
        self._show({tp: lag for tp, (_, lag) in read.items() if (tp.topic, tp.partition) in owned})
        now_s = self._time.elapsed_s()
        for tp, (committed, lag) in read.items():
            standstill = self._reading.setdefault(tp, Standstill())
            if not lag or (tp.topic, tp.partition) not in owned:
                standstill.over()
            elif standstill.lasts_s(committed, now_s) > STALLED_S_MAX:
                detail = f"{lag} records of {tp.topic} {tp.partition} wait, none was read in {STALLED_S_MAX} s"
                raise SelfFenced(FenceReason.READING_STALLED, detail)

    def _show(self, lags: Mapping[TopicPartition, int]) -> None:
        for tp, lag in lags.items():
            self._series.add((tp.topic, tp.partition))
            self._metrics.lag(tp.topic, tp.partition, lag)
