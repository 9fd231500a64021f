"""The judge: per partition, fold a batch in order, tell, remember, commit; each step acknowledged before the next."""

from collections.abc import Callable
from typing import Final, Generic, TypeVar

from monitor.core.outcome import Kind, Outcome
from monitor.core.policy import Policy
from monitor.ports import TimeSource
from monitor.stream.durably import Durably
from monitor.stream.engine.lanes import Batch
from monitor.stream.engine.ownership import Fenced
from monitor.stream.judged import Judged, PartitionJudging, ReadTick
from monitor.telemetry.metrics import Metrics
from monitor.wire.dead_letter import DeadLetterReason

# Somebody has to judge the agreement itself, and every installation has this partition.
AGREEMENT_PARTITION: Final = 0


PartitionJudgeT = TypeVar("PartitionJudgeT", bound=PartitionJudging)


class Judge(Generic[PartitionJudgeT]):
    """The agent on a topic that is judged: the timeline, or the facts for the books of the quotas."""

    def __init__(
        self,
        policy: Policy,
        judge_of: Callable[[int, Policy], PartitionJudgeT],
        durably: Durably,
        time: TimeSource,
        metrics: Metrics,
    ) -> None:
        """`judge_of`: makes the judge of a partition of which the states are read."""
        self._policy = policy
        self._judge_of = judge_of
        self._durably = durably
        self._time = time
        self._metrics = metrics
        self.partitions: dict[int, PartitionJudgeT] = {}
        self.on_judged: Callable[[int, ReadTick | None], None] = lambda partition, tick: None
        """Told after each batch: the partition and the newest tick in it."""

    def own(self, partitions: list[int]) -> None:
        """Recovery is complete: begin anew from the tables of exactly these partitions."""
        self.partitions = {partition: self._judge_of(partition, self._policy) for partition in partitions}

    def adopt(self, policy: Policy) -> None:
        """Judge all partitions by this policy, each from its next batch on. What is under way is told as it was."""
        self._policy = policy
        for partition, judge in self.partitions.items():
            judge.adopt(policy)
            self.on_judged(partition, None)

    async def take(self, batch: Batch) -> None:
        """Return when the batch is told and remembered; only then may its offset be committed. Raises Fenced."""
        started_s = self._time.elapsed_s()
        partition = batch.tp.partition
        judge = self.partitions.get(partition)
        if judge is None:
            raise Fenced  # taken between two assignments: whoever recovers the partition reads this again
        judged = judge.fold(batch.records)
        changelog_offset = await self._durably.write(partition, batch.epoch, judged, batch.records[-1].offset + 1)
        judge.remember(judged, changelog_offset, alone=self._durably.alone)
        self._count(judged, len(batch.records), self._time.elapsed_s() - started_s)
        self.on_judged(partition, judged.tick)

    def _count(self, judged: Judged, records: int, seconds: float) -> None:
        self._metrics.batch_judged(records, seconds)
        now_at = self._time.now_at()
        self._metrics.outcomes_said(judged.outcomes)
        for outcome in judged.outcomes:
            if _waited_for(outcome):
                self._metrics.detected((now_at - outcome.at - outcome.hold_us) / 1e6)
        for _ in judged.damaged:
            self._metrics.dead_lettered(DeadLetterReason.INTERNAL_RECORD)
        self._metrics.remarked(judged.remarks)
        self._metrics.customers_won(judged.cycles_us)
        self._metrics.passed_on(onward.to for onward in judged.onward)
        if judged.tick is not None:
            self._metrics.tick("read")


def _waited_for(outcome: Outcome) -> bool:
    return outcome.kind in (Kind.BREACHED, Kind.WARNED) and outcome.revision == 0
