"""How a quota stands: what its line of the books adds up to, what was expected by now, and what is foreseen."""

from collections.abc import Iterable
from typing import NamedTuple

from monitor.core.account import Account, Figures
from monitor.core.book_entries import Sum
from monitor.core.forecast import Brought, Forecast, forecast
from monitor.core.localtime import clock_shows
from monitor.core.quota import UNIT, Dims


class Standing(NamedTuple):
    """How a quota stands."""

    quota: str
    dims: Dims
    term: str
    target: int | None
    """Thousandths, as everything here; None: what fits no target."""
    figures: Figures
    expected_by_now: int
    forecast: Forecast | None
    """In leads or points."""


def foreseen(account: Account, others: Iterable[Account], first_at: int, delivered: Sum, at: int) -> Forecast | None:
    """For a term of which everything before the instant is known, from those before it that were known whole."""
    quota = account.quota
    before = [
        Brought(other.days, other.by_day(other.term.end_at))
        for other in sorted(others, key=lambda other: other.term.start_at)
        if other.quota.name == quota.name and other.dims == account.dims
        and first_at <= other.term.start_at < account.term.start_at
    ]  # fmt: skip
    worth = delivered.weight / delivered.leads / UNIT if delivered.weight else 1.0
    until = clock_shows(quota.zone, at).date()
    return forecast(before, Brought(account.days, account.by_day(at)), until, worth)
