"""Carries the notices of one channel to its far end, as its line says."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol

from monitor.notify.line import DISABLED, Ended, Line, Rules, Waiting
from monitor.ports import ABANDONED, ChannelState, Delivery, Notice, Sink, TimeSource, alone

log = logging.getLogger(__name__)

_US_PER_S = 1_000_000


class Observer(Protocol):
    """Hears what happens on the channels."""

    def attempted(self, channel: str, result: str) -> None:
        """One attempt ended so, or one notice was abandoned."""
        ...

    def delivered(self, channel: str, delay_s: float) -> None:
        """A notice arrived, so long after its outcome was told."""
        ...


async def changed_or_later(changed: asyncio.Event, pause_s: float | None) -> None:
    """Return when the event is set, or after a pause; without one wait for the event."""
    try:
        async with asyncio.timeout(pause_s):
            await changed.wait()
    except TimeoutError:
        return


class _Entry(NamedTuple):
    """A notice in the line, and everybody who waits for its end."""

    waiting: Waiting
    told_at: int
    futures: list[asyncio.Future[Ended]]


class Courier:
    """Sends what is given to it, in one task of its own that lives as long as there is something to send."""

    def __init__(
        self,
        sink: Sink,
        rules: Rules,
        time: TimeSource,
        observer: Observer,
        *,
        wait: Callable[[asyncio.Event, float | None], Awaitable[None]] = changed_or_later,
        share: Callable[[], float] = random.random,
    ) -> None:
        """`share` gives the random numbers in [0, 1) that spread out attempts."""
        self.sink = sink
        self.line = Line(rules)
        self._time = time
        self._observer = observer
        self._wait = wait
        self._share = share
        self._changed = asyncio.Event()
        self._entries: dict[str, _Entry] = {}
        """By notice id: one that is under way already is not sent a second time."""
        self._running: asyncio.Task[None] | None = None
        self._attempts: set[asyncio.Task[None]] = set()

    def send(self, notice: Notice, told_at: int) -> asyncio.Future[Ended]:
        """Queue a notice whose outcome was told at that instant (microseconds since the epoch).

        The future has a result when the notice has arrived or is given up; cancelling it takes the notice back, unless
        it is on its way already.
        """
        future: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        if self.line.state is ChannelState.DISABLED:
            self._observer.attempted(self.sink.name, DISABLED)
            future.set_result(Ended(Waiting(notice, 0.0), DISABLED))
            return future
        entry = self._entries.get(notice.notice_id) or self._add(notice, told_at)
        entry.waiting.wanted = True
        entry.futures.append(future)
        future.add_done_callback(lambda done: self._settled(entry, done))
        self._changed.set()
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
            self._running.add_done_callback(self._task_ended)
        return future

    async def close(self) -> None:
        """Stop sending; may be called again."""
        tasks = [*self._attempts, *([self._running] if self._running else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.sink.close()

    def _add(self, notice: Notice, told_at: int) -> _Entry:
        age_s = max(0, self._time.now_at() - told_at) / _US_PER_S
        entry = _Entry(self.line.add(notice, self._time.elapsed_s(), age_s), told_at, [])
        self._entries[notice.notice_id] = entry
        return entry

    def _settled(self, entry: _Entry, done: asyncio.Future[Ended]) -> None:
        entry.futures.remove(done)
        if done.cancelled() and not entry.futures:
            self.line.drop(entry.waiting, self._time.elapsed_s())
            if not entry.waiting.in_flight and self._entries.get(entry.waiting.notice.notice_id) is entry:
                del self._entries[entry.waiting.notice.notice_id]
            self._changed.set()

    async def _run(self) -> None:
        while self.line:
            self._changed.clear()
            now_s = self._time.elapsed_s()
            while waiting := self.line.take(now_s):
                task = asyncio.create_task(self._attempt(waiting))
                self._attempts.add(task)
                task.add_done_callback(self._task_ended)
            wake_s = self.line.wake_s(now_s)
            await self._wait(self._changed, None if wake_s is None else wake_s - now_s)

    async def _attempt(self, waiting: Waiting) -> None:
        self._answered(waiting, await self.sink.deliver(alone(waiting.notice)))
        self._changed.set()

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        """A defect of ours reaches everybody who waits: they stop the worker, and nothing is acknowledged."""
        self._attempts.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            for future in [future for entry in self._entries.values() for future in entry.futures]:
                if not future.done():
                    future.set_exception(error)

    def _answered(self, waiting: Waiting, delivery: Delivery) -> None:
        name, before = self.sink.name, self.line.state
        self._observer.attempted(name, delivery.reason)
        if delivery.delivered:
            told_at = self._entries[waiting.notice.notice_id].told_at
            self._observer.delivered(name, (self._time.now_at() - told_at) / _US_PER_S)
        for ended in self.line.answered(waiting, delivery, self._time.elapsed_s(), self._share()):
            if ended.result in ABANDONED:
                self._observer.attempted(name, ended.result)
            for future in self._entries.pop(ended.waiting.notice.notice_id).futures:
                if not future.done():
                    future.set_result(ended)
        if self.line.state is not before:
            _log_change(name, before, self.line.state, delivery)


def _log_change(name: str, before: ChannelState, now: ChannelState, delivery: Delivery) -> None:
    said = f"{delivery.reason} {delivery.answer}".rstrip()
    match now:
        case ChannelState.DISABLED:
            log.error("channel %s is disabled until the next start: its far end wants no more notices (%s)", name, said)
        case ChannelState.OPEN if before is ChannelState.CLOSED:
            log.warning("channel %s fails again and again, notices wait: %s", name, said)
        case ChannelState.CLOSED:
            log.info("channel %s works again", name)
