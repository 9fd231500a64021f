"""How a lead's state is kept in the table and its changelog: a fixed header, then msgpack.

Header: version byte, a byte that is 1 while a clock is open, then two unsigned 64-bit numbers: the timeline
offset of the last record that is in this state, and the next instant at which a tick may change what is said
(0: none). Recovery and the deadline index read only the header.

Behind it stand the parts of the lead; clocks and evidence are bytes within, unpacked only when somebody looks at them.
"""

from struct import Struct
from typing import Final

import msgspec

from monitor.core.lead import Fold, Lead
from monitor.core.tables import ClockState
from monitor.core.value import Value
from monitor.wire.state import version_1
from monitor.wire.state.clocks import PackedClaims, PackedClocks, PackedTold, Packing, clock_states_of, packed_clocks
from monitor.wire.state.codes import DAMAGE, STAGE_CODES, STAGES, UnreadableState
from monitor.wire.state.history import PackedHistory, packed_history
from monitor.wire.state.shapes import Body, BodyHead, Fields

VERSION: Final = 2
_READABLE: Final = frozenset({version_1.VERSION, VERSION})
_VERSION: Final = bytes([VERSION])
_HEADER: Final = Struct(">BBQQ")
_HEADER_BYTES: Final = _HEADER.size

_encode: Final = msgspec.msgpack.Encoder().encode
_body: Final[msgspec.msgpack.Decoder[Body]] = msgspec.msgpack.Decoder(Body)
_head: Final[msgspec.msgpack.Decoder[BodyHead]] = msgspec.msgpack.Decoder(BodyHead)


class StateHeader(Value):
    """What is known of a state without decoding it."""

    def __init__(self, open: bool, offset: int, next_at: int) -> None:
        """`open`: a clock is open. `next_at`: 0: no tick will change what is said."""
        self.open: Final = open
        self.offset: Final = offset
        self.next_at: Final = next_at

    def fields(self) -> tuple[object, ...]:
        """See Value."""
        return self.open, self.offset, self.next_at


def encode_state(lead: Lead, offset: int, next_at: int | None) -> bytes:
    """The state of a lead after the timeline record at `offset`."""
    fold, base = lead.fold, lead.base
    history = packed_history(lead.evidence)
    clocks, clocks_length, is_open = packed_clocks(fold.clocks, lead.told, fold.claims)
    body: tuple[object, ...] = (
        clocks,
        clocks_length,
        lead.known_until,
        STAGE_CODES.get(fold.stage, fold.stage),
        fold.stage_at,
        fold.round,
        fold.attributes,
        history.count,
        history.newest_at,
        history.sources,
        history.records,
        None if base is None else _base_packed(base),
        lead.base_key,
        lead.erased,
    )
    if lead.merged is not None:
        body = (*body, lead.merged)
    return _HEADER.pack(VERSION, is_open, offset, next_at or 0) + _encode(body)


def decode_state(lead_id: str, packed: bytes) -> Lead:
    """The lead. Raises UnreadableState, and so may looking at the clocks and the evidence of the lead."""
    if packed[:1] != _VERSION:
        state_header(packed)
        return version_1.decode(lead_id, packed[_HEADER_BYTES:])
    try:
        body = _body.decode(packed[_HEADER_BYTES:])
        packing = Packing(body.clocks, body.clocks_length, packed[1] == 1)
        stage = STAGES[body.stage] if isinstance(body.stage, int) else body.stage
        return Lead(
            lead_id,
            body.known_until,
            PackedHistory(body.count, body.newest_at, body.sources, body.records),
            _fold(stage, body.stage_at, body.round, body.attributes, packing),
            PackedTold(packing),
            None if body.base is None else _base_unpacked(*body.base),
            body.base_key,
            body.erased,
            body.merged,
        )
    except DAMAGE as error:
        raise UnreadableState(f"the state is damaged: {error}") from error


def in_short(packed: bytes) -> tuple[str, list[tuple[str, ClockState]]]:
    """What a lead is counted as, in a fraction of the time that the whole lead takes. Raises UnreadableState.

    The stage that it is in, empty where none is known or it goes on as another; duty and state of its clocks, of which
    a lead without an open one shows none.
    """
    state, body = state_header(packed), packed[_HEADER_BYTES:]
    if packed[0] == version_1.VERSION:
        fold = version_1.decode("", body).fold
        return fold.stage, [(clock.duty, clock.state) for clock in fold.clocks] if state.open else []
    try:
        head = _head.decode(body)
        stage = "" if bytes(head.merged) else STAGES[head.stage] if isinstance(head.stage, int) else head.stage
        return stage, clock_states_of(head.clocks) if state.open else []
    except DAMAGE as error:
        raise UnreadableState(f"the state is damaged: {error}") from error


def header(offset: int, next_at: int = 0, *, is_open: bool = False) -> bytes:
    """The header of a state that is no lead's, after the record at that offset of its topic."""
    return _HEADER.pack(VERSION, is_open, offset, next_at)


def body_of(packed: bytes) -> bytes:
    """What stands behind the header. Raises UnreadableState."""
    state_header(packed)
    return packed[_HEADER_BYTES:]


def state_header(packed: bytes) -> StateHeader:
    """The header alone. Raises UnreadableState."""
    if len(packed) < _HEADER_BYTES:
        raise UnreadableState(f"the state has {len(packed)} bytes, fewer than its header")
    version, is_open, offset, next_at = _HEADER.unpack_from(packed)
    if version not in _READABLE:
        raise UnreadableState(f"the state has version {version}; this release reads version {VERSION} and older ones")
    return StateHeader(bool(is_open), offset, next_at)


def _base_packed(base: Fold) -> tuple[object, ...]:
    told = PackedTold(base.clocks.packing) if isinstance(base.clocks, PackedClocks) else ()
    clocks, length, _ = packed_clocks(base.clocks, told, base.claims)
    return base.stage, base.stage_at, base.round, base.attributes, length, clocks


def _base_unpacked(stage: str, stage_at: int, round_: int, attributes: Fields, count: int, clocks: bytes) -> Fold:
    return _fold(stage, stage_at, round_, attributes, Packing(clocks, count, is_open=False))


def _fold(stage: str, stage_at: int, round_: int, attributes: Fields, packing: Packing) -> Fold:
    return Fold(stage, stage_at, round_, attributes, PackedClocks(packing), PackedClaims(packing))
