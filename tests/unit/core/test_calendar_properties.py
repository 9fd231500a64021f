"""Calendar algebra over random opening hours, zones and instants: due and elapsed are each other's inverse."""

from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from monitor.core.backwards import before
from monitor.core.calendar import Calendar, Hours
from monitor.core.instant import from_rfc3339
from monitor.core.limit import Limit, LimitUnit
from monitor.core.pauses import due_after

# A calendar computes whole years, some 7 ms each: a few examples of each property keep this quick.
few = settings(max_examples=40)
MINUTE = 60_000_000
DAY = 1440 * MINUTE
# Changes of an hour and half an hour, at 1, 2 and 3 o'clock, at midnight, across midnight, and none at all.
ZONES = (
    "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "America/Havana", "America/Nuuk",
    "Asia/Kathmandu", "Pacific/Apia", "UTC",
)  # fmt: skip
FIRST_DAY, LAST_DAY = date(2025, 12, 1), date(2026, 12, 31)


@st.composite
def hours(draw: st.DrawFn) -> Hours:
    minutes = draw(st.lists(st.integers(0, 96).map(lambda quarter: quarter * 15), max_size=6, unique=True))
    minutes.sort()
    return tuple(zip(minutes[::2], minutes[1::2], strict=False))


days_of_2026 = st.dates(FIRST_DAY, LAST_DAY)
# Every instant is as likely near a change of clocks as anywhere else.
changes = st.sampled_from(
    ["2026-03-08", "2026-03-29", "2026-04-05", "2026-04-24", "2026-10-04", "2026-10-25", "2026-10-30", "2026-11-01"]
)
near_changes = st.builds(lambda day, more: from_rfc3339(f"{day}T00:00:00Z") + more, changes, st.integers(-DAY, 2 * DAY))
instants = near_changes | st.integers(from_rfc3339("2026-01-01T00:00:00Z"), from_rfc3339("2026-12-31T00:00:00Z"))


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    calendar = Calendar(
        "random",
        ZoneInfo(draw(st.sampled_from(ZONES))),
        tuple(draw(hours()) for _ in range(7)),
        closed=draw(st.frozensets(days_of_2026, max_size=5)),
        days=draw(st.dictionaries(days_of_2026, hours(), max_size=3)),
    )
    assume(any(calendar.weekly))
    return calendar


working_time = st.integers(1, 20 * 60 * MINUTE).map(lambda us: Limit(LimitUnit.WORKING_TIME, us, "random"))
working_days = st.integers(1, 15).map(lambda days: Limit(LimitUnit.WORKING_DAYS, days, "random"))
limits = working_time | working_days


@few
@given(calendars(), instants, working_time)
def test_exactly_the_limit_has_elapsed_when_it_is_due(calendar: Calendar, start_at: int, limit: Limit) -> None:
    due_at = calendar.due(start_at, limit)
    assert due_at > start_at
    assert calendar.elapsed(start_at, due_at) == limit.amount
    assert calendar.elapsed(start_at, due_at - 1) == limit.amount - 1


@settings(max_examples=150)  # the one that changes of clocks break first
@given(calendars(), instants, st.integers(0, 3 * DAY) | st.integers(0, 60 * MINUTE), limits)
def test_who_starts_later_is_not_due_earlier(calendar: Calendar, start_at: int, later_us: int, limit: Limit) -> None:
    assert calendar.due(start_at, limit) <= calendar.due(start_at + later_us, limit)


@few
@given(calendars(), instants, limits, st.integers(1, 20))
def test_more_time_is_not_used_up_earlier(calendar: Calendar, start_at: int, limit: Limit, more: int) -> None:
    assert calendar.due(start_at, limit) <= calendar.due(start_at, limit._replace(amount=limit.amount + more))


@few
@given(calendars(), instants, limits)
def test_a_due_instant_is_open_or_closing(calendar: Calendar, start_at: int, limit: Limit) -> None:
    due_at = calendar.due(start_at, limit)
    assert calendar.is_open(due_at) or calendar.is_open(due_at - 1)


