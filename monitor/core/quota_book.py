"""The books of the quotas: takes facts in any order, tells verdicts as time passes, and says how every quota stands."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from monitor.core.account import Account, Figures, oldest_kept
from monitor.core.book_entries import Changes, Head, Line, Opened, Row
from monitor.core.ceiling import Ceilings
from monitor.core.close import changes
from monitor.core.event import Event
from monitor.core.fact import Fact
from monitor.core.forecast import Forecast, expected_by
from monitor.core.ledger import LEDGERS, Booked, booked, ledger_quota, within_bounds
from monitor.core.localtime import clock_shows
from monitor.core.outcome import Outcome
from monitor.core.policy import Policy
from monitor.core.standing import Standing, foreseen
from monitor.core.term import midnight, term_named, term_of

# A year of months, a quarter of weeks: what a forecast goes by. Facts of older terms are too late to be looked at.
TERMS_KEPT: Final = 13


class QuotaBook:
    """Accounts of the quotas that `owns` says belong here."""

    def __init__(self, policy: Policy, owns: Callable[[str], bool] = lambda quota: True) -> None:
        self._policy, self._owns = policy, owns
        self._zone = ZoneInfo(policy.timezone)
        self._accounts: dict[Line, Account] = {}
        self._changed: dict[Line, None] = {}
        self._reached: dict[Line, int] = {}
        """Lines whose target is reached at an instant that time has not come to."""
        self._touched: dict[Line, None] = {}
        self._dropped: dict[Line, Account] = {}
        self._heads: dict[Line, Head] = {}
        """As `changes` has told them."""
        self._ceilings = Ceilings()
        self._first_at: int | None = None
        self.known_until = 0
        """How far time has passed, microseconds since the epoch."""
        self._next_at = 0

    @property
    def has_ledger(self) -> bool:
        """Whether there are lines of a ledger, so that midnights matter although nobody owes anything."""
        return any(account.quota.name in LEDGERS for account in self._accounts.values())

    @property
    def next_at(self) -> int | None:
        """The instant at which time does something to the books without a fact; None before they are opened."""
        return None if self._first_at is None else min([self._next_at, *self._reached.values()])

    @property
    def accounts(self) -> Iterable[Account]:
        """All that are known, and those of terms that were closed since `changes` was last asked."""
        return (*self._accounts.values(), *self._dropped.values())

    def open(self, at: int) -> None:
        """Nothing was known before that instant; terms that were over by then are not judged. Done once."""
        if self._first_at is None:
            self._open(at)
            self._first_at = self.known_until = at

    def take(self, fact: Fact, sequence: int) -> Sequence[Event]:
        """Enter a fact; `sequence` grows with the steps of its lead. One that is known, or older, changes nothing.

        Returned is what leads have to learn of it: that they came in above a ceiling, or did not after all.
        """
        if not self._owns(fact.quota):
            return ()
        self.open(fact.at)
        fact = within_bounds(fact, self._accounts)
        line = (fact.quota, fact.dims, fact.term)
        account = self._accounts.get(line) or self._opened_by(fact)
        if account is None or not account.take(fact, sequence):
            return ()
        self._touched[line] = None
        if account.quota.ceiling:
            return tuple(self._ceilings.reliefs(account, fact.id))
        self._changed[line] = None
        return ()

    def pass_time(self, until: int) -> Iterator[Outcome]:
        """What is to be said once time has passed up to that instant, before which every fact has been taken."""
        self.open(until)
        until = max(until, self.known_until)
        while self._next_at <= until:
            yield from self._look(self._next_at, list(self._accounts), at_midnight=True)
        if self._changed:
            yield from self._look(until, list(self._changed), at_midnight=False)
        self.known_until = until

    def changes(self) -> Changes:
        """What is another than it was when this was last asked."""
        rows: dict[tuple[Line, str], Row | None] = {}
        heads: dict[Line, Head | None] = {}
        for line, account in self._dropped.items():
            rows.update(dict.fromkeys(((line, id_) for id_ in account.rows), None))
            heads[line] = None
            self._heads.pop(line, None)
        for line in self._touched:
            if (kept := self._accounts.get(line)) is not None:
                rows.update(((line, id_), kept.rows[id_]) for id_ in kept.new)
                kept.new.clear()
                if self._heads.get(line) != kept.head:
                    heads[line] = self._heads[line] = kept.head
        self._touched, self._dropped = {}, {}
        first_at = self._first_at
        return Changes(rows, heads, None if first_at is None else Opened(first_at, self.known_until, self._next_at))

    def restore(self, opened: Opened, heads: Mapping[Line, Head], rows: Mapping[Line, Mapping[str, Row]]) -> None:
        """Go on from what `changes` has told, in books that know nothing yet; without what no version counts any more.

        Every line is looked at again: it may be that something was to be said of it.
        """
        self._first_at, self.known_until, self._next_at = opened
        for line, head in heads.items():
            name, dims, key = line
            judging = self._policy.of(head.policy_version) or self._policy
            quota = judging.quota(name) or ledger_quota(name, self._zone)
            term = None if quota is None else term_named(quota.every, quota.zone, key)
            if quota is None or term is None or len(dims) != len(quota.per):
                continue
            account = self._accounts[line] = Account(quota, term, dims, judging.version)
            account.restore(head, rows.get(line, {}))
            self._ceilings.restore(account)
            self._heads[line], self._changed[line] = head, None

    def standings(self, since: int = 0) -> Iterator[Standing]:
        """How every quota of a term that ends after `since` stands at the newest instant that is known."""
        for line, account in sorted(self._accounts.items()):
            if account.term.end_at <= since or account.quota.name in LEDGERS:
                continue
            figures = account.figures(self.known_until)
            today = clock_shows(self._zone, self.known_until).date()
            yield Standing(
                *line,
                account.target,
                figures,
                round(expected_by(account.target or 0, account.days, today)),
                self._foreseen(account, figures, self.known_until),
            )

    def booked(self, at: int) -> Iterator[Booked]:
        """See `monitor.core.ledger.booked`."""
        return booked(self._accounts.values(), self._zone, at)

    def _look(self, at: int, lines: list[Line], *, at_midnight: bool) -> Iterator[Outcome]:
        self.known_until = max(self.known_until, at)
        for line in lines:
            account = self._accounts[line]
            self._changed.pop(line, None)
            self._reached.pop(line, None)
            self._touched[line] = None
            if account.quota.ceiling or account.target is None or account.term.end_at <= (self._first_at or 0):
                continue  # nobody owes it, or it was over before anybody looked
            figures = account.figures(at)
            if figures.reached_at is not None and figures.reached_at > at:
                self._reached[line], self._changed[line] = figures.reached_at, None
            # The forecast of one day is looked at once, however many leads come in on it.
            pace = at_midnight and account.quota.pace_alert is not None and account.term.start_at < at
            foreseen = self._foreseen(account, figures, at) if pace and at < account.term.end_at else None
            yield from changes(account, figures, at, foreseen)
        if at_midnight:
            self._open(at)

    def _open(self, at: int) -> None:
        """Open the accounts of the terms that the instant lies in, close the oldest, and go to the next midnight."""
        for quota in self._policy.in_force(at).quotas:
            term = term_of(quota.every, quota.zone, at)
            for dims in quota.targets:
                line = (quota.name, dims, term.key)
                if self._owns(quota.name) and line not in self._accounts:
                    self._accounts[line] = Account(quota, term, dims, self._policy.in_force(at).version)
                    self._touched[line] = None
        oldest = oldest_kept(self._accounts.values(), TERMS_KEPT)
        for line, account in list(self._accounts.items()):
            if account.term.start_at < oldest.get(line[0], 0):
                self._ceilings.forget(account)
                self._dropped[line] = self._accounts.pop(line)
                self._changed.pop(line, None)
                self._reached.pop(line, None)
        self._next_at = midnight(self._zone, clock_shows(self._zone, at).date() + timedelta(days=1))

    def _opened_by(self, fact: Fact) -> Account | None:
        judging = self._policy.of(fact.policy_version) or self._policy
        quota = judging.quota(fact.quota) or ledger_quota(fact.quota, self._zone)
        if quota is None:
            return None
        term = term_of(quota.every, quota.zone, fact.at)
        if term.key != fact.term or term.start_at < oldest_kept(self._accounts.values(), TERMS_KEPT).get(fact.quota, 0):
            return None
        account = self._accounts[fact.quota, fact.dims, fact.term] = Account(quota, term, fact.dims, judging.version)
        return account

    def _foreseen(self, account: Account, figures: Figures, at: int) -> Forecast | None:
        return foreseen(account, self._accounts.values(), self._first_at or 0, figures.delivered, at)
