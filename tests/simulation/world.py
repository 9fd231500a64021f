"""A world in which nothing happens by itself: virtual time, one seed, and processes that are killed or paused anywhere.

Each process has an event loop of its own, so that one may stand still while the others go on. All that processes do
to each other goes through requests; their legs take a time drawn from the seed, and each leg is a step.
"""

from __future__ import annotations

import asyncio
import heapq
import random
from asyncio import events
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any

from aiokafka.errors import KafkaError, RequestTimedOutError

Reply = Callable[[Any], None]
"""Takes the answer of a request, or the KafkaError that it raises."""

START_AT = 1_790_841_600_000_000
"""The wall clock when a simulation begins: 2026-10-01T08:00:00Z."""
REQUEST_S_MAX = 1.5
"""How long a client waits for an answer that was lost."""


class World:
    """Time and the steps to come."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self._slow = self.rng.choice((0.01, 0.05, 0.2))
        self._slowest_s = self.rng.choice((0.5, 1.0, 3.0, 8.0))
        self.now_s = 0.0
        self._notes: list[tuple[float, str]] = []
        self._to_come: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._count = 0

    def note(self, what: str) -> None:
        """Remember a step for whoever has to understand a failure."""
        self._notes.append((self.now_s, what))

    def steps(self) -> Iterator[str]:
        """What happened."""
        return (f"{at_s:9.3f} {what}" for at_s, what in self._notes)

    def at(self, when_s: float, step: Callable[..., None], *arguments: Any) -> None:
        """This happens then, or now if that is over."""
        self._count += 1
        heapq.heappush(self._to_come, (max(when_s, self.now_s), self._count, step, arguments))

    def after(self, delay_s: float, step: Callable[..., None], *arguments: Any) -> None:
        """This happens so much later."""
        self.at(self.now_s + delay_s, step, *arguments)

    def delay_s(self) -> float:
        """How long one leg of a request takes: mostly little, sometimes long."""
        return self.rng.random() * self._slowest_s if self.rng.random() < self._slow else self.rng.expovariate(100)

    def calm_down(self) -> None:
        """From now on everything takes a short time."""
        self._slow = 0.0

    def run(self, until_s: float) -> None:
        """Let every step up to then happen."""
        while self._to_come and self._to_come[0][0] <= until_s:
            self.now_s, _, step, arguments = heapq.heappop(self._to_come)
            step(*arguments)
        self.now_s = until_s


class ProcessLoop(asyncio.BaseEventLoop):
    """An event loop that runs when the world says so."""

    def __init__(self, process: Process) -> None:
        super().__init__()
        self._process = process
        self.set_exception_handler(lambda *_: None)  # what nobody waits for any more may fail

    def time(self) -> float:
        """Virtual seconds."""
        return self._process.world.now_s

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> asyncio.Handle:
        """Part of the present step. Here, because half of all that happens is this, and none of it needs checks."""
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        """A step of the world."""
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        self._process.world.at(when, self._process.post, timer)
        return timer

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        """A step of the world."""
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        pass

    def run_ready(self) -> None:
        """Until every task waits for something."""
        events._set_running_loop(self)
        try:
            while self._ready:
                handle = self._ready.popleft()
                if not handle._cancelled:
                    handle._run()
        finally:
            events._set_running_loop(None)


class Process:
    """What can be killed and paused."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.loop = ProcessLoop(self)
        self.alive = True
        self.paused = False
        self.sending = 0
        """Writes that have left and not arrived."""
        self.on_step: Callable[[Process], None] = lambda process: None
        """Told before each step of this process: here it may be killed or paused."""
        self._arrives_s: dict[str, float] = {}
        self._stuck = False
        self._held: list[Callable[[], None]] = []
        self._cut_s = float("inf")

    def begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run this."""
        task = self.loop.create_task(work)
        self.loop.run_ready()
        return task

    def post(self, handle: asyncio.Handle) -> None:
        """Run this unless the process is dead; not before it goes on if it is paused."""
        if handle._cancelled:
            return
        if self.alive:
            self.on_step(self)
        if self.alive:
            self.loop._ready.append(handle)
            if not self.paused:
                self.loop.run_ready()

    def kill(self) -> None:
        """No step of it happens any more; what it has sent arrives as far as the network had it."""
        self.world.note(f"{self.name} is killed")
        self._cut_s = self.world.now_s + self.world.rng.choice((0.0, self.world.delay_s(), float("inf")))
        self.alive = False
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_ready()  # nothing that is tried on the way out leaves the process

    def pause(self, seconds: float) -> None:
        """It stands still, its connections stay open; what it was sending arrives, or waits in its buffers."""
        self.world.note(f"{self.name} is paused for {seconds:.1f} s")
        self.paused = True
        self._stuck = self.world.rng.random() < 0.8
        self.world.after(seconds, self._resume)

    def _resume(self) -> None:
        self.paused = self._stuck = False
        held, self._held = self._held, []
        for arrive in held:
            arrive()
        if self.alive:
            self.world.note(f"{self.name} goes on")
            self.loop.run_ready()

    def ask(self, connection: str, request: Callable[[Reply], None], lossy: float = 0.0) -> Awaitable[Any]:
        """Send a request. Those of one connection arrive in order.

        Raises what is replied if it is a KafkaError, RequestTimedOutError when the answer is lost.
        """
        if not self.alive:
            raise asyncio.CancelledError
        world, answer = self.world, self.loop.create_future()
        arrives_s = max(world.now_s + world.delay_s(), self._arrives_s.get(connection, 0.0))
        self._arrives_s[connection] = arrives_s
        lost = world.rng.random() < lossy
        self.sending += connection == "producer"

        def settle(result: Any) -> None:
            if not answer.done():
                answer.set_exception(result) if isinstance(result, KafkaError) else answer.set_result(result)

        def reply(result: Any) -> None:
            if lost:
                world.note(f"{self.name}: an answer on {connection} is lost")
                result = RequestTimedOutError()
            handle = asyncio.Handle(settle, (result,), self.loop)
            world.after(REQUEST_S_MAX if lost else world.delay_s(), self.post, handle)

        def arrive() -> None:
            if self._stuck:
                self._held.append(arrive)
                return
            self.sending -= connection == "producer"
            if world.now_s <= self._cut_s:
                request(reply)

        world.at(arrives_s, arrive)
        return answer
