"""Live counts say the same as what recorded outcomes and events add up to, in whatever order things arrive."""

from collections import Counter, deque
from collections.abc import Iterable
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.core.advance import TimeAdvanced, advance
from monitor.core.counting import Counting, Names
from monitor.core.event import DEAL_WON, LEAD_MERGED, Event, Scalar
from monitor.core.instant import from_rfc3339
from monitor.core.journal import Journal, journal_of
from monitor.core.kpis import leads_in_funnel
from monitor.core.lead import EVIDENCE_MAX, Lead
from monitor.core.outcome import Kind, Outcome
from monitor.core.policy import Definition, Objective, Policy
from monitor.core.tables import RESTING_STAGES, STAGE_OF_EVENT
from monitor.core.tally import KPIS, LINES_MAX, OTHER, Line, Page, PageKey, Tally
from monitor.core.term import Every
from monitor.core.via import Forward
from tests.support import stories
from tests.support.agreement import MINUTE, duty, policy
from tests.support.quotas import agreement as defining

POLICY = policy(duty())
ALL_NAMES = Names(sources=True, owners=True)
START = stories.START


class Counted:
    """Leads that are judged and counted in the order in which things arrive, and what is said of them."""

    def __init__(self, agreed: Policy = POLICY, names: Names = ALL_NAMES) -> None:
        self.agreed = agreed
        self.leads: dict[str, Lead] = {}
        self.said: list[Outcome] = []
        self.counting = Counting(Tally(agreed, {}), agreed, names, Counter())
        self._offset = 0

    def take(self, *items: Event | TimeAdvanced) -> "Counted":
        arriving: deque[tuple[str, Event | TimeAdvanced | Forward]] = deque()
        for item in items:
            known = list(self.leads) if isinstance(item, TimeAdvanced) else [item.lead]
            arriving += [(lead, item) for lead in known]
            while arriving:
                lead, given_ = arriving.popleft()
                before = self.leads.get(lead)
                step = advance(before, given_, self.agreed)
                self._offset += 1
                self.counting.take(before, step, given_, self._offset)
                self.leads[lead] = step.lead
                self.said += step.outcomes
                arriving.extend((forward.lead, forward) for forward in step.forwards)
        self.counting.remembered()
        return self

    def lines(self, subject: str, at: int = START) -> dict[Line, int]:
        """What is counted of it, over both terms."""
        counts: Counter[Line] = Counter()
        for shown, _, page in self.counting.tally.shown(at):
            if shown == subject:
                counts.update(page.counts)
        return {line: count for line, count in counts.items() if count}

    def amounts(self) -> dict[Line, Decimal]:
        pages = [page for subject, _, page in self.counting.tally.shown(START) if subject == KPIS]
        return {line: amount for page in pages for line, amount in page.amounts.items() if amount}

    def stages(self) -> dict[str, int]:
        return {stage: count for stage, count in self.counting.stages.items() if stage and count}


def standing(said: Iterable[Outcome], name: str) -> dict[Line, int]:
    """The verdicts on a duty that stand after all this was said, as lines."""
    held: dict[tuple[str, int], Outcome] = {}
    for outcome in said:
        if outcome.duty == name and outcome.kind in (Kind.MET, Kind.BREACHED):
            held[outcome.lead, outcome.cycle] = outcome
        elif outcome.duty == name and outcome.kind is Kind.WITHDRAWN and outcome.level in ("met", "breached"):
            del held[outcome.lead, outcome.cycle]
    return dict(Counter((str(o.kind), o.team, o.segment, o.lead_source, o.owner) for o in held.values()))


def of_journal(journal: Journal) -> dict[Line, int]:
    """The same lines from what was recorded."""
    lines: Counter[Line] = Counter(("entered", entry.stage) for entry in journal.entries)
    lines.update(("attempt", "connected" if each.connected else "not_connected") for each in journal.attempts)
    lines.update(("won", deal.money.currency) for deal in journal.won)
    return dict(lines)


