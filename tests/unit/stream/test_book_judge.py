"""The books of a partition: what a crash leaves of a batch is made whole, and what is known is not told again."""

from collections.abc import Iterable
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.advance import TimeAdvanced
from monitor.core.claim import Status
from monitor.core.event import Event
from monitor.core.fact import Fact
from monitor.core.outcome import Kind
from monitor.core.policy import Policy
from monitor.core.quota import UNIT
from monitor.core.standing import Standing
from monitor.stream.book_judge import LOOK_AFTER_US, BookJudge
from monitor.stream.engine.shards import MemoryShard
from monitor.stream.judged import Judged
from monitor.wire.fact import UnreadableRecord, decode_fact, encode_fact
from monitor.wire.state.books import BOOKS_KEY
from monitor.wire.timeline import decode_record, encode_event, encode_tick
from tests.support.agreement import DAY, HOUR
from tests.support.quotas import MONDAY, NEXT_MONDAY, agreement, quota

NAME = "qualified-leads"
POLICY = agreement(quota(per=(), targets={(): 2 * UNIT}, claw_back=None))
CEILING = agreement(quota("capacity", per=(), targets={(): UNIT}, claw_back=None, ceiling=True))


class Record(NamedTuple):
    """What the judge needs of a Kafka record."""

    offset: int
    value: bytes | None
    key: bytes | None = None
    timestamp: int = MONDAY // 1_000
    timestamp_type: int = 0


def fact(lead: str, at: int, status: Status = Status.CREDITED, name: str = NAME) -> Fact:
    return Fact(f"fact_{lead}", name, "2026-W41", (), at, UNIT, status, None, "1", lead)


