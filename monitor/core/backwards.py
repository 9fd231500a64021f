"""Counting back through a calendar: the mirror image of when a limit is used up, for warnings some time before."""

from bisect import bisect_left, bisect_right
from datetime import timedelta

from monitor.core.calendar import SEARCH_DAYS_MAX, SEARCH_US, SEARCH_YEARS, Calendar, CalendarExhausted
from monitor.core.limit import Limit, LimitUnit
from monitor.core.localtime import reached_at


def before(calendar: Calendar, due_at: int, limit: Limit) -> int:
    """The last instant from which all of the limit is still to come until `due_at`. Raises CalendarExhausted.

    Working time that begins to count at an opening begins there, not at the closing before it. N working days are
    the same local time on the Nth working day before; if that is no working time, the closing before it, except
    that an opening instant stays. Where nobody works at `due_at`, it counts as the closing before it, as a start
    counts as the next opening.
    """
    if limit.unit is LimitUnit.ELAPSED or limit.amount <= 0:
        return due_at - limit.amount
    back = _days if limit.unit is LimitUnit.WORKING_DAYS else _time
    found_at = back(calendar, due_at, limit.amount)
    if found_at is None or found_at < due_at - SEARCH_US:
        raise CalendarExhausted(
            f"calendar {calendar.name}: {limit.text} not there within {SEARCH_DAYS_MAX} days before"
        )
    return found_at


def _time(calendar: Calendar, due_at: int, amount: int) -> int | None:
    first = calendar.shown(due_at).year
    left_us = calendar.year(first).used_by(due_at) - amount
    for number in range(first, first - SEARCH_YEARS, -1):
        if left_us >= 0:
            return calendar.year(number).last_at(left_us)
        left_us += calendar.year(number - 1).total
    return None


def _days(calendar: Calendar, due_at: int, amount: int) -> int | None:
    ends_at = _closing(calendar, due_at)
    if ends_at is None:
        return None
    shown = calendar.shown(ends_at)
    day, missing = shown.toordinal(), amount
    for number in range(shown.year, shown.year - SEARCH_YEARS, -1):
        dates = calendar.year(number).dates
        earlier = bisect_left(dates, day)
        if earlier >= missing:
            back = timedelta(days=shown.toordinal() - dates[earlier - missing])
            return _closing(calendar, reached_at(calendar.zone, shown - back))
        missing -= earlier
    return None


def _closing(calendar: Calendar, at: int) -> int | None:
    """`at` itself when it is working time, an opening or a closing instant; else the closing before it."""
    first = calendar.shown(at).year
    for number in range(first, first - SEARCH_YEARS, -1):
        year = calendar.year(number)
        index = bisect_right(year.opens, at) - 1
        if index >= 0:
            return min(at, year.closes[index])
    return None
