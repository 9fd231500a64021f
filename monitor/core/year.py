"""One year of a calendar, computed: its periods in order, and how much working time lies before each."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from datetime import date
from itertools import accumulate
from operator import sub
from typing import NamedTuple

from monitor.core.instant import from_rfc3339


class Period(NamedTuple):
    """Working time from `open_at` until just before `close_at`."""

    open_at: int
    close_at: int


class Year(NamedTuple):
    """The periods of the dates of one year, in order; lists of the same length, to be bisected."""

    number: int
    sure_from: int
    """From here until `sure_until` it is this year in every time zone."""
    sure_until: int
    opens: list[int]
    closes: list[int]
    used: list[int]
    """Working microseconds of the year before each period."""
    total: int
    dates: list[int]
    """Ordinals of the dates with a period: the working days."""

    def used_by(self, at: int) -> int:
        """Working microseconds of the year before `at`."""
        index = bisect_right(self.opens, at) - 1
        return 0 if index < 0 else self.used[index] + min(at, self.closes[index]) - self.opens[index]

    def reached_at(self, used_us: int) -> int:
        """The first instant by which so much of the year has passed, more than 0 and no more than all of it."""
        index = bisect_left(self.used, used_us) - 1
        return self.opens[index] + used_us - self.used[index]

    def last_at(self, used_us: int) -> int:
        """The last instant at which no more than so much of the year has passed, less than all of it."""
        index = bisect_right(self.used, used_us) - 1
        return self.opens[index] + used_us - self.used[index]


def year_of(number: int, periods_of: Callable[[date], tuple[Period, ...]]) -> Year:
    """The year of that number, from the periods of each of its dates."""
    ordinals = range(date(number, 1, 1).toordinal(), date(number + 1, 1, 1).toordinal())
    days = [(ordinal, periods_of(date.fromordinal(ordinal))) for ordinal in ordinals]
    opens = [period.open_at for _, periods in days for period in periods]
    closes = [period.close_at for _, periods in days for period in periods]
    used = list(accumulate(map(sub, closes, opens), initial=0))
    dates = [ordinal for ordinal, periods in days if periods]
    sure_from, sure_until = (from_rfc3339(f"{number:04}-{day}T00:00:00Z") for day in ("01-02", "12-31"))
    return Year(number, sure_from, sure_until, opens, closes, used[:-1], used[-1], dates)
