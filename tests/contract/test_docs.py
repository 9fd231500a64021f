"""What the documentation shows of the code is drawn from the code, and the files it names exist."""

import re
from pathlib import Path

import pytest

from monitor.cli.diagrams import BLOCKS, replace_generated
from tests.support.commands import lead_sla

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


def test_the_replay_of_the_start_page_says_what_the_page_shows(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "start.md").read_text().partition("### Judge the past")[2]
    events, shown = (re.search(rf"```{kind}\n(.*?)```", page, re.DOTALL) for kind in ("json", "text"))
    command = re.search(r"^    lead-sla (replay .*)$", page, re.MULTILINE)
    assert events is not None
    assert shown is not None
    assert command is not None
    assert lead_sla("init", folder=tmp_path).returncode == 0
    (tmp_path / "events.jsonl").write_text(events[1])
    done = lead_sla(*command[1].split(), folder=tmp_path)
    assert (done.returncode, done.stdout[: len(shown[1])], done.stderr) == (0, shown[1], "")
