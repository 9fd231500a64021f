"""The package as the image has it, its core compiled: contestants are to find what `make compiled` built."""

import os
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parents[1]
_BUILD: Final = _ROOT / ".cache" / "compiled"


def missing() -> str | None:
    """What keeps it from being measured, in a few words; None when nothing does."""
    return None if (_BUILD / ".ready").exists() else "not built: `make compiled` needs a C compiler"


def environment() -> dict[str, str]:
    """That of a process which is to import it."""
    return {**os.environ, "PYTHONSAFEPATH": "1", "PYTHONPATH": f"{_BUILD}:{_ROOT}"}
