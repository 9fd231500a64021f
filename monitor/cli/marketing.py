"""What a recorded history says of marketing's half: definitions, quotas, and the nine figures that both teams read."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

from monitor.core import kpis
from monitor.core.definition import DEFINITION_DUTY
from monitor.core.event import Event
from monitor.core.instant import to_rfc3339
from monitor.core.journal import Journal, journal_of
from monitor.core.lead import Clock
from monitor.core.policy import Policy
from monitor.core.quota import UNIT
from monitor.core.replay import Replay
from monitor.core.standing import Standing
from monitor.core.tables import RESTING_STAGES, ClockState
from monitor.core.term import Every, Term, term_of

Answer = dict[str, Any]

_DAY_US: Final = 86_400_000_000
_PERCENTILES: Final = (10, 25, 50, 75, 90)


def asks_of_marketing(policy: Policy) -> bool:
    """Whether the agreement says anything that is answered here."""
    return policy.counts or policy.finance is not None or any(duty.definition is not None for duty in policy.duties)


def marketing(replayed: Replay, events: Iterable[Event], policy: Policy, at: int) -> Answer:
    """Definitions and quotas as they stand, and the figures of the quarter that the instant lies in."""
    clocks = [clock for lead in replayed.leads.values() for clock in lead.fold.clocks]
    answer: Answer = {}
    if definitions := _definitions(clocks):
        answer["definitions"] = definitions
    if replayed.book is not None:
        answer["quotas"] = [_quota(standing) for standing in replayed.book.standings()]
    known = [event for event in events if event.at <= at]
    term = term_of(Every.QUARTER, ZoneInfo(policy.timezone), at)
    answer["kpis"] = _kpis(journal_of(known, policy), clocks, policy, term, at)
    return answer


def marketing_text(answer: Answer) -> str:
    """The same for people."""
    definitions = answer.get("definitions", {}).items()
    lines = [f"{duty}: {met} of {judged} entries met it" for duty, (met, judged) in definitions]
    lines += [_quota_line(quota) for quota in answer.get("quotas", ())]
    return "\n".join([*lines, *_kpi_lines(answer["kpis"])])


def _definitions(clocks: Iterable[Clock]) -> dict[str, tuple[int, int]]:
    """By duty: entries that met it, and all."""
    met, judged = Counter[str](), Counter[str]()
    for clock in clocks:
        if clock.duty.startswith(DEFINITION_DUTY) and clock.started_at == clock.due_at:
            judged[clock.duty] += 1
            met[clock.duty] += clock.state is ClockState.MET
    return {duty: (met[duty], judged[duty]) for duty in sorted(judged)}


def _quota(standing: Standing) -> Answer:
    figures, foreseen = standing.figures, standing.forecast
    reached_at = figures.reached_at
    return {
        "quota": standing.quota,
        "term": standing.term,
        "values": list(standing.dims),
        "target": None if standing.target is None else standing.target / UNIT,
        "delivered": figures.delivered.weight / UNIT,
        "pending": figures.pending.weight / UNIT,
        "clawed_back": figures.clawed_back.weight / UNIT,
        "refused": figures.refused.weight / UNIT,
        "reached_at": None if reached_at is None else to_rfc3339(reached_at),
        "expected_by_now": standing.expected_by_now / UNIT,
        "forecast": None if foreseen is None else [round(amount, 1) for amount in foreseen],
    }


def _quota_line(quota: Answer) -> str:
    name = " ".join((quota["quota"], quota["term"], *quota["values"]))
    owed = "" if quota["target"] is None else f" of {quota['target']:g}"
    more = [f"{quota[key]:g} {key.replace('_', ' ')}" for key in ("pending", "clawed_back", "refused") if quota[key]]
    more += [f"reached at {quota['reached_at'].replace('.000000Z', 'Z')}"] if quota["reached_at"] else []
    return ", ".join((f"{name}: {quota['delivered']:g}{owed} delivered", *more))


def _kpis(journal: Journal, clocks: Iterable[Clock], policy: Policy, term: Term, at: int) -> Answer:
    finance, every = policy.finance, Every.QUARTER
    goal = kpis.sales_goal(journal, finance, every, term)
    attempts = kpis.follow_up_attempts(journal, term)
    cycle = kpis.sales_cycle(journal, term)
    percentiles = {f"p{percent}": kpis.percentile(cycle, percent) for percent in _PERCENTILES}
    funnel = [stage for stage in policy.stages if stage not in RESTING_STAGES]
    return {
        "term": term.key,
        "sales_goal": {
            "won": {currency: _money(of.amount) for currency, of in goal.won.items()},
            "target": None if goal.target is None else _money(goal.target),
            "share": _rounded(kpis.ratio(kpis.won_in(goal, finance), goal.target or 0)),
        },
        "leads_in_funnel": kpis.leads_in_funnel(journal, at),
        "high_quality_leads": _by_month(clocks, policy, term),
        "follow_up_attempts": {
            "total": attempts.total,
            "leads": attempts.leads,
            "per_lead": _rounded(kpis.ratio(attempts.total, attempts.leads)),
            "to_first_connect": list(attempts.to_connect),
        },
        "conversion": {
            f"{start} to {end}": kpis.conversion(journal, start, end, term)._asdict() for start, end in pairwise(funnel)
        },
        "average_deal_size": _amounts(kpis.deal_size(journal, finance, term)),
        "sales_cycle_days": {name: None if us is None else round(us / _DAY_US, 1) for name, us in percentiles.items()},
        "customer_acquisition_cost": _amounts(kpis.acquisition_cost(journal, finance, term)),
        "customer_lifetime_value": _amounts(kpis.lifetime_value(journal, finance, every, term)),
    }


def _by_month(clocks: Iterable[Clock], policy: Policy, term: Term) -> Answer:
    """The months of the quarter, by their key."""
    zone, at, months = ZoneInfo(policy.timezone), term.start_at, {}
    while at < term.end_at:
        month = term_of(Every.MONTH, zone, at)
        months[month.key] = dict(kpis.high_quality_leads(clocks, month))
        at = month.end_at
    return months


def _kpi_lines(figures: Answer) -> Iterator[str]:
    for name, figure in figures.items():
        if name != "term":
            yield f"{figures['term']} {name.replace('_', ' ')}: {_shown(figure)}"


def _shown(figure: Any) -> str:
    if isinstance(figure, Mapping):
        return ", ".join(f"{key.replace('_', ' ')} {_shown(value)}" for key, value in figure.items()) or "none"
    if isinstance(figure, list):
        return " ".join(map(str, figure)) or "none"
    return "none" if figure is None else str(figure)


def _amounts(amounts: Mapping[str, Decimal] | None) -> dict[str, str] | None:
    return None if amounts is None else {currency: _money(amount) for currency, amount in amounts.items()}


def _money(amount: Decimal) -> str:
    """Cents are the smallest that people read."""
    return f"{amount:.2f}"


def _rounded(share: Decimal | None) -> float | None:
    return None if share is None else round(float(share), 3)
