"""A sink that keeps messages in memory, its far end answering as told; passes the tests of the real one."""

from collections import deque
from typing import Final

from monitor.ports import Delivery, Message, TimeSource
from monitor.sinks.answer import delivery_of

# Enough for any test or demonstration; a forgotten sink must not grow for ever.
_ATTEMPTS_MAX: Final = 10_000


class MemorySink:
    """Remembers every attempt, and answers each with the next status it was told, 200 when told nothing."""

    def __init__(self, time: TimeSource, name: str = "memory") -> None:
        self.name = name
        self.attempts: deque[Message] = deque(maxlen=_ATTEMPTS_MAX)
        """Every message that reached the far end, delivered or not, oldest first."""
        self._answers: deque[Delivery] = deque()
        self._time = time
        self._closed = False

    def will_answer(self, status: int, retry_after: str | None = None) -> None:
        """The next attempt not yet spoken for meets this HTTP status."""
        self._answers.append(delivery_of(status, retry_after, self._time.now_at()))

    def will_time_out(self) -> None:
        """The next attempt not yet spoken for is never answered."""
        self._answers.append(Delivery(delivered=False, retryable=True, reason="timeout"))

    async def deliver(self, message: Message) -> Delivery:
        """Remember the attempt and answer as told. Raises RuntimeError when closed."""
        if self._closed:
            raise RuntimeError("the sink is closed")
        self.attempts.append(message)
        return self._answers.popleft() if self._answers else delivery_of(200, None, 0)

    async def close(self) -> None:
        """Take no more notices; may be called again."""
        self._closed = True
