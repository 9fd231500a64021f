"""Terms: the days, weeks, months and quarters of a local calendar, and the working days in them."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.calendar import CalendarExhausted
from monitor.core.instant import from_rfc3339
from monitor.core.term import Every, term_of, term_on, working_days
from tests.support.agreement import DAY, HOUR, office

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("every", "key", "first", "after"),
    [
        (Every.DAY, "2026-12-31", date(2026, 12, 31), date(2027, 1, 1)),
        (Every.WEEK, "2026-W53", date(2026, 12, 28), date(2027, 1, 4)),
        (Every.MONTH, "2026-12", date(2026, 12, 1), date(2027, 1, 1)),
        (Every.QUARTER, "2026-Q4", date(2026, 10, 1), date(2027, 1, 1)),
    ],
)
def test_the_last_day_of_a_year_is_in_these_terms(every: Every, key: str, first: date, after: date) -> None:
    term = term_on(every, BERLIN, date(2026, 12, 31))
    assert (term.key, term.first, term.after) == (key, first, after)


def test_a_term_begins_and_ends_at_local_midnight() -> None:
    before, at = from_rfc3339("2026-09-30T21:59:59.999999Z"), from_rfc3339("2026-09-30T22:00:00Z")
    assert (term_of(Every.MONTH, BERLIN, before).key, term_of(Every.MONTH, BERLIN, at).key) == ("2026-09", "2026-10")


def test_a_month_with_a_change_of_clocks_is_an_hour_longer() -> None:
    october = term_on(Every.MONTH, BERLIN, date(2026, 10, 9))
    assert october.end_at - october.start_at == 31 * DAY + HOUR


@given(st.sampled_from(Every), st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_terms_follow_one_another_without_a_gap(every: Every, day: date) -> None:
    term = term_on(every, BERLIN, day)
    assert term.first <= day < term.after
    following = term_on(every, BERLIN, term.after)
    assert (following.first, following.start_at) == (term.after, term.end_at)
    assert term_of(every, BERLIN, term.end_at - 1) == term


@pytest.mark.parametrize("year", [1, 9999])
def test_where_the_calendar_ends_there_is_no_term(year: int) -> None:
    at = from_rfc3339(f"{year:04}-{'01-01T00:00:00' if year == 1 else '12-31T23:00:00'}Z")
    with pytest.raises(CalendarExhausted):
        term_of(Every.QUARTER, ZoneInfo("America/New_York"), at)


def test_working_days_are_those_on_which_the_calendar_opens() -> None:
    week = term_on(Every.WEEK, BERLIN, date(2026, 12, 24))
    assert [day.day for day in working_days(office(), week)] == [21, 22, 23, 25]
    assert len(working_days(None, week)) == 7


def test_working_days_of_a_week_over_the_turn_of_the_year_are_in_order() -> None:
    days = working_days(office(), term_on(Every.WEEK, BERLIN, date(2027, 1, 1)))
    assert [day.day for day in days] == [28, 29, 30, 31, 1]
