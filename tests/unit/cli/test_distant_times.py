"""Records that lie far from all others in a file: named and left out, so that no replay goes through centuries."""

import json
from pathlib import Path

import pytest

from monitor.cli.files import SILENCE_US_MAX, history_of
from tests.support.commands import Done, lead_sla, one_error_line
from tests.support.reports import AGREEMENT, events

US_PER_YEAR = 365 * 86_400_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "agreement.yaml").write_text(AGREEMENT)
    return tmp_path


def recorded(*more: str) -> str:
    """The story of the made-up company, and one lead that enters at each of these times."""
    entry = {"type": "lead.stage_changed", "source": "crm", "data": {"stage": "mql", "source": "web"}}
    lines = [
        {"id": e.id, "source": e.source, "type": e.type, "subject": e.lead, "data": e.data, "time": time}
        for e, time in ((e, f"2026-10-{n + 1:02}T08:00:00Z") for n, e in enumerate(events()))
    ]
    lines += [{**entry, "id": time, "subject": f"X-{time}", "time": time} for time in more]
    return "".join(json.dumps(line) + "\n" for line in lines)


def replay(folder: Path, text: str, *options: str) -> Done:
    (folder / "events.jsonl").write_text(text)
    return lead_sla("replay", "events.jsonl", "-p", "agreement.yaml", "-o", "out.jsonl", *options, folder=folder)


@pytest.mark.parametrize("time", ["9997-03-01T00:00:00Z", "1970-01-01T00:00:00Z", "2037-06-01T00:00:00Z"])
def test_an_event_far_from_all_others_is_named_and_the_rest_judged_as_without_it(folder: Path, time: str) -> None:
    assert replay(folder, recorded()).returncode == 0
    told = (folder / "out.jsonl").read_bytes()
    done = replay(folder, recorded(time))
    assert done.returncode == 1
    said = (
        f"time {time[:-1]}.000000Z lies more than ten years from the rest of the file; correct it, or remove the line"
    )
    assert one_error_line(done) == f"lead-sla: events.jsonl:11: {said}"
    assert (folder / "out.jsonl").read_bytes() == told


def test_bad_lines_are_named_in_their_order(folder: Path) -> None:
    done = replay(folder, recorded("9997-03-01T00:00:00Z") + "{\n")
    assert [line.split(":")[2] for line in done.stderr.splitlines()] == ["11", "12"]


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (("replay", "events.jsonl", "-p", "agreement.yaml", "-o", "out.jsonl"), "--until"),
        (("explain", "A", "--events", "events.jsonl", "-p", "agreement.yaml"), "--at"),
        (
            (
                "report",
                "--from",
                "2026-10-01",
                "--to",
                "2026-10-31",
                "--events",
                "events.jsonl",
                "-p",
                "agreement.yaml",
            ),
            "--until",
        ),
    ],
)
def test_time_does_not_go_on_for_centuries_after_the_newest_record(
    folder: Path, command: tuple[str, ...], option: str
) -> None:
    (folder / "events.jsonl").write_text(recorded())
    done = lead_sla(*command, option, "9997-01-01T00:00:00Z", folder=folder)
    assert done.returncode == 1
    assert one_error_line(done) == (
        f"lead-sla: {option} lies more than ten years after the newest record, 2026-10-10T08:00:00.000000Z; choose an "
        "earlier instant"
    )


@pytest.mark.parametrize(
    ("instants", "history"),
    [
        ([], (0, 0)),
        ([7], (7, 7)),
        ([SILENCE_US_MAX, 0], (0, SILENCE_US_MAX)),
        ([SILENCE_US_MAX + 1, 0], (0, 0)),
        ([3, SILENCE_US_MAX * 5, 1, 2, -SILENCE_US_MAX * 5], (1, 3)),
        ([0, SILENCE_US_MAX * 5, SILENCE_US_MAX * 5 + 1], (SILENCE_US_MAX * 5, SILENCE_US_MAX * 5 + 1)),
        ([n * 9 * US_PER_YEAR for n in range(20)], (0, 19 * 9 * US_PER_YEAR)),
    ],
)
def test_a_history_is_most_of_the_records_without_a_long_silence(instants: list[int], history: tuple[int, int]) -> None:
    assert history_of(instants) == history
