"""What the documentation shows of the code is drawn from the code, and the files it names exist."""

import re
from pathlib import Path

import pytest

from monitor.cli.diagrams import BLOCKS, replace_generated

ROOT = Path(__file__).parents[2]
ARCHITECTURE = ROOT / "docs" / "internals" / "architecture.md"


def test_the_diagrams_are_up_to_date() -> None:
    text = ARCHITECTURE.read_text()
    if text != replace_generated(text):
        pytest.fail(f"run `.venv/bin/python -m monitor.cli.diagrams {ARCHITECTURE.relative_to(ROOT)}`", pytrace=False)


def test_the_architecture_shows_every_diagram() -> None:
    text = ARCHITECTURE.read_text()
    assert [name for name in BLOCKS if f"<!-- generated: {name} -->" not in text] == []


def test_modules_named_in_the_architecture_exist() -> None:
    named = set(re.findall(r"`((?:monitor|tests)/[\w./-]+)`", ARCHITECTURE.read_text()))
    assert named
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []
