"""The texts of a report: the same keys in every language, and numbers and dates as people there write them."""

import re
from pathlib import Path
from string import Formatter
from zoneinfo import ZoneInfo

import pytest

from monitor.cli import report
from monitor.cli.report.forms import Forms
from monitor.cli.report.words import WORDS
from monitor.core.misses import DELAYS, LONGER, NOT_YET
from monitor.core.spans import Step
from monitor.notify.channels.words import Language

ENGLISH, GERMAN = (Forms(language, ZoneInfo("Europe/Berlin")) for language in (Language.ENGLISH, Language.GERMAN))
SOURCES = "".join(path.read_text() for path in Path(report.__path__[0]).glob("*.py"))


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_language_has_the_same_texts_with_the_same_places_in_them() -> None:
    english, german = WORDS[Language.ENGLISH], WORDS[Language.GERMAN]
    assert set(WORDS) == set(Language)
    assert list(german) == list(english)
    assert {key for key in english if fields(english[key]) != fields(german[key])} == set()


def test_every_text_is_used() -> None:
    own = {key for key in WORDS[Language.ENGLISH] if "." not in key and not key.startswith("then_")}
    unused = {key for key in own if f'"{key}"' not in SOURCES and f"'{key}'" not in SOURCES}
    assert unused == set()


def test_every_step_and_delay_has_a_text() -> None:
    keys = [f"step.{step}" for step in Step] + [f"delay.{name}" for name in (*dict(DELAYS), LONGER, NOT_YET)]
    assert [key for key in keys if not ENGLISH.has(key)] == []


@pytest.mark.parametrize(
    ("number", "places", "english", "german"),
    [
        (1234567.5, None, "1,234,567.5", "1.234.567,5"),
        (12.0, None, "12", "12"),
        (0.125, None, "0.125", "0,125"),
        (1000, 2, "1,000.00", "1.000,00"),
        (-2, None, "-2", "-2"),
    ],
)
def test_numbers_are_written_as_in_the_language(number: float, places: int | None, english: str, german: str) -> None:
    assert (ENGLISH.number(number, places), GERMAN.number(number, places)) == (english, german)


@pytest.mark.parametrize(
    ("percent", "english", "german"),
    [(59.99, "59.9%", "59,9 %"), (100.0, "100.0%", "100,0 %"), (1.1, "1.1%", "1,1 %"), (None, "-", "-")],
)
def test_shares_are_cut_off_so_that_none_looks_higher_than_it_is(
    percent: float | None, english: str, german: str
) -> None:
    assert (ENGLISH.percent(percent), GERMAN.percent(percent)) == (english, german)


def test_money_keeps_its_currencies_apart_and_its_cents_exact() -> None:
    amounts = {"EUR": "12345678901234567.89", "CHF": "100.00"}
    assert ENGLISH.money(amounts) == "12,345,678,901,234,567.89 EUR, 100.00 CHF"
    assert GERMAN.money(amounts) == "12.345.678.901.234.567,89 EUR, 100,00 CHF"
    assert (ENGLISH.money(None), ENGLISH.money({})) == ("not known", "none")


def test_days_are_local_and_a_period_ends_on_its_last_one() -> None:
    assert ENGLISH.day("2026-09-30T22:00:00.000000Z") == "1 Oct 2026"
    assert GERMAN.day("2026-10-31T23:00:00.000000Z", before=True) == "31.10.2026"
    assert GERMAN.instant("2026-10-31T23:00:00.000000Z") == "01.11.2026, 00:00"


@pytest.mark.parametrize(
    ("seconds", "english", "german"),
    [(0, "0 s", "0 s"), (5400, "1 h 30 min", "1 Std. 30 min"), (90061, "1 d 1 h", "1 T 1 Std."), (None, "-", "-")],
)
def test_durations_have_two_units(seconds: float | None, english: str, german: str) -> None:
    assert (ENGLISH.duration(seconds), GERMAN.duration(seconds)) == (english, german)


def test_a_name_from_outside_is_one_bounded_line_that_runs_in_one_direction() -> None:
    assert ENGLISH.name("a\nb\x00c\u202ed") == "a b c d"
    assert len(ENGLISH.name("x" * 10_000)) <= 200
    assert ENGLISH.name("") == "none"
    assert re.search("[\u202a-\u202e\u2066-\u2069]", ENGLISH.name("\u2066x")) is None
