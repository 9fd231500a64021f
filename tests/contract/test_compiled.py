"""The compiled build is the same program: what is proven of the source is proven of it."""

import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
BUILD: Final = ROOT / ".cache" / "compiled"
PROOFS: Final = (
    "tests/timelines", "tests/unit/core", "tests/unit/wire/state", "tests/unit/wire/test_state.py",
    "tests/unit/wire/test_timeline_records.py", "tests/unit/wire/test_outcome.py",
    "tests/unit/stream/test_partition_judge.py",
)  # fmt: skip

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(shutil.which("cc") is None and "CI" not in os.environ, reason="no C compiler"),
]


@pytest.fixture(scope="module")
def found_first() -> dict[str, str]:
    """The environment in which the compiled build is what `import monitor` finds."""
    subprocess.run(["make", "--no-print-directory", "compiled"], cwd=ROOT, check=True)
    return {**os.environ, "PYTHONSAFEPATH": "1", "PYTHONPATH": f"{BUILD}:{ROOT}"}


def python(environment: dict[str, str], *arguments: str) -> str:
    """What it prints. Raises AssertionError with that when it failed."""
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_module_that_is_to_be_compiled_is(found_first: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    modules = [path.removesuffix(".py").replace("/", ".") for path in runpy.run_path("setup.py")["compiled"]()]
    assert "monitor.core.advance" in modules
    imports = f"import importlib as i; print(*(i.import_module(m).__file__ for m in {modules}), sep='\\n')"
    files = python(found_first, "-c", imports).split()
    assert [file for file in files if not (file.startswith(str(BUILD)) and file.endswith(".so"))] == []


def test_what_is_proven_of_the_source_holds_of_the_compiled_build(found_first: dict[str, str]) -> None:
    options = ("-o", "pythonpath=", "-p", "no:cacheprovider")  # the project's own would put the source first
    said = python(found_first, "-m", "pytest", "-q", "-n", "auto", *options, "-m", "not slow", *PROOFS)
    assert " passed" in said
