"""How a lead's state is kept in the table and its changelog: a fixed header, then msgpack.

Header: version byte, a byte that is 1 while a clock is open, then two unsigned 64-bit numbers: the timeline
offset of the last record that is in this state, and the next instant at which a tick may change what is said
(0: none). Recovery and the deadline index read only the header.
"""

from struct import Struct
from typing import Final, NamedTuple

import msgspec

from monitor.core.event import OrderKey, Scalar
from monitor.core.evidence import Evidence, Pieces
from monitor.core.lead import Clock, Fold, Lead, Told
from monitor.core.tables import OPEN_STATES, ClockState

VERSION: Final = 1
_HEADER: Final = Struct(">BBQQ")


class _Fold(NamedTuple):
    stage: str
    stage_at: int
    round: int
    attributes: dict[str, Scalar]
    clocks: tuple[Clock, ...]


_Body = tuple[int, tuple[Evidence, ...], _Fold, tuple[Told, ...], _Fold | None, OrderKey | None, bool]
_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final[msgspec.msgpack.Decoder[_Body]] = msgspec.msgpack.Decoder(_Body)


# The fields that come first, as far as those that are asked for: decoding stops short of the rest.
class _ClockHead(msgspec.Struct, array_like=True, gc=False):
    duty: str
    cycle: msgspec.Raw
    round: msgspec.Raw
    state: ClockState


class _FoldHead(msgspec.Struct, array_like=True, gc=False):
    stage: msgspec.Raw
    stage_at: msgspec.Raw
    round: msgspec.Raw
    attributes: msgspec.Raw
    clocks: tuple[_ClockHead, ...]


class _BodyHead(msgspec.Struct, array_like=True, gc=False):
    known_until: msgspec.Raw
    evidence: msgspec.Raw
    fold: _FoldHead


_heads: Final[msgspec.msgpack.Decoder[_BodyHead]] = msgspec.msgpack.Decoder(_BodyHead)


class StateHeader(NamedTuple):
    """What is known of a state without decoding it."""

    open: bool
    """A clock is open."""
    offset: int
    next_at: int
    """0: no tick will change what is said."""


class UnreadableState(ValueError):
    """These bytes are not a lead's state of a version that is known here."""


def encode_state(lead: Lead, offset: int, next_at: int | None) -> bytes:
    """The state of a lead after the timeline record at `offset`."""
    is_open = any(clock.state in OPEN_STATES for clock in lead.fold.clocks)
    return _HEADER.pack(VERSION, is_open, offset, next_at or 0) + _encoder.encode(lead[1:])


def decode_state(lead_id: str, packed: bytes) -> Lead:
    """The lead. Raises UnreadableState."""
    state_header(packed)
    try:
        known_until, evidence, fold, told, base, base_key, erased = _decoder.decode(memoryview(packed)[_HEADER.size :])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableState(f"the state is damaged: {error}") from error
    based_on = None if base is None else Fold(*base)
    return Lead(lead_id, known_until, Pieces(evidence), Fold(*fold), told, based_on, base_key, erased)


def clock_states(packed: bytes) -> list[tuple[str, ClockState]]:
    """Duty and state of each clock, in a quarter of the time that the whole lead takes. Raises UnreadableState."""
    state_header(packed)
    try:
        head = _heads.decode(memoryview(packed)[_HEADER.size :])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableState(f"the state is damaged: {error}") from error
    return [(clock.duty, clock.state) for clock in head.fold.clocks]


def state_header(packed: bytes) -> StateHeader:
    """The header alone. Raises UnreadableState."""
    if len(packed) < _HEADER.size:
        raise UnreadableState(f"the state has {len(packed)} bytes, fewer than its header")
    version, is_open, offset, next_at = _HEADER.unpack_from(packed)
    if version != VERSION:
        raise UnreadableState(f"the state has version {version}; this release reads version {VERSION}")
    return StateHeader(bool(is_open), offset, next_at)
