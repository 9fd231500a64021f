"""Faust's consumer with whole-partition batches, and the rules that keep reading right across rebalances.

Faust's price is per message; here one message carries the records that one fetch brought for one partition.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import Any

from aiokafka.errors import KafkaError
from faust.transport.drivers import aiokafka as driver
from faust.types.tuples import TP, ConsumerMessage

from monitor.stream.engine.consumer_thread import ConsumerThread
from monitor.stream.engine.continuity import Continuity
from monitor.stream.engine.held_back import HeldBack
from monitor.stream.engine.host import Host
from monitor.stream.engine.in_flight import InFlight
from monitor.stream.engine.ownership import SelfFenced
from monitor.telemetry.engine import FenceReason

# Records per batch: enough that the per-message price of the engine vanishes (500 do), few enough that one
# fold blocks the event loop for less than a tenth of a second.
BATCH_RECORDS_MAX = 4_000
# A drain took 0.3-1.3 s under load; it must end well before the group's rebalance timeout.
DRAIN_S_MAX = 4.0


class Consumer(driver.Consumer):  # type: ignore[misc]
    """One message per partition and fetch; offsets committed in order; nothing lost between two assignments."""

    app: Host

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_flight = InFlight()
        self._changelog_to: dict[TP, int] = {}
        self._held_back = HeldBack()
        self._sought: frozenset[TP] = frozenset()
        self._continuity = Continuity()
        self._fetched_in = 0
        """The generation of the group under which the newest fetch began."""

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Any]]:
        """One ConsumerMessage per partition chunk; its value is the list of records, its offset the last one's."""
        records, active = await self._wait_next_records(timeout)
        generation = self._fetched_in
        if records is None or self.should_stop:
            return
        if not self.flow_active:
            await self._seek_back()
            return
        if records and generation != self.app.consumer_generation_id:  # ConsumerThread sees to it that this can't be
            raise SelfFenced(FenceReason.HOLE, "records were fetched under an assignment that is over")
        # Control records of transactions, and records that compaction removed, move the position without a record;
        # only here is it known to be still.
        positions = self._positions() if active else {}
        for raw_tp, fetched in records.items():
            tp = TP(raw_tp.topic, raw_tp.partition)
            for start in range(0, len(fetched), BATCH_RECORDS_MAX):
                if not self.flow_active or self.app.consumer_generation_id != generation:
                    return
                if active is not None and tp not in active and tp not in self._buffered_partitions:
                    positions.pop(tp, None)
                    break
                message = self._batch_message(tp, fetched[start : start + BATCH_RECORDS_MAX], generation)
                if message is not None:
                    yield tp, message
        if not self.flow_active or self.app.consumer_generation_id != generation:
            return
        self._in_flight.read_to({tp: to for tp, to in positions.items() if not self._is_changelog_tp(tp)})
        for tp, position in positions.items():
            if self._is_changelog_tp(tp) and position > self._changelog_to.get(tp, 0):
                self._changelog_to[tp] = position
                yield tp, _message(tp, position - 1, [], generation)

    async def _seek_back(self) -> None:
        try:
            await self.perform_seek()
        except KafkaError as error:  # the assignment is just changing; recovery seeks again before anything is read
            self.log.info("no seek while partitions move: %s", type(error).__name__)

    def _batch_message(self, tp: TP, records: list[Any], generation: int) -> Any | None:
        read_offset = self._read_offset[tp]
        if read_offset is not None and records[0].offset < read_offset:
            records = [record for record in records if record.offset >= read_offset]
            if not records:
                return None
        self.app.monitor.track_tp_end_offset(tp, self.highwater(tp))
        last = records[-1]
        if tp.topic in self.app.continuous_topics:
            self._continuity.check(tp, records[0].offset, last.offset)
        message = _message(tp, last.offset, records, generation)
        if self.app.topics.acks_enabled_for(tp.topic):
            self._in_flight.add(tp, message)
        if self._is_changelog_tp(tp):
            self._changelog_to[tp] = last.offset + 1
        return message

    def _positions(self) -> dict[TP, int]:
        assignment = self._thread._ensure_consumer()._subscription.subscription.assignment
        positions = {}
        for raw_tp in assignment.tps if assignment is not None else ():
            state, tp = assignment.state_value(raw_tp), TP(raw_tp.topic, raw_tp.partition)
            # Before its first seek a partition's position is nobody's progress.
            if state is not None and state.has_valid_position and tp in self._sought:
                positions[tp] = state.position
        return positions

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        tps = self._in_flight.partitions()
        return (tp for tp in tps if topics is None or tp in topics or tp.topic in topics)

    def _new_offset(self, tp: TP) -> int | None:
        """What may be committed of a partition; Faust's own may step over a gap."""
        offset = self._in_flight.committable(tp)
        self._acked[tp].clear()
        self._acked_index[tp].clear()
        return None if tp.topic in self.app.committed_elsewhere else offset

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        committed: bool = await super()._commit(offsets)
        self.app.metrics.committed("done" if committed else "refused")
        return committed

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:
        """Note under which assignment this reads, now that the flow is open.

        Pass a copy: Faust's set may be emptied meanwhile, and to aiokafka an empty set means all partitions.
        """
        self._fetched_in = self.app.consumer_generation_id
        return await super()._getmany(None if active_partitions is None else set(active_partitions), timeout)

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Gaps between batches need no book-keeping: whole batches are acknowledged."""

    async def perform_seek(self) -> None:
        """Seek to the committed offsets and remember them: reading must go on exactly there."""
        self._in_flight.forget()
        await super().perform_seek()
        begins = {tp: offset for tp, offset in self._read_offset.items() if not self._is_changelog_tp(tp)}
        for tp, earliest in (await self.earliest_offsets(*begins)).items() if begins else ():
            offset = begins[tp]
            if offset is not None and offset < earliest:
                self.log.error("%s: records %s to %s were deleted before they were read", tp, offset, earliest - 1)
                self.app.metrics.deleted_unread(earliest - offset)
                begins[tp] = earliest
        self._sought = frozenset(tp for tp in self._sought if self._is_changelog_tp(tp)) | frozenset(begins)
        self._continuity.begin(begins)

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Recovery begins here: from now on the position in a changelog is progress."""
        await super().seek_wait(partitions)
        for tp in partitions:
            self._changelog_to.pop(tp, None)
        self._sought |= frozenset(partitions)

    def resume_partitions(self, tps: Iterable[TP]) -> None:
        """Hold source partitions back until the flow resumes.

        Faust resumes them first and clears the stream queues afterwards: what was fetched in between is lost.
        """
        sources = {tp for tp in tps if not self._is_changelog_tp(tp)}
        self._held_back.hold(sources)
        super().resume_partitions(set(tps) - sources)

    def resume_flow(self) -> None:
        """Called right after Faust has cleared the queues; only now may source partitions be fetched."""
        super().resume_flow()
        super().resume_partitions(self._held_back.release(self.assignment()))

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Finish or drop what is in flight and commit before another worker may own these partitions."""
        self._held_back.forget()
        self._sought = frozenset()
        if revoked:
            await self.quiesce()
        self.app.ownership.next_epoch()
        self._in_flight.forget(revoked)
        await super().on_partitions_revoked(revoked)
        await self.app.partitions_given_up()

    async def quiesce(self) -> None:
        """Stop the flow, drop what has not begun, wait for what has, commit.

        Crashes the worker when writes are still in flight after that: whether they land is not known.
        """
        self.stop_flow()
        self.app.flow_control.suspend()
        self.app.flow_control.clear()
        self.app.drop_queued()
        if await self.app.ownership.drain(DRAIN_S_MAX):
            try:
                await asyncio.wait_for(self.commit(), DRAIN_S_MAX / 2)
            except TimeoutError:
                self.log.warning("offsets were not committed in time; their records will be read again")
        else:
            await self.app.crash(SelfFenced(FenceReason.DRAIN, f"writes were still in flight after {DRAIN_S_MAX} s"))

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Predecessors end before any state is read."""
        try:
            await self.app.partitions_taken(assigned)
        except (KafkaError, TimeoutError) as error:
            await self.app.crash(error)
        await super().on_partitions_assigned(assigned, generation_id)

    async def highwaters(self, *partitions: TP) -> dict[TP, int]:
        """End offsets, corrected for a broker that reports them wrongly."""
        reported = dict(await super().highwaters(*partitions))
        return await self.app.true_ends(reported) if partitions else reported


def _message(tp: TP, offset: int, records: list[Any], generation: int) -> ConsumerMessage:
    stamped = records[-1] if records else None
    timestamp_ms = (stamped.timestamp or 0) if stamped else 0
    return ConsumerMessage(
        tp.topic, tp.partition, offset, timestamp_ms / 1000.0, stamped.timestamp_type if stamped else 0, [], None,
        records, None, 0, 0, tp, generation_id=generation,
    )  # fmt: skip
