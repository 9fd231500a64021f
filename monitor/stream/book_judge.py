"""Keeps the books of quotas and ledger of one partition. No Kafka in here: facts and ticks in, verdicts out."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final
from zoneinfo import ZoneInfo

from monitor.core.advance import TimeAdvanced
from monitor.core.calendar import CalendarExhausted
from monitor.core.event import Event
from monitor.core.ledger import LEDGER_OF, Booked, entry_of
from monitor.core.outcome import Outcome
from monitor.core.policy import Policy
from monitor.core.quota_book import QuotaBook
from monitor.core.standing import Standing
from monitor.stream.engine.shards import Shard
from monitor.stream.judged import Judged, Onward, ReadTick, appended_at, kept_to
from monitor.wire.fact import decode_fact
from monitor.wire.state.books import KeptBooks, packed_books
from monitor.wire.timeline import UnreadableRecord, encode_event

# What is told of a quota waits so long after a fact, so that a tick serves all facts that come in meanwhile.
LOOK_AFTER_US: Final = 1_000_000
# Books begin with their first fact, but no longer than this before it was written: a clock that was never set would
# have all quotas since 1970 judged at once, midnight by midnight. Longer than a year nobody looks back.
BEHIND_US_MAX: Final = 366 * 86_400_000_000
_AT_ONCE: Final = 0
_ONLY: Final = 0
"""The sequence of an entry into a ledger."""


class BookJudge:
    """The quotas of one partition, by their name. After a fold that could not be stored it must be thrown away."""

    def __init__(self, shard: Shard, policy: Policy, owns: Callable[[str], bool]) -> None:
        """Reads the whole shard once. `owns`: whether the quota of that name belongs to this partition."""
        self._shard = shard
        self._policy = policy
        self._owns = owns
        self._adopting: Policy | None = None
        self._look_at: int | None = None
        """When something may have to be said; None: not before the next midnight."""
        self._folded_to = 0
        self.judged_to = 0
        """See PartitionJudging."""
        self.set_aside = 0
        """See PartitionJudging."""
        self._open_books()

    def first_at(self) -> int | None:
        """See PartitionJudging."""
        policy = self._adopting or self._policy
        owed = any(self._owns(quota.name) for version in policy.versions for quota in version.quotas)
        if not owed and not self._book.has_ledger:
            return None
        next_at: int | None = self._book.next_at
        if next_at is None or self._adopting is not None:
            return _AT_ONCE
        return next_at if self._look_at is None else min(self._look_at, next_at)

    def adopt(self, policy: Policy) -> None:
        """See PartitionJudging. The batch that is under way ends by the policy before."""
        self._adopting = policy

    def fold(self, records: Iterable[Any]) -> Judged:
        """See PartitionJudging."""
        if self._adopting is not None:
            self._policy, self._adopting = self._adopting, None
            self._open_books()
        outcomes: list[Outcome] = []
        onward: list[Onward] = []
        damaged: list[tuple[Any, str]] = []
        tick: ReadTick | None = None
        for record in records:
            self._folded_to = max(self._folded_to, record.offset + 1)
            if record.offset <= self._known_offset:
                continue  # an old tick would look at facts that came after it
            try:
                read = decode_fact(record.value)
                if isinstance(read, TimeAdvanced):
                    tick = ReadTick(read.at, appended_at(record))
                    outcomes += self._book.pass_time(tick.passed_at)
                    if self._look_at is not None and self._look_at <= tick.passed_at:
                        self._look_at = None
                    continue
                if isinstance(read, Event):
                    self._enter(read, record)
                    continue
                fact, sequence = read
                if record.key != fact.quota.encode():
                    raise UnreadableRecord("the key is not the name of the quota")
                self._book.open(max(fact.at, record.timestamp * 1_000 - BEHIND_US_MAX))
                learned = self._book.take(fact, sequence)
            except (UnreadableRecord, CalendarExhausted) as unjudged:
                damaged.append((record, str(unjudged)))
                continue
            onward += [Onward("timeline", event.lead, encode_event(event)) for event in learned]
            if self._look_at is None:
                self._look_at = record.timestamp * 1_000 + LOOK_AFTER_US
        states = list(packed_books(self._book.changes(), self._folded_to - 1))
        return Judged(outcomes, states, damaged, Counter(), tick, onward)

    def remember(self, judged: Judged, changelog_offset: int | None, *, alone: bool = True) -> None:
        """See PartitionJudging."""
        if changelog_offset is not None:
            kept = kept_to(judged, changelog_offset, self._shard.changelog_offset, alone=alone)
            self._shard.put_all(judged.states, kept)
        self.judged_to = self._folded_to

    def standings(self) -> Iterator[Standing]:
        """How the quotas of the terms that are not over stand."""
        return self._book.standings(since=self._book.known_until)

    def booked(self, at: int) -> Iterator[Booked]:
        """What was spent and earned in the month that the instant lies in and in the one before it."""
        return self._book.booked(at)

    def _enter(self, event: Event, record: Any) -> None:
        """Spend or revenue: nobody owes it, so there is nothing to say of it, and its first word is its last."""
        if record.key != LEDGER_OF[event.type].encode():
            raise UnreadableRecord("the key is not the name of the ledger")
        entry = entry_of(event, ZoneInfo(self._policy.timezone))
        # Opened as of the entry's own instant, quotas would be judged of terms that were over before anybody looked.
        self._book.open(record.timestamp * 1_000)
        self._book.take(entry, _ONLY)

    def _open_books(self) -> None:
        kept = KeptBooks(self._shard.items())
        self.set_aside = kept.unreadable
        self._known_offset = kept.offset
        self._folded_to = max(self._folded_to, kept.offset + 1)
        self._book = QuotaBook(self._policy, self._owns)
        self._look_at = None
        if kept.opened is not None:
            self._book.restore(kept.opened, kept.heads, kept.rows)
            self._look_at = _AT_ONCE
