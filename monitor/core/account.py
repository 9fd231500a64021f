"""One line of the books: what counts for one quota, one term and one combination of segment, source and the like."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from monitor.core.claim import COUNTING, Status
from monitor.core.fact import Fact
from monitor.core.localtime import clock_shows
from monitor.core.outcome import Kind
from monitor.core.quota import UNIT, Dims, Quota
from monitor.core.term import Term, working_days


class Row(NamedTuple):
    """The newest fact of one claim."""

    sequence: int
    at: int
    weight: int
    status: Status
    settles_at: int | None


class Sum(NamedTuple):
    """How many leads, and what they weigh together in thousandths."""

    leads: int = 0
    weight: int = 0


class Figures(NamedTuple):
    """What the rows add up to; what is pending is part of what is delivered."""

    delivered: Sum
    pending: Sum
    clawed_back: Sum
    refused: Sum
    reached_at: int | None
    """When the target was reached, as far as there is one."""
    settled_at: int
    """From when on nothing of it can be taken back any more."""


class Said(NamedTuple):
    """The newest thing said of one kind and level."""

    revision: int
    standing: bool
    at: int


class Account:
    """Rows by the id of their facts, and what was said of them."""

    def __init__(self, quota: Quota, term: Term, dims: Dims, policy_version: str) -> None:
        self.quota, self.term, self.dims, self.policy_version = quota, term, dims, policy_version
        self.days = working_days(quota.calendar, term)
        self.target = quota.targets.get(dims)
        self.rows: dict[str, Row] = {}
        self.leads: dict[str, str] = {}
        """By fact; only of a ceiling, for nobody else has to tell them anything."""
        self.above: dict[str, int] = {}
        """By fact: how often its lead was told that it is above the ceiling, and that it is not: odd while it is."""
        self.said: dict[tuple[Kind, str], Said] = {}
        self.at_risk = False
        """Whether the forecast was below the share that is alerted of when last looked at."""
        self.final: tuple[Kind, Sum] | None = None
        """What was said when it became final, or corrected since."""

    def take(self, fact: Fact, sequence: int) -> bool:
        """Keep the fact, unless it is older than what is known of its claim; whether anything is different now."""
        known = self.rows.get(fact.id)
        if known is not None and known.sequence >= sequence:
            return False
        if self.quota.ceiling:
            self.leads[fact.id] = fact.lead
        row = self.rows[fact.id] = Row(sequence, fact.at, fact.weight, fact.status, fact.settles_at)
        return known is None or known[1:] != row[1:]

    def figures(self, now: int) -> Figures:
        """What the rows add up to at that instant."""
        counting = [(row.at, id_, row) for id_, row in self.rows.items() if row.status in COUNTING]
        pending = [
            row
            for _, _, row in counting
            if row.status is Status.PENDING and row.settles_at is not None and row.settles_at >= now
        ]
        return Figures(
            _sum(row for _, _, row in counting),
            _sum(pending),
            _sum(row for row in self.rows.values() if row.status is Status.CLAWED_BACK),
            _sum(row for row in self.rows.values() if row.status is Status.REFUSED),
            self._reached_at(sorted(counting)),
            max((row.settles_at + 1 for row in pending if row.settles_at is not None), default=0),
        )

    def by_day(self, before: int) -> dict[date, float]:
        """What was delivered on each local date until then, in leads or points."""
        amounts: dict[date, int] = {}
        for row in self.rows.values():
            if row.status in COUNTING and row.at < before:
                day = clock_shows(self.quota.zone, row.at).date()
                amounts[day] = amounts.get(day, 0) + row.weight
        # Fractions are added up only in the order of the days: else the last digit would depend on that of the facts.
        return {day: amounts[day] / UNIT for day in sorted(amounts)}

    def _reached_at(self, counting: Iterable[tuple[int, str, Row]]) -> int | None:
        total = 0
        for at, _, row in counting:
            total += row.weight
            if self.target is not None and total >= self.target:
                return at
        return self.term.start_at if self.target == 0 else None


def _sum(rows: Iterable[Row]) -> Sum:
    weights = [row.weight for row in rows]
    return Sum(len(weights), sum(weights))
