"""Records of the timeline topic, our own: version byte, kind byte, msgpack.

One event, one tick, or one piece of the history of a lead that was merged into this one.
"""

from typing import Final

import msgspec

from monitor.core.advance import TimeAdvanced
from monitor.core.event import PRECEDENCE, Event
from monitor.core.merging import Forward

VERSION: Final = 1
_EVENT: Final = bytes([VERSION, ord("E")])
_TICK: Final = bytes([VERSION, ord("T")])
_FORWARD: Final = bytes([VERSION, ord("F")])
_encoder: Final = msgspec.msgpack.Encoder()
_events: Final[msgspec.msgpack.Decoder[Event]] = msgspec.msgpack.Decoder(Event)
_forwards: Final[msgspec.msgpack.Decoder[Forward]] = msgspec.msgpack.Decoder(Forward)
_ticks: Final[msgspec.msgpack.Decoder[int]] = msgspec.msgpack.Decoder(int)


class UnreadableRecord(ValueError):
    """These bytes are not a timeline record of a version that is known here."""


def encode_event(event: Event) -> bytes:
    """A timeline record that carries one validated event."""
    return _EVENT + _encoder.encode(event)


def encode_tick(tick: TimeAdvanced) -> bytes:
    """A timeline record that carries one tick for the whole partition."""
    return _TICK + _encoder.encode(tick.at)


def encode_forward(forward: Forward) -> bytes:
    """A timeline record that carries what a merged lead passes on."""
    return _FORWARD + _encoder.encode(forward)


def decode_record(packed: bytes | None) -> Event | Forward | TimeAdvanced:
    """What the record carries. Raises UnreadableRecord."""
    try:
        if packed is not None and len(packed) > 2:
            if packed.startswith(_EVENT):
                event = _events.decode(packed[2:])
                if event.type in PRECEDENCE:
                    return event
            elif packed.startswith(_TICK):
                return TimeAdvanced(_ticks.decode(packed[2:]))
            elif packed.startswith(_FORWARD):
                forward = _forwards.decode(packed[2:])
                if forward.event.type in PRECEDENCE and forward.via.path:
                    return forward
            if packed[0] == VERSION:
                raise UnreadableRecord("the timeline record is of an unknown kind")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableRecord(f"the timeline record is damaged: {error}") from error
    raise UnreadableRecord(f"not a timeline record of version {VERSION}")
