"""Instants as text: RFC 3339 to whole microseconds since the epoch and back."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

# RFC 3339 section 5.6 with the offset required, without leap seconds: no calendar arithmetic here knows them.
_LOCAL: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?"
RFC3339_PATTERN: Final = rf"^{_LOCAL}(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$"
_FULL: Final = re.compile(RFC3339_PATTERN.strip("^$"))
_WITHOUT_OFFSET: Final = re.compile(_LOCAL)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Without a zone to format and cut off again, an instant is written in half the time.
_EPOCH_UNZONED: Final = _EPOCH.replace(tzinfo=None)
_US_PER_S: Final = 1_000_000
_S_PER_DAY: Final = 86_400


class NotAnInstant(ValueError):
    """The text is not an RFC 3339 date and time."""


class InstantWithoutOffset(NotAnInstant):
    """The text says a local time but not where: it lacks `Z` or an offset such as `+02:00`."""


def from_rfc3339(text: str) -> int:
    """Microseconds since the epoch; digits behind the sixth of a fraction are cut off.

    Raises InstantWithoutOffset and NotAnInstant; neither repeats the text.
    """
    if _FULL.fullmatch(text) is None:
        if _WITHOUT_OFFSET.fullmatch(text) is not None:
            raise InstantWithoutOffset("has no offset; end it with Z or an offset such as +02:00")
        raise NotAnInstant("is not RFC 3339, for example 2026-10-01T09:00:00Z")
    try:
        delta = datetime.fromisoformat(text.upper()) - _EPOCH
    except ValueError as error:
        raise NotAnInstant("names a day that is in no calendar") from error
    return (delta.days * _S_PER_DAY + delta.seconds) * _US_PER_S + delta.microseconds


def to_rfc3339(at: int) -> str:
    """In UTC with `Z` and always six digits of fraction: equal instants give equal text.

    `at`: microseconds since the epoch. Raises OverflowError outside the years 1 to 9999.
    """
    seconds, rest_us = divmod(at, _US_PER_S)
    return f"{_to_the_second(seconds)}.{rest_us:06}Z"


def legible(at: int) -> str:
    """For messages: as `to_rfc3339`, or what it is where there is no such text."""
    try:
        return to_rfc3339(at)
    except OverflowError:
        return f"{at} microseconds since 1970"


@lru_cache(maxsize=4096)  # what is judged together happened, and is due, in few different seconds
def _to_the_second(seconds: int) -> str:
    return (_EPOCH_UNZONED + timedelta(0, seconds)).isoformat("T", "seconds")
