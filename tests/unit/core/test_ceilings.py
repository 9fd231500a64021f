"""Ceilings: leads above what sales has agreed to handle have more time, in whatever order they are heard of."""

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.claim import Status
from monitor.core.event import Event
from monitor.core.fact import Fact
from monitor.core.outcome import Kind, Outcome
from monitor.core.policy import Policy, Target
from monitor.core.predicate import parse
from monitor.core.quota import UNIT, Quota
from monitor.core.quota_book import QuotaBook
from monitor.core.replay import Replay
from monitor.core.term import Every
from monitor.wire.policy import read_policy
from tests.support.agreement import DAY, HOUR, MINUTE, duty, elapsed
from tests.support.quotas import MONDAY, Leads, agreement, quota

CEILING = quota("capacity", ceiling=True, per=(), targets={(): 2 * UNIT}, every=Every.DAY, claw_back=None)


def capped(ceiling: Quota = CEILING) -> Policy:
    """First touch within an hour, and within three above two leads a day."""
    more = Target(elapsed(180), None, parse('relief == "capacity"'))
    touch = duty(targets=(more, Target(elapsed(60), None)), warn_at=(), final_after={"default": 30 * DAY})
    return agreement(ceiling)._replace(duties=(touch,))


def entered(make: Leads, lead: str, at: int) -> list[Event]:
    return [make.qualified(lead, at), make.happened(lead, at + MINUTE, "lead.assigned", owner="ana")]


def breached(outcomes: list[Outcome]) -> dict[str, int]:
    """By lead: minutes from the start to the breach that stands."""
    standing: dict[str, int] = {}
    for outcome in outcomes:
        if outcome.kind is Kind.BREACHED:
            standing[outcome.lead] = (outcome.due_at - outcome.started_at) // MINUTE
    return standing


def test_leads_above_the_ceiling_have_more_time_and_the_next_day_begins_anew() -> None:
    make = Leads()
    events = [event for n, lead in enumerate("ABC") for event in entered(make, lead, MONDAY + n * HOUR)]
    events += entered(make, "D", MONDAY + DAY)
    outcomes = list(Replay(capped()).run(events, MONDAY + 2 * DAY))
    assert breached(outcomes) == {"A": 60, "B": 60, "C": 180, "D": 60}


def test_who_is_above_is_a_matter_of_entries_and_not_of_arrival() -> None:
    make = Leads()
    late = entered(make, "L", MONDAY)
    events = [event for n, lead in enumerate("ABC") for event in entered(make, lead, MONDAY + (n + 1) * MINUTE)]
    replay = Replay(capped())
    outcomes = list(replay.run(events, MONDAY + 5 * HOUR))
    assert breached(outcomes) == {"A": 60, "B": 60, "C": 180}
    outcomes += [outcome for event in late for outcome in replay.run([event], MONDAY + 5 * HOUR)]
    assert breached(outcomes) == {"L": 60, "A": 60, "B": 180, "C": 180}


def test_a_lead_that_no_longer_counts_makes_room() -> None:
    make = Leads()
    events = [event for n, lead in enumerate("ABC") for event in entered(make, lead, MONDAY + n * MINUTE)]
    merged = make.happened("A", MONDAY + 5 * MINUTE, "lead.merged", into="B")
    assert breached(list(Replay(capped()).run([*events, merged], MONDAY + DAY))) == {"B": 60, "C": 60}


def test_a_lead_that_comes_back_below_the_ceiling_has_no_relief() -> None:
    make = Leads()
    events = [event for n, lead in enumerate("ABC") for event in entered(make, lead, MONDAY + n * MINUTE)]
    events.append(make.happened("C", MONDAY + HOUR, "lead.recycled", reason="later"))
    back = Replay(capped())
    outcomes = list(back.run([*events, *entered(make, "C", MONDAY + DAY)], MONDAY + 2 * DAY))
    assert breached(outcomes)["C"] == 60
    assert back.leads["C"].fold.attributes["relief"] == ""


def test_what_was_said_of_terms_that_are_over_is_forgotten() -> None:
    book = QuotaBook(capped())
    book.open(MONDAY)
    above = [
        Fact(f"fact_{n}", "capacity", "2026-10-05", (), MONDAY, UNIT, Status.CREDITED, None, "1", "L") for n in "ABC"
    ]
    assert [event.data["relief"] for fact in above for event in book.take(fact, 1)] == ["capacity"]
    list(book.pass_time(MONDAY + 30 * DAY))
    later = above[0]._replace(id="fact_D", term="2026-11-04", at=MONDAY + 30 * DAY)
    assert book.take(later, 2) == ()


def test_a_ceiling_is_neither_met_nor_missed() -> None:
    make = Leads()
    events = [event for lead in "ABCDE" for event in entered(make, lead, MONDAY)]
    assert {o.duty for o in Replay(capped()).run(events, MONDAY + 9 * DAY)} == {"first-touch"}


def test_the_relief_is_on_every_verdict() -> None:
    ceiling = [
        "agreement: {name: A, version: '1', effective_from: 2026-10-01}", "timezone: UTC",
        "quotas:", "  - {duty: capacity, counts: mql, every: day, ceiling: 1, relaxes: {touch: 3 hours elapsed}}",
        "follow_up:", "  - {duty: touch, starts: lead.assigned, met_by: lead.accepted, within: 1 hours elapsed}",
    ]  # fmt: skip
    make = Leads()
    events = [event for n, lead in enumerate("AB") for event in entered(make, lead, MONDAY + n)]
    outcomes = Replay(read_policy("\n".join(ceiling), "a")).run(events, MONDAY + DAY)
    limits = {(o.lead, o.limit) for o in outcomes}
    assert limits == {("A", "1 hours elapsed"), ("B", "3 hours elapsed, above capacity")}


rows = st.lists(st.tuples(st.sampled_from("ABCDEF"), st.integers(0, 3), st.booleans()), min_size=1, max_size=10)


@given(rows, st.data())
@settings(max_examples=80, deadline=None)
def test_any_order_of_facts_ends_in_the_same_reliefs(history: list[tuple[str, int, bool]], data: st.DataObject) -> None:
    facts = [
        (n, Fact(f"fact_{lead}", "capacity", "2026-10-05", (), MONDAY + hour * HOUR, UNIT,
                 Status.CREDITED if counts else Status.MOVED, None, "1", lead))
        for n, (lead, hour, counts) in enumerate(history)
    ]  # fmt: skip

    def relieved(order: list[tuple[int, Fact]]) -> set[str]:
        book = QuotaBook(capped())
        newest: dict[str, Event] = {}
        for sequence, fact in order:
            for event in book.take(fact, sequence):
                newest[event.lead] = max(event, newest.get(event.lead, event), key=lambda each: each.id)
        return {lead for lead, event in newest.items() if event.data["relief"]}

    newest = {fact.id: fact for _, fact in facts}
    counting = sorted((fact.at, fact.id, fact.lead) for fact in newest.values() if fact.status is Status.CREDITED)
    expected = {lead for *_, lead in counting[2:]}
    assert relieved(facts) == relieved(data.draw(st.permutations(facts))) == expected
