"""What a recorded history says of marketing's half: definitions, quotas, and the nine figures that both teams read."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from monitor.cli.nine_figures import nine_figures
from monitor.core.definition import DEFINITION_DUTY
from monitor.core.event import Event
from monitor.core.instant import to_rfc3339
from monitor.core.journal import journal_of
from monitor.core.lead import Clock
from monitor.core.policy import Policy
from monitor.core.quota import UNIT
from monitor.core.replay import Replay
from monitor.core.standing import Standing
from monitor.core.tables import ClockState
from monitor.core.term import Every, term_of

Answer = dict[str, Any]


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
        ceilings = {quota.name for version in policy.versions for quota in version.quotas if quota.ceiling}
        answer["quotas"] = [_quota(each, ceiling=each.quota in ceilings) for each in replayed.book.standings()]
    known = [event for event in events if event.at <= at]
    term = term_of(Every.QUARTER, ZoneInfo(policy.timezone), at)
    figures = nine_figures(journal_of(known, policy), clocks, policy, Every.QUARTER, term, at)
    answer["kpis"] = figures.model_dump(mode="json", exclude={"sales_cycles_days"})
    return answer


def marketing_text(answer: Answer) -> str:
    """The same for people."""
    definitions = answer.get("definitions", {}).items()
    lines = [f"{duty}: {met} of {judged} entries met it" for duty, (met, judged) in definitions]
    lines += [_quota_line(quota) for quota in answer.get("quotas", ()) if not quota["ceiling"] or _exceeded(quota)]
    return "\n".join([*lines, *_kpi_lines(answer["kpis"])])


def _definitions(clocks: Iterable[Clock]) -> dict[str, tuple[int, int]]:
    """By duty: entries that met it, and all."""
    met, judged = Counter[str](), Counter[str]()
    for clock in clocks:
        if clock.duty.startswith(DEFINITION_DUTY) and clock.started_at == clock.due_at:
            judged[clock.duty] += 1
            met[clock.duty] += clock.state is ClockState.MET
    return {duty: (met[duty], judged[duty]) for duty in sorted(judged)}


def _quota(standing: Standing, *, ceiling: bool) -> Answer:
    figures, foreseen = standing.figures, standing.forecast
    reached_at = figures.reached_at
    return {
        "quota": standing.quota,
        "term": standing.term,
        "values": list(standing.dims),
        "ceiling": ceiling,
        "target": None if standing.target is None else standing.target / UNIT,
        "delivered": figures.delivered.weight / UNIT,
        "pending": figures.pending.weight / UNIT,
        "clawed_back": figures.clawed_back.weight / UNIT,
        "refused": figures.refused.weight / UNIT,
        "reached_at": None if reached_at is None else to_rfc3339(reached_at),
        "expected_by_now": standing.expected_by_now / UNIT,
        "forecast": None if foreseen is None else [round(amount, 1) for amount in foreseen],
    }


def _exceeded(ceiling: Answer) -> bool:
    """Of the days on which no more came in than was agreed there is nothing to say, and there are many."""
    return ceiling["target"] is not None and ceiling["delivered"] > ceiling["target"]


def _quota_line(quota: Answer) -> str:
    name = " ".join((quota["quota"], quota["term"], *quota["values"]))
    if quota["ceiling"]:
        return f"{name}: {quota['delivered']:g} came in, {quota['target']:g} were agreed"
    owed = "" if quota["target"] is None else f" of {quota['target']:g}"
    more = [f"{quota[key]:g} {key.replace('_', ' ')}" for key in ("pending", "clawed_back", "refused") if quota[key]]
    more += [f"reached at {quota['reached_at'].replace('.000000Z', 'Z')}"] if quota["reached_at"] else []
    return ", ".join((f"{name}: {quota['delivered']:g}{owed} delivered", *more))


def _kpi_lines(figures: Answer) -> Iterator[str]:
    for name, figure in figures.items():
        if name != "term":
            yield f"{figures['term']} {name.replace('_', ' ')}: {_shown(figure)}"


def _shown(figure: Any) -> str:
    if isinstance(figure, Mapping):
        shown = [(key.replace("_", " "), _shown(value)) for key, value in figure.items()]
        known = any(value != "none" for _, value in shown)
        return ", ".join(f"{key} {value}" for key, value in shown) if known else "none"
    if isinstance(figure, list):
        return " ".join(map(str, figure)) or "none"
    return "none" if figure is None else str(figure)
