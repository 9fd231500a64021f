"""The evidence of a lead, packed: a step adds one record behind the others and unpacks none of them.

A record is one msgpack array: the microseconds since the record before it, id, type, source, fields, and the duties
that it came too late for, if any. Sources are numbers of a list; the instant of the newest is kept beside them.
"""

from collections.abc import Iterator, Sequence
from struct import Struct
from typing import Final

import msgspec

from monitor.core.event import Scalar
from monitor.core.evidence import Evidence, History
from monitor.wire.state.codes import DAMAGE, TYPE_CODES, TYPES, UnreadableState, data_coded, data_named


class _Record(msgspec.Struct, array_like=True, gc=False):
    since: int
    id: str
    type: int
    source: int
    data: dict[int | str, Scalar]
    barred: tuple[str, ...] = ()


_ARRAY: Final = Struct(">BI")  # the head of a msgpack array: its kind, its length
_ARRAY_KIND: Final = 0xDD
_encode: Final = msgspec.msgpack.Encoder().encode
_records: Final[msgspec.msgpack.Decoder[list[_Record]]] = msgspec.msgpack.Decoder(list[_Record])


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
        return tuple(self) == (tuple(other) if isinstance(other, PackedHistory) else other)

    def knows(self, event: Evidence) -> bool:
        """See History. Where the bytes of its id do not occur, the event does not either."""
        if _encode(event.id) not in self.records:
            return False
        return any(known.id == event.id and known.source == event.source for known in self)

    def followed_by(self, newest: Evidence) -> "PackedHistory":
        """See History."""
        at, id_, type_, source, data, barred = newest
        sources = self.sources
        if source not in sources:
            sources = [*sources, source]
        since = 0 if self.newest_at is None else at - self.newest_at
        record: tuple[object, ...] = (since, id_, TYPE_CODES[type_], sources.index(source), data_coded(data))
        if barred:
            record = (*record, barred)
        return PackedHistory(self.count + 1, at, sources, self.records + _encode(record))

    def _unpacked(self) -> tuple[Evidence, ...]:
        pieces: list[Evidence] = []
        at = self.newest_at or 0
        try:
            for record in reversed(_records.decode(_ARRAY.pack(_ARRAY_KIND, self.count) + self.records)):
                type_, source, data = TYPES[record.type], self.sources[record.source], data_named(record.data)
                pieces.append(Evidence(at, record.id, type_, source, data, record.barred))
                at -= record.since
        except DAMAGE as error:
            raise UnreadableState(f"the evidence of the state is damaged: {error}") from error
        return tuple(reversed(pieces))


NO_HISTORY: Final = PackedHistory(0, None, (), b"")


def packed_history(history: History) -> PackedHistory:
    """The same, packed. Packing piece by piece or all at once gives equal bytes."""
    if isinstance(history, PackedHistory):
        return history
    packed = NO_HISTORY
    for evidence in history:
        packed = packed.followed_by(evidence)
    return packed
