"""The working time of one calendar year, computed once: its periods in order, and how much lies before each."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from operator import sub
from typing import NamedTuple


class Period(NamedTuple):
    """Working time from `open_at` until just before `close_at`."""

    open_at: int
    close_at: int


class WorkingYear(NamedTuple):
    """The periods of the dates of one year, in order; lists of the same length, to be bisected."""

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


def working_year(days: Sequence[tuple[int, Sequence[Period]]]) -> WorkingYear:
    """Of the dates of a year, as ordinals with their periods."""
    opens = [period.open_at for _, periods in days for period in periods]
    closes = [period.close_at for _, periods in days for period in periods]
    used = list(accumulate(map(sub, closes, opens), initial=0))
    return WorkingYear(opens, closes, used[:-1], used[-1], [ordinal for ordinal, periods in days if periods])
