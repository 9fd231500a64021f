"""The ticker: sends the next tick when the next deadline is due and everything before it has been judged."""

import asyncio
import logging
from collections.abc import Callable, Mapping

from aiokafka.errors import KafkaError

from monitor.core.advance import TimeAdvanced
from monitor.ports import TimeSource
from monitor.stream.engine.batches import Send
from monitor.stream.engine.ownership import Fenced
from monitor.stream.intake import SendAll, Topics
from monitor.stream.partition_judge import PartitionJudge
from monitor.stream.positions import Positions
from monitor.telemetry.metrics import Metrics
from monitor.wire.timeline import encode_tick

log = logging.getLogger(__name__)

# Deadlines that fall this close together share a tick: a tenth of what a person would notice.
SPACING_S = 0.05
# Longest sleep: the wall clock may be set while we sleep by the monotonic one.
SLEEP_S_MAX = 30.0
# How often the group's progress is asked for while intake is behind.
BEHIND_S = 0.1


class Ticker:
    """One per worker, over the partitions that it owns.

    A tick `T` is sent only after every record that any input partition held at `T` has been re-keyed and
    acknowledged in the timeline: ends are read at `T`, and the group must have committed them, whichever
    worker reads which partition. So whatever could disprove a breach stands before the tick in the log.
    """

    def __init__(
        self,
        topics: Topics,
        judges: Callable[[], Mapping[int, PartitionJudge]],
        epoch: Callable[[], int],
        positions: Positions,
        send_all: SendAll,
        time: TimeSource,
        metrics: Metrics,
    ) -> None:
        self._topics = topics
        self._judges = judges
        self._epoch = epoch
        self._positions = positions
        self._send_all = send_all
        self._time = time
        self._metrics = metrics
        self._changed = asyncio.Event()
        self._sent: dict[int, int] = {}
        """Per partition, a tick that was sent and not yet read."""

    def judged(self, partition: int, ticked_until: int | None) -> None:
        """A batch was judged: deadlines may have come or gone."""
        if ticked_until is not None and ticked_until >= self._sent.get(partition, 0):
            self._sent.pop(partition, None)
        self._changed.set()

    def reset(self) -> None:
        """The assignment changed: what was sent may have been lost."""
        self._sent.clear()
        self._changed.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._changed.clear()
            next_at = min((at for at in self._waiting().values()), default=None)
            wait_s = SLEEP_S_MAX if next_at is None else (next_at - self._time.now_at()) / 1e6
            if wait_s > 0:
                await self._sleep(min(wait_s, SLEEP_S_MAX))
                continue
            try:
                await self._tick()
            except Fenced:
                log.info("a tick was held back: the assignment changed")
            except (KafkaError, TimeoutError, OSError) as error:
                log.warning("a tick could not be sent, trying again: %s", type(error).__name__)
                await asyncio.sleep(1.0)
            await asyncio.sleep(SPACING_S)

    def _waiting(self) -> dict[int, int]:
        waiting = {}
        for partition, judge in self._judges().items():
            at = judge.deadlines.first()
            if at is not None and at > self._sent.get(partition, 0):
                waiting[partition] = at
        return waiting

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            pass

    async def _tick(self) -> None:
        epoch, now_at = self._epoch(), self._time.now_at()
        ends = await self._positions.ends(self._topics.events, self._topics.events_partitions)
        held_back = False
        while await self._positions.unread(ends):
            if not held_back:
                self._metrics.tick("held_back")
                held_back = True
            await asyncio.sleep(BEHIND_S)
            if epoch != self._epoch():
                raise Fenced
        due = [partition for partition, at in self._waiting().items() if at <= now_at]
        record: Send = (None, encode_tick(TimeAdvanced(now_at)), ())
        for partition in due:
            await self._send_all(self._topics.timeline, partition, [record], epoch)
            self._sent[partition] = now_at
            self._metrics.tick("sent")
