"""Delivers one notice, however long the far end needs, up to a limit."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from monitor.ports import Delivery, Notice, Sink, TimeSource

_DOUBLINGS_MAX: Final = 30
"""Keeps the exponent finite; the pause has reached its maximum long before."""


class Backoff(NamedTuple):
    """How long to pause between attempts, and when to give up; seconds."""

    first_s: float = 1.0
    pause_s_max: float = 60.0
    retry_s_max: float = 900.0
    """No attempt starts later than this after the first one."""

    def pause_s(self, attempts: int, share: float) -> float:
        """The pause after that many attempts: a random share of a bound that doubles each time.

        Full jitter, so that notices which failed together do not come back together
        (aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter).
        """
        doublings = min(attempts - 1, _DOUBLINGS_MAX)
        return share * min(self.pause_s_max, self.first_s * 2.0**doublings)


class Ended(NamedTuple):
    """How the delivery of one notice ended: its last attempt, and how many there were."""

    last: Delivery
    attempts: int


async def deliver_with_retry(
    sink: Sink,
    notice: Notice,
    time: TimeSource,
    backoff: Backoff,
    *,
    attempted: Callable[[Delivery], None],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    share: Callable[[], float] = random.random,
) -> Ended:
    """Try until delivered, refused for good, or out of time; may be cancelled at any await.

    `attempted` hears of every attempt; `share` gives the random numbers in [0, 1). A pause that the far end asks
    for is a minimum; where it reaches beyond the limit, the notice is given up at once.
    """
    started_s, attempts = time.elapsed_s(), 0
    while True:
        delivery = await sink.deliver(notice)
        attempts += 1
        attempted(delivery)
        if delivery.delivered or not delivery.retryable:
            return Ended(delivery, attempts)
        pause_s = max(backoff.pause_s(attempts, share()), delivery.retry_after_s or 0.0)
        if time.elapsed_s() + pause_s - started_s > backoff.retry_s_max:
            return Ended(delivery, attempts)
        await sleep(pause_s)
