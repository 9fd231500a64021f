"""Timeline records survive being written and read, and damaged bytes are named."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.advance import TimeAdvanced
from monitor.core.event import DATA_FIELDS, EVENT_TYPES, Event
from monitor.wire.timeline import VERSION, UnreadableRecord, decode_record, encode_event, encode_tick
from tests.support.history import called

texts = st.text(max_size=20)
scalars = st.one_of(texts, st.integers(-(2**53), 2**53), st.floats(allow_nan=False), st.booleans())
events = st.builds(
    Event, texts, texts, st.sampled_from(EVENT_TYPES), st.integers(-(2**62), 2**62), texts,
    st.dictionaries(st.sampled_from(DATA_FIELDS), scalars),
)  # fmt: skip


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


@pytest.mark.parametrize("packed", [None, b"", b"\x01", b"\x01E", b"\x01T", b"\x01X\x00", b"\x01E\xc0", b"\x01T\xc0"])
def test_what_is_no_record_is_named(packed: bytes | None) -> None:
    with pytest.raises(UnreadableRecord):
        decode_record(packed)


@pytest.mark.parametrize("version", [v for v in (0, 1, 2, 255) if v != VERSION])
def test_an_unknown_version_is_not_read(version: int) -> None:
    for packed in (encode_event(called(5)), encode_tick(TimeAdvanced(5))):
        with pytest.raises(UnreadableRecord, match=f"version {VERSION}"):
            decode_record(bytes([version]) + packed[1:])


def test_an_event_of_an_unknown_type_is_not_read() -> None:
    with pytest.raises(UnreadableRecord, match="unknown kind"):
        decode_record(encode_event(called(5)._replace(type="lead.promoted")))


def test_a_record_cut_off_anywhere_is_unreadable() -> None:
    for packed in (encode_event(called(5)), encode_tick(TimeAdvanced(2**40))):
        for length in range(len(packed)):
            with pytest.raises(UnreadableRecord):
                decode_record(packed[:length])


@given(st.sampled_from([b"", b"\x01E", b"\x01T"]), st.binary(max_size=60))
def test_no_bytes_raise_anything_else(head: bytes, noise: bytes) -> None:
    with suppress(UnreadableRecord):
        decode_record(head + noise)


@given(st.data())
def test_a_flipped_byte_raises_nothing_else(data: st.DataObject) -> None:
    packed = bytearray(encode_event(called(5)))
    packed[data.draw(st.integers(0, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    with suppress(UnreadableRecord):
        decode_record(bytes(packed))
