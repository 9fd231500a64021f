"""Who hears of the notices of a simulated cluster: one channel whose far end outlives the workers."""

from __future__ import annotations

from typing import Final

from aiokafka.errors import RequestTimedOutError

from monitor.core.calls import Reach
from monitor.notify.gate import Rules
from monitor.notify.outlets import Outlets
from monitor.ports import Delivery, Message
from tests.simulation.world import Process, Reply, World

CHANNEL: Final = "hook"
REACH: Final = Reach((CHANNEL,))
# Failures come and go within a simulation of a minute.
RULES: Final = Rules(first_s=0.2, pause_s_max=1.0, failures_max=10, open_s=0.5)
FAILS: Final = 0.05
"""How often the far end does not take a message."""


class People:
    """Everything that arrived."""

    def __init__(self, world: World) -> None:
        self.heard: list[Message] = []
        self._world = world

    def take(self, message: Message, reply: Reply) -> None:
        """A request with a message."""
        if self._world.rng.random() < FAILS:
            reply(Delivery(False, True, "http_5xx"))
            return
        self._world.note(f"a message arrives: {message.message_id}, {len(message.notices)} notices")
        self.heard.append(message)
        reply(Delivery(True, False, "ok"))

    def outlets(self, process: Process) -> Outlets:
        """The channel as one worker has it."""
        return Outlets({CHANNEL: (_Hook(process, self), RULES)}, REACH, frozenset({CHANNEL}))


class _Hook:
    """A sink of one worker."""

    name = CHANNEL

    def __init__(self, process: Process, people: People) -> None:
        self._process = process
        self._people = people

    async def deliver(self, message: Message) -> Delivery:
        """See Sink. A lost answer looks like a far end that does not answer in time."""
        try:
            answer: Delivery = await self._process.ask("hook", lambda reply: self._people.take(message, reply), FAILS)
        except RequestTimedOutError:
            return Delivery(False, True, "timeout")
        return answer

    async def close(self) -> None:
        """See Sink."""
