"""A packed case is the same case, and what is damaged says so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.calls import Call
from monitor.core.case import Case, Item, Said, State
from monitor.core.routing import Asks
from monitor.wire.case import decode_case, encode_case
from monitor.wire.state import UnreadableState, state_header
from tests.support.notices import NOON, outcome
from tests.support.outcomes import any_outcome, instants, texts

calls = st.builds(
    Call, texts, texts, texts, instants, st.integers(0, 9), texts, st.sampled_from(Asks), st.booleans(), texts,
    st.lists(st.tuples(texts, texts), max_size=2).map(tuple), instants,
)  # fmt: skip
items = st.builds(
    Item, texts, texts, calls, instants, st.sampled_from(State), texts, st.integers(0, 99), instants, texts, instants,
    st.booleans(),
)  # fmt: skip
cases = st.builds(
    Case,
    st.lists(st.builds(Said, any_outcome, instants, st.integers(0, 2**60)), max_size=2).map(tuple),
    st.lists(items, max_size=3).map(tuple),
    instants, st.booleans(), instants, texts, instants, st.integers(0, 20),
)  # fmt: skip
WAITING = Item("n", outcome().outcome_id, Call("breached", "", "slack", NOON), NOON)


@given(cases, st.integers(0, 2**63))
def test_what_is_read_is_what_was_written(case: Case, sequence: int) -> None:
    packed = encode_case(case, sequence)
    assert decode_case(packed) == case
    assert state_header(packed).offset == sequence


def test_the_header_says_whether_something_waits_and_when_the_case_is_forgotten() -> None:
    case = Case((Said(outcome(), NOON, 1),), (WAITING,), NOON, closed=True)
    assert state_header(encode_case(case, 7)).fields()[0::2] == (True, 0)
    settled = case._replace(items=(WAITING._replace(state=State.DELIVERED, settled_at=NOON),))
    assert state_header(encode_case(settled, 7)).fields()[0::2] == (False, settled.forget_at())


@pytest.mark.parametrize("cut", [0, 10, 20, 60])
def test_a_damaged_case_says_so(cut: int) -> None:
    packed = encode_case(Case((Said(outcome(), NOON, 1),), (WAITING,), NOON), 7)
    with pytest.raises(UnreadableState):
        decode_case(packed[:cut])
