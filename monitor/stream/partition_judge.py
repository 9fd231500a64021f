"""Folds the timeline records of one partition into its leads. No Kafka in here: records in, verdicts out."""

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import chain
from typing import Any, Final

from monitor.core.advance import Remark, Step, TimeAdvanced, advance
from monitor.core.agreement import AGREEMENT, advance_agreement, agreement_next_at
from monitor.core.amendment import amended_at, next_tick_at
from monitor.core.calendar import CalendarExhausted
from monitor.core.counting import Counting, Names
from monitor.core.deadlines import DeadlineIndex
from monitor.core.event import Event
from monitor.core.explanation import Explanation, explained
from monitor.core.fact import facts_between
from monitor.core.lead import Lead
from monitor.core.merging import Forward
from monitor.core.outcome import Outcome
from monitor.core.policy import Policy
from monitor.core.records import sales_cycle_us
from monitor.core.tables import ClockState
from monitor.core.tally import Page, PageKey, Tally
from monitor.core.tellings import pending_as_before
from monitor.stream.engine.shards import Shard
from monitor.stream.judged import Judged, Onward, ReadTick, appended_at, kept_to
from monitor.telemetry.metrics import ClockState as ClockLabel
from monitor.wire.fact import encode_fact
from monitor.wire.state import (
    PAGE_KEYS,
    UnreadableState,
    decode_key,
    decode_page,
    decode_state,
    encode_key,
    encode_page,
    encode_state,
    in_short,
    state_header,
)
from monitor.wire.timeline import UnreadableRecord, decode_record, encode_forward

_AGREEMENT_KEY: Final = AGREEMENT.encode()
NO_NAMES: Final = Names()
OpenClocks = Counter[tuple[str, ClockLabel]]
"""How many clocks are open, by (duty, state)."""
_OPEN: Final[Mapping[ClockState, ClockLabel]] = {ClockState.RUNNING: "running", ClockState.BREACHED: "breached"}


