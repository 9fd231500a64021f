"""One lane per partition: batches of a partition are worked on one after the other, partitions side by side."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, Protocol

from faust.types.tuples import TP

from monitor.stream.engine.ownership import Fenced, Ownership
from monitor.telemetry.engine import EngineMetrics

log = logging.getLogger(__name__)

# Batches waiting in a lane before its partition is no longer fetched: one is worked on, one is ready.
QUEUED_MAX = 2


class Batch(NamedTuple):
    """The records of one fetch of one partition, and the epoch in which they were taken."""

    tp: TP
    records: list[Any]
    epoch: int


class FlowControl(Protocol):
    """What a lane needs of the consumer: to have a partition left alone for a while."""

    def on_buffer_full(self, tp: TP) -> None:
        """Fetch no more of this partition."""
        ...

    def on_buffer_drop(self, tp: TP) -> None:
        """Fetch this partition again."""
        ...


class Lanes:
    """Takes the batches of one agent. A batch is acknowledged when its work has returned."""

    def __init__(
        self,
        work: Callable[[Batch], Awaitable[None]],
        ownership: Ownership,
        crash: Callable[[BaseException], Awaitable[None]],
        metrics: EngineMetrics,
        *,
        drained: bool,
    ) -> None:
        """`drained`: a revocation waits for work that has begun; otherwise it is cancelled and done again later."""
        self._work = work
        self._ownership = ownership
        self._crash = crash
        self._metrics = metrics
        self._drained = drained
        self._queues: dict[TP, deque[Any]] = {}
        self._tasks: dict[TP, asyncio.Task[None]] = {}

    def put(self, event: Any, consumer: FlowControl) -> None:
        """Queue one batch; never waits, so that no slow lane holds up the others."""
        tp = event.message.tp
        queue = self._queues.setdefault(tp, deque())
        queue.append(event)
        if len(queue) >= QUEUED_MAX:
            consumer.on_buffer_full(tp)
        if tp not in self._tasks:
            task = asyncio.get_running_loop().create_task(self._run(tp, queue, consumer))
            self._tasks[tp] = task
            if self._drained:
                self._ownership.track(task)

    def drop_queued(self) -> None:
        """Forget what has not begun: its offsets are not committed, so it will be read again."""
        for queue in self._queues.values():
            queue.clear()
        if not self._drained:
            for task in self._tasks.values():
                task.cancel()
        self._queues = {}
        self._tasks = {}

    async def _run(self, tp: TP, queue: deque[Any], consumer: FlowControl) -> None:
        epoch = self._ownership.epoch
        try:
            while queue:
                event = queue.popleft()
                if len(queue) < QUEUED_MAX:
                    consumer.on_buffer_drop(tp)
                await self._work(Batch(tp, event.message.value, epoch))
                event.ack()
        except Fenced:
            self._metrics.batch_abandoned()
            log.info("%s %s: a batch was given up, whoever owns the partition reads it again", tp.topic, tp.partition)
            queue.clear()
        except Exception as error:  # the engine must not acknowledge what was not done: stop the worker
            queue.clear()
            await self._crash(error)
        finally:
            if self._queues.get(tp) is queue:
                del self._queues[tp]
                del self._tasks[tp]
