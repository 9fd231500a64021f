"""What the agreement says of a recorded history, without brokers: the same steps, ticks at the exact deadlines."""

from collections.abc import Iterable, Iterator

from monitor.core.advance import Step, TimeAdvanced, advance
from monitor.core.amendment import next_tick_at
from monitor.core.deadlines import DeadlineIndex
from monitor.core.event import LEDGER, Event
from monitor.core.evidence import order_key
from monitor.core.fact import facts_between
from monitor.core.lead import Lead
from monitor.core.merging import Forward
from monitor.core.outcome import Outcome
from monitor.core.policy import Policy
from monitor.core.quota_book import QuotaBook
from monitor.core.tellings import pending_as_before


class Replay:
    """Leads in memory and their deadlines."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self.leads: dict[str, Lead] = {}
        self._next: dict[str, int | None] = {}
        self._deadlines: DeadlineIndex[str] = DeadlineIndex(self._next.get)
        self.book = QuotaBook(policy) if policy.counts else None
        self.now = 0
        """The instant at which the newest outcome was said."""
        self._steps = 0

    def run(self, events: Iterable[Event], until: int | None = None) -> Iterator[Outcome]:
        """Outcomes in the order in which they come true; `until` is the last instant that passes.

        Without it time ends with the last event. Events may come in any order.
        """
        last = until
        for event in sorted((event for event in events if event.type not in LEDGER), key=order_key):
            if until is None or event.at <= until:
                if self.book is not None:
                    self.book.open(event.at)
                if self.book is not None or self._deadlines.first(event.at - 1) is not None:
                    yield from self.pass_time(event.at - 1)
                yield from self._step(event.lead, event)
            last = event.at if until is None else until
        if last is not None:
            yield from self.pass_time(last)

    def pass_time(self, until: int) -> Iterator[Outcome]:
        """Let every deadline up to `until` pass, each at its own instant."""
        if self.book is not None:
            while (at := self.book.next_at) is not None and at <= until:
                yield from self._pass_deadlines(at - 1)
                self.now = at
                yield from self.book.pass_time(at)
        yield from self._pass_deadlines(until)
        if self.book is not None:
            self.now = until
            yield from self.book.pass_time(until)

    def _pass_deadlines(self, until: int) -> Iterator[Outcome]:
        while (at := self._deadlines.first(until)) is not None:
            for lead in self._deadlines.due(at):
                yield from self._step(lead, TimeAdvanced(at))

    def _step(self, name: str, event: Event | TimeAdvanced) -> list[Outcome]:
        """What it brings about, at this lead and at those that it was merged into."""
        self.now = event.at
        outcomes: list[Outcome] = []
        steps: list[tuple[str, Event | TimeAdvanced | Forward]] = [(name, event)]
        for lead, given in steps:  # it grows meanwhile
            before = self.leads.get(lead)
            step = self._advance(lead, given)
            outcomes += step.outcomes
            if self.book is not None:
                steps += [(learned.lead, learned) for learned in self._entered(self.book, before, step.lead)]
            if step.forwards:
                steps += [(forward.lead, forward) for forward in step.forwards]
        return outcomes

    def _advance(self, name: str, event: Event | TimeAdvanced | Forward) -> Step:
        before = self.leads.get(name)
        step = advance(before, event, self._policy)
        self.leads[name] = step.lead
        if not pending_as_before(before, step.lead):
            next_at = self._next[name] = next_tick_at(step.lead, self._policy)
            if next_at is not None:
                self._deadlines.add(next_at, name)
        return step

    def _entered(self, book: QuotaBook, before: Lead | None, after: Lead) -> list[Event]:
        """What leads have to learn after the step has entered the books."""
        self._steps += 1
        return [event for fact in facts_between(before, after) for event in book.take(fact, self._steps)]
