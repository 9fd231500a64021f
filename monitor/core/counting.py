"""What one step of a lead changes in the live counts: verdicts on duties, and what key figures are made of.

What an event counts is said by the predicates of the journal. Which verdict stands is said here for outcomes in the
order of one partition, and in `attainment` for any order; tests hold both to the same figures.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Final, NamedTuple

from monitor.core.definition import DEFINITION_DUTY, qualified_stage
from monitor.core.event import ACTIVITY_LOGGED, Event
from monitor.core.journal import attempted, connected
from monitor.core.lead import Lead
from monitor.core.money import NOTHING
from monitor.core.outcome import Kind, Outcome
from monitor.core.policy import Policy
from monitor.core.records import COUNTED, NOT_REACHED, REACHED, changes
from monitor.core.step import Step, TimeAdvanced
from monitor.core.tally import KPIS, Line, Period, Tally
from monitor.core.verdicts import who_at
from monitor.core.via import Forward

MET: Final = "met"
BREACHED: Final = "breached"
QUALIFIED: Final = "qualified"
# What is looked for in nearly every step, where every look counts.
_MET, _BREACHED, _WITHDRAWN = Kind.MET, Kind.BREACHED, Kind.WITHDRAWN


class Names(NamedTuple):
    """What verdicts are told apart by, beside team and segment."""

    sources: bool = False
    owners: bool = False


class Judgement(NamedTuple):
    """What counts of the verdict that stands on a clock."""

    at: int
    met: bool
    owner: str
    team: str
    segment: str
    lead_source: str


class LiveCounts(NamedTuple):
    """What several partitions add up to."""

    stages: Mapping[str, int] = MappingProxyType({})
    """Leads by stage; those of which no stage is known, or that go on as another, under an empty one."""
    counts: Mapping[tuple[str, Period, Line], int] = MappingProxyType({})
    """By subject, period and line; none is below zero."""
    amounts: Mapping[tuple[Period, Line], Decimal] = MappingProxyType({})
    """Money, of the lines that have some."""


class Counting:
    """Counts the leads of one partition and what happens to them."""

    def __init__(self, tally: Tally, policy: Policy, names: Names, stages: Counter[str]) -> None:
        """`stages`: how many leads are in each stage."""
        self.tally = tally
        self.stages = stages
        self._moved: dict[str, int] = {}
        self._sources, self._owners = names
        self._policy = policy

    def adopt(self, policy: Policy) -> None:
        """Count by this policy."""
        self.tally.adopt(policy)
        self._policy = policy

    def remembered(self) -> None:
        """What was counted is as durable as the leads."""
        self.tally.remembered()
        if self._moved:
            self.stages.update(self._moved)
            self._moved.clear()

    def take(self, before: Lead | None, step: Step, given: Event | Forward | TimeAdvanced, offset: int) -> None:
        """Count what this step has changed. Raises CalendarExhausted."""
        after = step.lead
        for outcome in step.outcomes:
            kind = outcome.kind
            if kind is _MET or kind is _BREACHED or kind is _WITHDRAWN:
                self._verdicts(before, step.outcomes, offset)
                break
        was, stage = "" if before is None else before.fold.stage, after.fold.stage
        if was != stage or after.merged is not None:
            left, entered = in_funnel(before), in_funnel(after)
            self._moved[left] = self._moved.get(left, 0) - 1
            self._moved[entered] = self._moved.get(entered, 0) + 1
        if isinstance(given, TimeAdvanced):
            return
        type_ = given.type
        if type_ not in COUNTED and isinstance(given, Event) and "stage" not in given.data:
            if type_ != ACTIVITY_LOGGED or not attempted(given):
                return  # most events
            if not step.remarks and after.merged is None:  # new, behind all that was known, and in a lead of its own
                self.tally.add(KPIS, given.at, REACHED if connected(given) else NOT_REACHED, 1, offset)
                return
        for at, line, number, amount in changes(before, after, given, self._policy):
            self.tally.add(KPIS, at, line, number, offset, amount)

    def _verdicts(self, before: Lead | None, outcomes: Sequence[Outcome], offset: int) -> None:
        if len(outcomes) == 1:
            (said,) = outcomes
            if said.kind is not _WITHDRAWN and not said.revision:
                # The first verdict on this clock: what stood would have been withdrawn beside it.
                self._verdict(said.duty, said, said.kind is _MET, 1, offset)
                return
        was: dict[tuple[str, int], Judgement | None] = {}
        now: dict[tuple[str, int], Judgement | None] = {}
        for outcome in outcomes:
            clock = (outcome.duty, outcome.cycle)
            if clock not in was:
                was[clock] = now[clock] = _standing(before, clock, self._policy)
            now[clock] = _stands_after(now[clock], outcome)
        for clock, verdict in now.items():
            stood = was[clock]
            if stood is not None and stood is not verdict:
                self._verdict(clock[0], stood, stood.met, -1, offset)
            if verdict is not None and stood is not verdict:
                self._verdict(clock[0], verdict, verdict.met, 1, offset)

    def _verdict(self, duty: str, of: Outcome | Judgement, met: bool, step: int, offset: int) -> None:
        source, owner = of.lead_source if self._sources else "", of.owner if self._owners else ""
        self.tally.add(duty, of.at, (MET if met else BREACHED, of.team, of.segment, source, owner), step, offset)
        if met and duty.startswith(DEFINITION_DUTY):
            self.tally.add(KPIS, of.at, (QUALIFIED, qualified_stage(duty)), step, offset)


def added_up(countings: Iterable[Counting], at: int) -> LiveCounts:
    """The funnel, and the counts of the terms that the instant lies in and of those before. Raises CalendarExhausted.

    A verdict that was said before anybody counted may be taken back now; that leaves no count below zero.
    """
    stages: Counter[str] = Counter()
    counts: Counter[tuple[str, Period, Line]] = Counter()
    amounts: dict[tuple[Period, Line], Decimal] = {}
    for counting in countings:
        stages.update(counting.stages)
        for subject, period, page in counting.tally.shown(at):
            for line, count in page.counts.items():
                counts[subject, period, line] += count
            for line, amount in page.amounts.items():
                amounts[period, line] = amounts.get((period, line), NOTHING) + amount
    return LiveCounts(stages, +counts, amounts)


def in_funnel(lead: Lead | None) -> str:
    """The stage that the lead is counted in; empty: in none, as one that goes on as another."""
    return "" if lead is None or lead.merged is not None else lead.fold.stage


def _standing(lead: Lead | None, clock: tuple[str, int], policy: Policy) -> Judgement | None:
    """The verdict that stood on the clock, as it was said."""
    if lead is None:
        return None
    for entry in lead.told:
        if entry.standing and (entry.duty, entry.cycle) == clock and entry.kind in (Kind.MET, Kind.BREACHED):
            owner, segment, source = who_at(lead, entry.at)
            return Judgement(entry.at, entry.kind is Kind.MET, owner, _team(lead, clock, policy), segment, source)
    return None


def _stands_after(standing: Judgement | None, outcome: Outcome) -> Judgement | None:
    """The verdict that stands on a clock once the outcome was said of it, in the order in which workers say them."""
    met = outcome.kind is _MET
    if met or outcome.kind is _BREACHED:
        return Judgement(outcome.at, met, outcome.owner, outcome.team, outcome.segment, outcome.lead_source)
    return None if outcome.kind is _WITHDRAWN and outcome.level in (_MET, _BREACHED) else standing


def _team(lead: Lead, clock: tuple[str, int], policy: Policy) -> str:
    for each in lead.fold.clocks:
        if (each.duty, each.cycle) == clock:
            return each.team
    duty = policy.duty(clock[0])
    return "" if duty is None else duty.team