def won(journal: Journal) -> dict[Line, Decimal]:
    sums: dict[Line, Decimal] = {}
    for deal in journal.won:
        line = ("won", deal.money.currency)
        sums[line] = sums.get(line, Decimal(0)) + deal.money.amount
    return {line: amount for line, amount in sums.items() if amount}


@st.composite
def events(draw: st.DrawFn, leads: str = "LMN") -> Event:
    """Any event but an erasure, of one of these leads, with what counts are told apart by."""
    event = draw(stories.events())
    lead = draw(st.sampled_from(leads))
    data = dict(event.data)
    if draw(st.integers(0, 3)) == 0:
        data["segment"] = draw(st.sampled_from(["enterprise", "smb"]))
    if draw(st.integers(0, 3)) == 0:
        data["source"] = draw(st.sampled_from(["web", "fair"]))
    if event.type == DEAL_WON:
        data |= {"amount": draw(st.sampled_from(["0.1", "1200.50"])), "currency": draw(st.sampled_from(["EUR", "USD"]))}
    if event.type == LEAD_MERGED:
        data["into"] = draw(st.sampled_from(leads))
    return event._replace(lead=lead, id=f"{lead}-{event.id}", data=data)


def in_disorder(data: st.DataObject, history: list[Event]) -> list[Event | TimeAdvanced]:
    """In any order, with repetitions, and time passing in between."""
    repeated = data.draw(st.lists(st.sampled_from(history), max_size=3))
    ticks = [TimeAdvanced(at) for at in data.draw(st.lists(st.integers(START, stories.LAST), max_size=4))]
    return data.draw(st.permutations([*history, *repeated, *ticks]))


def many(leads: str) -> st.SearchStrategy[list[Event]]:
    return st.lists(events(leads), min_size=1, max_size=16, unique_by=lambda event: event.id)


