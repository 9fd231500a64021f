"""What a worker has of Kafka's clients, over the model; what the engine decides is the engine's own code."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from aiokafka import TopicPartition
from aiokafka.errors import IllegalGenerationError, RequestTimedOutError
from faust.types.tuples import TP

from monitor.stream.engine.consumer import Consumer
from monitor.stream.engine.continuity import Continuity
from monitor.stream.engine.in_flight import InFlight
from monitor.stream.engine.producer import Producer
from monitor.stream.engine.sender_fence import SenderFence
from tests.simulation.kafka import Cluster
from tests.simulation.world import Process, Reply

TIMELINE, JUDGES = "timeline", ("outcomes", "changelog", "books", "cases")
"""What decides whose a partition is, and what only its owner writes."""
LOST = 0.02
"""How often an answer is lost."""


class Sent(NamedTuple):
    """What the broker says of a batch."""

    offset: int


class Builder:
    """A batch that takes a few records: large ones are split more often than in life."""

    def __init__(self, room: int) -> None:
        self._room = room
        self.records: list[tuple[bytes | None, bytes | None, Any]] = []

    def append(self, *, timestamp: int | None, key: bytes | None, value: bytes | None, headers: Any) -> object | None:
        """None when it is full."""
        if len(self.records) == self._room:
            return None
        self.records.append((key, value, headers))
        return self

    def close(self) -> None:
        """Nothing to do."""


class Sender:
    """Batches of a partition one after the other; each is sent again until it is answered."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._last: dict[TP, asyncio.Task[Sent]] = {}
        self._number = 0

    def create_batch(self) -> Builder:
        """See AIOKafkaProducer."""
        return Builder(self._process.world.rng.choice((1, 2, 5, 100)))

    async def send_batch(self, builder: Builder, topic: str, *, partition: int) -> asyncio.Task[Sent]:
        """See AIOKafkaProducer."""
        tp = TP(topic, partition)
        self._number += 1
        task = asyncio.get_running_loop().create_task(self._send(tp, builder, self._number, self._last.get(tp)))
        self._last[tp] = task
        return task

    async def _send(self, tp: TP, builder: Builder, number: int, before: asyncio.Task[Sent] | None) -> Sent:
        if before is not None:
            await asyncio.wait([before])
        while True:
            try:
                return Sent(await self._write(tp, builder, number))
            except RequestTimedOutError:
                continue

    async def _write(self, tp: TP, builder: Builder, number: int) -> int:
        raise NotImplementedError


class Written:
    """A batch on its way, as aiokafka's sender has it."""

    def __init__(self, tp: TP, builder: Builder, answer: asyncio.Future[int]) -> None:
        self.tp = tp
        self._builder = builder
        self.answer = answer

    def failure(self, exception: BaseException) -> None:
        """It may not leave."""
        self.answer.set_exception(exception)


class Socket:
    """The last piece of aiokafka's sender: what the fence stands before."""

    def __init__(self, process: Process, cluster: Cluster) -> None:
        self._process = process
        self._log = cluster.log
        self._group = cluster.group
        self.overlaps: list[str] = []
        """Outcomes and states that were let through although somebody else had their partition already."""
        self._muted_partitions: set[TP] = set()
        self._in_flight: set[int] = set()

    async def _send_produce_req(self, node_id: int, batches: dict[TP, Written]) -> None:
        for tp, batch in batches.items():
            owner = self._group.owner(TP(TIMELINE, tp.partition))
            if tp.topic in JUDGES and owner not in (None, self._process.name):
                self.overlaps.append(f"{self._process.name} writes to {tp.topic} {tp.partition}, which {owner} has")
            write = partial(self._write, tp, batch._builder.records)
            try:
                batch.answer.set_result(await self._process.ask("producer", write, LOST))
            except RequestTimedOutError as error:
                batch.failure(error)

    def _write(self, tp: TP, records: list[Any], reply: Reply) -> None:
        reply(self._log.append(tp, records, self._process.name))


