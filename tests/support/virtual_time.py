"""An event loop in which waiting takes no time: when nothing can go on, the clock jumps to the next timer."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from tests.support.notices import NOON


class VirtualLoop(asyncio.SelectorEventLoop):
    """Without sockets and threads: nothing wakes it but its own timers."""

    def __init__(self) -> None:
        super().__init__()
        self.passed_s = 0.0

    def time(self) -> float:
        """Virtual seconds."""
        return self.passed_s

    def _run_once(self) -> None:
        scheduled: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        if not self._ready and scheduled:  # type: ignore[attr-defined]
            self.passed_s = max(self.passed_s, scheduled[0].when())
        super()._run_once()  # type: ignore[misc]


class VirtualTime:
    """TimeSource of the running loop; it begins at noon of 2026-10-01."""

    def now_at(self) -> int:
        """Microseconds since the epoch."""
        return NOON + round(self.elapsed_s() * 1e6)

    def elapsed_s(self) -> float:
        """Virtual seconds."""
        return asyncio.get_running_loop().time()


def run_virtually(work: Coroutine[Any, Any, None]) -> None:
    """Run to its end, in no time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(work)
