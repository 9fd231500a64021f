"""The table store: a shard of packed bytes for each partition, filled by recovery without decoding.

Revocation drops a partition whole. What counts of a changelog, and what must be written again, is said in
`monitor.stream.engine.recovery`.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any

from faust.stores import base
from faust.types.tuples import TP

from monitor.stream.engine.recovery import BECAME, Damage, PartitionRecovery
from monitor.stream.engine.shards import Shard


class PartitionStore(base.Store):  # type: ignore[misc]
    """Faust's table store over shards. Only recovery and the judge write here, a batch at a time."""

    def __init__(
        self,
        url: Any,
        app: Any,
        table: Any,
        *,
        open_shard: Callable[[int], Shard],
        on_ready: Callable[[list[int]], Awaitable[None]],
        **kwargs: Any,
    ) -> None:
        """`on_ready`: these partitions are recovered; judging does not begin before it returns."""
        super().__init__(url, app, table, **kwargs)
        self._open_shard = open_shard
        self._on_ready = on_ready
        self._shards: dict[int, Shard] = {}
        self._recoveries: dict[int, PartitionRecovery] = {}
        self._crashing: asyncio.Future[None] | None = None  # held, or the task could be collected before it ran
        self.damage: Counter[Damage] = Counter()
        """Changelog records that were no lead's state, since the worker began."""

    def shard(self, partition: int) -> Shard:
        """The shard of a partition that this worker owns. Raises CannotStore."""
        if partition not in self._shards:
            self._shards[partition] = self._open_shard(partition)
        return self._shards[partition]

    def take_stale(self, partition: int) -> list[tuple[bytes, bytes]]:
        """Leads whose last changelog record is older than the state that counts, with that state.

        It must be written to the changelog again before anything else of these leads: compaction keeps what was
        written last. Each is told once, and told again after a restart for as long as it was not written.
        """
        recovery = self._recoveries.get(partition)
        return [] if recovery is None else recovery.take_stale()

    def persisted_offset(self, tp: TP) -> int | None:
        """Where recovery may begin: everything up to here is in the shard."""
        return self.shard(tp.partition).changelog_offset

    def set_persisted_offset(self, tp: TP, offset: int) -> None:
        """Offsets are stored with the data; Faust's own bookkeeping is not needed."""

    def apply_changelog_batch(self, batch: Iterable[Any], to_key: Any, to_value: Any) -> None:
        """Recovery: fold what was read into the shards.

        Faust logs what this raises, as a warning, and recovers on without it: stop the worker instead.
        """
        try:
            for event in batch:
                partition = event.message.partition
                if partition not in self._recoveries:
                    self._recoveries[partition] = PartitionRecovery(self.shard(partition))
                self._recoveries[partition].fold(event.message.value, event.message.offset)
        except Exception as error:
            self._crashing = asyncio.ensure_future(self.app.crash(error))
            raise

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:
        """Name what was damaged, and forget what belongs to others now.

        Faust swallows what this raises and calls the worker ready all the same: stop the worker instead.
        """
        kept = {tp.partition for tp in active_tps | standby_tps}
        try:
            self._name_damage()
            for partition in set(self._shards) - kept:
                self._recoveries.pop(partition, None)
                self._shards.pop(partition).close()
            await self._on_ready(sorted(tp.partition for tp in active_tps))
        except Exception as error:
            await self.app.crash(error)
            raise

    def _name_damage(self) -> None:
        for damage in Damage:
            found = [(p, r) for p, r in sorted(self._recoveries.items()) if r.damage[damage]]
            if not found:
                continue
            records = sum(recovery.damage.pop(damage) for _, recovery in found)
            self.damage[damage] += records
            partition, first = found[0]
            self.log.error(
                f"%s changelog records {BECAME[damage]}; the first: %s, partition %s, %s",  # two kinds, two lines
                records, self.table.changelog_topic_name, partition, first.examples[damage],
            )  # fmt: skip

    async def on_stop(self) -> None:
        """Close every shard."""
        self._recoveries.clear()
        while self._shards:
            self._shards.popitem()[1].close()

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
        self._recoveries.clear()
        self._shards.clear()