class PlainProducer(Sender):
    """Faust's producer: a batch whose answer was lost is written twice."""

    send_all = Producer.send_all

    def __init__(self, process: Process, cluster: Cluster, app: Any) -> None:
        super().__init__(process)
        self._fence = SenderFence(app.ownership)
        self.socket = Socket(process, cluster)
        self._fence.stand_before(self.socket)

    def _ensure_producer(self) -> PlainProducer:
        return self

    async def _write(self, tp: TP, builder: Builder, number: int) -> int:
        batch = Written(tp, builder, asyncio.get_running_loop().create_future())
        await self.socket._send_produce_req(0, {tp: batch})
        return await batch.answer


class TransactionalProducer(Sender):
    """In the place of AIOKafkaProducer."""

    def __init__(self, process: Process, cluster: Cluster, transactional_id: str, **_: Any) -> None:
        super().__init__(process)
        self._transactions = cluster.transactions
        self._id = transactional_id
        self._epoch = -1
        self._sending: list[asyncio.Task[Sent]] = []

    async def start(self) -> None:
        """See AIOKafkaProducer."""
        self._epoch = await self._asked(lambda reply: self._transactions.begin_producer(self._id, reply))

    async def begin_transaction(self) -> None:
        """See AIOKafkaProducer."""
        self._sending = []

    async def send_batch(self, builder: Builder, topic: str, *, partition: int) -> asyncio.Task[Sent]:
        """See AIOKafkaProducer."""
        self._sending.append(await super().send_batch(builder, topic, partition=partition))
        return self._sending[-1]

    async def send_offsets_to_transaction(self, offsets: Mapping[TopicPartition, int], group: str) -> None:
        """See AIOKafkaProducer."""
        named = {TP(tp.topic, tp.partition): offset for tp, offset in offsets.items()}
        await self._asked(lambda reply: self._transactions.add_offsets(self._id, self._epoch, named, reply))

    async def commit_transaction(self) -> None:
        """See AIOKafkaProducer."""
        await asyncio.gather(*self._sending)
        await self._asked(lambda reply: self._transactions.end(self._id, self._epoch, reply))

    async def stop(self) -> None:
        """See AIOKafkaProducer."""

    async def _asked(self, request: Callable[[Reply], None]) -> Any:
        while True:
            try:
                return await self._process.ask("producer", request, LOST)
            except RequestTimedOutError:
                continue

    async def _write(self, tp: TP, builder: Builder, number: int) -> int:
        transactions, epoch, records = self._transactions, self._epoch, builder.records
        base: int = await self._process.ask(
            "producer", lambda reply: transactions.produce(self._id, epoch, number, tp, records, reply), LOST
        )
        return base


class Positions:
    """What the ticker asks."""

    def __init__(self, process: Process, cluster: Cluster) -> None:
        self._process = process
        self._cluster = cluster

    async def ends(self, topic: str, partitions: int) -> dict[TP, int]:
        """See monitor.stream.positions."""
        tps = [TP(topic, partition) for partition in range(partitions)]
        log = self._cluster.log
        found: dict[TP, int] = await self._process.ask(
            "positions", lambda reply: reply({tp: log.stable_end(tp) for tp in tps}), LOST
        )
        return found

    async def unread(self, ends: Mapping[TP, int]) -> list[TP]:
        """See monitor.stream.positions."""
        found: list[TP] = await self._process.ask("positions", lambda reply: reply(self._cluster.unread(ends)), LOST)
        return found


class Event:
    """A batch as the engine hands it over."""

    def __init__(self, message: Any, progress: asyncio.Event) -> None:
        self.message = message
        self._progress = progress

    def ack(self) -> None:
        """The work is done."""
        self.message.acked = True
        self._progress.set()


