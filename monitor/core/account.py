"""One line of the books: what counts for one quota, one term and one combination of segment, source and the like."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from monitor.core.book_entries import Head, Row, Said, Sum
from monitor.core.claim import COUNTING, Status
from monitor.core.fact import Fact
from monitor.core.localtime import clock_shows
from monitor.core.outcome import Kind
from monitor.core.quota import UNIT, Dims, Quota
from monitor.core.term import Term, working_days

Place = tuple[int, str]
"""Instant and id of a row: its place among the others."""


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


class Account:
    """Rows by the id of their facts, what they add up to, and what was said of it."""

    def __init__(self, quota: Quota, term: Term, dims: Dims, policy_version: str) -> None:
        self.quota, self.term, self.dims, self.policy_version = quota, term, dims, policy_version
        self.days = working_days(quota.calendar, term)
        self.target = quota.targets.get(dims)
        self.rows: dict[str, Row] = {}
        self.said: dict[tuple[Kind, str], Said] = {}
        self.at_risk = False
        self.final: tuple[Kind, Sum] | None = None
        self.new: dict[str, None] = {}
        """Ids of rows that are others than those that are kept elsewhere."""
        self.counting: list[Place] = []
        """Of the rows that count, in order."""
        self.first_above: tuple[Place | None] | None = None
        """Where the entries above a ceiling begin, if anywhere, as the leads were told; None: not known."""
        self._pending: list[tuple[int, str]] = []
        """Until when it may be taken back, and id, in order; what has settled is dropped from the front."""
        self._sums: dict[Status, Sum] = {}
        self._pending_sum = Sum()
        self._days: dict[date, int] = {}

    @property
    def head(self) -> Head:
        """See Head."""
        return Head(self.policy_version, dict(self.said), self.at_risk, self.final)

    def restore(self, head: Head, rows: Mapping[str, Row]) -> None:
        """Go on from what was remembered."""
        _, said, self.at_risk, self.final = head
        self.said = dict(said)
        for id_, row in rows.items():
            self.rows[id_] = row
            self._enter(id_, row)

    def take(self, fact: Fact, sequence: int) -> bool:
        """Keep the fact, unless it is older than what is known of its claim; whether anything is different now."""
        known = self.rows.get(fact.id)
        if known is not None and known.sequence >= sequence:
            return False
        lead, above = (fact.lead if self.quota.ceiling else ""), (0 if known is None else known.above)
        row = Row(sequence, fact.at, fact.weight, fact.status, fact.settles_at, lead, above)
        if known is not None:
            self._strike(fact.id, known)
        self.rows[fact.id] = row
        self.new[fact.id] = None
        self._enter(fact.id, row)
        return known is None or known[1:] != row[1:]

    def tell(self, id_: str, above: int) -> None:
        """Its lead has been told that often whether it is above the ceiling."""
        self.rows[id_] = self.rows[id_]._replace(above=above)
        self.new[id_] = None

    def figures(self, now: int) -> Figures:
        """What the rows add up to at that instant, which never decreases."""
        while self._pending and self._pending[0][0] < now:
            row = self.rows[self._pending.pop(0)[1]]
            self._pending_sum = _less(self._pending_sum, row.weight)
        pending, credited = self._sums.get(Status.PENDING, Sum()), self._sums.get(Status.CREDITED, Sum())
        delivered = Sum(pending.leads + credited.leads, pending.weight + credited.weight)
        return Figures(
            delivered,
            self._pending_sum,
            self._sums.get(Status.CLAWED_BACK, Sum()),
            self._sums.get(Status.REFUSED, Sum()),
            self._reached_at(delivered.weight),
            self._pending[-1][0] + 1 if self._pending else 0,
        )

    def by_day(self, before: int) -> dict[date, float]:
        """What was delivered on each local date up to that of the instant, in leads or points."""
        last = clock_shows(self.quota.zone, before - 1).date()
        # Fractions are added up only in the order of the days: else the last digit would depend on that of the facts.
        return {day: amount / UNIT for day, amount in sorted(self._days.items()) if amount and day <= last}

    def _reached_at(self, delivered: int) -> int | None:
        if self.target is None or delivered < self.target:
            return None
        total = 0
        for at, id_ in self.counting:
            total += self.rows[id_].weight
            if total >= self.target > 0:
                return at
        return self.term.start_at

    def _enter(self, id_: str, row: Row) -> None:
        of = self._sums.get(row.status, Sum())
        self._sums[row.status] = Sum(of.leads + 1, of.weight + row.weight)
        if row.status not in COUNTING:
            return
        insort(self.counting, (row.at, id_))
        self._on_day(row, row.weight)
        if row.status is Status.PENDING and row.settles_at is not None:
            insort(self._pending, (row.settles_at, id_))
            self._pending_sum = Sum(self._pending_sum.leads + 1, self._pending_sum.weight + row.weight)

    def _strike(self, id_: str, row: Row) -> None:
        self._sums[row.status] = _less(self._sums[row.status], row.weight)
        if row.status not in COUNTING:
            return
        del self.counting[bisect_left(self.counting, (row.at, id_))]
        self._on_day(row, -row.weight)
        if row.settles_at is not None:
            n = bisect_left(self._pending, (row.settles_at, id_))
            if n < len(self._pending) and self._pending[n] == (row.settles_at, id_):
                del self._pending[n]
                self._pending_sum = _less(self._pending_sum, row.weight)

    def _on_day(self, row: Row, weight: int) -> None:
        day = clock_shows(self.quota.zone, row.at).date()
        self._days[day] = self._days.get(day, 0) + weight


def oldest_kept(accounts: Iterable[Account], terms: int) -> dict[str, int]:
    """For each quota that has so many terms or more, when the oldest of the newest ones began."""
    starts: dict[str, set[int]] = {}
    for account in accounts:
        starts.setdefault(account.quota.name, set()).add(account.term.start_at)
    return {quota: sorted(of)[-terms] for quota, of in starts.items() if len(of) >= terms}


def _less(of: Sum, weight: int) -> Sum:
    return Sum(of.leads - 1, of.weight - weight)
