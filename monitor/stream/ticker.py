"""The ticker: sends the next tick when the next deadline is due and everything before it has been judged."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import NamedTuple

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from monitor.core.advance import TimeAdvanced
from monitor.ports import TimeSource
from monitor.stream.engine.batches import Send
from monitor.stream.engine.ownership import Fenced
from monitor.stream.intake import SendAll, Topics
from monitor.stream.judged import PartitionJudging, ReadTick
from monitor.stream.positions import Positions
from monitor.stream.skew import Skew
from monitor.telemetry.metrics import Metrics
from monitor.wire.timeline import encode_tick

log = logging.getLogger(__name__)

# Deadlines that fall this close together share a tick: a tenth of what a person would notice.
SPACING_S = 0.05
# How often a tick is sent although nothing is due: its stamp tells whether our clock was set meanwhile.
COMPARE_EVERY_S = 30.0
# Smaller differences come and go with the time that a record takes.
SKEW_LOGGED_US = 1_000_000
# How often the group's progress is asked for while intake or a judge is behind.
BEHIND_S = 0.1


class _Sent(NamedTuple):
    """A tick under way."""

    at: int
    skew_us: int
    """What was known of our clock when it was sent; it is in `at`."""


class Ticker:
    """One per worker, over the partitions that it owns: of the timeline, and of the facts for the books.

    A tick `T` is sent only after every record that any input partition held at `T` has been re-keyed and
    acknowledged in the timeline: ends are read at `T`, and the group must have committed them, whichever
    worker reads which partition. Then the same is done with the timeline itself: a lead that was merged is judged on
    another partition than the one that its history goes to, and the judges write the facts. So whatever could disprove
    a breach stands before the tick in the log, unless it came through two merges or more.
    """

    def __init__(
        self,
        topics: Topics,
        judges: Callable[[], Mapping[int, PartitionJudging]],
        books: Callable[[], Mapping[int, PartitionJudging]],
        epoch: Callable[[], int],
        positions: Positions,
        send_all: SendAll,
        time: TimeSource,
        metrics: Metrics,
    ) -> None:
        self._topics = topics
        self._judges = judges
        self._books = books
        self._epoch = epoch
        self._positions = positions
        self._send_all = send_all
        self._time = time
        self._metrics = metrics
        self._changed = asyncio.Event()
        self._sent: dict[TopicPartition, _Sent] = {}
        """Per partition, a tick that was sent and not yet read."""
        self._skew = Skew()
        self._compare_s = time.elapsed_s()
        """When our clock is to be compared with the brokers' again, monotonic."""

    def judged(self, topic: str, partition: int, tick: ReadTick | None) -> None:
        """A batch was judged: deadlines may have come or gone."""
        tp = TopicPartition(topic, partition)
        sent = self._sent.get(tp)
        if tick is not None and sent is not None and tick.at >= sent.at:
            del self._sent[tp]
            if tick.at == sent.at:  # another worker's tick tells nothing of our clock
                self._compare(tick._replace(at=sent.at - sent.skew_us + self._skew.us))
        self._changed.set()

    def reset(self) -> None:
        """The assignment changed: what was sent may have been lost."""
        self._sent.clear()
        self._compare_s = self._time.elapsed_s()
        self._changed.set()

    def now_at(self) -> int:
        """Now, by the clock of the brokers as far as it is known."""
        return self._time.now_at() + self._skew.us

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._changed.clear()
            wait_s = self._wait_s()
            if wait_s > 0:
                await self._sleep(wait_s)
                continue
            try:
                await self._tick()
            except Fenced:
                log.info("a tick was held back: the assignment changed")
            except (KafkaError, TimeoutError, OSError) as error:
                log.warning("a tick could not be sent, trying again: %s", type(error).__name__)
                await asyncio.sleep(1.0)
            await asyncio.sleep(SPACING_S)

    def _wait_s(self) -> float:
        next_at = min(self._waiting().values(), default=None)
        wait_s = COMPARE_EVERY_S if next_at is None else (next_at - self.now_at()) / 1e6
        if self._judges() and not self._sent:
            wait_s = min(wait_s, self._compare_s - self._time.elapsed_s())
        return min(wait_s, COMPARE_EVERY_S)

    def _compare(self, tick: ReadTick) -> None:
        """`tick` as it would have been sent knowing what is known now, or one that was under way would count twice."""
        self._compare_s = self._time.elapsed_s() + COMPARE_EVERY_S
        changed_us = self._skew.learn(tick, self._time.now_at())
        self._metrics.clock_skew(self._skew.us / 1e6)
        if abs(changed_us) > SKEW_LOGGED_US:
            log.warning("the brokers' clock is %.3f s ahead of this worker's: theirs is followed", self._skew.us / 1e6)

    def _waiting(self) -> dict[TopicPartition, int]:
        waiting = {}
        for topic, judges in ((self._topics.timeline, self._judges()), (self._topics.facts, self._books())):
            for partition, judge in judges.items():
                tp, at = TopicPartition(topic, partition), judge.first_at()
                sent = self._sent.get(tp)
                if at is not None and (sent is None or at > sent.at):
                    waiting[tp] = at
        return waiting

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            pass

    async def _until_read(self, topic: str, partitions: int, epoch: int) -> None:
        """Wait until the group has read the topic as far as it goes now. Raises Fenced."""
        ends = await self._positions.ends(topic, partitions)
        held_back = False
        while (left := self._not_judged_here(ends)) and await self._positions.unread(left):
            if not held_back:
                self._metrics.tick("held_back")
                held_back = True
            with suppress(TimeoutError):
                async with asyncio.timeout(BEHIND_S):
                    await self._until_judged_here(left)
            if epoch != self._epoch():
                raise Fenced

    async def _until_judged_here(self, ends: Mapping[TopicPartition, int]) -> None:
        while self._not_judged_here(ends):
            self._changed.clear()
            await self._changed.wait()

    def _not_judged_here(self, ends: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        """What this worker has judged itself it need not ask for: commits come a little later."""
        judges, timeline = self._judges(), self._topics.timeline
        return {
            tp: end
            for tp, end in ends.items()
            if tp.topic != timeline or tp.partition not in judges or judges[tp.partition].judged_to < end
        }

    async def _tick(self) -> None:
        epoch, now_at, skew_us = self._epoch(), self.now_at(), self._skew.us
        topics = self._topics
        await self._until_read(topics.events, topics.events_partitions, epoch)
        await self._until_read(topics.timeline, topics.partitions, epoch)
        due = [tp for tp, at in self._waiting().items() if at <= now_at]
        if not due and self._compare_s <= self._time.elapsed_s():
            due = [TopicPartition(topics.timeline, partition) for partition in sorted(self._judges())[:1]]
            self._compare_s = self._time.elapsed_s() + COMPARE_EVERY_S  # if it is lost, try again then
        record: Send = (None, encode_tick(TimeAdvanced(now_at)), ())
        for tp in due:
            self._sent[tp] = _Sent(now_at, skew_us)  # before it is: it may be read before we hear that it was
            try:
                await self._send_all(tp.topic, tp.partition, [record], epoch)
            except BaseException:
                self._sent.pop(tp, None)
                raise
            self._metrics.tick("sent")
