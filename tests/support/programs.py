"""Programs that a test needs and this machine may lack."""

import os
import shutil
import subprocess
from typing import NoReturn

import pytest


def needed(program: str) -> str:
    """The program's path; without it the test is left out, and fails where CI=true."""
    path = shutil.which(program)
    if path is None:
        lacking(program, "prometheus")
    return path


def lacking(what: str, package: str) -> NoReturn:
    """Leave the test out, and fail it where CI=true; `package` is Debian's."""
    lack = f"{what} is not installed (Debian: apt-get install {package})"
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(f"CI=true: {lack}", pytrace=False)
    pytest.skip(lack)


def said_by_promtool(exposition: bytes) -> str:
    """What it finds about metrics; empty: they are as Prometheus wants them."""
    command = [needed("promtool"), "check", "metrics"]
    check = subprocess.run(command, input=exposition, capture_output=True, timeout=30, check=False)
    said = (check.stdout + check.stderr).decode()
    return said or (f"promtool ended with {check.returncode}" if check.returncode else "")
