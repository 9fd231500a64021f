"""Shards: the states of one partition, in one dictionary or in one RocksDB."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from rocksdict import BlockBasedOptions, Options, Rdict, WriteBatch

# No lead's id begins with a zero byte: ids have no control characters.
_OFFSET_KEY: Final = b"\x00changelog-offset"

# What the operating system or RocksDB says, and what to do about it.
_FIXES: Final = (
    ("No space left", "make room there"),
    ("quota", "make room there"),
    ("lock hold", "another process uses it: give each worker a folder of its own"),
    ("While lock file", "another process uses it: give each worker a folder of its own"),
    ("Read-only", "make it writable"),
    ("ermission denied", "make it writable for the user that runs the worker"),
    ("not permitted", "make it writable for the user that runs the worker"),
    ("orruption", "delete the folder: it is filled again from the changelog"),
)


class CannotStore(Exception):
    """A folder for states cannot be used; the message names the folder and the fix."""

    def __init__(self, folder: Path, error: Exception) -> None:
        says = " ".join(str(error).split())
        fix = next((fix for phrase, fix in _FIXES if phrase in says), "see that the folder can be used")
        super().__init__(
            f"lead states cannot be stored in {folder}: {says}; {fix}, or set LEAD_SLA_STATE_DIR to another folder."
            " Nothing is lost: states are read again from the changelog"
        )


class Shard(Protocol):
    """The state of one partition: lead id bytes to packed state."""

    changelog_offset: int | None
    """The last changelog record that is in here."""

    def get(self, key: bytes) -> bytes | None:
        """The packed state, or None."""
        ...

    def put_all(self, items: Iterable[tuple[bytes, bytes | None]], changelog_offset: int) -> None:
        """Store, or delete where the value is None, together with the offset they came from.

        Raises CannotStore.
        """
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
        """Raises CannotStore."""
        self._folder = folder
        options = Options(raw_mode=True)
        options.create_if_missing(True)
        # Recovery asks for each lead before it writes it, and a new lead is in none of the files: ten bits a lead tell.
        tables = BlockBasedOptions()
        tables.set_bloom_filter(10, block_based=False)
        options.set_block_based_table_factory(tables)
        with self._storing():
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
        with self._storing():
            self._db.write(batch)
        self.changelog_offset = changelog_offset

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """See Shard."""
        return ((bytes(key), value) for key, value in self._db.items() if key != _OFFSET_KEY)  # type: ignore[arg-type]

    def close(self) -> None:
        """Release the folder's lock. Raises CannotStore when what was written does not reach the disk."""
        with self._storing():
            self._db.close()

    @contextmanager
    def _storing(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # RocksDB's binding raises nothing more precise
            raise CannotStore(self._folder, error) from error
