"""How much a term will have brought by its end, from what it has brought so far and what the terms before it did.

Days count by what such a day brought before: its weekday, and in which fifth of its term it lies. The level comes from
the terms before, with a damped trend (Gardner and McKenzie 1985). How much better or worse this term is, is learned
from its days so far as for a gamma-distributed Poisson rate (Gelman et al., Bayesian Data Analysis, section 2.6), so
that what is still to come has a negative binomial distribution.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from math import sqrt
from statistics import fmean, pvariance
from typing import Final, NamedTuple

# Parts of a term, such as the last days of a month, that bring more or less than others.
FIFTHS: Final = 5
# How fast level and trend follow, and how much of the trend is left a term later: usual choices (Hyndman and
# Athanasopoulos, Forecasting: Principles and Practice, section 8.2), not fitted.
LEVEL, TREND, DAMPING = 0.5, 0.2, 0.8
# How many leads of this term weigh as much as the terms before it: between a bold guess and a stubborn one.
PRIOR_MIN, PRIOR_MAX, PRIOR_USUAL = 5.0, 100.0, 20.0
# Days that a weekday or fifth has to have brought before its own mean counts half.
SMOOTHING: Final = 4.0
# Without terms before it, a term says nothing of its end before one part in so many of its days has passed.
ALONE: Final = 4
# Eight of ten terms end within the interval.
SPREAD: Final = 1.2816


class Brought(NamedTuple):
    """A term: its working days in order, and what came on them and on other days, by date."""

    days: Sequence[date]
    amounts: Mapping[date, float]


class Forecast(NamedTuple):
    """What the term will have brought, and between what it will with a probability of 80 %."""

    expected: float
    low: float
    high: float


def forecast(before: Sequence[Brought], term: Brought, until: date, lead_worth: float = 1.0) -> Forecast | None:
    """For a term of which all days before `until` are known; None while there is too little to go by.

    `before`: whole terms, oldest first. `lead_worth`: what one lead brings on average.
    """
    so_far = sum(term.amounts.values())
    elapsed = [day for day in term.days if day < until]
    to_come = [day for day in term.days if day >= until]
    past = [each for each in before if each.days]
    if not past:
        if len(elapsed) * ALONE < len(term.days):
            return None
        expected = so_far / len(elapsed) * len(to_come) if elapsed else 0.0
        return _interval(so_far, expected, so_far / lead_worth + 1, lead_worth)
    shape = _Shape(past)
    rates = [sum(each.amounts.values()) / len(each.days) for each in past]
    rate = _next(rates)
    due = rate * sum(shape.of(term, day) for day in elapsed) / lead_worth
    rest = rate * sum(shape.of(term, day) for day in to_come) / lead_worth
    prior = _prior(rates)
    better = (so_far / lead_worth + prior) / (due + prior)
    return _interval(so_far, rest * better * lead_worth, so_far / lead_worth + prior, lead_worth)


def expected_by(target: float, days: Sequence[date], until: date) -> float:
    """What the target asks for by then, each working day the same."""
    return target * sum(day < until for day in days) / len(days) if days else 0.0


def _interval(so_far: float, rest: float, certainty: float, worth: float) -> Forecast:
    leads = rest / worth
    spread = SPREAD * sqrt(leads + leads * leads / certainty) * worth
    return Forecast(so_far + rest, so_far + max(0.0, rest - spread), so_far + rest + spread)


def _next(rates: Sequence[float]) -> float:
    level, trend = rates[0], 0.0
    for rate in rates[1:]:
        ahead = level + DAMPING * trend
        new = LEVEL * rate + (1 - LEVEL) * ahead
        trend = TREND * (new - level) + (1 - TREND) * DAMPING * trend
        level = new
    return max(0.0, level + DAMPING * trend)


def _prior(rates: Sequence[float]) -> float:
    """The less terms differ from one another, the more they say about this one."""
    mean = fmean(rates)
    if len(rates) < 3 or not mean:
        return PRIOR_USUAL
    differing = pvariance([rate / mean for rate in rates])
    return min(PRIOR_MAX, max(PRIOR_MIN, 1 / differing)) if differing else PRIOR_MAX


class _Shape:
    """What a day brings compared with the mean day of its term."""

    def __init__(self, past: Sequence[Brought]) -> None:
        shares = [share for each in past for share in _shares(each)]
        self._weekdays = _factors([(day.weekday(), share) for day, _, share in shares])
        # What the weekday explains the fifth need not explain again: in a week the two are the same.
        self._fifths = _factors([(fifth, share / self._weekdays[day.weekday()]) for day, fifth, share in shares])

    def of(self, term: Brought, day: date) -> float:
        fifth = term.days.index(day) * FIFTHS // len(term.days)
        return self._weekdays.get(day.weekday(), 1.0) * self._fifths.get(fifth, 1.0)


def _shares(term: Brought) -> list[tuple[date, int, float]]:
    """Each working day, its fifth, and what it brought as a multiple of the mean; other days count for the next one."""
    total, mean = 0.0, sum(term.amounts.values()) / len(term.days)
    if not mean:
        return []
    shares: list[tuple[date, int, float]] = []
    for n, day in enumerate(term.days):
        until = sum(amount for at, amount in term.amounts.items() if at <= day)
        shares.append((day, n * FIFTHS // len(term.days), (until - total) / mean))
        total = until
    return shares


def _factors(shares: Sequence[tuple[int, float]]) -> Mapping[int, float]:
    """The mean of each kind of day, drawn towards 1 where there were few."""
    kinds: dict[int, list[float]] = {}
    for kind, share in shares:
        kinds.setdefault(kind, []).append(share)
    return {kind: (sum(of) + SMOOTHING) / (len(of) + SMOOTHING) for kind, of in kinds.items()}
