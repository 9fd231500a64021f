"""Timeline records survive being written and read, and damaged bytes are named."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.advance import TimeAdvanced
from monitor.core.event import DATA_FIELDS, EVENT_TYPES, Event
from monitor.core.merging import Forward
from monitor.core.via import Via
from monitor.wire.timeline import (
    VERSION,
    UnreadableRecord,
    decode_record,
    encode_event,
    encode_forward,
    encode_tick,
)
from tests.support.history import called

texts = st.text(max_size=20)
scalars = st.one_of(texts, st.integers(-(2**53), 2**53), st.floats(allow_nan=False), st.booleans())
events = st.builds(
    Event, texts, texts, st.sampled_from(EVENT_TYPES), st.integers(-(2**62), 2**62), texts,
    st.dictionaries(st.sampled_from(DATA_FIELDS), scalars),
)  # fmt: skip


names = st.lists(texts, max_size=3).map(tuple)
vias = st.builds(Via, names.filter(bool), names, names, st.integers(0, 2**31))
PASSED_ON = Forward(called(5), Via(("A",), ("first-touch",), (), 1))


@given(st.builds(Forward, events, vias))
def test_what_is_passed_on_survives_being_written_and_read(forward: Forward) -> None:
    read = decode_record(encode_forward(forward))
    assert read == forward
    assert isinstance(read, Forward)
    assert isinstance(read.via, Via)


@given(events)
def test_an_event_survives_being_written_and_read(event: Event) -> None:
    read = decode_record(encode_event(event))
    assert read == event
    assert isinstance(read, Event)
    assert {name: type(value) for name, value in read.data.items()} == {
        name: type(value) for name, value in event.data.items()
    }


@given(st.integers(-(2**62), 2**62))
def test_a_tick_survives_being_written_and_read(at: int) -> None:
    assert decode_record(encode_tick(TimeAdvanced(at))) == TimeAdvanced(at)


def test_an_event_and_a_tick_are_told_apart() -> None:
    assert isinstance(decode_record(encode_tick(TimeAdvanced(5))), TimeAdvanced)
    assert isinstance(decode_record(encode_event(called(5))), Event)
    assert isinstance(decode_record(encode_forward(PASSED_ON)), Forward)


@pytest.mark.parametrize("packed", [None, b"", b"\x01", b"\x01E", b"\x01T", b"\x01X\x00", b"\x01E\xc0", b"\x01T\xc0"])
def test_what_is_no_record_is_named(packed: bytes | None) -> None:
    with pytest.raises(UnreadableRecord):
        decode_record(packed)


@pytest.mark.parametrize("version", [v for v in (0, 1, 2, 255) if v != VERSION])
def test_an_unknown_version_is_not_read(version: int) -> None:
    for packed in (encode_event(called(5)), encode_tick(TimeAdvanced(5)), encode_forward(PASSED_ON)):
        with pytest.raises(UnreadableRecord, match=f"version {VERSION}"):
            decode_record(bytes([version]) + packed[1:])


def test_an_event_of_an_unknown_type_is_not_read() -> None:
    with pytest.raises(UnreadableRecord, match="unknown kind"):
        decode_record(encode_event(called(5)._replace(type="lead.promoted")))
    with pytest.raises(UnreadableRecord, match="unknown kind"):
        decode_record(encode_forward(PASSED_ON._replace(event=called(5)._replace(type="lead.promoted"))))


def test_what_is_passed_on_by_nobody_is_not_read() -> None:
    with pytest.raises(UnreadableRecord, match="unknown kind"):
        decode_record(encode_forward(PASSED_ON._replace(via=PASSED_ON.via._replace(path=()))))


def test_a_record_cut_off_anywhere_is_unreadable() -> None:
    for packed in (encode_event(called(5)), encode_tick(TimeAdvanced(2**40)), encode_forward(PASSED_ON)):
        for length in range(len(packed)):
            with pytest.raises(UnreadableRecord):
                decode_record(packed[:length])


@given(st.sampled_from([b"", b"\x01E", b"\x01F", b"\x01T"]), st.binary(max_size=60))
def test_no_bytes_raise_anything_else(head: bytes, noise: bytes) -> None:
    with suppress(UnreadableRecord):
        decode_record(head + noise)


@given(st.data(), st.sampled_from([encode_event(called(5)), encode_forward(PASSED_ON)]))
def test_a_flipped_byte_raises_nothing_else(data: st.DataObject, record: bytes) -> None:
    packed = bytearray(record)
    packed[data.draw(st.integers(0, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    with suppress(UnreadableRecord):
        decode_record(bytes(packed))
