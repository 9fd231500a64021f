"""A traced worker that is started again when it ends by itself, as systemd or Kubernetes would do it."""

import asyncio
import re
import signal
from collections import Counter
from pathlib import Path
from typing import Self

from monitor.cli.failure import FAILED, SELF_FENCED, UNAVAILABLE
from tests.soak import clock
from tests.soak.traced_worker import SEED, SLOW_MS
from tests.support.cluster import WorkerProcess

# It stopped itself because of an error, because it could not be sure, or because Kafka did not answer.
RESTARTED = (UNAVAILABLE, FAILED, SELF_FENCED)
_RESTART_S = 1.0
_FENCED = re.compile(r"stopped itself to be safe: (\w+)")


class Supervised(WorkerProcess):
    """One worker, kept running unless a fault says otherwise. Use it as an asynchronous context."""

    entry = "tests.soak.traced_worker"

    def __init__(
        self, bootstrap: str, prefix: str, policy: Path, folder: Path, *, seed: str, slow_ms: int, **settings: str
    ) -> None:
        super().__init__(bootstrap, prefix, policy, folder, **settings)
        self.env |= {SEED: f"{seed}-{folder.name}", SLOW_MS: str(slow_ms)}
        self.clock_file = folder / "clock"
        self.ends: Counter[int] = Counter()
        """How often it ended by itself, by exit status."""
        self.starts = 0
        self._wanted = False
        self._watching: asyncio.Task[None] | None = None

    def set_clock(self, offset_s: int) -> None:
        """Make its wall clock wrong by so much, from now on; before the first start, to be able to do it later."""
        clock.put(self.clock_file, offset_s)
        self.env |= clock.wrong_by(self.clock_file)

    def start(self) -> Self:
        """Start it and keep it running."""
        self._wanted = True
        self.starts += 1
        super().start()
        return self

    def _restart(self) -> None:
        if self._wanted:
            self.start()

    async def end(self, sig: signal.Signals) -> int:
        """SIGTERM or SIGKILL, and leave it down; the exit status."""
        self._wanted = False
        if sig is signal.SIGKILL:
            await asyncio.to_thread(self.kill)
            return -sig
        return await asyncio.to_thread(self.stop)

    def fenced_for(self) -> list[str]:
        """Why it stopped itself to be safe, each time."""
        return _FENCED.findall(self.log.read_text(errors="replace")) if self.log.exists() else []

    async def listening(self) -> None:
        """Wait until its pages answer: from then on it promises to end in order."""
        while (await asyncio.to_thread(self.get, "/healthz"))[0] == 0:
            await asyncio.sleep(0.05)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(0.1)
            child = self.child
            if child is None or not self._wanted or (status := child.ended()) is None:
                continue
            self.ends[status] += 1
            if status not in RESTARTED:
                self._wanted = False
                continue
            await asyncio.sleep(_RESTART_S)
            if self.child is child:  # else a fault has begun it anew meanwhile
                self._restart()

    async def __aenter__(self) -> Self:
        self._watching = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._watching is not None:
            self._watching.cancel()
        self._wanted = False
        if self.child is not None:
            self.child.kill()
