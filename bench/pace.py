"""How far forecasts of a month's end are off, compared with a straight line through the days so far."""

import math
import random
from datetime import date
from statistics import fmean
from zoneinfo import ZoneInfo

from bench.measure import Goal, Row, Rows, Scale
from monitor.core.calendar import Calendar
from monitor.core.forecast import Brought, forecast
from monitor.core.term import Every, term_on, working_days

# Two and a half years, of which the first is only looked back at.
MONTHS, LEARNED = 30, 12
SEEDS = 5
# What a weekday brings, and what the last fifth of a month does, in the demonstration's made-up demand.
_WEEKDAYS = (0.8, 1.2, 1.3, 1.1, 0.6)
_LAST_FIFTH, _GROWTH, _SUMMER = 1.6, 1.01, 0.7
_OFFICE = Calendar("office", ZoneInfo("Europe/Berlin"), (((540, 1020),),) * 5 + ((), ()), frozenset(), {})


def pace(_scale: Scale) -> Rows:
    """Mean absolute error at every working day of every month that is forecast, in leads."""
    ours, straight = zip(*map(_errors, map(_history, range(SEEDS))), strict=True)
    yield Row(
        "pace: error of the forecast of a month's end", "leads", ours, "a straight line", straight,
        Goal("ratio", "at most", 0.8),
    )  # fmt: skip


def _history(seed: int) -> list[Brought]:
    rng = random.Random(seed)  # noqa: S311 - makes up demand, keeps no secret
    months: list[Brought] = []
    day = date(2024, 1, 1)
    for number in range(MONTHS):
        term = term_on(Every.MONTH, _OFFICE.zone, day)
        days, level = working_days(_OFFICE, term), 6 * _GROWTH**number * rng.gauss(1, 0.1)
        amounts = {
            each: float(_poisson(rng, level * _WEEKDAYS[each.weekday()] * _season(each, n, len(days))))
            for n, each in enumerate(days)
        }
        months.append(Brought(days, amounts))
        day = term.after
    return months


def _season(day: date, n: int, days: int) -> float:
    summer = _SUMMER if day.month in (7, 8) else 1.0
    return summer * (_LAST_FIFTH if n * 5 // days == 4 else 1.0)


def _poisson(rng: random.Random, mean: float) -> int:
    limit, count, product = math.exp(-mean), 0, rng.random()
    while product > limit:
        count, product = count + 1, product * rng.random()
    return count


def _errors(months: list[Brought]) -> tuple[float, float]:
    ours: list[float] = []
    straight: list[float] = []
    for number in range(LEARNED, MONTHS):
        month = months[number]
        total = sum(month.amounts.values())
        for elapsed, day in enumerate(month.days[1:], 1):
            so_far = {each: amount for each, amount in month.amounts.items() if each < day}
            foreseen = forecast(months[number - LEARNED : number], Brought(month.days, so_far), day)
            if foreseen is None:
                raise RuntimeError("a month with a year before it has no forecast")
            ours.append(abs(foreseen.expected - total))
            straight.append(abs(sum(so_far.values()) / elapsed * len(month.days) - total))
    return fmean(ours), fmean(straight)
