"""Days, weeks, months and quarters of a local calendar: the spans of time by which quotas and KPIs are counted."""

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from monitor.core.calendar import Calendar, CalendarExhausted
from monitor.core.instant import legible
from monitor.core.localtime import clock_shows, reached_at


class Every(StrEnum):
    """How long a term is."""

    DAY = "day"
    WEEK = "week"
    """From Monday on, named as in ISO 8601."""
    MONTH = "month"
    QUARTER = "quarter"


class Term(NamedTuple):
    """One span, from its first instant until just before its last, microseconds since the epoch."""

    key: str
    """Such as `2026-10-01`, `2026-W40`, `2026-10`, `2026-Q4`."""
    first: date
    after: date
    """The first day of the next one."""
    start_at: int
    end_at: int

    def holds(self, at: int) -> bool:
        """Whether the instant lies in it."""
        return self.start_at <= at < self.end_at


def term_of(every: Every, zone: ZoneInfo, at: int) -> Term:
    """The term that the instant lies in. Raises CalendarExhausted outside the years 1 to 9998."""
    try:
        return term_on(every, zone, clock_shows(zone, at).date())
    except (OverflowError, ValueError) as error:
        raise CalendarExhausted(f"{legible(at)} lies outside the years 1 to 9998") from error


def term_on(every: Every, zone: ZoneInfo, day: date) -> Term:
    """The term of a local date."""
    key, first, after = _days(every, day)
    return Term(key, first, after, midnight(zone, first), midnight(zone, after))


def term_named(every: Every, zone: ZoneInfo, key: str) -> Term | None:
    """The term of that key; None where it is none of such a term."""
    try:
        match every:
            case Every.DAY:
                day = date.fromisoformat(key)
            case Every.WEEK:
                day = date.fromisoformat(f"{key}-1")
            case Every.MONTH:
                day = date.fromisoformat(f"{key}-01")
            case Every.QUARTER:
                year, _, quarter = key.partition("-Q")
                day = date(int(year), int(quarter) * 3, 1)
        term = term_on(every, zone, day)
    except (OverflowError, ValueError):
        return None
    return term if term.key == key else None


def midnight(zone: ZoneInfo, day: date) -> int:
    """The first instant of a local date."""
    return reached_at(zone, datetime.combine(day, time()))


def before(every: Every, zone: ZoneInfo, term: Term) -> Term:
    """The term just before it. Raises CalendarExhausted."""
    return term_of(every, zone, term.start_at - 1)


def is_odd(every: Every, term: Term) -> bool:
    """Whether its number is: of two terms that follow on one another, one is."""
    match every:
        case Every.DAY:
            number = term.first.toordinal()
        case Every.WEEK:
            number = term.first.toordinal() // 7
        case Every.MONTH:
            number = term.first.year * 12 + term.first.month
        case _:
            number = term.first.year * 4 + term.first.month // 3
    return number % 2 == 1


def working_days(calendar: Calendar | None, term: Term) -> tuple[date, ...]:
    """The dates of the term on which the calendar opens; without one, all of them."""
    first, after = term.first.toordinal(), term.after.toordinal()
    if calendar is None:
        return tuple(map(date.fromordinal, range(first, after)))
    years = [calendar.year(number).dates for number in range(term.first.year, term.after.year + 1)]
    return tuple(date.fromordinal(day) for dates in years for day in dates if first <= day < after)


def _days(every: Every, day: date) -> tuple[str, date, date]:
    if every is Every.DAY:
        return day.isoformat(), day, day + timedelta(days=1)
    if every is Every.WEEK:
        year, week, weekday = day.isocalendar()
        first = day - timedelta(days=weekday - 1)
        return f"{year:04}-W{week:02}", first, first + timedelta(days=7)
    months = 1 if every is Every.MONTH else 3
    first = date(day.year, day.month - (day.month - 1) % months, 1)
    after = first.month + months
    number = f"{day.month:02}" if every is Every.MONTH else f"Q{(day.month + 2) // 3}"
    return f"{day.year:04}-{number}", first, date(day.year + after // 13, (after - 1) % 12 + 1, 1)
