"""Builds the package. With LEAD_SLA_COMPILE=1 the modules that every event passes through become C, by mypyc.

They stay Python beside it, and everything works without this step; it needs mypy and a C compiler. Everything else
about the package is in pyproject.toml.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from setuptools import setup

CORE = Path("monitor/core")
NOT_COMPILED = {
    # What msgspec reads and writes: compiled classes keep neither annotations nor arguments of their declaration.
    "book_entries.py", "claim.py", "clock.py", "event.py", "fact.py", "policy.py", "shapes.py", "via.py",
    # Compiled dataclasses that are frozen cannot be pickled.
    "predicate.py",
    # Formatting text is slower compiled.
    "instant.py",
}  # fmt: skip
ON_THE_WAY = (
    *Path("monitor/wire/state").glob("*.py"),
    Path("monitor/wire/timeline.py"),
    Path("monitor/stream/partition_judge.py"),
    Path("monitor/stream/engine/batches.py"),
)


def compiled() -> Iterator[str]:
    """The modules that become C: the core and the way of an event through it."""
    for module in sorted((*CORE.glob("*.py"), *ON_THE_WAY)):
        if module.name not in NOT_COMPILED and module.name != "__init__.py":
            yield str(module)


def extensions() -> list[Any]:
    """None of them, or all in one library: within it calls are those of C."""
    if os.environ.get("LEAD_SLA_COMPILE") != "1":
        return []
    from mypyc.build import mypycify  # noqa: PLC0415 - needed for this alone

    return mypycify([*compiled()], group_name="lead_sla", opt_level="3", debug_level="0")


if __name__ == "__main__":
    setup(ext_modules=extensions())
