"""The deadline index says what is due and forgets what is outdated."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.deadlines import DeadlineIndex


def index_of(waiting: dict[str, int | None]) -> DeadlineIndex:
    index = DeadlineIndex(waiting.get)
    index.fill([(at, lead) for lead, at in waiting.items() if at is not None])
    return index


def test_an_empty_index_waits_for_nothing() -> None:
    index = index_of({})
    assert index.first() is None
    assert index.due(10**18) == []


def test_leads_come_out_in_the_order_of_their_instants_up_to_the_very_instant_and_once() -> None:
    index = index_of({"late": 30, "early": 10, "exact": 20, "after": 21})
    assert index.first() == 10
    assert index.due(20) == ["early", "exact"]
    assert index.due(20) == []
    assert index.first() == 21


def test_a_deadline_that_moved_or_went_away_is_not_due() -> None:
    waiting: dict[str, int | None] = {"moved": 10, "gone": 11, "stays": 12}
    index = index_of(waiting)
    waiting["moved"], waiting["gone"] = 40, None
    index.add(40, "moved")
    assert index.first() == 12
    assert index.due(39) == ["stays"]
    assert index.due(40) == ["moved"]


def test_a_deadline_that_moved_there_and_back_is_due_once() -> None:
    waiting: dict[str, int | None] = {"a": 10}
    index = index_of(waiting)
    index.add(10, "a")
    assert index.due(10) == ["a"]
    assert index.first() is None


def test_filling_starts_over() -> None:
    waiting: dict[str, int | None] = {"a": 10, "b": 20}
    index = index_of(waiting)
    index.fill([(20, "b")])
    assert len(index) == 1
    assert index.due(100) == ["b"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 20) | st.none()), max_size=30), st.integers(0, 20))
def test_what_is_due_is_what_waits_for_an_instant_up_to_then(changes: list[tuple[str, int | None]], until: int) -> None:
    waiting: dict[str, int | None] = {}
    index = DeadlineIndex(waiting.get)
    for lead, at in changes:
        waiting[lead] = at
        if at is not None:
            index.add(at, lead)
    known = [at for at in waiting.values() if at is not None]
    assert index.first() == min(known, default=None)
    due = index.due(until)
    assert sorted(due) == sorted(lead for lead, at in waiting.items() if at is not None and at <= until)
    assert [waiting[lead] for lead in due] == sorted(at for at in known if at <= until)


MINUTE_US = 60_000_000


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.integers(-4, 12) | st.none()), max_size=30),
    st.lists(st.integers(-4, 12), max_size=4),
)
def test_leads_come_out_in_order_over_many_minutes_while_others_are_added(
    changes: list[tuple[str, int | None]], ticks: list[int]
) -> None:
    """A third of a minute is the unit: some share a minute, some do not."""
    waiting: dict[str, int | None] = {}
    index = DeadlineIndex(waiting.get)
    for until in [third * MINUTE_US // 3 for third in sorted(ticks)]:
        for lead, third in (changes.pop() for _ in range(min(8, len(changes)))):
            waiting[lead] = None if third is None else third * MINUTE_US // 3
            if third is not None:
                index.add(third * MINUTE_US // 3, lead)
        expected = sorted((at, lead) for lead, at in waiting.items() if at is not None and at <= until)
        assert index.first(until) == (expected[0][0] if expected else None)
        assert index.due(until) == [lead for _, lead in expected]
        waiting.update((lead, None) for _, lead in expected)