def log_of(*steps: Fact | int) -> list[Record]:
    """Facts, each a later step of its lead than the one before, and instants that pass."""
    return [
        Record(n, encode_tick(TimeAdvanced(step)))
        if isinstance(step, int)
        else Record(n, encode_fact(step, n), step.quota.encode(), step.at // 1_000)
        for n, step in enumerate(steps)
    ]


def books(shard: MemoryShard, policy: Policy = POLICY) -> BookJudge:
    return BookJudge(shard, policy, lambda quota: True)


def fold(judge: BookJudge, records: Iterable[Record]) -> list[Kind]:
    judged = judge.fold(records)
    judge.remember(judged, len(judged.states))
    return [outcome.kind for outcome in judged.outcomes]


def standings(judge: BookJudge) -> list[Standing]:
    return [standing._replace(figures=standing.figures) for standing in judge.standings()]


REACHED = log_of(MONDAY, fact("a", MONDAY + HOUR), fact("b", MONDAY + 2 * HOUR), MONDAY + 3 * HOUR)


def test_what_was_remembered_is_not_said_again() -> None:
    shard = MemoryShard()
    assert fold(books(shard), REACHED) == [Kind.MET]
    assert fold(books(shard), REACHED) == []
    taken_back = log_of(*[MONDAY] * 4, fact("a", MONDAY + HOUR, Status.CLAWED_BACK), MONDAY + 4 * HOUR)
    assert fold(books(shard), taken_back) == [Kind.WITHDRAWN]


def test_a_batch_that_was_not_remembered_is_told_again_by_the_same_id() -> None:
    first, second = (books(MemoryShard()).fold(REACHED).outcomes for _ in range(2))
    assert [outcome.outcome_id for outcome in first] == [outcome.outcome_id for outcome in second]


@pytest.mark.parametrize("written", range(5))
def test_a_crash_after_any_of_its_states_loses_nothing_of_a_batch(written: int) -> None:
    shard, whole = MemoryShard(), MemoryShard()
    for opened in (shard, whole):
        fold(books(opened), REACHED[:1])
    states = books(shard).fold(REACHED[1:]).states
    assert [key.split(b"\x1f")[0] for key, _ in states] == [b"row", b"row", b"line", BOOKS_KEY]
    shard.put_all(states[:written], written)
    assert fold(books(shard), REACHED[1:]) == ([] if written > 2 else [Kind.MET])
    fold(books(whole), REACHED[1:])
    assert standings(books(shard)) == standings(books(whole))
    assert fold(books(shard), REACHED) == []


def test_an_old_tick_does_not_look_at_facts_that_came_after_it() -> None:
    shard = MemoryShard()
    log = log_of(MONDAY, fact("a", MONDAY), MONDAY + HOUR, fact("b", MONDAY), fact("a", MONDAY, Status.CLAWED_BACK))
    assert fold(books(shard), log[:4]) == []
    assert fold(books(shard), log) == []


def test_only_what_is_another_than_before_is_written() -> None:
    judge = books(MemoryShard())
    fold(judge, REACHED)
    (state,) = judge.fold(log_of(*[MONDAY + 4 * HOUR] * 5)[4:]).states
    assert state[0] == BOOKS_KEY


def test_time_does_not_go_back_for_books_that_are_opened_again() -> None:
    shard = MemoryShard()
    assert fold(books(shard), log_of(MONDAY, NEXT_MONDAY)) == [Kind.BREACHED]
    assert fold(books(shard), log_of(*[NEXT_MONDAY - DAY] * 3)[2:]) == []


def test_books_that_begin_with_a_fact_of_a_wrong_clock_do_not_go_through_all_the_years_since() -> None:
    """What is said is that the weeks of a year were missed, and no more."""
    old = fact("a", 0)._replace(term="1970-W01")
    log = [Record(0, encode_fact(old, 0), NAME.encode()), Record(1, encode_tick(TimeAdvanced(MONDAY)))]
    said = fold(books(MemoryShard()), log)
    assert said.count(Kind.BREACHED) in (52, 53)
    assert set(said) == {Kind.BREACHED, Kind.FINALISED}


steps = st.lists(
    st.builds(
        lambda lead, hours, status: fact(lead, MONDAY + hours * HOUR, status),
        st.sampled_from("abcd"),
        st.integers(0, 100),
        st.sampled_from([Status.CREDITED, Status.CLAWED_BACK, Status.REFUSED, Status.MOVED]),
    )
    | st.integers(0, 9).map(lambda days: MONDAY + days * DAY),
    max_size=30,
)


@given(steps, st.data())
@settings(max_examples=200)
def test_wherever_the_books_are_opened_again_they_say_and_know_the_same(
    story: list[Fact | int], data: st.DataObject
) -> None:
    log, shard = log_of(MONDAY, *story, MONDAY + 20 * DAY), MemoryShard()
    whole = books(MemoryShard())
    expected = fold(whole, log)
    said: list[Kind] = []
    start = 0
    while start < len(log):
        end = data.draw(st.integers(start + 1, len(log)))
        judge = books(shard)
        said += fold(judge, log[data.draw(st.integers(0, start)) : end])
        start = end
    assert standings(judge) == standings(whole)
    assert sorted(said) == sorted(expected)


def test_the_next_tick_is_needed_at_once_then_soon_after_a_fact_and_else_at_midnight() -> None:
    shard = MemoryShard()
    judge = books(shard)
    assert judge.first_at() == 0
    fold(judge, log_of(MONDAY))
    assert judge.first_at() == MONDAY + DAY
    fold(judge, log_of(MONDAY, fact("a", MONDAY + HOUR)))
    assert judge.first_at() == MONDAY + HOUR + LOOK_AFTER_US
    fold(judge, log_of(*[MONDAY] * 2, MONDAY + 2 * HOUR))
    assert judge.first_at() == MONDAY + DAY
    assert books(shard).first_at() == 0
    assert BookJudge(MemoryShard(), POLICY, lambda quota: False).first_at() is None


def test_books_are_kept_by_the_new_agreement_from_the_next_batch_on() -> None:
    judge = books(MemoryShard(), agreement(quota("another")))
    fold(judge, log_of(MONDAY))
    judge.adopt(POLICY)
    assert judge.first_at() == 0
    assert fold(judge, REACHED[1:]) == [Kind.MET]
    assert [standing.quota for standing in judge.standings()] == [NAME]


def test_a_lead_above_a_ceiling_learns_so_and_is_not_told_again_by_books_that_were_opened_again() -> None:
    shard = MemoryShard()
    log = log_of(*(fact(lead, MONDAY + n * HOUR, name="capacity") for n, lead in enumerate("ab")))
    judged = books(shard, CEILING).fold(log)
    assert [(onward.to, onward.key) for onward in judged.onward] == [("timeline", "b")]
    learned = decode_record(judged.onward[0].value)
    assert isinstance(learned, Event)
    assert (learned.lead, learned.data) == ("b", {"relief": "capacity"})
    books(shard, CEILING).remember(judged, len(judged.states))
    again = books(shard, CEILING)
    more = [Record(9, encode_fact(fact("a", MONDAY, Status.REFUSED, "capacity"), 9), b"capacity")]
    relieved = [decode_record(onward.value) for onward in again.fold(more).onward]
    assert [event.data for event in relieved if isinstance(event, Event)] == [{"relief": ""}]


def test_a_lead_that_comes_back_below_the_ceiling_has_no_relief_any_more_although_the_books_were_opened_again() -> None:
    shard = MemoryShard()
    fold(books(shard, CEILING), log_of(*(fact(lead, MONDAY, name="capacity") for lead in "ab")))
    again = fact("b", NEXT_MONDAY, name="capacity")._replace(id="fact_b2", term="2026-W42")
    judged = books(shard, CEILING).fold([Record(5, encode_fact(again, 5), b"capacity")])
    learned = [decode_record(onward.value) for onward in judged.onward]
    assert [(event.lead, event.data) for event in learned if isinstance(event, Event)] == [("b", {"relief": ""})]


def test_rows_of_terms_that_are_over_for_good_are_let_go() -> None:
    shard = MemoryShard()
    fold(books(shard), REACHED)
    later = [Record(9, encode_tick(TimeAdvanced(MONDAY + 7 * 15 * DAY)))]
    fold(books(shard), later)
    assert [key for key, _ in shard.items() if b"2026-W41" in key] == []


@pytest.mark.parametrize(
    ("record", "says"),
    [
        (Record(0, None, b"x"), "not a timeline record"),
        (Record(0, encode_fact(fact("a", MONDAY), 1), b"other"), "the key is not the name of the quota"),
        (Record(0, encode_fact(fact("a", MONDAY), 1)[:-3], NAME.encode()), "the fact is damaged"),
        (
            Record(0, encode_event(Event("a", "1", "lead.created", MONDAY, "crm", {})), b"a"),
            "neither a fact nor a tick",
        ),
        (Record(0, encode_fact(fact("a", 2**62), 1), NAME.encode()), "lies outside the years"),
    ],
)
def test_what_is_no_fact_is_named_and_the_rest_is_counted(record: Record, says: str) -> None:
    judge = books(MemoryShard())
    judged: Judged = judge.fold([record, *(each._replace(offset=each.offset + 1) for each in REACHED)])
    assert [detail for _, detail in judged.damaged if says in detail] != []
    assert [outcome.kind for outcome in judged.outcomes] == [Kind.MET]


def test_states_that_cannot_be_read_are_counted_and_the_rest_is_known() -> None:
    shard = MemoryShard()
    fold(books(shard), REACHED)
    shard.put_all([(b"row\x1fqualified-leads\x1f2026-W41\x1ffact_a", b"\x63" + b"\x00" * 20), (b"other", b"")], 9)
    judge = books(shard)
    assert judge.set_aside == 2
    (standing,) = judge.standings()
    assert standing.figures.delivered.leads == 1


def test_a_fact_is_read_as_it_was_written() -> None:
    assert decode_fact(encode_fact(fact("a", NEXT_MONDAY), 7)) == (fact("a", NEXT_MONDAY), 7)
    with pytest.raises(UnreadableRecord):
        decode_fact(b"\x09Qx")
