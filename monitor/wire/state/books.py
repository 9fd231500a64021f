"""How the books of the quotas are kept in their table and its changelog: a key and a state for each row and each line.

The header of a state is that of a lead's, for recovery to know which is the newest: with the offset of a fact or tick.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from monitor.core.book_entries import Changes, Head, Line, Opened, Row, Said
from monitor.core.outcome import Kind
from monitor.wire.state.codec import body_of, header, state_header
from monitor.wire.state.codes import DAMAGE, UnreadableState
from monitor.wire.state.shapes import PackedHead

BOOKS_KEY: Final = b"books"
"""Under it stands how far the books of a partition are."""
_SEPARATOR: Final = "\x1f"
_ROW, _HEAD = "row", "line"

_encode: Final = msgspec.msgpack.Encoder().encode
_rows: Final[msgspec.msgpack.Decoder[Row]] = msgspec.msgpack.Decoder(Row)
_heads: Final[msgspec.msgpack.Decoder[PackedHead]] = msgspec.msgpack.Decoder(PackedHead)
_opened: Final[msgspec.msgpack.Decoder[Opened]] = msgspec.msgpack.Decoder(Opened)

State = tuple[bytes, bytes | None]


def packed_books(changes: Changes, offset: int) -> Iterator[State]:
    """What has to be written: rows, then what was said of their lines, then how far the books are.

    In this order a crash leaves no line that claims to have said what its rows do not bear out.
    """
    head = header(offset)
    for (line, id_), row in changes.rows.items():
        yield _key(_ROW, line, id_), None if row is None else head + _encode(row)
    for line, said in changes.heads.items():
        yield _key(_HEAD, line), None if said is None else head + _encode(_packed_head(said))
    if changes.opened is not None:
        yield BOOKS_KEY, head + _encode(changes.opened)


class KeptBooks:
    """What a partition's states say of its books."""

    def __init__(self, states: Iterable[tuple[bytes, bytes]]) -> None:
        self.opened: Opened | None = None
        self.offset = -1
        """Of the last fact or tick that is in the books."""
        self.heads: dict[Line, Head] = {}
        self.rows: dict[Line, dict[str, Row]] = {}
        self.unreadable = 0
        """States that cannot be read; the books are as if they had never been written."""
        for key, packed in states:
            try:
                self._read(key, packed)
            except (UnreadableState, *DAMAGE):
                self.unreadable += 1

    def _read(self, key: bytes, packed: bytes) -> None:
        body = body_of(packed)
        if key == BOOKS_KEY:
            self.opened, self.offset = _opened.decode(body), state_header(packed).offset
            return
        kind, quota, term, *rest = key.decode().split(_SEPARATOR)
        if kind == _HEAD:
            self.heads[quota, tuple(rest), term] = _unpacked_head(_heads.decode(body))
        elif kind == _ROW:
            *dims, id_ = rest
            self.rows.setdefault((quota, tuple(dims), term), {})[id_] = _rows.decode(body)
        else:
            raise UnreadableState(f"no state of the books has a key of the kind {kind}")


def _key(kind: str, line: Line, *more: str) -> bytes:
    quota, dims, term = line
    return _SEPARATOR.join((kind, quota, term, *dims, *more)).encode()


def _packed_head(head: Head) -> PackedHead:
    said = [(kind, level, of) for (kind, level), of in head.said.items()]
    return PackedHead(head.policy_version, said, head.at_risk, head.final)


def _unpacked_head(packed: PackedHead) -> Head:
    said: Mapping[tuple[Kind, str], Said] = {(kind, level): of for kind, level, of in packed.said}
    return Head(packed.policy_version, said, packed.at_risk, packed.final)
