"""The nine figures that both teams read, of a period of a recorded history."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from monitor.core import kpis
from monitor.core.journal import Journal
from monitor.core.lead import Clock
from monitor.core.policy import Policy
from monitor.core.tables import RESTING_STAGES
from monitor.core.term import Every, Term, term_of
from monitor.wire.report.marketing import AttemptsData, ConversionData, GoalData, KpiData

_DAY_US: Final = 86_400_000_000
_PERCENTILES: Final = (10, 25, 50, 75, 90)


def nine_figures(
    journal: Journal, clocks: Iterable[Clock], policy: Policy, every: Every | None, term: Term, at: int
) -> KpiData:
    """Of the term, which is a whole one of `every` if that is given; the funnel as it is at the instant."""
    finance = policy.finance
    goal = kpis.sales_goal(journal, finance, every, term)
    attempts = kpis.follow_up_attempts(journal, term)
    cycle = kpis.sales_cycle(journal, term)
    funnel = [stage for stage in policy.stages if stage not in RESTING_STAGES]
    return KpiData(
        term=term.key,
        sales_goal=GoalData(
            won={currency: _money(of.amount) for currency, of in goal.won.items()},
            target=None if goal.target is None else _money(goal.target),
            currency=None if finance is None else finance.currency,
            share=_rounded(kpis.ratio(kpis.won_in(goal, finance), goal.target or 0)),
        ),
        leads_in_funnel=dict(kpis.leads_in_funnel(journal, at)),
        high_quality_leads=_by_month(list(clocks), policy, term),
        follow_up_attempts=AttemptsData(
            total=attempts.total,
            leads=attempts.leads,
            per_lead=_rounded(kpis.ratio(attempts.total, attempts.leads)),
            to_first_connect=attempts.to_connect,
        ),
        conversion={
            f"{start} to {end}": ConversionData(**kpis.conversion(journal, start, end, term)._asdict())
            for start, end in pairwise(funnel)
        },
        average_deal_size=_amounts(kpis.deal_size(journal, finance, term)),
        sales_cycle_days={f"p{percent}": _days(kpis.percentile(cycle, percent)) for percent in _PERCENTILES},
        sales_cycles_days=tuple(round(us / _DAY_US, 1) for us in cycle),
        customer_acquisition_cost=_known(kpis.acquisition_cost(journal, finance, term)),
        customer_lifetime_value=_known(kpis.lifetime_value(journal, finance, every, term)),
    )


def _by_month(clocks: Iterable[Clock], policy: Policy, term: Term) -> dict[str, dict[str, int]]:
    """The months of the term, by their key; of the first and the last the days that belong to it."""
    zone, at, months = ZoneInfo(policy.timezone), term.start_at, {}
    while at < term.end_at:
        month = term_of(Every.MONTH, zone, at)
        part = month._replace(start_at=max(month.start_at, term.start_at), end_at=min(month.end_at, term.end_at))
        months[month.key] = dict(kpis.high_quality_leads(clocks, part))
        at = month.end_at
    return months


def _known(amounts: Mapping[str, Decimal] | None) -> dict[str, str] | None:
    return None if amounts is None else _amounts(amounts)


def _amounts(amounts: Mapping[str, Decimal]) -> dict[str, str]:
    return {currency: _money(amount) for currency, amount in amounts.items()}


def _money(amount: Decimal) -> str:
    """Cents are the smallest that people read."""
    return f"{amount:.2f}"


def _rounded(share: Decimal | None) -> float | None:
    return None if share is None else round(float(share), 3)


def _days(duration_us: int | None) -> float | None:
    return None if duration_us is None else round(duration_us / _DAY_US, 1)
