"""How follow-up duties were kept in a period: attainment, cuts, then and now, misses, and where time went."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from monitor.cli.report.period import Period
from monitor.cli.report.records import Records
from monitor.core.attainment import Attainment, Verdict, Verdicts, attained, most, report
from monitor.core.closing import Subject, as_of
from monitor.core.definition import DEFINITION_DUTY
from monitor.core.misses import by_delay, by_reason
from monitor.core.outcome import Outcome
from monitor.core.policy import Policy
from monitor.core.waits import longest, took
from monitor.wire.report.sales import (
    CutData,
    DutyData,
    MissesData,
    ObjectiveData,
    PeriodData,
    SpanData,
    ThenData,
    WaitData,
)
from monitor.wire.report.shape import CountData, NamedShareData, OthersShareData, ShareData

# A table that is longer is not read; sources come from outside, and there may be thousands.
VALUES_MAX: Final = 20
_US_PER_S: Final = 1_000_000
_FIELDS: Final[Mapping[str, Callable[[Outcome], str]]] = {
    "team": lambda outcome: outcome.team,
    "segment": lambda outcome: outcome.segment,
    "source": lambda outcome: outcome.lead_source,
    "owner": lambda outcome: outcome.owner,
}


class Kept(NamedTuple):
    """Verdicts of a period, by duty, as they are known now and as they were when it closed."""

    now: Mapping[str, Sequence[Verdict]]
    then: Mapping[str, Sequence[Verdict]] | None
    """None: it has not closed."""
    uncertain: Mapping[str, frozenset[Subject]]
    open: Mapping[str, int]


def kept_in(period: Period, records: Records) -> Kept:
    """All clocks, those of definitions too. A verdict belongs to the period in which its own instant lies."""
    now, then = Verdicts(), Verdicts()
    for each in records.said:
        now.hear(each.outcome)
    started = [outcome.duty for outcome in now.open() if period.term.holds(outcome.started_at)]
    opened = dict(most(started))
    standing = _by_duty(now.standing(), period)
    if records.known_until < period.term.end_at:
        return Kept(standing, None, {}, opened)
    closing = as_of(records.said, period.term.end_at)
    for outcome in closing.outcomes:
        then.hear(outcome)
    concerned = {_subject(each.outcome) for each in records.said if period.term.holds(each.outcome.at)}
    unsure = closing.uncertain & concerned
    by_duty = {duty: frozenset(each for each in unsure if each[1] == duty) for duty in {each[1] for each in unsure}}
    return Kept(standing, _by_duty(then.standing(), period), by_duty, opened)


def duties(kept: Kept, records: Records, policy: Policy, owners: int) -> tuple[DutyData, ...]:
    """Follow-up duties of the agreement in its order, then those that it no longer has.

    `owners`: how many are named; 0: there is no cut by owner.
    """
    names = [duty.name for duty in policy.duties]
    names += sorted({*kept.now, *kept.open} - set(names))
    own = [name for name in names if not name.startswith(DEFINITION_DUTY)]
    return tuple(_duty(name, kept, records, policy, owners) for name in own)


def spans(period: Period, records: Records, policy: Policy) -> tuple[SpanData, ...] | None:
    """Of the steps that were done in the period."""
    if records.replay is None:
        return None
    return tuple(
        SpanData(
            step=each.step,
            team=each.team,
            leads=each.leads,
            median_s=each.median_us / _US_PER_S,
            p90_s=each.p90_us / _US_PER_S,
            working_median_s=_seconds(each.working_median_us),
            working_p90_s=_seconds(each.working_p90_us),
        )
        for each in took(records.replay.leads.values(), policy, period.term)
    )


def then_data(kept: Kept, duty: str) -> ThenData | None:
    """What had been said of a duty when the period closed, beside what is known now."""
    if kept.then is None:
        return None
    uncertain = kept.uncertain.get(duty, frozenset())
    now = {_subject(verdict.outcome): verdict.met for verdict in kept.now.get(duty, ())}
    then = {_subject(verdict.outcome): verdict.met for verdict in kept.then.get(duty, ())}
    turned = sum(now.get(clock) is not met for clock, met in then.items())
    added = len(now.keys() - then.keys() - uncertain)
    return ThenData(
        **share(Attainment(sum(then.values()), len(then))), uncertain=len(uncertain), turned=turned, added=added
    )


def share(of: Attainment) -> dict[str, float | int | None]:
    """The fields of ShareData."""
    percent = of.met * 10_000 // of.judged / 100 if of.judged else None
    return ShareData(met=of.met, judged=of.judged, percent=percent).model_dump()


def provisional(verdicts: Iterable[Verdict]) -> int:
    """How many may still be revised."""
    return sum(not verdict.final for verdict in verdicts)


def counts(named: Iterable[tuple[str, int]]) -> tuple[CountData, ...]:
    """The same as data."""
    return tuple(CountData(name=name, count=count) for name, count in named)


def _duty(name: str, kept: Kept, records: Records, policy: Policy, owners: int) -> DutyData:
    verdicts, agreed = kept.now.get(name, ()), policy.duty(name)
    told = report(name, verdicts, policy)
    limits = {"team": VALUES_MAX, "segment": VALUES_MAX, "source": VALUES_MAX, "owner": owners}
    return DutyData(
        **share(told.attainment),
        duty=name,
        team="" if agreed is None else agreed.team,
        objective=None
        if told.objective is None
        else ObjectiveData(
            percent=told.objective.percent,
            every=told.objective.every,
            periods=tuple(
                PeriodData(
                    **share(of),
                    period=key,
                    reached=of.reaches(told.objective),
                    misses_left=of.misses_left(told.objective),
                )
                for key, of in told.periods
            ),
        ),
        then=then_data(kept, name),
        provisional=provisional(verdicts),
        open=kept.open.get(name, 0),
        late=told.late,
        late_median_s=_seconds(told.late_elapsed_us),
        late_working_median_s=_seconds(told.late_working_us),
        cuts=tuple(_cut(by, verdicts, limit) for by, limit in limits.items() if limit),
        misses=MissesData(
            by_reason=counts(by_reason(verdicts)),
            by_delay=counts(by_delay(verdicts)),
            by_wait=_waits(verdicts, records, policy),
        ),
    )


def _cut(by: str, verdicts: Sequence[Verdict], limit: int) -> CutData:
    of: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        of.setdefault(_FIELDS[by](verdict.outcome), []).append(verdict)
    ordered = sorted(of.items(), key=lambda item: (-len(item[1]), item[0]))
    named, rest = ordered[:limit], ordered[limit:]
    others = [verdict for _, those in rest for verdict in those]
    return CutData(
        by=by,
        values=tuple(NamedShareData(**share(attained(those)), name=name) for name, those in named),
        others=OthersShareData(**share(attained(others)), names=len(rest)) if rest else None,
    )


def _waits(verdicts: Iterable[Verdict], records: Records, policy: Policy) -> tuple[WaitData, ...] | None:
    if records.replay is None:
        return None
    leads = records.replay.leads
    missed = [verdict for verdict in verdicts if not verdict.met and verdict.outcome.lead in leads]
    waited = [longest(verdict, leads[verdict.outcome.lead], policy) for verdict in missed]
    steps = Counter(each for each in waited if each is not None)
    ordered = sorted(steps.items(), key=lambda item: (-item[1], item[0]))
    return tuple(WaitData(step=step, team=team, count=count) for (step, team), count in ordered)


def _by_duty(verdicts: Iterable[Verdict], period: Period) -> dict[str, list[Verdict]]:
    of: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        if period.term.holds(verdict.outcome.at):
            of.setdefault(verdict.outcome.duty, []).append(verdict)
    return of


def _subject(outcome: Outcome) -> Subject:
    return (outcome.subject, outcome.duty, outcome.cycle)


def _seconds(duration_us: int | None) -> float | None:
    return None if duration_us is None else duration_us / _US_PER_S
