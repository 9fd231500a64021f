"""Programs that a test needs and this machine may lack."""

import os
import shutil

import pytest


def needed(program: str) -> str:
    """The program's path; without it the test is left out, and fails where CI=true."""
    path = shutil.which(program)
    if path is None:
        lack = f"{program} is not installed (Debian: apt-get install prometheus)"
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(f"CI=true: {lack}", pytrace=False)
        pytest.skip(lack)
    return path
