"""What a partition's changelog adds up to: the newest state of each lead, whatever else was written there.

A superseded worker may have written last, and anybody may have written anything. Of what can be read the state
with the highest timeline offset counts. What cannot be read sets its lead aside: to go on from an older state
would be a guess, so the unreadable bytes are kept as the lead's state, and whoever judges the lead meets them.
"""

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final

from monitor.stream.engine.shards import Shard
from monitor.wire.state import UnreadableState, state_header


class Damage(StrEnum):
    """What was wrong with a changelog record; a bounded vocabulary, fit for a metric label."""

    NOT_A_LEAD = "not_a_lead"
    UNREADABLE = "unreadable"


BECAME: Final = {
    Damage.NOT_A_LEAD: "have no lead's id as their key and were skipped",
    Damage.UNREADABLE: "are no states that this release reads; their leads are set aside, not judged",
}
"""What became of such records."""


class PartitionRecovery:
    """Folds changelog records of one partition into its shard."""

    def __init__(self, shard: Shard) -> None:
        self._shard = shard
        self._stale: dict[bytes, bytes] = {}
        self._stale_after: int | None = None
        self._read_before: dict[bytes, int] = {}
        """Of leads that are set aside: the highest timeline offset of a state that could be read."""
        self.damage: Counter[Damage] = Counter()
        self.examples: dict[Damage, str] = {}

    def fold(self, records: Iterable[Any], last_offset: int) -> None:
        """Take records in the order of the log, the last of them at that changelog offset. Raises CannotStore."""
        newest: dict[bytes, bytes | None] = {}
        for record in records:
            key, packed = record.key, record.value
            if not _names_a_lead(key):
                self._damaged(Damage.NOT_A_LEAD, record, "the key is no lead's id")
                continue
            known = newest[key] if key in newest else self._shard.get(key)
            try:
                offset = None if packed is None else state_header(packed).offset
            except UnreadableState as unreadable:
                self._damaged(Damage.UNREADABLE, record, str(unreadable))
                if known is not None:
                    self._read_before[key] = self._offset(key, known)
            else:
                if offset is not None and known is not None and offset < self._offset(key, known):
                    self._found_stale(key, known, record.offset)
                    continue
                # A key without a value was deleted on purpose; compaction will leave nothing of it either.
                self._read_before.pop(key, None)
            newest[key] = packed
            self._stale.pop(key, None)
        if not self._stale:
            self._stale_after = None
        # What is stale must be found again if the worker ends before it was written anew.
        self._shard.put_all(newest.items(), last_offset if self._stale_after is None else self._stale_after)

    def take_stale(self) -> list[tuple[bytes, bytes]]:
        """The leads whose last record is not the one that counts, with the one that does; each is told once."""
        stale, self._stale, self._stale_after = self._stale, {}, None
        return list(stale.items())

    def _offset(self, key: bytes, known: bytes) -> int:
        try:
            return state_header(known).offset
        except UnreadableState:
            return self._read_before.get(key, -1)

    def _found_stale(self, key: bytes, known: bytes, offset: int) -> None:
        self._stale[key] = known
        if self._stale_after is None:
            self._stale_after = max(0, offset - 1)

    def _damaged(self, damage: Damage, record: Any, detail: str) -> None:
        self.damage[damage] += 1
        self.examples.setdefault(damage, f"offset {record.offset}: {detail}")


def _names_a_lead(key: bytes | None) -> bool:
    if not key or key[0] == 0:
        return False
    try:
        key.decode()
    except UnicodeDecodeError:
        return False
    return True
