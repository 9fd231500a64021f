"""Records of the topic of facts, our own: version byte, kind byte, msgpack; a fact, or a tick as in the timeline."""

from typing import Final

import msgspec

from monitor.core.advance import TimeAdvanced
from monitor.core.fact import Fact
from monitor.wire.timeline import VERSION, UnreadableRecord, decode_record

_FACT: Final = bytes([VERSION, ord("Q")])
_encode: Final = msgspec.msgpack.Encoder().encode
_facts: Final[msgspec.msgpack.Decoder[tuple[Fact, int]]] = msgspec.msgpack.Decoder(tuple[Fact, int])


def encode_fact(fact: Fact, sequence: int) -> bytes:
    """A record that carries one fact and the timeline offset of the step of its lead that it is of."""
    return _FACT + _encode((fact, sequence))


def decode_fact(packed: bytes | None) -> tuple[Fact, int] | TimeAdvanced:
    """What the record carries. Raises UnreadableRecord."""
    if packed is None or not packed.startswith(_FACT):
        record = decode_record(packed)
        if isinstance(record, TimeAdvanced):
            return record
        raise UnreadableRecord("neither a fact nor a tick")
    try:
        return _facts.decode(memoryview(packed)[len(_FACT) :])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableRecord(f"the fact is damaged: {error}") from error
