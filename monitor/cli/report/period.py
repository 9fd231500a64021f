"""The period of a report: from two dates or instants, and whether it is a day, week, month or quarter."""

import re
from datetime import date, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from monitor.cli.failure import BAD_INPUT, Failure
from monitor.core.instant import NotAnInstant, from_rfc3339, to_rfc3339
from monitor.core.localtime import clock_shows
from monitor.core.term import Every, Term, midnight, term_of

# Longer ones are a typing error; figures of months and quotas of weeks would be lists of thousands.
YEARS_MAX: Final = 10
_YEAR_US: Final = 366 * 86_400_000_000
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class Period(NamedTuple):
    """A span of time, and what it is called."""

    term: Term
    every: Every | None
    """None: it is no whole day, week, month or quarter."""
    zone: ZoneInfo


def period_between(from_: str, to: str, zone: ZoneInfo) -> Period:
    """`from_`: a date, or an instant (RFC 3339). `to`: a date, that day included, or the instant after the period.

    Raises Failure.
    """
    start_at, end_at = _instant("--from", from_, zone, days=0), _instant("--to", to, zone, days=1)
    if end_at <= start_at:
        raise Failure(f"--to {to} is not after --from {from_}; exchange them", BAD_INPUT)
    if end_at - start_at > YEARS_MAX * _YEAR_US:
        raise Failure(
            f"--to {to} is more than {YEARS_MAX} years after --from {from_}; report less at a time", BAD_INPUT
        )
    for every in Every:
        term = term_of(every, zone, start_at)
        if (term.start_at, term.end_at) == (start_at, end_at):
            return Period(term, every, zone)
    first, after = clock_shows(zone, start_at).date(), clock_shows(zone, end_at).date()
    return Period(Term(f"{to_rfc3339(start_at)}/{to_rfc3339(end_at)}", first, after, start_at, end_at), None, zone)


def _instant(option: str, text: str, zone: ZoneInfo, days: int) -> int:
    """A date is its first instant, plus so many days."""
    try:
        if _DATE.fullmatch(text):
            return midnight(zone, date.fromisoformat(text) + timedelta(days=days))
        return from_rfc3339(text)
    except (NotAnInstant, ValueError, OverflowError):
        example = "write for example 2026-10-01, or 2026-10-01T00:00:00+02:00"
        raise Failure(f"{option} {text}: no date and no instant; {example}", BAD_INPUT) from None
