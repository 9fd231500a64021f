"""The evidence of a lead, packed: a step adds one record behind the others and unpacks none of them.

A record is one msgpack array: the microseconds since the record before it, id, type, source, fields; then, if any, the
duties that it came too late for, and how it came here from a merged lead. Sources are numbers of a list; the instant
of the newest is kept beside them.
"""

from collections.abc import Iterable, Iterator, Sequence
from struct import Struct
from typing import Final

import msgspec

from monitor.core.evidence import Evidence, History
from monitor.wire.state.codes import DAMAGE, TYPE_CODES, TYPES, UnreadableState, data_coded, data_named
from monitor.wire.state.shapes import EvidenceRecord

_ARRAY: Final = Struct(">BI")  # the head of a msgpack array: its kind, its length
_ARRAY_KIND: Final = 0xDD
_encode: Final = msgspec.msgpack.Encoder().encode
_records: Final[msgspec.msgpack.Decoder[list[EvidenceRecord]]] = msgspec.msgpack.Decoder(list[EvidenceRecord])


class PackedHistory:
    """A History as bytes. Whatever looks at a piece of it may raise UnreadableState."""

    __slots__ = ("_pieces", "count", "newest_at", "records", "sources")

    def __init__(self, count: int, newest_at: int | None, sources: Sequence[str], records: bytes) -> None:
        self.count = count
        self.newest_at = newest_at
        self.sources = sources
        self.records = records
        self._pieces: tuple[Evidence, ...] | None = None

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Evidence]:
        if self._pieces is None:
            self._pieces = self._unpacked()
        return iter(self._pieces)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Iterable) and tuple(self) == tuple(other)

    def knows(self, event: Evidence) -> bool:
        """See History. Where the bytes of its id do not occur, the event does not either."""
        if _encode(event.id) not in self.records:
            return False
        return any(known.id == event.id and known.source == event.source for known in self)

    def followed_by(self, newest: Evidence) -> "PackedHistory":
        """See History."""
        sources = self.sources
        if newest.source not in sources:
            sources = [*sources, newest.source]
        since_us = 0 if self.newest_at is None else newest.at - self.newest_at
        record = _record(newest, since_us, sources.index(newest.source))
        return PackedHistory(self.count + 1, newest.at, sources, self.records + record)

    def _unpacked(self) -> tuple[Evidence, ...]:
        pieces: list[Evidence] = []
        at = self.newest_at or 0
        try:
            for record in reversed(_records.decode(_ARRAY.pack(_ARRAY_KIND, self.count) + self.records)):
                type_, source, data = TYPES[record.type], self.sources[record.source], data_named(record.data)
                pieces.append(Evidence(at, record.id, type_, source, data, record.barred, record.via))
                at -= record.since
        except DAMAGE as error:
            raise UnreadableState(f"the evidence of the state is damaged: {error}") from error
        return tuple(reversed(pieces))


def _record(piece: Evidence, since_us: int, source: int) -> bytes:
    record = (since_us, piece.id, TYPE_CODES[piece.type], source, data_coded(piece.data))
    if piece.via is not None:
        return _encode((*record, piece.barred, piece.via))
    return _encode((*record, piece.barred) if piece.barred else record)


def packed_history(history: History) -> PackedHistory:
    """The same, packed; the bytes are those of packing it piece by piece."""
    if isinstance(history, PackedHistory):
        return history
    numbers: dict[str, int] = {}
    records: list[bytes] = []
    newest_at: int | None = None
    for piece in history:
        source = numbers.setdefault(piece.source, len(numbers))
        records.append(_record(piece, 0 if newest_at is None else piece.at - newest_at, source))
        newest_at = piece.at
    return PackedHistory(len(records), newest_at, list(numbers), b"".join(records))