class Reader:
    """Reads and commits for one worker, by the rules of the engine's consumer."""

    quiesce = Consumer.quiesce
    _new_offset = Consumer._new_offset
    _batch_message = Consumer._batch_message
    _filter_tps_with_pending_acks = Consumer._filter_tps_with_pending_acks

    def __init__(self, process: Process, cluster: Cluster, app: Any, put: Mapping[str, Callable[..., None]]) -> None:
        """`put`: where batches of a topic go."""
        self.app = app
        self.log = app.log
        self.generation = -1
        self.progress = asyncio.Event()
        """There may be something to commit."""
        self.holes = 0.0
        """How often a batch of the timeline goes missing between broker and lane, as Faust has done it."""
        self._process = process
        self._cluster = cluster
        self._put = put
        self._continuity = Continuity()
        self._in_flight = InFlight()
        self._fetch_is_over = asyncio.Event()
        self._fetch_is_over.set()
        self._changelog_to: dict[TP, int] = {}
        self._acked: defaultdict[TP, list[int]] = defaultdict(list)
        self._acked_index: defaultdict[TP, set[int]] = defaultdict(set)
        self._read_offset: dict[TP, int] = {}
        self._position: dict[TP, int] = {}
        self._committed: dict[TP, int] = {}
        self._full: set[TP] = set()
        self._has_room = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None

    async def seek(self, partitions: list[TP], generation: int) -> None:
        """Begin to read where the group has committed."""
        committed = await self._process.ask("group", lambda reply: reply(dict(self._cluster.group.committed)))
        if generation == self.generation:
            begins = {tp: committed.get(tp, 0) for tp in partitions}
            self._position, self._read_offset = dict(begins), dict(begins)
            self._committed = {tp: committed[tp] for tp in partitions if tp in committed}
            self._continuity.begin(begins)
            self._reading = asyncio.get_running_loop().create_task(self._read())

    def assignment(self) -> bool:
        """Whether anything is this worker's."""
        return self._reading is not None

    def revoked(self) -> None:
        """Nothing is this worker's any more."""
        self._in_flight.forget()
        self._full.clear()

    def stop_flow(self) -> None:
        """Read no more."""
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def on_buffer_full(self, tp: TP) -> None:
        """A lane has enough for now."""
        self._full.add(tp)

    def on_buffer_drop(self, tp: TP) -> None:
        """It has room again."""
        self._full.discard(tp)
        self._has_room.set()

    async def _read(self) -> None:
        try:
            while True:
                positions = {tp: position for tp, position in self._position.items() if tp not in self._full}
                self._has_room.clear()
                if not positions:
                    await self._has_room.wait()
                    continue
                try:
                    found = await self._poll(positions)
                except RequestTimedOutError:
                    continue
                for tp, (records, position) in found.items():
                    if tp not in self._full:
                        self._take(tp, records, position)
        except Exception as error:
            await self.app.crash(error)

    async def _poll(self, positions: dict[TP, int]) -> dict[TP, tuple[list[Any], int]]:
        found: dict[TP, tuple[list[Any], int]] = await self._process.ask(
            "fetch", lambda reply: self._cluster.log.poll(positions, reply), LOST
        )
        return found

    def _take(self, tp: TP, records: list[Any], position: int) -> None:
        self._position[tp] = position
        if tp.topic in self.app.continuous_topics and self._process.world.rng.random() < self.holes:
            self._process.world.note(f"{self._process.name}: {tp.topic} {tp.partition} loses a batch before {position}")
            return
        message = self._batch_message(tp, records, self.generation) if records else None
        if message is not None:
            self._put[tp.topic](Event(message, self.progress), self)
        self._in_flight.read_to({tp: position})
        self.progress.set()

    async def commit(self) -> bool:
        """Commit what is done, in order."""
        new = {tp: self._new_offset(tp) for tp in sorted(self._filter_tps_with_pending_acks())}
        offsets = {tp: offset for tp, offset in new.items() if offset and offset > self._committed.get(tp, 0)}
        if not offsets:
            return True
        name, generation, group = self._process.name, self.generation, self._cluster.group
        try:
            await self._process.ask("group", lambda reply: group.commit(name, generation, offsets, reply), LOST)
        except (IllegalGenerationError, RequestTimedOutError):
            return False
        self._committed |= offsets
        return True

    def highwater(self, tp: TP) -> int:
        """Nobody looks at it here."""
        return 0

    def _is_changelog_tp(self, tp: TP) -> bool:
        return False
