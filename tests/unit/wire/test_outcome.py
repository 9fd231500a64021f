"""Outcomes are written as their contract says, byte for byte the same each time, and read back whole."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.outcome import Kind, Outcome
from monitor.wire.examples import outcomes
from monitor.wire.outcome import OutcomeEvent, UnreadableOutcome, decode_outcome, encode_outcome
from tests.support.outcomes import any_outcome

EACH_KIND = {outcome.kind: outcome for outcome in outcomes()}


@given(outcome=any_outcome)
def test_what_is_read_is_what_was_written(outcome: Outcome) -> None:
    assert decode_outcome(encode_outcome(outcome)) == outcome


@given(outcome=any_outcome)
def test_what_is_written_is_what_the_contract_says(outcome: Outcome) -> None:
    value = encode_outcome(outcome)
    event = OutcomeEvent.model_validate_json(value)
    written = json.loads(value)
    assert json.loads(event.model_dump_json(exclude_unset=True)) == written
    assert list(written) == list(OutcomeEvent.model_fields)
    left_out = {name for name in ("changes", "missing", "delivery") if not getattr(outcome, name)}
    assert list(written["data"]) == [name for name in type(event.data).model_fields if name not in left_out]


@pytest.mark.parametrize("kind", Kind)
def test_the_envelope_says_kind_lead_and_instant(kind: Kind) -> None:
    outcome = EACH_KIND[kind]
    event = json.loads(encode_outcome(outcome))
    assert event["type"] == f"lead-sla.outcome.{kind}.v1"
    subject = outcome.lead or ("agreement" if outcome.delivery is None else "qualified-leads/2026-10/enterprise")
    assert (event["id"], event["source"], event["subject"]) == (outcome.outcome_id, "lead-sla", subject)
    assert event["data"]["kind"] == kind


def test_instants_have_six_digits_and_durations_are_seconds() -> None:
    event = json.loads(encode_outcome(EACH_KIND[Kind.FULFILLED_LATE]))
    assert event["time"] == "2026-10-01T12:40:30.000000Z"
    assert event["data"]["late_elapsed_s"] == 5910.0
    assert event["data"]["late_working_s"] == 2910.0


def test_fields_of_a_later_release_are_passed_over() -> None:
    event = json.loads(encode_outcome(EACH_KIND[Kind.MET]))
    event["later"] = event["data"]["later"] = {"more": 1}
    assert decode_outcome(json.dumps(event).encode()) == EACH_KIND[Kind.MET]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "exploded"), ("cycle", "1"), ("cycle", 0), ("due_at", "2026-10-01"), ("lead", None),
        ("late_elapsed_s", -1), ("cycle", 2),
    ],
)  # fmt: skip
def test_an_outcome_that_breaks_its_contract_is_unreadable_and_not_repeated(field: str, value: object) -> None:
    event = json.loads(encode_outcome(EACH_KIND[Kind.MET]))
    event["data"][field] = value
    with pytest.raises(UnreadableOutcome, match="not an outcome") as unreadable:
        decode_outcome(json.dumps(event).encode())
    assert "munich" not in str(unreadable.value)


@given(value=st.none() | st.binary())
def test_no_bytes_raise_anything_but_unreadable_outcome(value: bytes | None) -> None:
    with pytest.raises(UnreadableOutcome):
        decode_outcome(value)
