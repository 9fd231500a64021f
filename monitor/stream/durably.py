"""Tell, remember, commit: how a judged batch becomes durable; this protocol, and its form for every broker."""

from collections.abc import Collection, Sequence
from typing import Protocol

from faust.types.tuples import TP

from monitor.ports import TimeSource
from monitor.stream.engine.batches import Send
from monitor.stream.intake import SendAll, Topics, letter
from monitor.stream.partition_judge import Judged
from monitor.telemetry.engine import EngineMetrics
from monitor.wire.dead_letter import DeadLetterReason
from monitor.wire.outcome import encode_outcome

State = tuple[bytes, bytes]
"""Lead id and packed state."""


class Durably(Protocol):
    """One unit, one implementation for each guarantee."""

    alone: bool
    """The broker keeps everybody else from writing to a partition that is ours."""

    async def begin(self, partitions: Collection[int]) -> None:
        """These partitions were assigned and their state is not yet read: see to it that predecessors are done."""
        ...

    async def write(self, partition: int, epoch: int, judged: Judged, next_offset: int) -> int | None:
        """Return when outcomes and states of a batch are acknowledged; `next_offset` follows its last timeline record.

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
    """Outcomes acknowledged, then states acknowledged, then the engine commits.

    A crash in between repeats outcomes, with the same id. Whoever is superseded is kept from writing by epoch
    and lease; what slips through all the same is an older state, and recovery keeps the newest.
    """

    alone = False

    def __init__(
        self, topics: Topics, changelog: str, send_all: SendAll, time: TimeSource, metrics: EngineMetrics
    ) -> None:
        self._topics = topics
        self._changelog = changelog
        self._send_all = send_all
        self._time = time
        self._metrics = metrics

    async def begin(self, partitions: Collection[int]) -> None:
        """See Durably: nothing but time ends what a predecessor has under way."""

    async def write(self, partition: int, epoch: int, judged: Judged, next_offset: int) -> int | None:
        """See Durably; the offset is committed by the engine afterwards."""
        started_s = self._time.elapsed_s()
        if judged.damaged:
            await self._send_all(
                self._topics.dead_letters, partition, letters(self._topics.timeline, partition, judged), None
            )
        if judged.outcomes:
            await self._send_all(self._topics.outcomes, partition, tellings(judged), epoch)
            told_s = self._time.elapsed_s()
            self._metrics.acknowledged("outcomes", told_s - started_s)
            started_s = told_s
        if not judged.states:
            return None
        offset = await self._send_all(self._changelog, partition, records_of(judged.states), epoch)
        self._metrics.acknowledged("states", self._time.elapsed_s() - started_s)
        return offset

    async def repair(self, partition: int, epoch: int, states: Sequence[State]) -> None:
        """See Durably."""
        await self._send_all(self._changelog, partition, records_of(states), epoch)

    async def end(self) -> None:
        """See Durably: there is nothing to let go of."""


def letters(timeline: str, partition: int, judged: Judged) -> list[Send]:
    """The dead letters of a batch of that partition."""
    tp = TP(timeline, partition)
    return [letter(tp, record, DeadLetterReason.INTERNAL_RECORD, detail) for record, detail in judged.damaged]


def tellings(judged: Judged) -> list[Send]:
    """The outcome records of a batch."""
    return [(outcome.lead.encode(), encode_outcome(outcome), ()) for outcome in judged.outcomes]


def records_of(states: Sequence[State]) -> list[Send]:
    """The changelog records of these states."""
    return [(key, packed, ()) for key, packed in states]
