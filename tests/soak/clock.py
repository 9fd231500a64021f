"""A really wrong clock for one process: a library before the C library, its offset in a file."""

import functools
import shutil
import subprocess
import sys
from pathlib import Path

_SOURCE = Path(__file__).with_name("wrong_clock.c")
_BUILT = Path(__file__).parents[2] / ".cache" / "wrong_clock.so"


def missing() -> str | None:
    """What keeps clocks from being wrong here; None when nothing does."""
    return None if shutil.which("cc") else "a C compiler"


@functools.cache
def library() -> Path:
    """The library, compiled on first use. Raises CalledProcessError, and FileNotFoundError without a compiler."""
    _BUILT.parent.mkdir(parents=True, exist_ok=True)
    partial = _BUILT.with_suffix(".partial")
    subprocess.run(["cc", "-O2", "-Wall", "-shared", "-fPIC", "-o", str(partial), str(_SOURCE)], check=True)
    partial.rename(_BUILT)
    return _BUILT


def wrong_by(file: Path) -> dict[str, str]:
    """Environment of a process whose wall clock is wrong by as much as was put into `file`."""
    return {"LD_PRELOAD": str(library()), "WRONG_CLOCK": str(file)}


def put(file: Path, offset_s: int) -> None:
    """Make the clock wrong by so many seconds from now on."""
    file.touch()
    with file.open("r+b") as opened:  # in place: a running process has it mapped
        opened.write(offset_s.to_bytes(8, sys.byteorder, signed=True))
