"""Before partitions are handed out: wait until the brokers name all topics, which right after a start they may not."""

import asyncio
from collections.abc import Awaitable, Callable

ASK_EVERY_S = 0.2


async def until_known(
    unknown: Callable[[], set[str]], ask: Callable[[], Awaitable[object]], limit_s: float
) -> set[str]:
    """Ask the brokers until no topic is unknown to them, for `limit_s` seconds; those that still are."""
    for _ in range(round(limit_s / ASK_EVERY_S)):
        if not unknown():
            break
        await ask()
        await asyncio.sleep(ASK_EVERY_S)
    return unknown()
