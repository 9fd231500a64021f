"""The desk: an agent of its own on the outcomes. A batch is done when its cases are in the changelog, sent or not."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from faust.types.tuples import TP

from monitor.core.case import Case, Change, Decision, Said, Stage
from monitor.core.casework import Directions
from monitor.core.routing import Routing
from monitor.notify.outlets import Outlets
from monitor.notify.shelf import Entry, Shelf
from monitor.stream.engine.batches import Send
from monitor.stream.engine.lanes import Batch
from monitor.stream.engine.ownership import Fenced
from monitor.stream.engine.shards import Shard
from monitor.stream.intake import SendAll, Topics, letter
from monitor.stream.partition_desk import PartitionDesk
from monitor.telemetry.metrics import Metrics
from monitor.wire.dead_letter import DeadLetterReason
from monitor.wire.outcome import encode_outcome

log = logging.getLogger(__name__)

Step = Callable[[Case], Change]
# Cases written at once: some megabytes, and the event loop is not kept for longer than a batch of the judge keeps it.
WRITTEN_MAX = 500


class _Record(NamedTuple):
    """An outcome's record once more."""

    key: bytes
    value: bytes
    timestamp: int
    offset: int
    headers: tuple[()] = ()


class Desk:
    """Keeps what people are told, for all partitions of this worker; whoever sends it looks at the shelves."""

    def __init__(
        self,
        topics: Topics,
        changelog: str,
        shard: Callable[[int], Shard],
        directions: Directions,
        outlets: Outlets,
        send_all: SendAll,
        epoch: Callable[[], int],
        generation: Callable[[], int],
        metrics: Metrics,
    ) -> None:
        """`epoch` of this worker's assignment, `generation` of the group's."""
        self.directions = directions
        self.partitions: dict[int, PartitionDesk] = {}
        self.shelves = {channel: Shelf(folds=channel in outlets.people) for channel in outlets.sinks}
        self.orphans: dict[str, Shelf] = {}
        """What waits for channels that there are no more, or not yet again."""
        self.changed = {channel: asyncio.Event() for channel in outlets.sinks}
        """Set when something else may leave over the channel."""
        self._topics = topics
        self._changelog = changelog
        self._shard = shard
        self._send_all = send_all
        self._epoch = epoch
        self._generation = generation
        self._owned_in = epoch()
        self._metrics = metrics

    def own(self, partitions: Sequence[int]) -> None:
        """Recovery is complete: begin anew from the tables of exactly these partitions."""
        self.orphans = {}
        for channel, shelf in self.shelves.items():
            shelf.forget(set(self.partitions))
            self.changed[channel].set()
        self._owned_in = self._epoch()
        self.partitions = {p: PartitionDesk(self._shard(p), self._generation(), self._placing(p)) for p in partitions}

    def adopt(self, routing: Routing | None) -> None:
        """Call by these routes from the next batch on; who was called already is told."""
        self.directions = self.directions._replace(routing=routing)

    async def take(self, batch: Batch) -> None:
        """Return when all that the batch brings about is in the changelog. Raises Fenced."""
        if not self.shelves:
            return  # outcomes are read all the same: a channel that is added must not begin with all of history
        partition = batch.tp.partition
        desk = self._desk(partition)
        async with desk.lock:
            heard = desk.fold(batch.records, self.directions)
            if heard.damaged:
                reason = DeadLetterReason.INTERNAL_RECORD
                await self._bury(partition, [letter(batch.tp, r, reason, why) for r, why in heard.damaged], reason)
            await self._write(partition, desk, batch.epoch)
        self._decided(heard.decisions)

    async def change(self, steps: Mapping[int, Iterable[tuple[bytes, Step]]]) -> None:
        """Change cases, by partition, and return when that is in the changelog.

        Raises Fenced when one of the partitions belongs to somebody else by now; the others are written all the same.
        """
        written = await asyncio.gather(
            *(self._change(partition, each) for partition, each in steps.items()), return_exceptions=True
        )
        for error in written:
            if isinstance(error, BaseException):
                raise error

    async def answer(self, notice_id: str, step: Callable[[Case], Change]) -> int:
        """Change every case that knows this notice or message; how many there are on this worker. Raises Fenced."""
        found = {partition: desk.containing(notice_id) for partition, desk in self.partitions.items()}
        await self.change({partition: [(key, step) for key in keys] for partition, keys in found.items() if keys})
        return sum(map(len, found.values()))

    async def forget_old(self, now_at: int) -> None:
        """Let go of what nothing can come of any more. Raises Fenced."""
        for partition, desk in list(self.partitions.items()):
            async with desk.lock:
                desk.forget_old(now_at)
                await self._write(partition, desk, self._owned_in)

    async def bury(self, partition: int, told: Sequence[Said], details: Sequence[str]) -> None:
        """Put outcomes whose notices are given up into dead letters, as they stood on their topic."""
        tp = TP(self._topics.outcomes, partition)
        records = [_Record((o.lead or o.subject).encode(), encode_outcome(o), at // 1_000, n) for o, at, n in told]
        reason = DeadLetterReason.DELIVERY_FAILED
        await self._bury(partition, [letter(tp, r, reason, d) for r, d in zip(records, details, strict=True)], reason)

    async def _bury(self, partition: int, letters: Sequence[Send], reason: DeadLetterReason) -> None:
        for _ in letters:
            self._metrics.dead_lettered(reason)
        await self._send_all(self._topics.dead_letters, partition, letters, None)  # any worker may repeat it

    async def _change(self, partition: int, steps: Iterable[tuple[bytes, Step]]) -> None:
        left = iter(steps)
        while some := list(islice(left, WRITTEN_MAX)):
            desk, epoch = self._desk(partition), self._owned_in
            async with desk.lock:
                decisions = [decision for key, step in some for decision in desk.step(key, step)]
                await self._write(partition, desk, epoch)
            self._decided(decisions)

    async def _write(self, partition: int, desk: PartitionDesk, epoch: int) -> None:
        if self.partitions.get(partition) is not desk:
            raise Fenced
        try:
            states = desk.states()
            offset = await self._send_all(
                self._changelog, partition, [(key, packed, ()) for key, packed in states], epoch
            )
        except BaseException:
            desk.abandon()
            raise
        if offset is not None:
            desk.remember(states, offset)

    def _desk(self, partition: int) -> PartitionDesk:
        desk = self.partitions.get(partition)
        if desk is None:
            raise Fenced  # taken between two assignments: whoever recovers the partition reads this again
        return desk

    def _placing(self, partition: int) -> Callable[[bytes, Case | None], None]:
        def place(key: bytes, case: Case | None) -> None:
            home = partition, key
            entries: defaultdict[str, list[Entry]] = defaultdict(list)
            if case is not None:
                for item in case.waiting():
                    said = case.outcome_of(item)
                    entries[item.call.channel].append(Entry(home, item, said.outcome, said.told_at, said.offset))
            for channel in entries.keys() - self.shelves.keys() - self.orphans.keys():
                self.orphans[channel] = Shelf(folds=False)
            for channel, shelf in self.orphans.items():
                shelf.put(home, entries[channel])
            for channel, shelf in self.shelves.items():
                if shelf.put(home, entries[channel]):
                    self.changed[channel].set()

        return place

    def _decided(self, decisions: Iterable[Decision]) -> None:
        for decision in decisions:
            self._metrics.channels.decided(decision)
            if decision.stage is not Stage.ROUTE:
                log.info("notice %s: %s (%s)", decision.notice_id, decision.decision, decision.reason)
