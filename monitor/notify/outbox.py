"""The channels of a worker: every notice goes to those that it is for, and no channel waits for another."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from monitor.notify.courier import Courier
from monitor.notify.line import Ended
from monitor.ports import Notice


class Outbox:
    """Without channels it takes notices all the same, and nobody is told."""

    def __init__(self, couriers: Mapping[str, Courier], route: Callable[[Notice], Sequence[str]]) -> None:
        """`route` names the couriers that a notice is for."""
        self.couriers = couriers
        self._route = route

    def send(self, notice: Notice, told_at: int) -> list[tuple[str, asyncio.Future[Ended]]]:
        """Queue a notice whose outcome was told then (microseconds since the epoch): channels, each with its end."""
        return [(name, self.couriers[name].send(notice, told_at)) for name in self._route(notice)]

    async def close(self) -> None:
        """Stop sending; may be called again."""
        await asyncio.gather(*(courier.close() for courier in self.couriers.values()))
