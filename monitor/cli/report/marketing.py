"""How marketing's half was kept in a period: handoffs by definition, quotas, and the nine figures."""

from collections.abc import Iterable, Sequence
from typing import Final

from monitor.cli.nine_figures import nine_figures
from monitor.cli.report.period import Period
from monitor.cli.report.records import Records
from monitor.cli.report.sales import Kept, counts, provisional, share, then_data
from monitor.core.attainment import attained
from monitor.core.closing import as_of
from monitor.core.definition import DEFINITION_DUTY, qualified_stage
from monitor.core.heard import Heard, Said
from monitor.core.instant import to_rfc3339
from monitor.core.journal import journal_of
from monitor.core.misses import by_missing
from monitor.core.outcome import Kind, Outcome
from monitor.core.policy import Policy, Quota
from monitor.core.quota import UNIT
from monitor.core.standing import Standing
from monitor.core.term import term_named
from monitor.wire.report.marketing import DefinitionData, ForecastData, KpiData, QuotaData, QuotaThenData

MISSING_MAX: Final = 10
"""What entries lacked: so many are named."""

Line = tuple[str, str, tuple[str, ...]]
"""Quota, term, values."""


def definitions(kept: Kept, policy: Policy) -> tuple[DefinitionData, ...]:
    """Of every stage with a definition, in the order of the agreement, then of those that it no longer has."""
    names = [duty.name for duty in policy.duties]
    names += sorted(set(kept.now) - set(names))
    return tuple(
        DefinitionData(
            **share(attained(kept.now.get(name, ()))),
            duty=name,
            stage=qualified_stage(name),
            then=then_data(kept, name),
            provisional=provisional(kept.now.get(name, ())),
            missing=counts(by_missing(kept.now.get(name, ()))[:MISSING_MAX]),
        )
        for name in names
        if name.startswith(DEFINITION_DUTY)
    )


def quotas(period: Period, records: Records, policy: Policy) -> tuple[QuotaData, ...]:
    """Terms that overlap the period: as the books say, else as the newest outcome of each did. Ceilings are none."""
    told: dict[Line, list[Said]] = {}
    for each in records.said:
        outcome = each.outcome
        if outcome.delivery and outcome.started_at < period.term.end_at and outcome.due_at > period.term.start_at:
            values = tuple(value for _, value in outcome.delivery.dims)
            told.setdefault((outcome.duty, outcome.delivery.term, values), []).append(each)
    closed = records.known_until >= period.term.end_at
    standings = _standings(period, records, policy)
    return tuple(
        _quota(line, told.get(line, ()), standings.get(line), period.term.end_at if closed else None)
        for line in sorted({*told, *standings})
    )


def kpis(period: Period, records: Records, policy: Policy) -> KpiData | None:
    """Of what the events say; None without events."""
    if records.events is None or records.replay is None:
        return None
    known = [event for event in records.events if event.at <= records.known_until]
    clocks = [clock for lead in records.replay.leads.values() for clock in lead.fold.clocks]
    at = min(period.term.end_at - 1, records.known_until)
    return nine_figures(journal_of(known, policy), clocks, policy, period.every, period.term, at)


def _standings(period: Period, records: Records, policy: Policy) -> dict[Line, Standing]:
    """Of terms that overlap the period; what is over has no forecast any more."""
    book = None if records.replay is None else records.replay.book
    found: dict[Line, Standing] = {}
    for standing in () if book is None else book.standings():
        agreed = _agreed(standing.quota, policy)
        if agreed is None or agreed.ceiling:
            continue
        term = term_named(agreed.every, agreed.zone, standing.term)
        if term is not None and term.start_at < period.term.end_at and term.end_at > period.term.start_at:
            over = term.end_at <= records.known_until or standing.target is None
            line = (standing.quota, standing.term, standing.dims)
            found[line] = standing._replace(forecast=None) if over else standing
    return found


def _agreed(name: str, policy: Policy) -> Quota | None:
    return next((quota for version in reversed(policy.versions) if (quota := version.quota(name)) is not None), None)


def _quota(line: Line, told: Sequence[Said], standing: Standing | None, closed_at: int | None) -> QuotaData:
    verdict, final = _verdict(each.outcome for each in told)
    amounts = _amounts_told(told) if standing is None else _amounts_kept(standing)
    then = None
    if closed_at is not None:
        closing = as_of(told, closed_at)
        then = QuotaThenData(verdict=_verdict(closing.outcomes)[0], certain=not closing.uncertain)
    quota, term, values = line
    return QuotaData(quota=quota, term=term, values=values, verdict=verdict, final=final, then=then, **amounts)


def _verdict(outcomes: Iterable[Outcome]) -> tuple[Kind | None, bool]:
    """The one that stands, as corrected; and whether it is final."""
    heard = Heard()
    for outcome in outcomes:
        heard.hear(outcome)
    standing = [outcome for _, outcome in heard.standing()]
    said = {outcome.kind: outcome for outcome in standing}
    corrections = [outcome for outcome in standing if outcome.kind is Kind.CORRECTED]
    verdict: Kind | None = next((kind for kind in (Kind.MET, Kind.BREACHED) if kind in said), None)
    if corrections:
        verdict = Kind(max(corrections, key=lambda outcome: (outcome.at, outcome.level)).level)
    return verdict, Kind.FINALISED in said


def _amounts_kept(standing: Standing) -> dict[str, object]:
    figures, foreseen = standing.figures, standing.forecast
    counted = (figures.delivered, figures.refused, figures.clawed_back)
    return {
        "target": None if standing.target is None else standing.target / UNIT,
        "entered": sum(amount.weight for amount in counted) / UNIT,
        "refused": figures.refused.weight / UNIT,
        "clawed_back": figures.clawed_back.weight / UNIT,
        "delivered": figures.delivered.weight / UNIT,
        "pending": figures.pending.weight / UNIT,
        "expected_by_now": standing.expected_by_now / UNIT,
        "reached_at": None if figures.reached_at is None else to_rfc3339(figures.reached_at),
        "forecast": None
        if foreseen is None
        else ForecastData(
            expected=round(foreseen.expected, 1), low=round(foreseen.low, 1), high=round(foreseen.high, 1)
        ),
    }


def _amounts_told(told: Sequence[Said]) -> dict[str, object]:
    """As of the newest outcome: a later revision is newer than what it revises, whatever its instant."""
    newest = max(
        told, key=lambda each: (each.outcome.kind is Kind.CORRECTED, each.at, each.outcome.revision, repr(each))
    )
    delivery = newest.outcome.delivery
    if delivery is None:
        raise ValueError("an outcome of a quota says how that stands")
    met = [each.outcome for each in told if each.outcome.kind is Kind.MET]
    verdict, _ = _verdict(each.outcome for each in told)
    reached_at = max(met, key=lambda outcome: outcome.revision).at if met and verdict is Kind.MET else None
    foreseen = (delivery.forecast, delivery.forecast_low, delivery.forecast_high)
    expected, low, high = (None if amount is None else round(amount / UNIT, 1) for amount in foreseen)
    return {
        "target": delivery.target / UNIT,
        "entered": (delivery.delivered + delivery.refused + delivery.clawed_back) / UNIT,
        "refused": delivery.refused / UNIT,
        "clawed_back": delivery.clawed_back / UNIT,
        "delivered": delivery.delivered / UNIT,
        "pending": delivery.pending / UNIT,
        "expected_by_now": None,
        "reached_at": None if reached_at is None else to_rfc3339(reached_at),
        "forecast": None
        if expected is None or low is None or high is None
        else ForecastData(expected=expected, low=low, high=high),
    }
