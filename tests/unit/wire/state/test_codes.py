"""Whatever an event can say has a number, and comes back from it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.event import DATA_FIELDS, EVENT_TYPES
from monitor.core.policy import DEFAULT_STAGES
from monitor.wire.state.codes import FIELDS, STAGES, TYPES, data_coded, data_named

scalars = st.one_of(st.text(max_size=5), st.integers(), st.floats(allow_nan=False), st.booleans())
words = st.sampled_from(["outbound", "inbound", "person", "automation", "call", "fax", ""])


def test_every_type_field_and_usual_stage_has_a_number() -> None:
    assert set(EVENT_TYPES) == set(TYPES)
    assert set(DATA_FIELDS) == set(FIELDS)
    assert {"", *DEFAULT_STAGES} == set(STAGES)


@given(st.dictionaries(st.sampled_from(DATA_FIELDS) | st.text(max_size=3), scalars | words))
def test_data_survives_with_its_order_and_types_also_under_names_that_have_no_number(data: dict[str, object]) -> None:
    named = data_named(data_coded(data))
    assert list(named.items()) == list(data.items())
    assert [type(value) for value in named.values()] == [type(value) for value in data.values()]


def test_usual_acts_are_numbers_alone() -> None:
    coded = data_coded({"channel": "call", "direction": "outbound", "actor": "person"})
    assert set(coded.values()) == {True}


@pytest.mark.parametrize("code", [len(FIELDS), 63, 1000])
def test_a_number_that_nothing_has_is_an_error(code: int) -> None:
    with pytest.raises(IndexError):
        data_named({code: True})
