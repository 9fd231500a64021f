"""The books of the quotas: takes facts in any order, tells verdicts as time passes, and says how every quota stands."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from monitor.core.account import Account, Figures
from monitor.core.ceiling import Ceilings
from monitor.core.close import changes
from monitor.core.event import Event
from monitor.core.fact import Fact
from monitor.core.forecast import Brought, Forecast, expected_by, forecast
from monitor.core.localtime import clock_shows
from monitor.core.outcome import Outcome
from monitor.core.policy import Policy
from monitor.core.quota import UNIT, Dims
from monitor.core.term import midnight, term_of

# A year of months, a quarter of weeks: what a forecast goes by. Facts of older terms are too late to be looked at.
TERMS_KEPT: Final = 13

Line = tuple[str, Dims, str]
"""Quota, dims, key of the term."""


class Standing(NamedTuple):
    """How a quota stands."""

    quota: str
    dims: Dims
    term: str
    target: int | None
    """Thousandths, as everything here; None: what fits no target."""
    figures: Figures
    expected_by_now: int
    forecast: Forecast | None
    """In leads or points."""


def _all(line: Line) -> bool:
    return True


class QuotaBook:
    """Accounts of the lines that `owns` says belong here."""

    def __init__(self, policy: Policy, owns: Callable[[Line], bool] = _all) -> None:
        self._policy, self._owns = policy, owns
        self._zone = ZoneInfo(policy.timezone)
        self._accounts: dict[Line, Account] = {}
        self._changed: dict[Line, None] = {}
        self._ceilings = Ceilings()
        self._first_at: int | None = None
        self._known_until = 0
        self._next_at = 0

    @property
    def next_at(self) -> int | None:
        """The instant at which time does something to the books without a fact; None before they are opened."""
        return None if self._first_at is None else self._next_at

    def open(self, at: int) -> None:
        """Nothing was known before that instant; terms that were over by then are not judged. Done once."""
        if self._first_at is None:
            self._first_at = self._known_until = at
            self._open(at)

    def take(self, fact: Fact, sequence: int) -> Sequence[Event]:
        """Enter a fact; `sequence` grows with the steps of its lead. One that is known, or older, changes nothing.

        Returned is what leads have to learn of it: that they came in above a ceiling, or did not after all.
        """
        line = (fact.quota, fact.dims, fact.term)
        if not self._owns(line):
            return ()
        account = self._accounts.get(line) or self._opened_by(fact)
        if account is None or not account.take(fact, sequence):
            return ()
        if account.quota.ceiling:
            return tuple(self._ceilings.reliefs(account, fact.id))
        self._changed[line] = None
        return ()

    def pass_time(self, until: int) -> Iterator[Outcome]:
        """What is to be said once time has passed up to that instant, before which every fact has been taken."""
        self.open(until)
        while self._next_at <= until:
            yield from self._look(self._next_at, list(self._accounts), at_midnight=True)
        if self._changed:
            yield from self._look(until, list(self._changed), at_midnight=False)
        self._known_until = max(self._known_until, until)

    def standings(self) -> Iterator[Standing]:
        """How every quota stands at the newest instant that is known."""
        for line, account in sorted(self._accounts.items()):
            figures = account.figures(self._known_until)
            today = clock_shows(self._zone, self._known_until).date()
            yield Standing(
                *line,
                account.target,
                figures,
                round(expected_by(account.target or 0, account.days, today)),
                self._forecast(account, figures, self._known_until),
            )

    def _look(self, at: int, lines: list[Line], *, at_midnight: bool) -> Iterator[Outcome]:
        self._known_until = max(self._known_until, at)
        for line in lines:
            account = self._accounts[line]
            self._changed.pop(line, None)
            if account.quota.ceiling or account.target is None or account.term.end_at <= (self._first_at or 0):
                continue  # nobody owes it, or it was over before anybody looked
            figures = account.figures(at)
            # The forecast of one day is looked at once, however many leads come in on it.
            pace = at_midnight and account.quota.pace_alert is not None and account.term.start_at < at
            foreseen = self._forecast(account, figures, at) if pace and at < account.term.end_at else None
            yield from changes(account, figures, at, foreseen)
        if at_midnight:
            self._open(at)

    def _open(self, at: int) -> None:
        """Open the accounts of the terms that the instant lies in, close the oldest, and go to the next midnight."""
        for quota in self._policy.in_force(at).quotas:
            term = term_of(quota.every, quota.zone, at)
            for dims in quota.targets:
                line = (quota.name, dims, term.key)
                if self._owns(line) and line not in self._accounts:
                    self._accounts[line] = Account(quota, term, dims, self._policy.in_force(at).version)
        oldest = self._oldest()
        for line, account in list(self._accounts.items()):
            if account.term.start_at < oldest.get(line[0], 0):
                self._ceilings.forget(account)
                del self._accounts[line]
                self._changed.pop(line, None)
        self._next_at = midnight(self._zone, clock_shows(self._zone, at).date() + timedelta(days=1))

    def _oldest(self) -> dict[str, int]:
        """For each quota, when the oldest term that is kept began."""
        starts: dict[str, set[int]] = {}
        for (quota, _, _), account in self._accounts.items():
            starts.setdefault(quota, set()).add(account.term.start_at)
        return {quota: sorted(of)[-TERMS_KEPT] for quota, of in starts.items() if len(of) >= TERMS_KEPT}

    def _opened_by(self, fact: Fact) -> Account | None:
        judging = self._policy.of(fact.policy_version) or self._policy
        quota = judging.quota(fact.quota)
        if quota is None:
            return None
        term = term_of(quota.every, quota.zone, fact.at)
        if term.key != fact.term or term.start_at < self._oldest().get(fact.quota, 0):
            return None
        account = self._accounts[fact.quota, fact.dims, fact.term] = Account(quota, term, fact.dims, judging.version)
        return account

    def _forecast(self, account: Account, figures: Figures, at: int) -> Forecast | None:
        quota, delivered = account.quota, figures.delivered
        before = [
            Brought(other.days, other.by_day(other.term.end_at))
            for (name, dims, _), other in sorted(self._accounts.items(), key=lambda item: item[1].term.start_at)
            if name == quota.name and dims == account.dims and (self._first_at or 0) <= other.term.start_at
            and other.term.start_at < account.term.start_at
        ]  # fmt: skip
        worth = delivered.weight / delivered.leads / UNIT if delivered.weight else 1.0
        until = clock_shows(self._zone, at).date()
        return forecast(before, Brought(account.days, account.by_day(at)), until, worth)
