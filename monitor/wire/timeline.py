"""Records of the timeline topic, our own: version byte, kind byte, msgpack. One event, or one tick."""

from typing import Final

import msgspec

from monitor.core.advance import TimeAdvanced
from monitor.core.event import PRECEDENCE, Event

VERSION: Final = 1
_EVENT: Final = bytes([VERSION, ord("E")])
_TICK: Final = bytes([VERSION, ord("T")])
_encoder: Final = msgspec.msgpack.Encoder()
_events: Final[msgspec.msgpack.Decoder[Event]] = msgspec.msgpack.Decoder(Event)
_ticks: Final[msgspec.msgpack.Decoder[int]] = msgspec.msgpack.Decoder(int)


class UnreadableRecord(ValueError):
    """These bytes are not a timeline record of a version that is known here."""


def encode_event(event: Event) -> bytes:
    """A timeline record that carries one validated event."""
    return _EVENT + _encoder.encode(event)


def encode_tick(tick: TimeAdvanced) -> bytes:
    """A timeline record that carries one tick for the whole partition."""
    return _TICK + _encoder.encode(tick.at)


def decode_record(packed: bytes | None) -> Event | TimeAdvanced:
    """The event or tick. Raises UnreadableRecord."""
    try:
        if packed is not None and len(packed) > 2:
            if packed.startswith(_EVENT):
                event = _events.decode(memoryview(packed)[2:])
                if event.type in PRECEDENCE:
                    return event
            elif packed.startswith(_TICK):
                return TimeAdvanced(_ticks.decode(memoryview(packed)[2:]))
            if packed[0] == VERSION:
                raise UnreadableRecord("the timeline record is of an unknown kind")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableRecord(f"the timeline record is damaged: {error}") from error
    raise UnreadableRecord(f"not a timeline record of version {VERSION}")
