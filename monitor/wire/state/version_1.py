"""Reads the body of states that release 0.1.0 wrote: one msgpack array with the names of everything."""

from typing import Final, NamedTuple

import msgspec

from monitor.core.event import OrderKey, Scalar
from monitor.core.evidence import Evidence, Pieces
from monitor.core.lead import Clock, Fold, Lead, Told
from monitor.wire.state.codes import DAMAGE, TYPE_CODES, UnreadableState

VERSION: Final = 1


class _Fold(NamedTuple):
    stage: str
    stage_at: int
    round: int
    attributes: dict[str, Scalar]
    clocks: tuple[Clock, ...]


class _Evidence(NamedTuple):
    at: int
    id: str
    type: str
    source: str
    data: dict[str, Scalar]
    barred: tuple[str, ...] = ()


_Body = tuple[int, tuple[_Evidence, ...], _Fold, tuple[Told, ...], _Fold | None, OrderKey | None, bool]
_body: Final[msgspec.msgpack.Decoder[_Body]] = msgspec.msgpack.Decoder(_Body)


def decode(lead_id: str, body: bytes) -> Lead:
    """The lead. Raises UnreadableState."""
    try:
        known_until, evidence, fold, told, base, base_key, erased = _body.decode(body)
    except DAMAGE as error:
        raise UnreadableState(f"the state is damaged: {error}") from error
    if any(piece.type not in TYPE_CODES for piece in evidence):
        raise UnreadableState("the state is damaged: it has an event type that never was")
    based_on = None if base is None else Fold(*base)
    return Lead(
        lead_id,
        known_until,
        Pieces([Evidence(*piece) for piece in evidence]),
        Fold(*fold),
        told,
        based_on,
        base_key,
        erased,
    )
