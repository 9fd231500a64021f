"""How records come out of what a fetch brought: as they are read, and whatever the names of their headers hold.

Kafka stores header names that are not UTF-8 although its protocol forbids them. aiokafka raises while it unpacks such
a batch, before anybody has seen a record: one of them would stop the worker at every start. Here the batch is read
again, the bad bytes of the name written out (`\\xff`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record import MemoryRecords
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import _MemoryRecordsPy


class _Lenient(bytes):
    """Bytes that decode whatever they hold."""

    def __getitem__(self, index: Any) -> Any:
        part = super().__getitem__(index)
        return part if isinstance(part, int) else _Lenient(part)

    def decode(self, encoding: str = "utf-8", errors: str = "backslashreplace") -> str:
        return super().decode(encoding, "backslashreplace")


class _Batch:
    """A batch of records; everything but the iteration is aiokafka's."""

    def __init__(self, batch: Any, raw: bytes, index: int) -> None:
        self._batch = batch
        self._raw = raw
        self._index = index

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __iter__(self) -> Iterator[Any]:
        try:
            return iter(list(self._batch))
        except UnicodeDecodeError:
            return iter(self._read_leniently())

    def __next__(self) -> Any:
        """The next record: how aiokafka looks into the control batches of transactions."""
        return next(self._batch)

    def _read_leniently(self) -> Any:
        slices = _MemoryRecordsPy(self._raw)
        for _ in range(self._index):
            slices.next_batch()
        batch = _DefaultRecordBatchPy(slices._next_slice)
        batch._maybe_uncompress()
        batch._buffer = _Lenient(batch._buffer)
        return batch


class LenientRecords:
    """Stands in for aiokafka's MemoryRecords in its fetcher."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._records = MemoryRecords(raw)
        self._index = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._records, name)

    def next_batch(self) -> _Batch:
        """The next batch, readable whatever its header names hold."""
        batch = _Batch(self._records.next_batch(), self._raw, self._index)
        self._index += 1
        return batch


def _as_read(_tp: Any, record: Any) -> Any:
    return record


def leave_as_read(fetched: Iterable[Any]) -> None:
    """Have aiokafka hand out records as it reads them, not each copied into a ConsumerRecord.

    They have offset, timestamp and its type, key, value and headers; topic and partition are those of their batch.
    `fetched`: what a fetcher holds ready, a FetchResult for each partition, or an error.
    """
    for result in fetched:
        if isinstance(result, fetcher.FetchResult) and result.has_more():
            result._partition_records._consumer_record = _as_read


def install() -> None:
    """Make aiokafka's consumers of this process read leniently."""
    fetcher.MemoryRecords = LenientRecords
