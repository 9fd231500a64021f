"""Looks at the agreement's files while the worker runs, and has leads judged by what they say now."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from monitor.core.policy import Policy
from monitor.ports import TimeSource
from monitor.telemetry.metrics import Metrics
from monitor.wire.policy import PolicyError, PolicyFiles, policy_of, read_files

log = logging.getLogger(__name__)

# Two looks that find the same are needed, so that a file is not read while somebody is still writing it.
LOOK_EVERY_S: Final = 2.0
# How often it is said again that the files cannot be used, for as long as they cannot: alerts live by it.
COMPLAIN_EVERY_S: Final = 60.0

_Found = PolicyFiles | PolicyError


class Renewal:
    """A set of files that is in order replaces the policy; one that is not leaves it in force, and is complained of."""

    def __init__(
        self,
        path: Path,
        files: PolicyFiles,
        adopt: Callable[[Policy], None],
        time: TimeSource,
        metrics: Metrics,
        read: Callable[[PolicyFiles], Policy] = policy_of,
    ) -> None:
        """`files`: those that are judged by already; `adopt` is called between two batches.

        `read` raises PolicyError for what cannot be used by this worker.
        """
        self._path = path
        self._files = files
        self._adopt = adopt
        self._time = time
        self._metrics = metrics
        self._read = read
        self._before: _Found = files
        self._complained: tuple[_Found, float] | None = None
        self._asked = asyncio.Event()

    def look_now(self) -> None:
        """Somebody says that the files are ready."""
        self._asked.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._asked.wait()
            except TimeoutError:
                pass
            ready = self._asked.is_set()
            self._asked.clear()
            await self.look(ready=ready)

    async def look(self, *, ready: bool = False) -> None:
        """Look once; `ready`: the files are as they shall be, whatever the look before has found."""
        found = await asyncio.to_thread(self._found)
        settled, self._before = ready or _same(found, self._before), found
        if not settled:
            return
        if found == self._files:
            self._complained = None
        elif isinstance(found, PolicyError):
            self._complain(found, found)
        else:
            try:
                policy = await asyncio.to_thread(self._read, found)
            except PolicyError as error:
                self._complain(found, error)
            else:
                self._renew(found, policy)

    def _found(self) -> _Found:
        try:
            return read_files(self._path)
        except PolicyError as error:
            return error

    def _renew(self, files: PolicyFiles, policy: Policy) -> None:
        self._adopt(policy)
        self._files, self._complained = files, None
        self._metrics.policy_reloaded("adopted")
        names = ", ".join(version.version for version in policy.versions)
        log.warning("the agreement has changed: judging by %s from now on (versions %s)", policy.version, names)

    def _complain(self, found: _Found, error: PolicyError) -> None:
        now_s = self._time.elapsed_s()
        if self._complained is not None:
            complained_of, at_s = self._complained
            if _same(found, complained_of) and now_s < at_s + COMPLAIN_EVERY_S:
                return
        self._complained = (found, now_s)
        self._metrics.policy_reloaded("refused")
        for fault in error.faults:
            log.error("the agreement cannot be used, the one before stays in force: %s", fault)


def _same(found: _Found, before: _Found) -> bool:
    if isinstance(found, PolicyError) or isinstance(before, PolicyError):
        return str(found) == str(before)
    return found == before