@few
@given(calendars(), instants, limits, st.lists(st.integers(1, 99), min_size=2, max_size=4))
def test_warnings_fall_between_start_and_due_in_their_order(
    calendar: Calendar, start_at: int, limit: Limit, percents: list[int]
) -> None:
    warned_ats = [calendar.share_at(start_at, limit, percent) for percent in sorted(percents)]
    ordered = [start_at, *warned_ats, calendar.due(start_at, limit)]
    assert ordered == sorted(ordered)


@few
@given(calendars(), st.tuples(instants, instants, instants).map(sorted))
def test_elapsed_time_adds_up(calendar: Calendar, marks: list[int]) -> None:
    first, middle, last = marks
    whole = calendar.elapsed(first, last)
    assert calendar.elapsed(first, middle) + calendar.elapsed(middle, last) == whole
    assert 0 <= whole <= last - first


@few
@given(calendars(), days_of_2026)
def test_periods_never_overlap_and_closed_days_have_none(calendar: Calendar, day: date) -> None:
    periods = [period for more in range(-1, 3) for period in calendar.periods(day + timedelta(days=more))]
    assert all(period.open_at < period.close_at for period in periods)
    assert all(before.close_at <= after.open_at for before, after in pairwise(periods))
    if day in calendar.closed and day not in calendar.days:
        assert calendar.periods(day) == ()


@few
@given(calendars(), instants)
def test_the_next_opening_is_open_and_nothing_opens_before_it(calendar: Calendar, at: int) -> None:
    opens_at = calendar.next_open(at)
    assert opens_at >= at
    assert calendar.is_open(opens_at)
    assert calendar.elapsed(at, opens_at) == 0


@few
@given(calendars(), instants, working_time)
def test_counted_back_all_of_the_limit_is_still_to_come_and_never_a_moment_later(
    calendar: Calendar, due_at: int, limit: Limit
) -> None:
    at = before(calendar, due_at, limit)
    assert calendar.elapsed(at, due_at) == limit.amount
    assert calendar.elapsed(at + 1, due_at) == limit.amount - 1


@few
@given(calendars(), st.tuples(instants, instants).map(sorted), limits)
def test_who_is_due_later_is_not_warned_earlier(calendar: Calendar, dues: list[int], limit: Limit) -> None:
    assert before(calendar, dues[0], limit) <= before(calendar, dues[1], limit)


@few
@given(calendars(), instants, working_days)
def test_days_counted_back_are_working_days(calendar: Calendar, due_at: int, limit: Limit) -> None:
    at = before(calendar, due_at, limit)
    assert at < due_at
    assert calendar.is_open(at) or calendar.is_open(at - 1)


pauses_of = st.lists(st.tuples(instants, st.integers(0, 3 * DAY)).map(lambda p: (p[0], p[0] + p[1])), max_size=5)


@few
@given(calendars(), instants, working_time, pauses_of)
def test_exactly_the_limit_has_elapsed_outside_the_pauses(
    calendar: Calendar, start_at: int, limit: Limit, pauses: list[tuple[int, int]]
) -> None:
    due_at = due_after(calendar, start_at, limit, pauses)
    paused_us, until = 0, start_at
    for from_at, to_at in sorted(pauses):  # merged, and cut to what lies between start and due
        from_at, to_at = max(from_at, until), min(to_at, due_at)
        if from_at < to_at:
            paused_us += calendar.elapsed(from_at, to_at)
            until = to_at
    assert calendar.elapsed(start_at, due_at) - paused_us == limit.amount


@few
@given(calendars(), instants, limits, pauses_of)
def test_pauses_never_make_a_clock_due_earlier(
    calendar: Calendar, start_at: int, limit: Limit, pauses: list[tuple[int, int]]
) -> None:
    assert due_after(calendar, start_at, limit, pauses) >= calendar.due(start_at, limit)
    assert due_after(calendar, start_at, limit, []) == calendar.due(start_at, limit)
