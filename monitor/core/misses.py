"""Missed duties: why, and how late they were done after all."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from monitor.core.attainment import Verdict, most

_MINUTE_US: Final = 60_000_000
_HOUR_US: Final = 60 * _MINUTE_US
_DAY_US: Final = 24 * _HOUR_US
# Each up to and including its limit: where people make different excuses.
DELAYS: Final[Sequence[tuple[str, int]]] = (
    ("15_min", 15 * _MINUTE_US),
    ("1_h", _HOUR_US),
    ("4_h", 4 * _HOUR_US),
    ("1_d", _DAY_US),
    ("3_d", 3 * _DAY_US),
    ("1_w", 7 * _DAY_US),
)
LONGER: Final = "longer"
NOT_YET: Final = "not_yet"


def by_reason(verdicts: Iterable[Verdict]) -> list[tuple[str, int]]:
    """The reasons of those that were missed, most first."""
    return most(verdict.outcome.reason.value for verdict in verdicts if not verdict.met)


def by_missing(verdicts: Iterable[Verdict]) -> list[tuple[str, int]]:
    """What was lacking to meet a definition, most first; an entry that lacked two things counts for both."""
    return most(part for verdict in verdicts if not verdict.met for part in verdict.outcome.missing.split("; ") if part)


def by_delay(verdicts: Iterable[Verdict]) -> list[tuple[str, int]]:
    """For every span of delay, how many were missed by so much."""
    found = Counter(_delay(verdict) for verdict in verdicts if not verdict.met)
    return [(name, found[name]) for name in (*(name for name, _ in DELAYS), LONGER, NOT_YET)]


def _delay(verdict: Verdict) -> str:
    late_us = None if verdict.late is None else verdict.late.late_elapsed_us
    if late_us is None:
        return NOT_YET
    return next((name for name, limit_us in DELAYS if late_us <= limit_us), LONGER)
