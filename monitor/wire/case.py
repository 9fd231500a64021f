"""How a case is kept in the table of notices and its changelog: the header that every state has, then msgpack.

Of the header, "open" means that something waits, and the offset is a number that rises with every record of the
case (`monitor.stream.partition_desk`). Outcomes are kept as they stand on their topic.
"""

from typing import Final

import msgspec

from monitor.core.calls import Call
from monitor.core.case import Case, Item, Said, State
from monitor.core.routing import Asks
from monitor.wire.outcome import UnreadableOutcome, decode_outcome, encode_outcome
from monitor.wire.state import UnreadableState
from monitor.wire.state.codec import body_of, header


class _Call(msgspec.Struct, array_like=True, gc=False):
    said: str
    recipient: str
    channel: str
    at: int
    rung: int
    after: str
    asks: str
    page: bool
    route: str
    fold: tuple[tuple[str, str], ...]
    fold_us: int


class _Item(msgspec.Struct, array_like=True, gc=False):
    notice_id: str
    outcome_id: str
    call: _Call
    at: int
    state: State
    reason: str
    attempts: int
    next_at: int
    message: str
    settled_at: int
    digest: bool


class _Case(msgspec.Struct, array_like=True, gc=False):
    said: tuple[tuple[bytes, int, int], ...]
    items: tuple[_Item, ...]
    heard_at: int
    closed: bool
    acknowledged_at: int
    acknowledged_by: str
    snoozed_until: int
    snoozes: int


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(_Case).decode


def encode_case(case: Case, sequence: int) -> bytes:
    """The packed case."""
    said = [(encode_outcome(each.outcome), each.told_at, each.offset) for each in case.said]
    waits = any(item.state is State.WAITING for item in case.items)
    body = (said, [tuple(item) for item in case.items], *case[2:])
    return header(sequence, case.forget_at() or 0, is_open=waits) + _encode(body)


def decode_case(packed: bytes) -> Case:
    """The case. Raises UnreadableState."""
    try:
        body = _decode(body_of(packed))
        said = tuple([Said(decode_outcome(value), told_at, offset) for value, told_at, offset in body.said])
    except (msgspec.DecodeError, UnreadableOutcome, UnicodeDecodeError) as error:
        raise UnreadableState(f"the case is damaged: {error}") from error
    items = tuple([_item(item) for item in body.items])
    rest = (body.heard_at, body.closed, body.acknowledged_at, body.acknowledged_by, body.snoozed_until, body.snoozes)
    return Case(said, items, *rest)


def _item(item: _Item) -> Item:
    call = item.call
    return Item(
        item.notice_id,
        item.outcome_id,
        Call(
            call.said, call.recipient, call.channel, call.at, call.rung, call.after, Asks(call.asks), call.page,
            call.route, call.fold, call.fold_us,
        ),
        item.at,
        item.state,
        item.reason,
        item.attempts,
        item.next_at,
        item.message,
        item.settled_at,
        item.digest,
    )  # fmt: skip
