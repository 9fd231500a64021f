"""Whether this worker may still write: the epoch of its assignment, a lease from heartbeats, work in flight.

A broker refuses a superseded worker's offset commits but takes its plain writes; these rules keep such
writes from leaving. What remains is the time between the last check and the socket.
"""

import asyncio
from collections.abc import Callable

from monitor.telemetry.engine import EngineMetrics, FenceReason

# A write may still be on its way when the session ends; one second is twice the longest round trip that was
# seen under load on a local cluster.
LEASE_MARGIN_S = 1.0


class Fenced(Exception):
    """The write was not sent: the partition may belong to another worker by now. It will be read again."""


class SelfFenced(Exception):
    """The worker stops itself to be safe: what it would do next rests on a guess. Started again, it knows."""

    def __init__(self, reason: FenceReason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason


class Ownership:
    """Epoch, lease and work in flight of one worker."""

    def __init__(self, session_s: float, elapsed_s: Callable[[], float], metrics: EngineMetrics) -> None:
        self.epoch = 0
        self._metrics = metrics
        self._lease_s = session_s - LEASE_MARGIN_S
        self._elapsed_s = elapsed_s
        self._heard_s = float("-inf")
        self._in_flight: set[asyncio.Task[None]] = set()

    def heard(self, asked_s: float) -> None:
        """The coordinator counted us in, when asked at this monotonic second."""
        self._heard_s = max(self._heard_s, asked_s)

    def holds(self, epoch: int) -> bool:
        """The assignment is the one of that epoch and the group coordinator knows us as alive."""
        return epoch == self.epoch and self._elapsed_s() - self._heard_s < self._lease_s

    async def may_write(self, epoch: int) -> None:
        """Wait for the lease if it has run out. Raises Fenced once the epoch is over."""
        if epoch == self.epoch and not self.holds(epoch):
            self._metrics.lease_waited()
        while not self.holds(epoch):
            if epoch != self.epoch:
                raise Fenced
            await asyncio.sleep(0.02)

    def next_epoch(self) -> None:
        """Partitions were revoked: nothing taken before may be written any more."""
        self.epoch += 1
        self._metrics.epoch(self.epoch)

    def track(self, task: asyncio.Task[None]) -> None:
        """This task writes; a revocation waits for it."""
        self._in_flight.add(task)
        task.add_done_callback(self._in_flight.discard)

    async def drain(self, limit_s: float) -> bool:
        """Wait until nothing is in flight; False when the limit passed first."""
        started_s = self._elapsed_s()
        if self._in_flight:
            await asyncio.wait(set(self._in_flight), timeout=limit_s)
        done = not self._in_flight
        self._metrics.drained("done" if done else "timeout", self._elapsed_s() - started_s)
        return done
