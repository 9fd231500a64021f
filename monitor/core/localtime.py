"""Local time and instants, where clocks change: which instant a local time means, and what a clock shows at one.

`reached_at` and `clock_shows` never run backwards, which is what deadlines are computed with.
"""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_US: Final = timedelta(microseconds=1)


def moved_at(zone: ZoneInfo, local: datetime) -> int:
    """The instant of a local time: a skipped one moves forward by the gap, a doubled one is the first (PEP 495)."""
    return (local.replace(tzinfo=zone) - _EPOCH) // _US


def reached_at(zone: ZoneInfo, local: datetime) -> int:
    """The first instant by which the clock has reached a local time: for a skipped one the end of the gap."""
    at = moved_at(zone, local)
    past = _clock(zone, at).replace(tzinfo=None) - local
    return _change_at(zone, at - past // _US, at) if past else at


def clock_shows(zone: ZoneInfo, at: int) -> datetime:
    """The latest local time that the clock has reached by `at`: it stands still while an hour is doubled.

    Raises OverflowError outside the years 1 to 9999.
    """
    shown = _clock(zone, at)
    if not shown.fold:
        return shown.replace(tzinfo=None)
    doubled_us = (_offset(shown.replace(fold=0)) - _offset(shown)) // _US
    return _clock(zone, _change_at(zone, at - doubled_us, at) + doubled_us).replace(tzinfo=None)


def _clock(zone: ZoneInfo, at: int) -> datetime:
    return (_EPOCH + at * _US).astimezone(zone)


def _offset(shown: datetime) -> timedelta:
    return shown.utcoffset() or timedelta()


def _change_at(zone: ZoneInfo, before: int, after: int) -> int:
    """The instant in (before, after] at which the offset that holds at `after` began; halving bounds the search."""
    offset = _offset(_clock(zone, after))
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(_clock(zone, middle)) == offset:
            after = middle
        else:
            before = middle
    return after
