"""A steady load of made-up leads, sent about when it happens, and what became of each record."""

import asyncio
import heapq
import json
import random
import time
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from monitor.core.instant import from_rfc3339
from tests.support.leads import Events, made_up

# How long before or after it happens an event is sent, in seconds: a little disorder for every lead.
_EARLY_S, _LATE_S = 1.0, 0.4
_WITHOUT_KEY = 0.2
_STEP_S = 0.05


class Load:
    """So many new leads a second, for so long; every record is sent again until Kafka has it."""

    def __init__(self, bootstrap: str, topic: str, seed: int, leads_per_s: float) -> None:
        self._bootstrap = bootstrap
        self._topic = topic
        self._leads, self._keys = random.Random(f"leads-{seed}"), random.Random(f"keys-{seed}")
        self._leads_per_s = leads_per_s
        self.events: Events = []
        """Everything that was sent, repeats too."""
        self.acknowledged_s: dict[str, float] = {}
        """Per event id, the Unix time at which its first record was acknowledged."""

    async def run(self, enough: asyncio.Event) -> None:
        """New leads until `enough` is set; return when everything about all of them is in Kafka."""
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap, acks="all", linger_ms=5, metadata_max_age_ms=5000
        )
        await producer.start()
        waiting: list[tuple[float, int, dict[str, Any]]] = []
        sending: set[asyncio.Task[None]] = set()
        start_s, leads = time.monotonic(), 0
        wall_s = time.time() - start_s
        try:
            while waiting or not enough.is_set():
                elapsed_s = time.monotonic() - start_s
                while not enough.is_set() and leads < elapsed_s * self._leads_per_s:
                    at_s = start_s + leads / self._leads_per_s
                    self._plan(f"L{leads}", wall_s + at_s, wall_s, waiting)
                    leads += 1
                while waiting and waiting[0][0] <= time.monotonic():
                    task = asyncio.create_task(self._send(producer, heapq.heappop(waiting)[2]))
                    sending.add(task)
                    task.add_done_callback(sending.discard)
                await asyncio.sleep(_STEP_S)
            while sending:
                await asyncio.wait(set(sending))
        finally:
            await producer.stop()

    def _plan(self, lead: str, at_s: float, wall_s: float, waiting: list[tuple[float, int, dict[str, Any]]]) -> None:
        for item in made_up(lead, at_s, self._leads):
            self.events.append(item)
            send_s = from_rfc3339(item["time"]) / 1e6 - wall_s + self._leads.uniform(-_EARLY_S, _LATE_S)
            heapq.heappush(waiting, (send_s, len(self.events), item))

    async def _send(self, producer: AIOKafkaProducer, item: dict[str, Any]) -> None:
        value = json.dumps(item).encode()
        key = None if self._keys.random() < _WITHOUT_KEY else item["subject"].encode()
        while True:
            with suppress(KafkaError):
                await producer.send_and_wait(self._topic, value, key=key)
                self.acknowledged_s.setdefault(item["id"], time.time())
                return
            await asyncio.sleep(0.5)
