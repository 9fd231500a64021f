"""Counting back, by hand: the boundaries of a Munich office week."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from monitor.core.backwards import before
from monitor.core.calendar import Calendar, CalendarExhausted
from monitor.core.instant import from_rfc3339
from monitor.core.limit import Limit, LimitUnit
from monitor.core.pauses import due_after

MINUTE = 60_000_000
OFFICE = Calendar(
    "office",
    ZoneInfo("Europe/Berlin"),
    ((((9 * 60), 12 * 60), (13 * 60, 17 * 60)),) * 4 + (((9 * 60, 15 * 60),), (), ()),
    closed=frozenset({date(2026, 10, 5)}),
)


def at(text: str) -> int:
    return from_rfc3339(text + ":00+02:00")


def minutes(count: int) -> Limit:
    return Limit(LimitUnit.WORKING_TIME, count * MINUTE, f"{count} working_minutes")


def days(count: int) -> Limit:
    return Limit(LimitUnit.WORKING_DAYS, count, f"{count} working_days")


@pytest.mark.parametrize(
    ("due", "limit", "expected"),
    [
        ("2026-10-01T11:00", minutes(30), "2026-10-01T10:30"),
        ("2026-10-01T13:30", minutes(30), "2026-10-01T13:00"),  # the opening after lunch, not the closing before it
        ("2026-10-01T13:30", minutes(31), "2026-10-01T11:59"),
        ("2026-10-01T09:00", minutes(30), "2026-09-30T16:30"),
        ("2026-10-01T21:00", minutes(30), "2026-10-01T16:30"),
        ("2026-10-06T09:15", minutes(30), "2026-10-02T14:45"),  # over a closed Monday and the weekend
        ("2026-10-01T11:00", days(1), "2026-09-30T11:00"),
        ("2026-10-06T11:00", days(1), "2026-10-02T11:00"),
        ("2026-10-06T16:00", days(1), "2026-10-02T15:00"),  # Friday has closed by then
        ("2026-10-06T12:30", days(2), "2026-10-01T12:00"),  # lunch
        ("2026-10-06T09:00", days(2), "2026-10-01T09:00"),
        ("2026-10-05T11:00", days(1), "2026-10-01T15:00"),  # nobody works then: all of Friday is still to come
    ],
)
def test_the_last_instant_from_which_the_limit_is_still_to_come(due: str, limit: Limit, expected: str) -> None:
    assert before(OFFICE, at(due), limit) == at(expected)


def test_elapsed_time_is_counted_back_through_closed_hours() -> None:
    limit = Limit(LimitUnit.ELAPSED, 60 * MINUTE, "1 hours elapsed")
    assert before(OFFICE, at("2026-10-01T09:30"), limit) == at("2026-10-01T08:30")


def test_a_calendar_that_is_never_open_is_named() -> None:
    never = Calendar("never", ZoneInfo("UTC"), ((),) * 7)
    for limit in (minutes(1), days(1)):
        with pytest.raises(CalendarExhausted, match="never"):
            before(never, at("2026-10-01T09:30"), limit)


@pytest.mark.parametrize(
    ("limit", "pauses", "expected"),
    [
        (minutes(120), [("10:00", "11:00")], "12:00"),
        (minutes(120), [("10:00", "11:00"), ("10:30", "11:30")], "13:30"),  # they overlap
        (minutes(120), [("10:30", "11:30"), ("10:00", "11:00")], "13:30"),  # in whatever order
        (minutes(120), [("12:00", "13:00")], "11:00"),  # after it is due
        (minutes(120), [("11:00", "12:00")], "11:00"),  # from the very due instant on
        (minutes(120), [("07:00", "09:30")], "11:30"),  # began before the clock did
        (minutes(120), [("08:00", "08:30")], "11:00"),  # while the office is closed
        (minutes(120), [("10:00", "10:00")], "11:00"),  # no time at all
        (minutes(120), [("11:30", "12:30")], "11:00"),
        (Limit(LimitUnit.ELAPSED, 120 * MINUTE, "2 hours elapsed"), [("10:00", "13:00")], "14:00"),
    ],
)
def test_a_clock_stands_still_during_pauses(limit: Limit, pauses: list[tuple[str, str]], expected: str) -> None:
    stood_still = [(at(f"2026-10-01T{a}"), at(f"2026-10-01T{b}")) for a, b in pauses]
    assert due_after(OFFICE, at("2026-10-01T09:00"), limit, stood_still) == at(f"2026-10-01T{expected}")


def test_working_days_go_on_with_the_working_time_that_was_left() -> None:
    """From Wednesday 10:00, two working days are due on Friday at 10:00: six hours of Thursday are left at 11:00."""
    paused = [(at("2026-10-01T11:00"), at("2026-10-01T16:00"))]
    assert due_after(OFFICE, at("2026-09-30T10:00"), days(2), []) == at("2026-10-02T10:00")
    assert due_after(OFFICE, at("2026-09-30T10:00"), days(2), paused) == at("2026-10-02T14:00")
