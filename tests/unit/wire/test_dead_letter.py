"""A dead letter holds the original record and why it was refused, and gives both back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.wire.dead_letter import (
    DETAIL_CHARS_MAX,
    HEADER_NAMES,
    DeadLetter,
    DeadLetterReason,
    Headers,
    NotADeadLetter,
    dead_letter,
    read_dead_letter,
)

LETTER = DeadLetter(
    reason=DeadLetterReason.NOT_JSON,
    detail="Expecting value at character 0",
    topic="leads.events",
    partition=3,
    offset=2**40,
    timestamp_ms=1_790_856_000_123,
    key=b"L-1",
    value=b"\x00\xff{",
    headers=[("traceparent", b"00-0af7"), ("empty", None)],
)

names = st.sampled_from(HEADER_NAMES) | st.text(max_size=5)
letters = st.builds(
    DeadLetter,
    reason=st.sampled_from(DeadLetterReason),
    detail=st.text(st.characters(exclude_categories=["Cs"]), max_size=DETAIL_CHARS_MAX),
    topic=st.just("leads.events"),
    partition=st.integers(0, 1000),
    offset=st.integers(0, 2**63 - 1),
    timestamp_ms=st.integers(-1, 2**62),
    key=st.none() | st.binary(),
    value=st.none() | st.binary(),
    headers=st.lists(st.tuples(names, st.none() | st.binary())),
)


@given(letter=letters)
def test_what_is_read_back_is_what_was_written_whatever_headers_the_original_had(letter: DeadLetter) -> None:
    assert read_dead_letter(*dead_letter(**letter._asdict())) == letter


def test_key_value_and_headers_of_the_original_come_first_and_unchanged() -> None:
    key, value, headers = dead_letter(**LETTER._asdict())
    assert (key, value, headers[:2]) == (LETTER.key, LETTER.value, LETTER.headers)
    assert dict(headers[2:]) == {
        "lead-sla-dlq-reason": b"not_json",
        "lead-sla-dlq-detail": b"Expecting value at character 0",
        "lead-sla-dlq-topic": b"leads.events",
        "lead-sla-dlq-partition": b"3",
        "lead-sla-dlq-offset": b"1099511627776",
        "lead-sla-dlq-timestamp": b"1790856000123",
        "lead-sla-dlq-schema": b"1",
    }


def test_headers_that_a_relay_adds_behind_ours_do_not_hide_the_letter() -> None:
    key, value, headers = dead_letter(**LETTER._asdict())
    assert read_dead_letter(key, value, [*headers, ("relay", b"1")]).headers == [*LETTER.headers, ("relay", b"1")]


def test_a_letter_that_died_twice_is_unwrapped_one_layer_at_a_time() -> None:
    key, value, headers = dead_letter(**LETTER._asdict())
    again = LETTER._replace(reason="too_deep", topic="retries", headers=headers)
    outer = read_dead_letter(*dead_letter(**again._asdict()))
    assert outer == again
    assert read_dead_letter(key, value, outer.headers) == LETTER


def test_a_reason_of_a_later_release_is_read_as_text() -> None:
    assert read_dead_letter(*dead_letter(**LETTER._replace(reason="from_tomorrow")._asdict())).reason == "from_tomorrow"


def test_a_detail_is_cut_to_its_bound_and_never_unwritable() -> None:
    long = read_dead_letter(*dead_letter(**LETTER._replace(detail="x" * 1000)._asdict()))
    assert long.detail == "x" * (DETAIL_CHARS_MAX - 1) + "…"
    assert read_dead_letter(*dead_letter(**LETTER._replace(detail="\ud83d")._asdict())).detail == "?"


def _changed(name: str, value: bytes | None) -> Headers:
    return [(n, value if n == name else v) for n, v in dead_letter(**LETTER._asdict())[2]]


@pytest.mark.parametrize(
    "headers",
    [
        [],
        dead_letter(**LETTER._asdict())[2][:-1],
        _changed("lead-sla-dlq-schema", b"2"),
        _changed("lead-sla-dlq-topic", None),
        _changed("lead-sla-dlq-reason", b"\xff"),
        _changed("lead-sla-dlq-offset", b"many"),
        _changed("lead-sla-dlq-partition", b""),
    ],
)
def test_a_record_without_readable_headers_is_no_dead_letter(headers: Headers) -> None:
    with pytest.raises(NotADeadLetter, match="lead-sla-dlq-"):
        read_dead_letter(b"L-1", b"{}", headers)


def test_every_reason_says_what_it_means_in_one_sentence() -> None:
    assert all(reason.meaning.endswith(".") for reason in DeadLetterReason)
