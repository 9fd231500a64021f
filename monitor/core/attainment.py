"""What a run of outcomes adds up to: how many duties were met, of how many judged, and whose were not."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from math import ceil
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from monitor.core.heard import Heard, of_verdict
from monitor.core.outcome import Kind, Outcome
from monitor.core.policy import Objective, Policy
from monitor.core.term import Every, term_of

TOP_MAX: Final = 5
"""Owners, teams and segments with the most breaches that are named."""
_ENDS: Final = frozenset({Kind.MET, Kind.BREACHED, Kind.CANCELLED})


class Attainment(NamedTuple):
    """Duties met, of those judged: a duty that was cancelled, or is still open, is not judged."""

    met: int = 0
    judged: int = 0

    @property
    def percent(self) -> float:
        """Of those judged; 100 where none was. Cut off, so that what falls short of the objective does not reach it."""
        return self.met * 10_000 // self.judged / 100 if self.judged else 100.0

    def reaches(self, objective: Objective) -> bool:
        """Whether the share agreed was met, or exactly reached."""
        return self.misses_left(objective) >= 0

    def misses_left(self, objective: Objective) -> int:
        """How many more misses among these the objective allows; below zero: how many there are too many."""
        allowed = self.judged * (100 - Decimal(str(objective.percent))) // 100
        return int(allowed) - (self.judged - self.met)


class Verdict(NamedTuple):
    """The verdict that stands on one clock."""

    outcome: Outcome
    """It was met, or breached."""
    late: Outcome | None
    """Breached, and fulfilled after all."""
    final: bool
    """Nothing can revise it any more."""

    @property
    def met(self) -> bool:
        """Whether the duty was done in time."""
        return self.outcome.kind is Kind.MET


class DutyReport(NamedTuple):
    """How one duty was kept."""

    duty: str
    attainment: Attainment
    objective: Objective | None
    periods: tuple[tuple[str, Attainment], ...]
    """Of the objective, by name such as `2026-Q4`, those in which there are verdicts; in order."""
    late: int
    """How many were fulfilled after all."""
    late_elapsed_us: int | None
    """The median; None where there is none."""
    late_working_us: int | None
    """The median of those that have a calendar."""


class Verdicts:
    """The verdicts on clocks that stand, of outcomes heard in any order and any number of times."""

    def __init__(self) -> None:
        self._heard = Heard()

    def hear(self, outcome: Outcome) -> None:
        """What is said of quotas and of the agreement itself is no verdict on a clock."""
        if outcome.lead and of_verdict(outcome):
            self._heard.hear(outcome)

    def standing(self) -> list[Verdict]:
        """In the order of leads, duties and cycles."""
        of: dict[tuple[str, str, int], dict[str, Outcome]] = {}
        for (lead, duty, cycle, kind, _), outcome in self._heard.standing():
            of.setdefault((lead, duty, cycle), {})[kind] = outcome
        return [
            Verdict(verdict, said.get(Kind.FULFILLED_LATE), Kind.FINALISED in said)
            for said in of.values()
            if (verdict := said.get(Kind.MET) or said.get(Kind.BREACHED)) is not None
        ]

    def open(self) -> list[Outcome]:
        """The starts of clocks of which nothing more is known than that they run, or stand still."""
        ended: set[tuple[str, str, int]] = set()
        started: dict[tuple[str, str, int], Outcome] = {}
        for (lead, duty, cycle, kind, _), outcome in self._heard.standing():
            if kind == Kind.ACTIVATED:
                started[lead, duty, cycle] = outcome
            elif kind in _ENDS:
                ended.add((lead, duty, cycle))
        return [outcome for clock, outcome in started.items() if clock not in ended]

    def by_duty(self, policy: Policy) -> list[DutyReport]:
        """Every duty of the agreement in its order, then those that it no longer has."""
        of: dict[str, list[Verdict]] = {duty.name: [] for duty in policy.duties}
        for verdict in self.standing():
            of.setdefault(verdict.outcome.duty, []).append(verdict)
        return [report(duty, verdicts, policy) for duty, verdicts in of.items()]

    def most_breached(self) -> Mapping[str, list[tuple[str, int]]]:
        """For `owner`, `team` and `segment`, those with the most breaches: (name, how many), at most TOP_MAX."""
        breached = [verdict.outcome for verdict in self.standing() if not verdict.met]
        return {
            "owner": most(outcome.owner for outcome in breached)[:TOP_MAX],
            "team": most(outcome.team for outcome in breached)[:TOP_MAX],
            "segment": most(outcome.segment for outcome in breached)[:TOP_MAX],
        }


def attained(verdicts: Iterable[Verdict]) -> Attainment:
    """What they add up to."""
    met = [verdict.met for verdict in verdicts]
    return Attainment(sum(met), len(met))


def quantile(values: Sequence[int], share: float) -> int | None:
    """The smallest of these values that at least this share of them does not exceed; None of none."""
    return sorted(values)[max(0, ceil(share * len(values)) - 1)] if values else None


def period_of(zone: ZoneInfo, at: int, every: str) -> str:
    """The name of the week (ISO), month or quarter of that instant, such as `2026-W40`, `2026-10`, `2026-Q4`."""
    return term_of(Every(every), zone, at).key


def report(duty: str, verdicts: Sequence[Verdict], policy: Policy) -> DutyReport:
    """How the duty was kept, by verdicts on it alone."""
    agreed = policy.duty(duty)
    objective, zone = None if agreed is None else agreed.objective, ZoneInfo(policy.timezone)
    periods: dict[str, list[Verdict]] = {}
    if objective is not None:
        for verdict in verdicts:
            periods.setdefault(period_of(zone, verdict.outcome.at, objective.every), []).append(verdict)
    late = [verdict.late for verdict in verdicts if verdict.late is not None]
    elapsed = [outcome.late_elapsed_us for outcome in late if outcome.late_elapsed_us is not None]
    working = [outcome.late_working_us for outcome in late if outcome.late_working_us is not None]
    return DutyReport(
        duty,
        attained(verdicts),
        objective,
        tuple([(period, attained(of)) for period, of in sorted(periods.items())]),
        len(late),
        quantile(elapsed, 0.5),
        quantile(working, 0.5),
    )


def most(names: Iterable[str]) -> list[tuple[str, int]]:
    """How often each occurs, most first, equals by name."""
    return sorted(Counter(names).items(), key=lambda named: (-named[1], named[0]))
