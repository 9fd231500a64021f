"""Runs one command of lead-sla in this process, as its entry point does."""

import contextlib
import io
import os
import sys
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import pytest

from monitor.cli.main import main


class Done(NamedTuple):
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


def lead_sla(*arguments: str | Path, folder: Path, **env: str) -> Done:
    """Run one command in a folder, as the entry point does, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        patch.object(sys, "argv", ["lead-sla", *map(str, arguments)]),
        patch.dict(os.environ, {"COLUMNS": "100", **env}),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    return Done(int(ended.value.code or 0), out.getvalue(), err.getvalue())


def one_error_line(done: Done) -> str:
    """The only line on stderr; nothing of a traceback."""
    assert "Traceback" not in done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]
