"""Programs that a test needs and this machine may lack."""

import os
import shutil
from typing import NoReturn

import pytest


def needed(program: str, package: str = "prometheus") -> str:
    """The program's path; without it the test is left out, and fails where CI=true. `package` is Debian's."""
    path = shutil.which(program)
    if path is None:
        lacking(program, package)
    return path


def lacking(what: str, package: str) -> NoReturn:
    """Leave the test out, and fail it where CI=true; `package` is Debian's."""
    lack = f"{what} is not installed (Debian: apt-get install {package})"
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(f"CI=true: {lack}", pytrace=False)
    pytest.skip(lack)
