"""What a run of outcomes adds up to: how many duties were met, of how many judged, and whose were not."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import ceil
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from monitor.core.localtime import clock_shows
from monitor.core.outcome import Kind, Outcome
from monitor.core.policy import Objective, Policy

TOP_MAX: Final = 5
"""Owners, teams and segments with the most breaches that are named."""


class Attainment(NamedTuple):
    """Duties met, of those judged: a duty that was cancelled, or is still open, is not judged."""

    met: int = 0
    judged: int = 0

    @property
    def percent(self) -> float:
        """Of those judged; 100 where none was."""
        return 100 * self.met / self.judged if self.judged else 100.0

    def reaches(self, objective: Objective) -> bool:
        """Whether the share agreed was met, or exactly reached."""
        return self.met * 100 >= objective.percent * self.judged


class Verdict(NamedTuple):
    """The verdict that stands on one clock."""

    at: int
    met: bool
    owner: str
    team: str
    segment: str
    source: str = ""
    late_elapsed_us: int | None = None
    """It was fulfilled after all, so late."""
    late_working_us: int | None = None


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
    """The verdicts that stand, of outcomes heard one after the other."""

    def __init__(self) -> None:
        self._standing: dict[tuple[str, str, int], Verdict] = {}

    def hear(self, outcome: Outcome) -> None:
        """Outcomes of one clock must come in the order in which they were said."""
        clock = (outcome.lead, outcome.duty, outcome.cycle)
        verdict = stands_after(self._standing.get(clock), outcome)
        if verdict is not None:
            self._standing[clock] = verdict
        else:
            self._standing.pop(clock, None)

    def by_duty(self, policy: Policy) -> list[DutyReport]:
        """Every duty of the agreement in its order, then those that it no longer has."""
        of: dict[str, list[Verdict]] = {duty.name: [] for duty in policy.duties}
        for (_, duty, _), verdict in sorted(self._standing.items()):
            of.setdefault(duty, []).append(verdict)
        return [_report(duty, verdicts, policy) for duty, verdicts in of.items()]

    def most_breached(self) -> Mapping[str, list[tuple[str, int]]]:
        """For `owner`, `team` and `segment`, those with the most breaches: (name, how many), at most TOP_MAX."""
        breached = [verdict for verdict in self._standing.values() if not verdict.met]
        return {
            "owner": _top(verdict.owner for verdict in breached),
            "team": _top(verdict.team for verdict in breached),
            "segment": _top(verdict.segment for verdict in breached),
        }


def stands_after(standing: Verdict | None, outcome: Outcome) -> Verdict | None:
    """The verdict that stands on a clock once the outcome was said of it."""
    met = outcome.kind is Kind.MET
    if met or outcome.kind is Kind.BREACHED:
        return Verdict(outcome.at, met, outcome.owner, outcome.team, outcome.segment, outcome.lead_source)
    match outcome.kind:
        case Kind.FULFILLED_LATE if standing is not None:
            return standing._replace(late_elapsed_us=outcome.late_elapsed_us, late_working_us=outcome.late_working_us)
        case Kind.WITHDRAWN if outcome.level == Kind.FULFILLED_LATE and standing is not None:
            return standing._replace(late_elapsed_us=None, late_working_us=None)
        case Kind.WITHDRAWN if outcome.level in (Kind.MET, Kind.BREACHED):
            return None
    return standing


def quantile(values: Sequence[int], share: float) -> int | None:
    """The smallest of these values that at least this share of them does not exceed; None of none."""
    return sorted(values)[max(0, ceil(share * len(values)) - 1)] if values else None


def period_of(zone: ZoneInfo, at: int, every: str) -> str:
    """The name of the week (ISO), month or quarter of that instant, such as `2026-W40`, `2026-10`, `2026-Q4`."""
    day = clock_shows(zone, at).date()
    match every:
        case "week":
            year, week, _ = day.isocalendar()
            return f"{year:04}-W{week:02}"
        case "month":
            return f"{day.year:04}-{day.month:02}"
        case _:
            return f"{day.year:04}-Q{(day.month + 2) // 3}"


def _report(duty: str, verdicts: Sequence[Verdict], policy: Policy) -> DutyReport:
    agreed = policy.duty(duty)
    objective, zone = None if agreed is None else agreed.objective, ZoneInfo(policy.timezone)
    periods: dict[str, Attainment] = {}
    if objective is not None:
        for verdict in verdicts:
            period = period_of(zone, verdict.at, objective.every)
            met, judged = periods.get(period, Attainment())
            periods[period] = Attainment(met + verdict.met, judged + 1)
    elapsed = [verdict.late_elapsed_us for verdict in verdicts if verdict.late_elapsed_us is not None]
    working = [verdict.late_working_us for verdict in verdicts if verdict.late_working_us is not None]
    return DutyReport(
        duty,
        Attainment(sum(verdict.met for verdict in verdicts), len(verdicts)),
        objective,
        tuple(sorted(periods.items())),
        len(elapsed),
        quantile(elapsed, 0.5),
        quantile(working, 0.5),
    )


def _top(names: Iterable[str]) -> list[tuple[str, int]]:
    return sorted(Counter(names).items(), key=lambda named: (-named[1], named[0]))[:TOP_MAX]
