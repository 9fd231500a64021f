"""A desk and its dispatcher over a broker in memory, which end at any step and begin again from what was written."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from faust.types.tuples import TP

from monitor.core.calls import Reach
from monitor.core.case import Case, State
from monitor.core.casework import Directions
from monitor.core.lead import Lead
from monitor.core.outcome import Outcome
from monitor.core.routing import Routing
from monitor.notify.gate import Rules
from monitor.notify.outlets import Outlets
from monitor.ports import Delivery, Message, Sink, TimeSource
from monitor.stream.desk import Desk
from monitor.stream.dispatcher import Dispatcher, changed_or_later
from monitor.stream.engine.lanes import Batch
from monitor.stream.engine.recovery import PartitionRecovery
from monitor.stream.engine.shards import MemoryShard
from monitor.stream.intake import Topics
from monitor.telemetry.metrics import Metrics
from monitor.wire.case import decode_case
from monitor.wire.outcome import encode_outcome
from tests.support.notices import NOON
from tests.support.virtual_time import VirtualTime

TOPICS = Topics("events", 1, "timeline", "facts", "outcomes", "dead-letters", 2)
ARRIVES = Delivery(True, False, "ok")


class Record(NamedTuple):
    """A Kafka record."""

    key: bytes | None
    value: bytes | None
    offset: int
    timestamp: int = NOON // 1_000
    headers: tuple[()] = ()


class Broker:
    """What outlives a worker. Each step of a worker passes `step`, and at one of them it may end."""

    def __init__(self, die_at: int | None = None) -> None:
        self.outcomes: dict[int, list[Record]] = {0: [], 1: []}
        self.committed = {0: 0, 1: 0}
        self.changelogs: dict[int, list[Record]] = {0: [], 1: []}
        self.told = {0: asyncio.Event(), 1: asyncio.Event()}
        self.letters: list[Any] = []
        self.steps = 0
        self.die_at = die_at
        self.died = asyncio.Event()

    def tell(self, *outcomes: Outcome, partition: int = 0) -> None:
        """Put outcomes on their topic."""
        log = self.outcomes[partition]
        for each in outcomes:
            log.append(Record(each.lead.encode(), encode_outcome(each), len(log)))
        self.told[partition].set()

    async def step(self) -> None:
        """Something takes its time; here the worker may be killed."""
        await asyncio.sleep(0)
        if self.died.is_set() or self.steps == self.die_at:
            self.died.set()
            await asyncio.Event().wait()
        self.steps += 1

    async def send_all(self, topic: str, partition: int, records: Sequence[Any], epoch: int | None) -> int | None:
        """See Producer.send_all."""
        if not records:
            return None
        await self.step()
        if topic == TOPICS.dead_letters:
            self.letters += records
        else:
            log = self.changelogs[partition]
            for key, value, _ in records:
                log.append(Record(key, value, len(log)))
        await self.step()
        return len(self.changelogs[partition]) - 1

    def shard(self, partition: int) -> MemoryShard:
        """The states of a partition, as recovery reads them."""
        shard = MemoryShard()
        recovery, log = PartitionRecovery(shard), self.changelogs[partition]
        if log:
            recovery.fold(log, len(log) - 1)
        assert recovery.take_stale() == []
        return shard

    def cases(self) -> list[Case]:
        """All of them, as they were written last."""
        return [decode_case(packed) for partition in self.changelogs for _, packed in self.shard(partition).items()]

    def left(self) -> list[str]:
        """Notices that still wait."""
        return [item.notice_id for case in self.cases() for item in case.items if item.state is State.WAITING]


class FarEnd:
    """A sink that keeps what arrives, and answers as told."""

    def __init__(self, broker: Broker, name: str = "slack") -> None:
        self.name = name
        self.broker = broker
        self.arrived: list[Message] = []
        self.tried_s: list[float] = []
        self.answer: Callable[[Message], Delivery] = lambda message: ARRIVES

    async def deliver(self, message: Message) -> Delivery:
        """See Sink."""
        await self.broker.step()
        self.tried_s.append(asyncio.get_running_loop().time())
        delivery = self.answer(message)
        if delivery.delivered:
            self.arrived.append(message)
        await self.broker.step()
        return delivery

    async def close(self) -> None:
        """See Sink."""

    def ids(self) -> list[str]:
        """Of the notices that arrived."""
        return [notice.notice_id for message in self.arrived for notice in message.notices]


class Office:
    """One worker's desk and dispatcher."""

    def __init__(
        self,
        broker: Broker,
        far_ends: Sequence[Sink],
        *,
        routing: Routing | None = None,
        rules: Rules | None = None,
        people: bool = True,
        incidents: frozenset[str] = frozenset(),
        leads: Mapping[str, Lead] | None = None,
        partitions: Sequence[int] = (0, 1),
        time: TimeSource | None = None,
        wait: Callable[[asyncio.Event, float], Awaitable[None]] = changed_or_later,
    ) -> None:
        self.broker = broker
        self.metrics = Metrics()
        self.time = time or VirtualTime()
        names = tuple(far_end.name for far_end in far_ends)
        reach = Reach(names, incidents)
        outlets = Outlets(
            {far_end.name: (far_end, rules or Rules()) for far_end in far_ends}, reach,
            frozenset(names) if people else frozenset(),
        )  # fmt: skip
        self.desk = Desk(
            TOPICS, "changelog", broker.shard, Directions(routing, reach), outlets, broker.send_all, lambda: 1,
            lambda: 1, self.metrics,
        )  # fmt: skip
        self.leads = dict(leads or {})
        self.dispatcher = Dispatcher(
            self.desk, outlets, lambda _, lead: self.leads.get(lead), lambda: True, self.time, self.metrics,
            wait=wait, share=lambda: 0.5,
        )  # fmt: skip
        self.desk.own(partitions)

    async def run(self, seconds: float, *, sends_after_s: float = 0.0) -> None:
        """Work so long, or until the worker is killed."""
        tasks = [asyncio.create_task(self._read(partition)) for partition in self.desk.partitions]
        await asyncio.sleep(sends_after_s)
        tasks.append(asyncio.create_task(self.dispatcher.run()))
        died = asyncio.create_task(self.broker.died.wait())
        done, _ = await asyncio.wait([*tasks, died], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in (*tasks, died):
            task.cancel()
        await asyncio.gather(*tasks, died, return_exceptions=True)
        for task in done - {died}:
            with suppress(asyncio.CancelledError):
                task.result()

    async def _read(self, partition: int) -> None:
        broker, read_to = self.broker, self.broker.committed[partition]
        while True:
            batch = broker.outcomes[partition][read_to : read_to + 500]
            if not batch:
                broker.told[partition].clear()
                await broker.told[partition].wait()
                continue
            await self.desk.take(Batch(TP("outcomes", partition), batch, 1))
            read_to += len(batch)
            await broker.step()
            broker.committed[partition] = read_to
