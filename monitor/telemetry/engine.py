"""What clusters do to a worker, as metrics: ownership, writes, drains, recovery, and why it stopped itself."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal, get_args

from prometheus_client import CollectorRegistry

from monitor.telemetry.catalogue import counter, gauge, histogram

Step = Literal["outcomes", "states", "transaction"]
Drained = Literal["done", "timeout"]
Committed = Literal["done", "refused"]


class FenceReason(StrEnum):
    """Why a worker stopped itself to be safe."""

    HOLE = "hole"
    """Records of the timeline were stepped over."""
    DRAIN = "drain"
    """Writes were still in flight when partitions had to be given up."""
    SUPERSEDED = "superseded"
    """The broker refused a transaction: the partition has a new owner."""
    UNSURE = "unsure"
    """A transaction ended in an error: whether it took place is not known."""
    TOPICS_UNKNOWN = "topics_unknown"
    """It was to hand out partitions, and the brokers did not name all topics."""
    RECOVERY_STALLED = "recovery_stalled"
    """State was being recovered and no record came any more."""
    READING_STALLED = "reading_stalled"
    """There were records to read and none was read any more."""


class EngineMetrics:
    """Set by the engine; every series starts at zero."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._acknowledged = histogram("lead_sla_acknowledge_seconds", registry)
        self._commits = counter("lead_sla_commits_total", registry)
        self._partitions = gauge("lead_sla_partitions_owned", registry)
        self._epoch = gauge("lead_sla_epoch", registry)
        self._drains = counter("lead_sla_drains_total", registry)
        self._drain_seconds = histogram("lead_sla_drain_seconds", registry)
        self._abandoned = counter("lead_sla_batches_abandoned_total", registry)
        self._lease_waits = counter("lead_sla_lease_waits_total", registry)
        self._repaired = counter("lead_sla_stale_records_repaired_total", registry)
        self._unreadable = gauge("lead_sla_states_unreadable", registry)
        self._deleted_unread = counter("lead_sla_records_deleted_unread_total", registry)
        self._self_fenced = counter("lead_sla_self_fenced_total", registry)
        self._recovery = gauge("lead_sla_recovery_seconds", registry)
        self._left = gauge("lead_sla_recovery_records_left", registry)
        self._rate = gauge("lead_sla_recovery_records_per_second", registry)
        self._seconds_left = gauge("lead_sla_recovery_seconds_left", registry)
        for step in get_args(Step):
            self._acknowledged.labels(step)
        for result in get_args(Committed):
            self._commits.labels(result)
        for result in get_args(Drained):
            self._drains.labels(result)
        for reason in FenceReason:
            self._self_fenced.labels(reason)

    def acknowledged(self, step: Step, seconds: float) -> None:
        """The brokers have what was written in this step."""
        self._acknowledged.labels(step).observe(seconds)

    def committed(self, result: Committed) -> None:
        """What was read was committed, or refused."""
        self._commits.labels(result).inc()

    def owns(self, partitions: int) -> None:
        """This worker judges so many partitions now."""
        self._partitions.set(partitions)

    def epoch(self, epoch: int) -> None:
        """Partitions were given up: what was taken before may not be written any more."""
        self._epoch.set(epoch)

    def drained(self, result: Drained, seconds: float) -> None:
        """Work in flight was waited for."""
        self._drains.labels(result).inc()
        self._drain_seconds.observe(seconds)

    def batch_abandoned(self) -> None:
        """One batch was given up; whoever owns its partition reads it again."""
        self._abandoned.inc()

    def lease_waited(self) -> None:
        """A write waited for a heartbeat to be answered."""
        self._lease_waits.inc()

    def repaired(self, records: int) -> None:
        """So many newest states were written again behind older ones."""
        self._repaired.inc(records)

    def unreadable(self, leads: int) -> None:
        """So many leads of this worker's partitions have a state that cannot be read."""
        self._unreadable.set(leads)

    def deleted_unread(self, records: int) -> None:
        """The brokers deleted so many records that were not read yet."""
        self._deleted_unread.inc(records)

    def self_fenced(self, counts: Mapping[FenceReason, int]) -> None:
        """This worker has stopped itself so many times, by reason."""
        for reason, count in counts.items():
            self._self_fenced.labels(reason).inc(count)

    def recovering(self, left: int, per_s: float, seconds_left: float) -> None:
        """State is being read: records left, records a second, seconds to go."""
        self._left.set(left)
        self._rate.set(per_s)
        self._seconds_left.set(seconds_left)

    def recovered(self, seconds: float) -> None:
        """State was recovered in that time."""
        self._recovery.set(seconds)
        self.recovering(0, 0.0, 0.0)