@pytest.mark.parametrize("family", list(stories.FAMILIES))
@given(data=st.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_what_is_counted_is_what_stands(family: str, data: st.DataObject) -> None:
    agreed = data.draw(stories.policies(family))
    history = [e for e in data.draw(many("LMN")) if e.type != LEAD_MERGED]
    if not history:
        return
    counted = Counted(agreed).take(*in_disorder(data, history), TimeAdvanced(stories.LAST))
    for each in agreed.duties:
        assert counted.lines(each.name) == standing(counted.said, each.name)
    journal = journal_of(history, agreed)
    assert counted.lines(KPIS) == of_journal(journal)
    assert counted.amounts() == won(journal)
    if not any(each.silence_accepts for each in agreed.duties):
        assert counted.stages() == leads_in_funnel(journal, stories.LAST)


def leaves_the_funnel(event: Event) -> bool:
    return event.data.get("stage", STAGE_OF_EVENT.get(event.type)) in RESTING_STAGES


@given(many("LMN"), st.data())
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_what_happened_to_a_merged_lead_counts_once(history: list[Event], data: st.DataObject) -> None:
    # In no circle, and each lead into one other: what became known of a merge that was not the first stays with both.
    into: dict[str, str] = {}
    history = [
        e
        for e in history
        if e.type != LEAD_MERGED or e.lead < (other := str(e.data["into"])) == into.setdefault(e.lead, other)
    ]
    counted = Counted().take(*in_disorder(data, history), TimeAdvanced(stories.LAST)) if history else Counted()
    assert counted.lines("first-touch") == standing(counted.said, "first-touch")
    journal = journal_of(history, POLICY)
    assert counted.amounts() == won(journal)
    lines, recorded = counted.lines(KPIS), of_journal(journal)
    merged = {event.lead for event in history if event.type == LEAD_MERGED}
    if any(event.lead in merged and leaves_the_funnel(event) for event in history):
        # A duplicate that left the funnel did so itself; the journal says it of the lead that goes on.
        lines, recorded = ({line: n for line, n in each.items() if line[0] != "entered"} for each in (lines, recorded))
    assert lines == recorded


def at(minute: float) -> int:
    return START + round(minute * MINUTE)


def happened(lead: str, minute: float, type_: str, **data: Scalar) -> Event:
    return Event(lead, f"{lead}-{type_}@{minute}", type_, at(minute), "crm", data)


def touched(lead: str, minute: float, **data: Scalar) -> Event:
    act: dict[str, Scalar] = {"channel": "call", "direction": "outbound", "actor": "person"}
    return happened(lead, minute, "activity.logged", **(act | data))


def assigned(lead: str, minute: float, **data: Scalar) -> Event:
    return happened(lead, minute, "lead.assigned", **({"owner": "ana", "segment": "smb", "source": "web"} | data))


FIRST = [assigned("L", 0), TimeAdvanced(at(60))]


def test_a_breach_that_late_evidence_disproves_moves_from_one_line_to_the_other() -> None:
    counted = Counted().take(*FIRST)
    assert counted.lines("first-touch") == {("breached", "sales", "smb", "web", "ana"): 1}
    counted.take(touched("L", 59))
    assert counted.lines("first-touch") == {("met", "sales", "smb", "web", "ana"): 1}


def test_a_verdict_moves_to_the_owner_that_late_news_says_it_was() -> None:
    counted = Counted().take(*FIRST, assigned("L", 30, owner="ben"))
    assert counted.lines("first-touch") == {("breached", "sales", "smb", "web", "ben"): 1}


def test_sources_and_owners_are_told_apart_only_where_somebody_wants_it() -> None:
    counted = Counted(names=Names()).take(*FIRST)
    assert counted.lines("first-touch") == {("breached", "sales", "smb", "", ""): 1}


def test_what_was_counted_of_an_erased_lead_stays_counted() -> None:
    history = [happened("L", -5, "lead.created"), *FIRST, touched("L", 70), happened("L", 80, "deal.won", amount="5")]
    counted = Counted().take(*history)
    before = counted.lines("first-touch"), counted.lines(KPIS), counted.amounts()
    counted.take(happened("L", 90, "lead.erased"))
    assert (counted.lines("first-touch"), counted.lines(KPIS), counted.amounts()) == before
    assert counted.stages() == {}


def test_what_becomes_part_of_the_base_stays_counted() -> None:
    calls = [touched("L", minute, outcome="connected") for minute in range(1, 3 * EVIDENCE_MAX)]
    early = [happened("L", 0, "lead.created"), happened("L", EVIDENCE_MAX - 10.5, "lead.stage_changed", stage="mql")]
    counted = Counted().take(early[0], *calls[:EVIDENCE_MAX], early[1], *calls[EVIDENCE_MAX:])
    assert counted.leads["L"].base_key is not None
    assert counted.lines(KPIS) == of_journal(journal_of([*early, *calls], POLICY))


def test_an_event_that_completes_the_evidence_and_comes_out_of_order_is_counted() -> None:
    calls = [touched("L", 2 * minute) for minute in range(EVIDENCE_MAX)]
    moved = happened("L", 3, "lead.stage_changed", stage="mql")
    counted = Counted().take(*calls, moved)
    assert counted.leads["L"].base_key is not None
    assert counted.lines(KPIS) == of_journal(journal_of([*calls, moved], POLICY))


def test_an_entry_that_meets_its_definition_is_a_high_quality_lead_of_its_month() -> None:
    counted = Counted(defining(definition=Definition(requires=("company",))))
    counted.take(happened("L", 0, "lead.stage_changed", stage="mql", company=True))
    counted.take(happened("M", 1, "lead.stage_changed", stage="mql"), TimeAdvanced(at(2)))
    assert counted.lines(KPIS) == {("entered", "mql"): 2, ("qualified", "mql"): 1}
    assert sum(counted.lines("definition-mql").values()) == 2


def tally_with(*changes: tuple[int, Line, int], pages: dict[PageKey, Page] | None = None) -> Tally:
    """Of instants, lines and offsets, each one more."""
    tally = Tally(POLICY, pages or {})
    for instant, line, offset in changes:
        tally.add(KPIS, instant, line, 1, offset)
    return tally


def shown(tally: Tally, instant: int) -> dict[str, dict[Line, int]]:
    return {period: page.counts for _, period, page in tally.shown(instant)}


SEPTEMBER, OCTOBER, NOVEMBER = (from_rfc3339(f"2026-{month}-15T12:00:00Z") for month in ("09", "10", "11"))
LINE = ("won", "EUR")


def test_two_terms_are_kept_and_the_third_takes_the_place_of_the_first() -> None:
    tally = tally_with((SEPTEMBER, LINE, 1), (OCTOBER, LINE, 2), (OCTOBER, LINE, 3))
    assert shown(tally, OCTOBER) == {"previous": {LINE: 1}, "current": {LINE: 2}}
    assert shown(tally, NOVEMBER) == {"previous": {LINE: 2}}
    tally.add(KPIS, NOVEMBER, LINE, 1, 4)
    assert shown(tally, NOVEMBER) == {"previous": {LINE: 2}, "current": {LINE: 1}}
    tally.add(KPIS, SEPTEMBER, LINE, 1, 5)
    assert shown(tally, NOVEMBER) == {"previous": {LINE: 2}, "current": {LINE: 1}}


def test_a_record_up_to_the_fence_is_counted_already() -> None:
    (key, page), *_ = tally_with((OCTOBER, LINE, 7)).changed()
    known = Page(page.first, page.offset, dict(page.counts), {})
    tally = tally_with((OCTOBER, LINE, 6), (OCTOBER, LINE, 7), (OCTOBER, LINE, 8), pages={key: known})
    assert shown(tally, OCTOBER) == {"current": {LINE: 2}}


def test_one_record_may_count_several_times() -> None:
    assert shown(tally_with((OCTOBER, LINE, 7), (OCTOBER, LINE, 7)), OCTOBER) == {"current": {LINE: 2}}


def test_a_page_that_cannot_be_read_is_left_as_it_is() -> None:
    (key, _), *_ = tally_with((OCTOBER, LINE, 7)).changed()
    tally = Tally(POLICY, {}, frozenset({key}))
    tally.add(KPIS, OCTOBER, LINE, 1, 8)
    assert list(tally.changed()) == []


def test_lines_beyond_the_limit_are_counted_together_and_their_money_is_not_added_up() -> None:
    tally = tally_with(*((OCTOBER, ("won", f"C{n}"), n) for n in range(LINES_MAX)))
    tally.add(KPIS, OCTOBER, ("won", "C0"), 1, LINES_MAX, Decimal(3))
    tally.add(KPIS, OCTOBER, ("won", "NEW"), 1, LINES_MAX, Decimal(4))
    tally.add(KPIS, OCTOBER, ("won", "NEWER"), 1, LINES_MAX, Decimal(5))
    ((_, _, page),) = tally.shown(OCTOBER)
    assert (page.counts["won", "C0"], page.counts["won", OTHER]) == (2, 2)
    assert page.amounts == {("won", "C0"): Decimal(3)}
    tally.add(KPIS, OCTOBER, ("won", "NEW"), -1, LINES_MAX + 1, Decimal(-4))
    assert page.counts["won", OTHER] == 1


def test_an_objective_sets_the_period_of_its_duty() -> None:
    weekly = policy(duty(objective=Objective(90, "week")), duty("other"))
    tally = Tally(weekly, {})
    for name in ("first-touch", "other"):
        tally.add(name, OCTOBER, LINE, 1, 1)
    assert {(key.subject, key.every) for key, _ in tally.changed()} == {
        ("first-touch", Every.WEEK),
        ("other", Every.QUARTER),
    }
