"""Tell, remember, commit: how a judged batch becomes durable; this protocol, and its form for every broker."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Protocol

from faust.types.tuples import TP

from monitor.ports import TimeSource
from monitor.stream.engine.batches import Send, State, parts_of
from monitor.stream.intake import SendAll, Topics, letter
from monitor.stream.judged import Judged
from monitor.stream.partitioning import partition_of
from monitor.telemetry.engine import EngineMetrics
from monitor.wire.dead_letter import DeadLetterReason
from monitor.wire.outcome import encode_outcome


class Durably(Protocol):
    """One unit, one implementation for each guarantee."""

    alone: bool
    """The broker keeps everybody else from writing to a partition that is ours."""

    async def begin(self, partitions: Collection[int]) -> None:
        """These partitions were assigned and their state is not yet read: see to it that predecessors are done."""
        ...

    async def write(self, partition: int, epoch: int, judged: Judged, next_offset: int) -> int | None:
        """Return when all of a batch is acknowledged; `next_offset` follows its last record.

        What goes to other judges is acknowledged first, then outcomes, then states.

        Returns the changelog offset of the last state, None where no state changed. Raises Fenced.
        """
        ...

    async def repair(self, partition: int, epoch: int, states: Sequence[State]) -> None:
        """Write states again that an older record came after. Raises Fenced."""
        ...

    async def end(self) -> None:
        """The partitions are given up; what was begun is finished already."""
        ...


class AtLeastOnce:
    """What goes onward and outcomes acknowledged, then states acknowledged, then the engine commits.

    A crash in between repeats outcomes, with the same id. Whoever is superseded is kept from writing by epoch
    and lease; what slips through all the same is an older state, and recovery keeps the newest.
    """

    alone = False

    def __init__(
        self, topics: Topics, source: str, changelog: str, send_all: SendAll, time: TimeSource, metrics: EngineMetrics
    ) -> None:
        """`source`: the topic that is judged; `changelog`: that of its states."""
        self._topics = topics
        self._source = source
        self._changelog = changelog
        self._send_all = send_all
        self._time = time
        self._metrics = metrics

    async def begin(self, partitions: Collection[int]) -> None:
        """See Durably: nothing but time ends what a predecessor has under way."""

    async def write(self, partition: int, epoch: int, judged: Judged, next_offset: int) -> int | None:
        """See Durably; the offset is committed by the engine afterwards."""
        await pass_on(self._send_all, self._topics, judged, epoch)
        started_s = self._time.elapsed_s()
        if judged.damaged:
            await self._send_all(self._topics.dead_letters, partition, letters(self._source, partition, judged), None)
        if judged.outcomes:
            await self._send_all(self._topics.outcomes, partition, tellings(judged), epoch)
            told_s = self._time.elapsed_s()
            self._metrics.acknowledged("outcomes", told_s - started_s)
            started_s = told_s
        if not judged.states:
            return None
        offset = None
        for part in parts_of(judged.states):  # a part that fails must have nothing behind it
            offset = await self._send_all(self._changelog, partition, records_of(part), epoch)
        self._metrics.acknowledged("states", self._time.elapsed_s() - started_s)
        return offset

    async def repair(self, partition: int, epoch: int, states: Sequence[State]) -> None:
        """See Durably."""
        await self._send_all(self._changelog, partition, records_of(states), epoch)

    async def end(self) -> None:
        """See Durably: there is nothing to let go of."""


async def pass_on(send_all: SendAll, topics: Topics, judged: Judged, epoch: int) -> None:
    """Return when what goes to other judges is in their topics; with both guarantees it may be there twice.

    It stands there before the batch is committed, and that may be more than once, as with what intake writes: a judge
    knows an event and a fact by its id, and which word on it is the newest. Raises Fenced.
    """
    by_partition: defaultdict[tuple[str, int], list[Send]] = defaultdict(list)
    names = {"timeline": topics.timeline, "facts": topics.facts}
    for to, key, value in judged.onward:
        by_partition[names[to], partition_of(key, topics.partitions)].append((key.encode(), value, ()))
    sends = (send_all(topic, partition, records, epoch) for (topic, partition), records in by_partition.items())
    await asyncio.gather(*sends)


def letters(source: str, partition: int, judged: Judged) -> list[Send]:
    """The dead letters of a batch of that partition."""
    tp = TP(source, partition)
    return [letter(tp, record, DeadLetterReason.INTERNAL_RECORD, detail) for record, detail in judged.damaged]


def tellings(judged: Judged) -> list[Send]:
    """The outcome records of a batch."""
    return [((outcome.lead or outcome.subject).encode(), encode_outcome(outcome), ()) for outcome in judged.outcomes]


def records_of(states: Sequence[State]) -> list[Send]:
    """The changelog records of these states."""
    return [(key, packed, ()) for key, packed in states]
