"""Contestants are processes of their own, which print one line of JSON for each thing that they have measured."""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import compiled
from bench.site import Site

CONTESTANT_S_MAX = 180.0
"""A million states recovered by stock Faust would take longer; nothing that is measured here does."""


class Contestant:
    """One that is running."""

    def __init__(self, module: str, child: subprocess.Popen[str], errors: Path) -> None:
        self._module = module
        self._child = child
        self._errors = errors

    def says(self) -> dict[str, Any]:
        """What it prints next. Raises RuntimeError with the end of its log when it ended instead, or hung."""
        assert self._child.stdout is not None  # noqa: S101 - it was opened as a pipe
        line = self._child.stdout.readline()
        if not line:
            self._child.wait()
            raise RuntimeError(f"{self._module} failed:\n{self._errors.read_text(errors='replace')[-3000:]}")
        said: dict[str, Any] = json.loads(line)
        return said

    def kill(self) -> None:
        """kill -9."""
        self._child.kill()
        self._child.wait()

    def ended(self) -> None:
        """Wait until it has stopped by itself; who started next would wait for its session otherwise."""
        self._child.wait()


@contextmanager
def contestant(
    module: str, where: Site, *arguments: str, python: str = sys.executable, as_compiled: bool = False
) -> Iterator[Contestant]:
    """Start `bench.module`; it is killed when it is no longer needed, or after CONTESTANT_S_MAX."""
    with tempfile.NamedTemporaryFile(mode="w", prefix=f"{module}-", suffix=".log") as log:
        command = [python, "-m", f"bench.{module}", *where.arguments, *arguments]
        environment = compiled.environment() if as_compiled else dict(os.environ)
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment)
        alarm = threading.Timer(CONTESTANT_S_MAX, child.kill)
        alarm.start()
        try:
            yield Contestant(module, child, Path(log.name))
        finally:
            alarm.cancel()
            child.kill()
            child.wait()


def run(
    module: str, where: Site, *arguments: str, python: str = sys.executable, as_compiled: bool = False
) -> dict[str, Any]:
    """All that one contestant measured, once it has ended."""
    measured: dict[str, Any] = {}
    with contestant(module, where, *arguments, python=python, as_compiled=as_compiled) as running:
        while not measured.get("last"):
            measured |= running.says()
        running.ended()
    return measured
