"""Working time at its boundaries, written by hand: closing instants, lunch, holidays, nights when clocks change."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from monitor.core.calendar import Calendar, CalendarExhausted, Hours, Period, due_at, share_at
from monitor.core.instant import from_rfc3339, to_rfc3339
from monitor.core.limit import Limit, LimitUnit

MINUTE = 60_000_000
HOUR = 60 * MINUTE
OFFICE: Hours = ((9 * 60, 12 * 60 + 30), (13 * 60 + 30, 18 * 60))
FRIDAY: Hours = ((9 * 60, 15 * 60),)
ALL_DAY: Hours = ((0, 1440),)
MUNICH = Calendar(
    "munich",
    ZoneInfo("Europe/Berlin"),
    (OFFICE, OFFICE, OFFICE, OFFICE, FRIDAY, (), ()),
    closed=frozenset({date(2026, 12, 24), date(2026, 12, 25), date(2026, 12, 31)}),
    days={date(2026, 12, 31): ((9 * 60, 12 * 60),), date(2026, 10, 17): ((10 * 60, 11 * 60),)},
)


def hours(amount: float) -> Limit:
    return Limit(LimitUnit.WORKING_TIME, int(amount * HOUR), f"{amount} working_hours")


def days(amount: int) -> Limit:
    return Limit(LimitUnit.WORKING_DAYS, amount, f"{amount} working_days")


def at(local: str, zone: str = "Europe/Berlin", fold: int = 0) -> int:
    moment = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone), fold=fold)
    return from_rfc3339(moment.astimezone(ZoneInfo("UTC")).isoformat())


def every_day(zone: str, day: Hours) -> Calendar:
    return Calendar("every day", ZoneInfo(zone), (day,) * 7)


@pytest.mark.parametrize(
    ("start", "limit", "due"),
    [
        ("2026-10-05T09:00", hours(3.5), "2026-10-05T12:30"),  # used up at closing: due at closing
        ("2026-10-05T09:00", hours(3.75), "2026-10-05T13:45"),  # lunch does not count
        ("2026-10-05T12:30", hours(1), "2026-10-05T14:30"),  # a closing instant is not working time
        ("2026-10-05T13:00", hours(1), "2026-10-05T14:30"),  # nor is lunch
        ("2026-10-05T17:00", hours(1), "2026-10-05T18:00"),
        ("2026-10-05T17:00", hours(2), "2026-10-06T10:00"),
        ("2026-10-09T14:00", hours(2), "2026-10-12T10:00"),  # over the weekend
        ("2026-10-16T14:00", hours(2), "2026-10-17T11:00"),  # a Saturday that is open for once
        ("2026-12-23T17:30", hours(1), "2026-12-28T09:30"),  # over holidays and the weekend
        ("2026-12-30T17:00", hours(4), "2026-12-31T12:00"),  # a short day is open although it is closed in general
        ("2026-12-31T11:00", hours(2), "2027-01-01T10:00"),  # into the next year
    ],
)
def test_a_limit_counts_working_time_only(start: str, limit: Limit, due: str) -> None:
    found = MUNICH.due(at(start), limit)
    assert to_rfc3339(found) == to_rfc3339(at(due))
    assert MUNICH.elapsed(at(start), found) == limit.amount


@pytest.mark.parametrize(
    ("start", "amount", "due"),
    [
        ("2026-10-05T10:15", 1, "2026-10-06T10:15"),
        ("2026-10-05T12:30", 1, "2026-10-06T13:30"),  # lunch: the start counts as the next opening
        ("2026-10-08T17:00", 1, "2026-10-12T09:00"),  # Friday is closed at five: the next opening
        ("2026-10-08T15:00", 1, "2026-10-09T15:00"),  # a closing instant stays
        ("2026-10-10T20:00", 1, "2026-10-13T09:00"),  # Saturday counts as Monday's opening
        ("2026-10-09T10:00", 5, "2026-10-16T10:00"),
        ("2026-10-16T10:30", 1, "2026-10-17T10:30"),  # a Saturday that is open for once
        ("2026-12-23T10:00", 1, "2026-12-28T10:00"),
        ("2026-12-30T17:00", 2, "2027-01-04T09:00"),  # New Year's Day is a Friday here: closed at five
    ],
)
def test_working_days_keep_the_local_time_of_day(start: str, amount: int, due: str) -> None:
    assert to_rfc3339(MUNICH.due(at(start), days(amount))) == to_rfc3339(at(due))


def test_an_opening_instant_is_open_and_a_closing_one_is_not() -> None:
    assert MUNICH.is_open(at("2026-10-05T09:00"))
    assert not MUNICH.is_open(at("2026-10-05T09:00") - 1)
    assert MUNICH.is_open(at("2026-10-05T12:30") - 1)
    assert not MUNICH.is_open(at("2026-10-05T12:30"))
    assert not MUNICH.is_open(at("2026-12-24T10:00"))


def test_the_next_opening_of_an_open_instant_is_itself() -> None:
    assert MUNICH.next_open(at("2026-10-05T10:00")) == at("2026-10-05T10:00")
    assert MUNICH.next_open(at("2026-10-05T18:00")) == at("2026-10-06T09:00")
    assert MUNICH.next_open(at("2026-12-23T18:00")) == at("2026-12-28T09:00")


def test_nothing_has_elapsed_backwards_or_while_closed() -> None:
    assert MUNICH.elapsed(at("2026-10-06T10:00"), at("2026-10-05T10:00")) == 0
    assert MUNICH.elapsed(at("2026-10-09T15:00"), at("2026-10-12T09:00")) == 0


def test_a_year_of_working_time_is_the_sum_of_its_days() -> None:
    calendar = every_day("Europe/Berlin", ((600, 660),))
    assert calendar.elapsed(at("2025-07-01T00:00"), at("2027-07-01T00:00")) == 730 * HOUR


# Berlin, 2026-03-29: 02:00 becomes 03:00. 2026-10-25: 03:00 becomes 02:00.
def test_a_day_of_23_hours_has_23_working_hours() -> None:
    calendar = every_day("Europe/Berlin", ALL_DAY)
    assert calendar.elapsed(at("2026-03-29T00:00"), at("2026-03-30T00:00")) == 23 * HOUR
    assert calendar.due(at("2026-03-29T01:30"), hours(1)) == at("2026-03-29T03:30")


def test_a_day_of_25_hours_has_25_working_hours() -> None:
    calendar = every_day("Europe/Berlin", ALL_DAY)
    assert calendar.elapsed(at("2026-10-25T00:00"), at("2026-10-26T00:00")) == 25 * HOUR
    assert calendar.due(at("2026-10-25T02:30"), hours(1)) == at("2026-10-25T02:30", fold=1)


def test_a_period_in_the_skipped_hour_moves_forward_by_the_gap() -> None:
    calendar = every_day("Europe/Berlin", ((135, 165),))
    night = calendar.periods(date(2026, 3, 29))
    assert night == (Period(at("2026-03-29T03:15"), at("2026-03-29T03:45")),)


def test_a_moved_period_does_not_overlap_the_one_behind_it() -> None:
    calendar = every_day("Europe/Berlin", ((120, 165), (180, 240)))
    first, second = calendar.periods(date(2026, 3, 29))
    assert first == Period(at("2026-03-29T03:00"), at("2026-03-29T03:45"))
    assert second == Period(at("2026-03-29T03:45"), at("2026-03-29T04:00"))


def test_a_period_that_the_change_leaves_empty_is_no_working_day() -> None:
    calendar = every_day("Europe/Berlin", ((120, 180),))
    assert calendar.periods(date(2026, 3, 29)) == ()
    assert calendar.due(at("2026-03-28T02:30"), days(1)) == at("2026-03-30T02:30")


def test_a_doubled_local_time_is_the_first_of_the_two() -> None:
    calendar = every_day("Europe/Berlin", ((120, 150), (150, 240)))
    first, second = calendar.periods(date(2026, 10, 25))
    assert first == Period(at("2026-10-25T02:00"), at("2026-10-25T02:30"))
    assert second == Period(at("2026-10-25T02:30"), at("2026-10-25T04:00"))
    assert second.close_at - second.open_at == 150 * MINUTE


def test_a_working_day_that_ends_in_the_skipped_hour_ends_with_the_gap() -> None:
    calendar = every_day("Europe/Berlin", ALL_DAY)
    assert calendar.due(at("2026-03-28T02:30"), days(1)) == at("2026-03-29T03:00")
    assert calendar.due(at("2026-03-28T03:00"), days(1)) == at("2026-03-29T03:00")


def test_starts_within_the_doubled_hour_are_due_in_their_order() -> None:
    calendar = every_day("Europe/Berlin", ALL_DAY)
    assert calendar.due(at("2026-10-25T02:45"), days(1)) == at("2026-10-26T02:45")
    assert calendar.due(at("2026-10-25T02:15", fold=1), days(1)) == at("2026-10-26T03:00")
    assert calendar.due(at("2026-10-24T02:30"), days(1)) == at("2026-10-25T02:30")


# New York, 2026-03-08: 02:00 becomes 03:00. 2026-11-01: 02:00 becomes 01:00.
def test_new_york_changes_on_other_nights_than_berlin() -> None:
    calendar = every_day("America/New_York", ((60, 240),))
    zone = "America/New_York"
    assert calendar.elapsed(at("2026-03-08T00:00", zone), at("2026-03-09T00:00", zone)) == 2 * HOUR
    assert calendar.elapsed(at("2026-11-01T00:00", zone), at("2026-11-02T00:00", zone)) == 4 * HOUR
    assert calendar.elapsed(at("2026-03-29T00:00", zone), at("2026-03-30T00:00", zone)) == 3 * HOUR


# Lord Howe Island moves by half an hour. 2026-04-05: 02:00 becomes 01:30. 2026-10-04: 02:00 becomes 02:30.
def test_lord_howe_changes_by_half_an_hour() -> None:
    zone = "Australia/Lord_Howe"
    calendar = every_day(zone, ((105, 135),))
    assert calendar.periods(date(2026, 4, 5)) == (Period(at("2026-04-05T01:45", zone), at("2026-04-05T02:15", zone)),)
    assert calendar.elapsed(at("2026-04-05T00:00", zone), at("2026-04-06T00:00", zone)) == HOUR
    assert calendar.periods(date(2026, 10, 4)) == (Period(at("2026-10-04T01:45", zone), at("2026-10-04T02:45", zone)),)
    assert calendar.elapsed(at("2026-10-04T00:00", zone), at("2026-10-05T00:00", zone)) == HOUR / 2


def test_a_gap_at_midnight_starts_the_day_at_its_end() -> None:
    zone = "Africa/Cairo"  # 2026-04-24: 00:00 becomes 01:00
    calendar = every_day(zone, ALL_DAY)
    assert calendar.periods(date(2026, 4, 24)) == (Period(at("2026-04-24T01:00", zone), at("2026-04-25T00:00", zone)),)
    assert calendar.due(at("2026-04-23T23:30", zone), hours(1)) == at("2026-04-24T01:30", zone)


def test_a_date_that_a_zone_skips_has_no_working_time() -> None:
    calendar = every_day("Pacific/Apia", ((540, 1020),))  # Samoa had no 2011-12-30
    assert calendar.periods(date(2011, 12, 30)) == ()
    assert len(calendar.periods(date(2011, 12, 31))) == 1


@pytest.mark.parametrize(
    ("start", "limit", "percent", "expected"),
    [
        ("2026-10-05T09:00", hours(4), 50, "2026-10-05T11:00"),
        ("2026-10-05T17:00", hours(4), 50, "2026-10-06T10:00"),
        ("2026-10-05T10:00", days(1), 50, "2026-10-05T15:00"),  # of the eight working hours in between
        ("2026-10-05T10:00", Limit(LimitUnit.ELAPSED, HOUR, ""), 80, "2026-10-05T10:48"),
    ],
)
def test_a_share_of_a_limit_is_used_up_earlier(start: str, limit: Limit, percent: int, expected: str) -> None:
    assert to_rfc3339(share_at(MUNICH, at(start), limit, percent)) == to_rfc3339(at(expected))


def test_an_elapsed_limit_needs_no_calendar() -> None:
    assert due_at(None, 5, Limit(LimitUnit.ELAPSED, 10, "")) == 15
    assert due_at(MUNICH, 5, Limit(LimitUnit.ELAPSED, 10, "")) == 15
    assert MUNICH.due(5, Limit(LimitUnit.ELAPSED, 10, "")) == 15
    with pytest.raises(ValueError, match="4 working_hours needs a calendar"):
        due_at(None, 5, hours(4))


def test_a_working_limit_is_due_the_same_through_the_function_and_the_method() -> None:
    start_at = at("2026-10-05T17:00")
    assert due_at(MUNICH, start_at, hours(2)) == MUNICH.due(start_at, hours(2))
    assert due_at(MUNICH, start_at, days(2)) == MUNICH.due(start_at, days(2))


def test_a_calendar_that_never_opens_is_exhausted_instead_of_searched_for_ever() -> None:
    never = Calendar("never", ZoneInfo("UTC"), ((),) * 7)
    for limit in (hours(1), days(1)):
        with pytest.raises(CalendarExhausted, match="calendar never"):
            never.due(at("2026-10-05T09:00"), limit)
    with pytest.raises(CalendarExhausted, match="no opening after 2026-10-05"):
        never.next_open(at("2026-10-05T09:00"))
    assert never.elapsed(at("2026-01-01T00:00"), at("2030-01-01T00:00")) == 0


@pytest.mark.parametrize("limit", [hours(3661), days(3661), hours(10**9), days(10**9)], ids=str)
def test_a_limit_that_ten_years_do_not_use_up_is_refused(limit: Limit) -> None:
    calendar = every_day("UTC", ((540, 600),))
    with pytest.raises(CalendarExhausted, match="not used up within 3660 days"):
        calendar.due(at("2026-10-05T09:00", "UTC"), limit)


def test_a_limit_of_almost_ten_years_is_found() -> None:
    calendar = every_day("UTC", ((540, 600),))
    start_at = at("2026-10-05T09:00", "UTC")
    assert calendar.due(start_at, days(3660)) == start_at + 3660 * 24 * HOUR
    assert calendar.due(start_at, hours(3660)) == start_at + 3659 * 24 * HOUR + HOUR


@pytest.mark.parametrize("instant", [-(10**20), 10**20, from_rfc3339("9990-01-01T00:00:00Z")])
def test_an_instant_beyond_the_calendar_is_refused(instant: int) -> None:
    with pytest.raises(CalendarExhausted, match="outside the years"):
        MUNICH.due(instant, hours(1))


def test_stray_dates_do_not_fill_the_memory() -> None:
    calendar = every_day("UTC", ((540, 600),))
    for year in range(2000, 2100):
        calendar.is_open(from_rfc3339(f"{year}-06-01T09:30:00Z"))
    assert len(calendar._years) <= 32


@pytest.mark.parametrize(
    "day", [((600, 540),), ((540, 600), (590, 660)), ((-1, 60),), ((1400, 1441),), ((540, 540),)], ids=str
)
def test_hours_that_do_not_ascend_make_no_calendar(day: Hours) -> None:
    with pytest.raises(ValueError, match="must ascend"):
        every_day("UTC", day)


def test_a_week_has_seven_days() -> None:
    with pytest.raises(ValueError, match="seven weekdays"):
        Calendar("short", ZoneInfo("UTC"), (OFFICE,) * 5)
