"""Records of the topic of facts, our own: version byte, kind byte, msgpack; a fact, spend or revenue, or a tick."""

from typing import Final

import msgspec

from monitor.core.advance import TimeAdvanced
from monitor.core.event import LEDGER, Event
from monitor.core.fact import Fact
from monitor.wire.timeline import VERSION, UnreadableRecord, decode_record

_FACT: Final = bytes([VERSION, ord("Q")])
_ENTRY: Final = bytes([VERSION, ord("L")])
_encode: Final = msgspec.msgpack.Encoder().encode
_facts: Final[msgspec.msgpack.Decoder[tuple[Fact, int]]] = msgspec.msgpack.Decoder(tuple[Fact, int])

_entries: Final[msgspec.msgpack.Decoder[Event]] = msgspec.msgpack.Decoder(Event)


def encode_fact(fact: Fact, sequence: int) -> bytes:
    """A record that carries one fact and the timeline offset of the step of its lead that it is of."""
    return _FACT + _encode((fact, sequence))


def encode_entry(event: Event) -> bytes:
    """A record that carries spend or revenue, as it happened."""
    return _ENTRY + _encode(event)


def decode_fact(packed: bytes | None) -> tuple[Fact, int] | Event | TimeAdvanced:
    """What the record carries; an event is spend or revenue. Raises UnreadableRecord."""
    try:
        if packed is not None and packed.startswith(_FACT):
            return _facts.decode(memoryview(packed)[len(_FACT) :])
        if packed is not None and packed.startswith(_ENTRY):
            event = _entries.decode(memoryview(packed)[len(_ENTRY) :])
            if event.type in LEDGER:
                return event
            raise UnreadableRecord(f"no ledger has events of the type {event.type}")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableRecord(f"the fact is damaged: {error}") from error
    record = decode_record(packed)
    if isinstance(record, TimeAdvanced):
        return record
    raise UnreadableRecord("neither a fact nor a tick")
