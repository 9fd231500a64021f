"""What goes wrong in a run, and when: a schedule that follows from the seed alone, and the hands that inflict it."""

import asyncio
import random
import signal
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from aiokafka.admin import AIOKafkaAdminClient

from monitor.cli.failure import SELF_FENCED
from tests.soak.supervised import Supervised
from tests.support.kafka import KafkaBroker

Kind = Literal[
    "kill",
    "stop",
    "pause",
    "join",
    "clock-back",
    "clock-forward",
    "broker-stop",
    "leader-kill",
    "broker-gone",
    "rolling",
]
HOUR_S = 3600
# Seconds that a fault lasts, at least and at most. A pause outlasts the session of 6 s; a worker that is killed
# may come back at once or when others have long taken over; work goes on for a while without a broker that is gone.
LASTS_S: dict[Kind, tuple[float, float]] = {
    "kill": (0, 9),
    "stop": (0, 9),
    "pause": (7, 12),
    "join": (0, 0),
    "clock-back": (8, 12),
    "clock-forward": (8, 12),
    "broker-stop": (60, 60),
    "leader-kill": (8, 15),
    "broker-gone": (30, 30),
    "rolling": (2, 4),
}
_BROKER_FAULTS = ("broker-stop", "leader-kill", "broker-gone", "rolling")
_LISTENS_S_MAX = 60


class Fault(NamedTuple):
    """One thing that goes wrong, so many seconds after the load began, with one worker, for so long."""

    at_s: float
    kind: Kind
    worker: int
    for_s: float

    def __str__(self) -> str:
        lasts = f"/{self.for_s:.0f}s" if self.for_s else ""
        return f"{self.at_s:.0f}:{self.kind}#{self.worker}{lasts}"


def schedule(
    rng: random.Random, kinds: Sequence[Kind], workers: int, rounds: int, every_s: float, lasts_s: float | None = None
) -> list[Fault]:
    """All workers but the first join, one by one; then so many faults, on average `every_s` apart.

    The kinds come in random order, each about as often as the others. A worker has one fault at a time.
    `lasts_s` shortens every fault to at most that.
    """
    joins_s = [0.0, *sorted(rng.uniform(0.5, 5) for _ in range(workers - 1))]
    faults = [Fault(round(at_s, 2), "join", worker, 0) for worker, at_s in enumerate(joins_s) if worker]
    busy_s = [at_s + 1 for at_s in joins_s]
    bag: list[Kind] = []
    at_s = 0.0
    for _ in range(rounds):
        bag = bag or rng.sample(list(kinds), len(kinds))
        kind = bag.pop()
        at_s += rng.uniform(0.1, 2 * every_s)
        worker = min(range(workers), key=lambda n: (busy_s[n] > at_s, rng.random()))
        at_s = max(at_s, busy_s[worker])
        for_s = rng.uniform(*LASTS_S[kind])
        for_s = for_s if lasts_s is None else min(for_s, lasts_s)
        busy_s[worker] = at_s + for_s + 0.5
        faults.append(Fault(round(at_s, 2), kind, worker, round(for_s, 2)))
    return faults


class Hands:
    """Inflicts faults on the workers and brokers of one run."""

    def __init__(self, workers: Sequence[Supervised], brokers: Sequence[KafkaBroker], topic: str) -> None:
        """`topic`: the one whose leader is looked for."""
        self._workers = workers
        self._brokers = brokers
        self._topic = topic
        # A fault may take longer than was planned, a stop for example; the next one of the same victim waits for it.
        self._one_at_a_time: defaultdict[object, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.stops_s: list[float] = []
        """How long each ending in order took."""
        self.complaints: list[str] = []
        """A stop that did not end with status 0."""
        self.inflicted: list[tuple[Kind, float]] = []
        """What was done, and the Unix time at which it was."""

    async def inflict(self, faults: Sequence[Fault]) -> None:
        """All of them, each at its time; returns when the last is over."""
        async with asyncio.TaskGroup() as group:
            for fault in faults:
                group.create_task(self._at(fault))

    async def _at(self, fault: Fault) -> None:
        await asyncio.sleep(fault.at_s)
        victim = "brokers" if fault.kind in _BROKER_FAULTS else self._workers[fault.worker]
        async with self._one_at_a_time[victim]:
            await self._inflict(fault, self._workers[fault.worker])

    async def _inflict(self, fault: Fault, worker: Supervised) -> None:
        if fault.kind == "stop":
            async with asyncio.timeout(_LISTENS_S_MAX):
                await worker.listening()
        self.inflicted.append((fault.kind, time.time()))
        match fault.kind:
            case "kill":
                await worker.end(signal.SIGKILL)
                await asyncio.sleep(fault.for_s)
                worker.start()
            case "stop":
                await self.stop(worker)
                await asyncio.sleep(fault.for_s)
                worker.start()
            case "pause":
                worker.send(signal.SIGSTOP)
                await asyncio.sleep(fault.for_s)
                worker.send(signal.SIGCONT)
            case "join":
                worker.start()
            case "clock-back" | "clock-forward":
                worker.set_clock(-HOUR_S if fault.kind == "clock-back" else HOUR_S)
                await asyncio.sleep(fault.for_s)
                worker.set_clock(0)
            case _:
                await self._broker(fault)

    async def stop(self, worker: Supervised) -> None:
        """SIGTERM; the exit status must be 0, but for a worker that was about to stop itself to be safe."""
        begun_s = time.monotonic()
        status = await worker.end(signal.SIGTERM)
        self.stops_s.append(time.monotonic() - begun_s)
        if status == SELF_FENCED:
            worker.ends[status] += 1
        elif status:
            self.complaints.append(f"SIGTERM: exit status {status}, see {worker.log}")

    async def _broker(self, fault: Fault) -> None:
        if fault.kind == "broker-stop":
            await asyncio.to_thread(self._brokers[0].stop)
            await asyncio.sleep(fault.for_s)
            await asyncio.to_thread(self._brokers[0].start)
        elif fault.kind == "rolling":
            for broker in self._brokers:
                await asyncio.to_thread(broker.stop)
                await asyncio.sleep(fault.for_s)
                await asyncio.to_thread(broker.start)
                await self._in_sync()
        else:
            leader = await self._leader()
            await asyncio.to_thread(leader.kill)
            await asyncio.sleep(fault.for_s)
            if fault.kind == "leader-kill":
                await asyncio.to_thread(leader.start)
                await self._in_sync()

    async def _leader(self) -> KafkaBroker:
        partition = (await self._described())[0]
        return next(broker for broker in self._brokers if broker.node_id == partition["leader"])

    async def _in_sync(self) -> None:
        """As an operator does between two restarts: wait until every replica is."""
        while any(len(partition["isr"]) < len(partition["replicas"]) for partition in await self._described()):
            await asyncio.sleep(0.5)

    async def _described(self) -> list[dict[str, Any]]:
        running = ",".join(broker.bootstrap for broker in self._brokers if broker.running)
        admin = AIOKafkaAdminClient(bootstrap_servers=running)
        await admin.start()
        try:
            (topic,) = await admin.describe_topics([self._topic])
            partitions: list[dict[str, Any]] = topic["partitions"]
            return partitions
        finally:
            await admin.close()