class PartitionJudge:
    """The leads of one partition. After a fold that could not be stored it must be thrown away."""

    def __init__(self, shard: Shard, policy: Policy, *, agreement: bool = False, names: Names = NO_NAMES) -> None:
        """Reads the whole shard once, for deadlines and counts. `agreement`: the agreement itself is judged here;
        `names`: what live counts tell apart.
        """
        self._shard = shard
        self._policy = policy
        self._agreement = agreement
        self._early: dict[bytes, int] = {}
        """Leads that must be looked at before the instant that their state waits for: the policy is another."""
        self._touched: dict[bytes, bytes] = {}
        self._folded_to = 0
        self._opened: OpenClocks = Counter()
        self._judged_until = 0
        self._cycles_us: list[int] = []
        self.open_clocks: OpenClocks = Counter()
        self.judged_to = 0
        """Every timeline record before this offset is judged, told and remembered, as far as is known here."""
        self.set_aside = 0
        """Leads whose state cannot be read: their events end in dead letters, their deadlines are not known."""
        self.deadlines: DeadlineIndex[bytes] = DeadlineIndex(self._next_at)
        self.counting = self._read(names)
        """Leads by stage, and what they add up to."""
        self._look_again()

    def _read(self, names: Names) -> Counting:
        pending: list[tuple[int, bytes]] = []
        pages: dict[PageKey, Page] = {}
        frozen: set[PageKey] = set()
        stages: Counter[str] = Counter()
        for key, packed in self._shard.items():
            try:
                if key.startswith(PAGE_KEYS):
                    frozen.add(decode_key(key))
                    pages[decode_key(key)] = decode_page(packed)
                    continue
                header = state_header(packed)
            except UnreadableState:
                self.set_aside += 1
                continue
            if header.next_at:
                pending.append((header.next_at, key))
            try:
                stage, clocks = in_short(packed)
            except UnreadableState:
                continue  # named when its lead is judged next
            stages[stage] += 1
            for duty, state in clocks:
                if state in _OPEN:
                    self.open_clocks[duty, _OPEN[state]] += 1
        self.deadlines.fill(pending)
        tally = Tally(self._policy, pages, frozenset(frozen - pages.keys()))
        return Counting(tally, self._policy, names, stages)

    def first_at(self) -> int | None:
        """See PartitionJudging."""
        return self.deadlines.first()

    def adopt(self, policy: Policy) -> None:
        """See PartitionJudging."""
        self._policy = policy
        self.counting.adopt(policy)
        self._look_again()

    def _look_again(self) -> None:
        """A version that was not known when a lead was last judged may have to take over its clocks."""
        self._early.clear()
        if self._agreement:
            self._early[_AGREEMENT_KEY] = 1  # at once, as of the beginning of time
        if self._policy.amending:
            for key, packed in chain(self._shard.items(), self._touched.items()):
                with suppress(UnreadableState):
                    # A clock that stands still waits for no tick, and is open.
                    header = state_header(packed)
                    if key != _AGREEMENT_KEY and (header.open or header.next_at):
                        at = amended_at(decode_state(key.decode(), packed).fold.clocks, self._policy)
                        if at is not None:
                            self._early[key] = at
        for key, at in self._early.items():
            self.deadlines.add(at, key)

    def fold(self, records: Iterable[Any]) -> Judged:
        """See PartitionJudging."""
        outcomes: list[Outcome] = []
        damaged: list[tuple[Any, str]] = []
        remarks: Counter[tuple[Remark, str]] = Counter()
        onward: list[Onward] = []
        self._cycles_us = []
        tick: ReadTick | None = None
        for record in records:
            self._folded_to = record.offset + 1
            try:
                read = decode_record(record.value)
            except UnreadableRecord as unreadable:
                damaged.append((record, str(unreadable)))
                continue
            if isinstance(read, TimeAdvanced):
                tick = ReadTick(read.at, appended_at(record))
                read = TimeAdvanced(tick.passed_at)
                keys = self.deadlines.due(read.at)
            else:
                keys = [read.lead.encode()]
                if record.key != keys[0]:
                    damaged.append((record, "the key is not the id of the event's lead"))
                    continue
            for key in keys:
                try:
                    step = self._advance(key, read, record.offset, onward)
                except (UnreadableState, CalendarExhausted) as unjudged:
                    damaged.append((record, str(unjudged)))
                    continue
                if step is None:
                    continue
                outcomes += step.outcomes
                if not isinstance(read, TimeAdvanced):
                    for remark in step.remarks:
                        remarks[remark, read.type] += 1
        # No state of a lead may outlive the page that counts it: what a lead knows is not counted for it again.
        pages = [(encode_key(key), encode_page(page)) for key, page in self.counting.tally.changed()]
        return Judged(outcomes, [*pages, *self._touched.items()], damaged, remarks, tick, onward, self._cycles_us)

    def remember(self, judged: Judged, changelog_offset: int | None, *, alone: bool = True) -> None:
        """See PartitionJudging."""
        if changelog_offset is not None:
            kept = kept_to(judged, changelog_offset, self._shard.changelog_offset, alone=alone)
            self._shard.put_all(judged.states, kept)
        if judged.tick is not None:
            self._judged_until = max(self._judged_until, judged.tick.passed_at)
        self._touched.clear()
        self.judged_to = self._folded_to
        self.open_clocks.update(self._opened)
        self._opened = Counter()
        self.counting.remembered()

    def lead(self, name: str) -> Lead | None:
        """The remembered state of one lead."""
        packed = self._shard.get(name.encode())
        return None if packed is None else decode_state(name, packed)

    def explain(self, name: str) -> Explanation | None:
        """The remembered state of one lead, and why it is as it is. Raises UnreadableState."""
        found = self.lead(name)
        return None if found is None else explained(found, self._policy, self._judged_until)

    def _advance(
        self, key: bytes, event: Event | Forward | TimeAdvanced, offset: int, onward: list[Onward]
    ) -> Step | None:
        """None: the record changes nothing of the lead, as one that its state already contains."""
        packed = self._packed(key)
        before, next_at = None, 0
        if packed is not None:
            header = state_header(packed)
            next_at = header.next_at
            if offset <= header.offset:
                waits_at = self._next_at(key)
                if isinstance(event, TimeAdvanced) and waits_at is not None:
                    self.deadlines.add(waits_at, key)  # an old tick took it out, and is not the one it waits for
                return None
            before = decode_state(key.decode(), packed)
        step = self._step(key, before, event)
        after = step.lead
        waits_at = next_at
        early = isinstance(event, TimeAdvanced) and not 0 < waits_at <= event.at
        if isinstance(event, TimeAdvanced) or not pending_as_before(before, after):
            next_at = self._next_after(key, after) or 0
            if next_at:
                self.deadlines.add(next_at, key)
        if early and before is not None and next_at == waits_at and _as_before(before, step):
            return None  # nothing has come of it
        self.counting.take(before, step, event, offset)
        if not isinstance(event, TimeAdvanced):
            cycle_us = sales_cycle_us(before, after, event)
            if cycle_us is not None:
                self._cycles_us.append(cycle_us)
        if step.forwards:
            onward += [Onward("timeline", forward.lead, encode_forward(forward)) for forward in step.forwards]
        if self._policy.counts:
            onward += [Onward("facts", fact.quota, encode_fact(fact, offset)) for fact in facts_between(before, after)]
        # Packed at once, while all of it is still in the processor's caches; few leads occur twice in a batch.
        self._touched[key] = encode_state(after, offset, next_at)
        if before is None:
            _count(self._opened, after, 1)
        elif before.fold.clocks is not after.fold.clocks:
            _count(self._opened, after, 1)
            _count(self._opened, before, -1)
        return step

    def _packed(self, key: bytes) -> bytes | None:
        return self._touched.get(key) or self._shard.get(key)

    def _next_at(self, key: bytes) -> int | None:
        packed, early_at = self._packed(key), self._early.get(key)
        next_at = None if packed is None else state_header(packed).next_at or None
        return early_at if next_at is None else next_at if early_at is None else min(early_at, next_at)

    def _step(self, key: bytes, before: Lead | None, event: Event | Forward | TimeAdvanced) -> Step:
        if not isinstance(event, TimeAdvanced):
            return advance(before, event, self._policy)
        if self._early.get(key, event.at + 1) <= event.at:
            del self._early[key]
        if key == _AGREEMENT_KEY:
            return advance_agreement(before, event.at, self._policy)
        return advance(before, event, self._policy)

    def _next_after(self, key: bytes, lead: Lead) -> int | None:
        return agreement_next_at(lead, self._policy) if key == _AGREEMENT_KEY else next_tick_at(lead, self._policy)


def _as_before(before: Lead, step: Step) -> bool:
    return not step.outcomes and step.lead.fold is before.fold


def _count(counts: OpenClocks, lead: Lead, step: int) -> None:
    for clock in lead.fold.clocks:
        if clock.state in _OPEN:
            counts[clock.duty, _OPEN[clock.state]] += step
