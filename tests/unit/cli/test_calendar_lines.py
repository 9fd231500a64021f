"""Questions about working time, as scripts ask them."""

import io
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from monitor.cli.calendar_lines import LINE_LENGTH_MAX, answers
from monitor.wire.policy import load_policy
from tests.support.commands import lead_sla

EXAMPLE = Path(__file__).parents[3] / "tests" / "contract" / "policies" / "right" / "dach.yaml"
CALENDARS = load_policy(EXAMPLE).calendars


def ask(*questions: Mapping[str, Any] | str | bytes) -> list[dict[str, Any]]:
    texts = [json.dumps(question) if isinstance(question, Mapping) else question for question in questions]
    lines = [text.encode() if isinstance(text, str) else text for text in texts]
    return [json.loads(answer) for _, answer in answers(CALENDARS, lines)]


def test_a_due_instant_and_when_people_are_back() -> None:
    """Munich works from 9 to 12:30 and from 13:30 to 18, on Fridays from 9 to 15."""
    assert ask(
        {"calendar": "munich", "start": "2026-10-01T16:30:00+02:00", "within": "4 working_hours"},
        {"calendar": "munich", "start": "2026-10-02T11:00:00+02:00", "within": "4 working_hours"},
        {"calendar": "munich", "start": "2026-10-02T11:00:00+02:00", "within": "30 minutes elapsed"},
    ) == [
        {"due": "2026-10-02T09:30:00.000000Z", "practical": "2026-10-02T09:30:00.000000Z"},
        {"due": "2026-10-02T13:00:00.000000Z", "practical": "2026-10-05T07:00:00.000000Z"},
        {"due": "2026-10-02T09:30:00.000000Z", "practical": "2026-10-02T09:30:00.000000Z"},
    ]


def test_pauses_put_it_off() -> None:
    question = {"calendar": "munich", "start": "2026-10-01T09:00:00+02:00", "within": "1 working_hours"}
    paused = [["2026-10-01T09:30:00+02:00", "2026-10-01T10:00:00+02:00"]]
    assert ask({**question, "pauses": paused}) == [
        {"due": "2026-10-01T08:30:00.000000Z", "practical": "2026-10-01T08:30:00.000000Z"}
    ]


def test_how_much_time_lies_between_two_instants() -> None:
    assert ask(
        {"calendar": "munich", "from": "2026-10-01T17:00:00+02:00", "to": "2026-10-02T10:00:00+02:00"},
        {"calendar": "munich", "from": "2026-10-01T17:00:00.5+02:00", "to": "2026-10-01T17:00:02+02:00"},
    ) == [
        {"working_seconds": 7200, "elapsed_seconds": 61200},
        {"working_seconds": 1.5, "elapsed_seconds": 1.5},
    ]


def test_some_time_before_it_is_due() -> None:
    assert ask({"calendar": "munich", "due": "2026-10-02T09:10:00+02:00", "before": "30 working_minutes"}) == [
        {"at": "2026-10-01T15:40:00.000000Z"}
    ]


def test_whether_it_is_open_and_when_next() -> None:
    assert ask(
        {"calendar": "munich", "at": "2026-10-01T18:00:00+02:00"},
        {"calendar": "munich", "at": "2026-10-01T09:00:00+02:00"},
    ) == [
        {"open": False, "next_open": "2026-10-02T07:00:00.000000Z"},
        {"open": True, "next_open": "2026-10-01T07:00:00.000000Z"},
    ]


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("{", "not JSON"),
        ("[1]", "not an object"),
        ("[" * 10_000, "not JSON"),
        (b'{"calendar": "m\xfcnchen"}', "not UTF-8"),
        ('{"a": "' + "x" * LINE_LENGTH_MAX + '"}', "longer"),
        ({}, "calendar: is missing"),
        ({"calendar": 7}, "calendar: is no text"),
        ({"calendar": "munch", "at": "2026-10-01T18:00:00Z"}, "write munich"),
        ({"calendar": "munich"}, "ask with"),
        ({"calendar": "munich", "at": "2026-10-01T18:00:00Z", "colour": 1}, "ask with"),
        ({"calendar": "munich", "at": "2026-10-01T18:00:00Z", "from": "2026-10-01T18:00:00Z"}, "ask with"),
        ({"calendar": "munich", "at": "2026-10-01T18:00:00Z", "pauses": []}, "ask with"),
        ({"calendar": "munich", "at": "2026-10-01T18:00:00"}, "at: has no offset"),
        ({"calendar": "munich", "at": "yesterday"}, "at: is not RFC 3339"),
        ({"calendar": "munich", "at": "0001-01-01T00:00:00Z"}, "lies outside"),
        ({"calendar": "munich", "at": "9999-12-31T23:59:59Z"}, "9999-12-31T23:59:59.000000Z lies outside"),
        ({"calendar": "munich", "start": "2026-10-01T18:00:00Z", "within": "1 day"}, "within: "),
        ({"calendar": "munich", "start": "2026-10-01T18:00:00Z", "within": "900000 working_hours"}, "not used up"),
        ({"calendar": "munich", "from": "2026-10-02T18:00:00Z", "to": "2026-10-01T18:00:00Z"}, "exchange"),
        ({"calendar": "munich", "due": "0014-02-01T18:00:00Z", "before": "900000 working_hours"}, "not there"),
        ({"calendar": "munich", "start": "2026-10-01T18:00:00Z", "within": "1 working_days", "pauses": 1}, "pairs"),
        ({"calendar": "munich", "start": "2026-10-01T18:00:00Z", "within": "1 working_days", "pauses": [[]]}, "pairs"),
        (
            {
                "calendar": "munich", "start": "2026-10-01T18:00:00Z", "within": "1 working_days",
                "pauses": [["2026-10-02T18:00:00Z", "2026-10-01T18:00:00Z"]],
            },
            "pauses[0]: ends before",
        ),
    ],
)  # fmt: skip
def test_a_question_that_makes_no_sense_is_answered_with_what_to_write(question: Any, says: str) -> None:
    (answer,) = ask(question)
    assert list(answer) == ["error"]
    assert says in answer["error"]


def test_a_bad_line_is_answered_in_its_place_and_the_rest_go_on() -> None:
    good = {"calendar": "munich", "at": "2026-10-01T18:00:00+02:00"}
    kinds = [next(iter(answer)) for answer in ask(good, "nonsense", "", good)]
    assert kinds == ["open", "error", "open"]


def test_a_byte_order_mark_and_line_ends_of_windows_do_not_matter() -> None:
    line = b'\xef\xbb\xbf{"calendar": "munich", "at": "2026-10-01T18:00:00+02:00"}\r\n'
    assert ask(line) == [{"open": False, "next_open": "2026-10-02T07:00:00.000000Z"}]


@pytest.mark.parametrize("stdin", [None, io.TextIOWrapper(io.BytesIO(b""))])
def test_without_questions_there_are_no_answers(
    stdin: io.TextIOWrapper | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", stdin)
    assert lead_sla("calendar", "-p", EXAMPLE, folder=tmp_path) == (0, "", "")


def test_a_line_in_another_encoding_is_answered_in_its_place_whatever_the_terminal_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = b'\xff\n{"calendar": "munich", "at": "2026-10-01T18:00:00+02:00"}\n'
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(asked), encoding="utf-8", errors="strict"))
    done = lead_sla("calendar", "-p", EXAMPLE, folder=tmp_path)
    assert [next(iter(json.loads(line))) for line in done.stdout.splitlines()] == ["error", "open"]
    assert (done.returncode, done.stderr) == (1, "")
