"""The table store: per partition one dictionary (or one RocksDB) of packed bytes.

Revocation drops a partition whole; recovery fills it without decoding. A record older than the one it would
replace is refused: each carries the timeline offset it was made from (`monitor.wire.state`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

from faust.stores import base
from faust.types.tuples import TP
from rocksdict import Options, Rdict, WriteBatch

from monitor.wire.state import UnreadableState, state_header

_OFFSET_KEY = b"\x00changelog-offset"


class Shard(Protocol):
    """The state of one partition: lead id bytes to packed state."""

    changelog_offset: int | None
    """The last changelog record that is in here."""

    def get(self, key: bytes) -> bytes | None:
        """The packed state, or None."""
        ...

    def put_all(self, items: Iterable[tuple[bytes, bytes | None]], changelog_offset: int) -> None:
        """Store, or delete where the value is None, together with the offset they came from."""
        ...

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """All keys and values."""
        ...

    def close(self) -> None:
        """Let go of files."""
        ...


class MemoryShard:
    """A dictionary."""

    def __init__(self) -> None:
        self.changelog_offset: int | None = None
        self._states: dict[bytes, bytes] = {}
        self.get = self._states.get

    def put_all(self, items: Iterable[tuple[bytes, bytes | None]], changelog_offset: int) -> None:
        """See Shard."""
        for key, value in items:
            if value is None:
                self._states.pop(key, None)
            else:
                self._states[key] = value
        self.changelog_offset = changelog_offset

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """See Shard."""
        return iter(self._states.items())

    def close(self) -> None:
        """Nothing to let go of."""


class RocksShard:
    """A RocksDB in one folder; states and changelog offset are written in one atomic batch."""

    def __init__(self, folder: Path) -> None:
        options = Options(raw_mode=True)
        options.create_if_missing(True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        self._db = Rdict(str(folder), options)
        packed = self._db.get(_OFFSET_KEY)
        self.changelog_offset: int | None = int.from_bytes(packed, "big") if packed else None

    def get(self, key: bytes) -> bytes | None:
        """See Shard."""
        found: bytes | None = self._db.get(key)
        return found

    def put_all(self, items: Iterable[tuple[bytes, bytes | None]], changelog_offset: int) -> None:
        """See Shard."""
        batch = WriteBatch(raw_mode=True)
        for key, value in items:
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        batch.put(_OFFSET_KEY, changelog_offset.to_bytes(8, "big"))
        self._db.write(batch)
        self.changelog_offset = changelog_offset

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """See Shard."""
        return ((bytes(key), value) for key, value in self._db.items() if key != _OFFSET_KEY)  # type: ignore[arg-type]

    def close(self) -> None:
        """Flush and release the folder's lock."""
        self._db.close()


class PartitionStore(base.Store):  # type: ignore[misc]
    """Faust's table store over shards. Only recovery and the judge write here, a batch at a time."""

    def __init__(self, url: Any, app: Any, table: Any, *, open_shard: Callable[[int], Shard], **kwargs: Any) -> None:
        super().__init__(url, app, table, **kwargs)
        self._open_shard = open_shard
        self._shards: dict[int, Shard] = {}
        self._crashing: asyncio.Future[None] | None = None  # held, or the task could be collected before it ran
        self.unreadable = 0
        """Changelog records that were skipped because they are no lead's state."""

    def shard(self, partition: int) -> Shard:
        """The shard of a partition that this worker owns."""
        if partition not in self._shards:
            self._shards[partition] = self._open_shard(partition)
        return self._shards[partition]

    def persisted_offset(self, tp: TP) -> int | None:
        """Where recovery may begin: everything up to here is in the shard."""
        return self.shard(tp.partition).changelog_offset

    def set_persisted_offset(self, tp: TP, offset: int) -> None:
        """Offsets are stored with the data; Faust's own bookkeeping is not needed."""

    def apply_changelog_batch(self, batch: Iterable[Any], to_key: Any, to_value: Any) -> None:
        """Recovery: keep, per key, the state with the highest timeline offset.

        Faust logs what this raises, as a warning, and recovers on without it: stop the worker instead.
        """
        try:
            self._apply(batch)
        except Exception as error:
            self._crashing = asyncio.ensure_future(self.app.crash(error))
            raise

    def _apply(self, batch: Iterable[Any]) -> None:
        for event in batch:
            shard = self.shard(event.message.partition)
            newest: dict[bytes, bytes | None] = {}
            for record in event.message.value:
                if record.value is None:
                    newest[record.key] = None
                    continue
                try:
                    offset = state_header(record.value).offset
                    known = newest.get(record.key) or shard.get(record.key)
                    if known is None or offset >= state_header(known).offset:
                        newest[record.key] = record.value
                except UnreadableState as unreadable:
                    self.unreadable += 1
                    self.log.error("changelog record skipped: %s", unreadable)
            shard.put_all(newest.items(), event.message.offset)

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:
        """Forget what belongs to others now.

        Faust swallows what this raises and calls the worker ready all the same: stop the worker instead.
        """
        kept = {tp.partition for tp in active_tps | standby_tps}
        try:
            for partition in set(self._shards) - kept:
                self._shards.pop(partition).close()
            await self.app.on_shards_ready(sorted(tp.partition for tp in active_tps))
        except Exception as error:
            await self.app.crash(error)
            raise

    async def on_stop(self) -> None:
        """Close every shard."""
        for shard in self._shards.values():
            shard.close()
        self._shards.clear()

    def reset_state(self) -> None:
        """Nothing beside the shards."""

    async def backup_partition(self, *args: Any, **kwargs: Any) -> None:
        """The changelog is the backup."""

    def restore_backup(self, *args: Any, **kwargs: Any) -> None:
        """The changelog is the backup."""

    def _all(self) -> Iterator[tuple[bytes, bytes]]:
        for shard in self._shards.values():
            yield from shard.items()

    def __getitem__(self, key: bytes) -> bytes:
        for shard in self._shards.values():
            if (value := shard.get(key)) is not None:
                return value
        raise KeyError(key)

    def __setitem__(self, key: bytes, value: bytes) -> None:
        raise TypeError("states are written by the judge, a batch at a time")

    def __delitem__(self, key: bytes) -> None:
        raise TypeError("states are written by the judge, a batch at a time")

    def __iter__(self) -> Iterator[bytes]:
        return (key for key, _ in self._all())

    def __len__(self) -> int:
        return sum(1 for _ in self._all())

    def _clear(self) -> None:
        self._shards.clear()
