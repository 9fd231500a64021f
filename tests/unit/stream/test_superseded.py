"""What a worker that was paused may take for granted when it goes on: nothing that happened before the pause."""

import asyncio
import logging
from types import SimpleNamespace
from typing import Any

import pytest
from faust.transport.drivers import aiokafka as driver
from prometheus_client import CollectorRegistry

from monitor.stream.engine.app import LeadApp
from monitor.stream.engine.consumer import Consumer
from monitor.stream.engine.ownership import Fenced, Ownership
from monitor.telemetry.engine import EngineMetrics

SESSION_S = 6.0


class App:
    """What the two need of the application, with a clock that the test sets."""

    send_all = LeadApp.send_all

    def __init__(self) -> None:
        self.now_s = 100.0
        self.ownership = Ownership(SESSION_S, self.elapsed_s, EngineMetrics(CollectorRegistry()))
        self.producer: Any = SimpleNamespace(send_all=self._acknowledged_after_a_pause)

    def elapsed_s(self) -> float:
        return self.now_s

    async def _acknowledged_after_a_pause(self, *_: object) -> int:
        self.now_s += 2 * SESSION_S
        return 14

    async def partitions_given_up(self) -> None:
        pass

    async def partitions_taken(self, assigned: set[Any]) -> None:
        self.assigned = assigned


async def test_an_acknowledgement_after_a_pause_counts_only_when_the_group_still_knows_the_worker() -> None:
    app = App()
    app.ownership.heard(app.now_s)
    writing = asyncio.create_task(app.send_all("changelog", 0, [], 0))
    await asyncio.sleep(0.05)
    assert not writing.done()
    app.ownership.heard(app.now_s)
    assert await asyncio.wait_for(writing, 1.0) == 14


async def test_an_acknowledgement_after_a_pause_is_worth_nothing_when_the_partition_is_gone() -> None:
    app = App()
    app.ownership.heard(app.now_s)
    writing = asyncio.create_task(app.send_all("changelog", 0, [], 0))
    await asyncio.sleep(0.05)
    app.ownership.next_epoch()
    with pytest.raises(Fenced):
        await asyncio.wait_for(writing, 1.0)


async def test_an_assignment_is_proof_of_life_only_of_when_it_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def done(*_: object) -> None:
        pass

    monkeypatch.setattr(driver.Consumer, "on_partitions_revoked", done)
    monkeypatch.setattr(driver.Consumer, "on_partitions_assigned", done)
    app = App()
    consumer: Any = object.__new__(Consumer)
    consumer.app, consumer.log, consumer._held_back = app, logging.getLogger("test"), set()
    consumer._thread = SimpleNamespace(watch_heartbeats=lambda: None)
    await consumer.on_partitions_revoked(set())
    app.now_s += 1
    await consumer.on_partitions_assigned(set())
    assert app.ownership.holds(app.ownership.epoch)
    await consumer.on_partitions_revoked(set())
    app.now_s += SESSION_S  # paused while the answer waited
    await consumer.on_partitions_assigned(set())
    assert not app.ownership.holds(app.ownership.epoch)
