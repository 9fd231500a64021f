"""Working time: when a calendar is open, when a limit is used up on it, and how much of it has passed.

A period is a half-open stretch of one local date: it never leaves that date and never overlaps another, whatever
a change of the clocks does to its local times.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from monitor.core.instant import from_rfc3339, legible
from monitor.core.limit import Limit, LimitUnit
from monitor.core.localtime import clock_shows, moved_at, reached_at
from monitor.core.year import Period as Period
from monitor.core.year import Year, year_of

Hours = tuple[tuple[int, int], ...]
"""Opening hours of one day: (open, close) in local minutes from midnight, ascending, close up to 1440."""

# A limit that ten years do not use up is a mistake in the calendar or in the limit.
SEARCH_DAYS_MAX: Final = 3660
SEARCH_US: Final = SEARCH_DAYS_MAX * 86_400_000_000
SEARCH_YEARS: Final = 12  # as many calendar years as that can touch
# Years kept computed: more than any agreement spans, some 100 KB each; stray dates can't fill the memory.
_CACHED_YEARS_MAX: Final = 32
# `datetime` ends at 9999, and the search needs room.
_FIRST_AT, _LAST_AT = from_rfc3339("0014-01-02T00:00:00Z"), from_rfc3339("9980-01-01T00:00:00Z")


class CalendarExhausted(ValueError):
    """The calendar does not open often enough, or the instant lies beyond it; the message says which."""


@dataclass(frozen=True, eq=False)
class Calendar:
    """Opening hours in a time zone; compared and hashed by identity.

    `weekly` has the hours of Monday to Sunday. `days` replaces them on single dates, and wins over `closed`
    (public holidays and other closed days): whoever writes hours for one date means that date.
    """

    name: str
    zone: ZoneInfo
    weekly: tuple[Hours, ...]
    closed: frozenset[date] = frozenset()
    days: Mapping[date, Hours] = field(default_factory=dict)
    _years: dict[int, Year] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if len(self.weekly) != 7:
            raise ValueError(f"calendar {self.name}: seven weekdays need hours, not {len(self.weekly)}")
        for hours in (*self.weekly, *self.days.values()):
            minutes = [0, *(minute for period in hours for minute in period), 1440]
            if minutes != sorted(minutes) or any(opens == closes for opens, closes in hours):
                raise ValueError(f"calendar {self.name}: {hours} must ascend from 0 to 1440 without overlap")

    def periods(self, day: date) -> tuple[Period, ...]:
        """The opening periods of that local date."""
        hours = self.days.get(day, () if day in self.closed else self.weekly[day.weekday()])
        midnight = datetime.combine(day, time())
        free_at, end_at = (reached_at(self.zone, midnight + timedelta(days=days)) for days in (0, 1))
        periods: list[Period] = []
        for opens, closes in hours:
            # Local times that move forward by a gap may reach into the next period, or into the next date.
            open_at = max(free_at, moved_at(self.zone, midnight + timedelta(minutes=opens)))
            close_at = min(end_at, moved_at(self.zone, midnight + timedelta(minutes=closes)))
            if open_at < close_at:
                periods.append(Period(open_at, close_at))
                free_at = close_at
        return tuple(periods)

    def is_open(self, at: int) -> bool:
        """Whether `at` is working time: an opening instant is, a closing instant is not."""
        year = self._year_at(at)
        return year.used_by(at + 1) > year.used_by(at)

    def next_open(self, at: int) -> int:
        """`at` itself when open then, else the next opening. Raises CalendarExhausted."""
        return self._opening(at, bisect_right)

    def elapsed(self, from_at: int, to_at: int) -> int:
        """Working microseconds from `from_at` until `to_at`; 0 when `to_at` is not later."""
        if to_at <= from_at:
            return 0
        first, last = self._year_at(from_at), self._year_at(to_at)
        years_us = sum(self.year(number).total for number in range(first.number, last.number))
        return years_us + last.used_by(to_at) - first.used_by(from_at)

    def due(self, start_at: int, limit: Limit) -> int:
        """The instant at which the limit is used up, never before `start_at`. Raises CalendarExhausted.

        Working time is due at the first instant by which all of it has passed: at a closing, not at the opening
        after it. N working days are due at the same local time on the Nth working day after the start (a start
        outside the hours counts as the next opening); if that is no working time, at the next opening, except
        that a closing instant stays. If the clocks skip that local time, the end of the gap is meant.
        """
        if limit.unit is LimitUnit.ELAPSED or limit.amount <= 0:
            return start_at + limit.amount
        after = self._after_days if limit.unit is LimitUnit.WORKING_DAYS else self._after_time
        found_at = after(start_at, limit.amount)
        if found_at is None or found_at > start_at + SEARCH_US:
            raise CalendarExhausted(f"calendar {self.name}: {limit.text} not used up within {SEARCH_DAYS_MAX} days")
        return found_at

    def share_at(self, start_at: int, limit: Limit, percent: int) -> int:
        """When `percent` of the limit, or of the working time in working days, is used up. Raises CalendarExhausted."""
        if limit.unit is LimitUnit.WORKING_DAYS:
            working_us = self.elapsed(start_at, self.due(start_at, limit))
            limit = Limit(LimitUnit.WORKING_TIME, working_us, limit.text)
        return self.due(start_at, limit._replace(amount=limit.amount * percent // 100))

    def _after_time(self, start_at: int, amount: int) -> int | None:
        missing_us = amount + self._year_at(start_at).used_by(start_at)
        for year in self._years_from(start_at):
            if missing_us <= year.total:
                return year.reached_at(missing_us)
            missing_us -= year.total
        return None

    def _after_days(self, start_at: int, amount: int) -> int | None:
        began_at = self.next_open(start_at)
        began = self.shown(began_at)
        missing = amount - 1
        for year in self._years_from(began_at):
            index = bisect_right(year.dates, began.toordinal()) + missing
            if index < len(year.dates):
                later = timedelta(days=year.dates[index] - began.toordinal())
                return self._opening(reached_at(self.zone, began + later), bisect_left)
            missing = index - len(year.dates)
        return None

    def _opening(self, at: int, bisect: Callable[[list[int], int], int]) -> int:
        """The next opening, or `at` when open then; with bisect_left, also when `at` is a closing instant."""
        for year in self._years_from(at):
            index = bisect(year.closes, at)
            if index < len(year.closes):
                return max(at, year.opens[index])
        raise CalendarExhausted(f"calendar {self.name}: no opening after {self.shown(at).date()}")

    def _years_from(self, at: int) -> Iterator[Year]:
        first = self._year_at(at).number
        return (self.year(number) for number in range(first, first + SEARCH_YEARS))

    def _year_at(self, at: int) -> Year:
        for year in self._years.values():
            if year.sure_from <= at < year.sure_until:
                return year
        return self.year(self.shown(at).year)

    def year(self, number: int) -> Year:
        """The working time of that year of local dates."""
        if number not in self._years:
            if len(self._years) >= _CACHED_YEARS_MAX:
                self._years.clear()
            self._years[number] = year_of(number, self.periods)
        return self._years[number]

    def shown(self, at: int) -> datetime:
        """What the clock shows then. Raises CalendarExhausted."""
        if not _FIRST_AT <= at <= _LAST_AT:
            raise CalendarExhausted(f"calendar {self.name}: {legible(at)} lies outside the years 14 to 9979")
        return clock_shows(self.zone, at)


def due_at(calendar: Calendar | None, start_at: int, limit: Limit) -> int:
    """When the limit is used up; only an elapsed one may be without calendar. Raises ValueError."""
    return share_at(calendar, start_at, limit, 100)


def share_at(calendar: Calendar | None, start_at: int, limit: Limit, percent: int) -> int:
    """When that percentage of the limit is used up, 100 being its due instant. Raises ValueError."""
    if limit.unit is LimitUnit.ELAPSED:
        return start_at + limit.amount * percent // 100
    if calendar is None:
        raise ValueError(f"a limit of {limit.text} needs a calendar")
    return calendar.due(start_at, limit) if percent == 100 else calendar.share_at(start_at, limit, percent)
