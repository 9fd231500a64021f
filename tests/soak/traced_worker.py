"""The worker that the soak runs start: it signs every record it writes and, if asked, writes slowly.

The signature tells from the topics alone, even of writes that were never acknowledged, who wrote where: process
and epoch of ownership, in a header that the product does not look at. Nothing else differs from `lead-sla run`.
"""

import asyncio
import os
import random
from typing import Any

from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.producer.sender import Sender

from monitor.cli.main import main
from monitor.stream.engine.ownership import Ownership

HEADER = "soak-writer"
SLOW_MS = "SOAK_SLOW_MS"
SEED = "SOAK_SEED"
# So many requests are slowed: enough that a fault meets one, few enough that the worker keeps up.
_SLOWED = 0.2


def sign() -> None:
    """Put `<process id>.<epoch>` into a header of every record."""
    owners: list[Ownership] = []
    begin, append = Ownership.__init__, BatchBuilder.append

    def begun(self: Ownership, *args: Any, **kwargs: Any) -> None:
        begin(self, *args, **kwargs)
        owners.append(self)

    def signed(self: BatchBuilder, *, headers: list[Any] | None = None, **kwargs: Any) -> Any:
        epoch = owners[-1].epoch if owners else 0
        return append(self, headers=[*(headers or ()), (HEADER, f"{os.getpid()}.{epoch}".encode())], **kwargs)

    Ownership.__init__ = begun  # type: ignore[method-assign]
    BatchBuilder.append = signed


def slow_down(ms_max: float, seed: str) -> None:
    """Sleep now and then right before the socket: behind the last look at whether this worker may write."""
    rng, send = random.Random(seed), Sender._send_produce_req

    async def slowly(self: Sender, node_id: int, batches: dict[Any, Any]) -> None:
        if rng.random() < _SLOWED:
            await asyncio.sleep(rng.random() * ms_max / 1000)
        await send(self, node_id, batches)

    Sender._send_produce_req = slowly


if __name__ == "__main__":
    sign()
    slow_down(float(os.environ.get(SLOW_MS, "0")), os.environ.get(SEED, ""))
    main()
