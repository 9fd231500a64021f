"""What a worker that was paused may take for granted when it goes on: nothing that happened before the pause."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from monitor.stream.engine.app import LeadApp
from monitor.stream.engine.ownership import Fenced, Ownership
from monitor.telemetry.engine import EngineMetrics

SESSION_S = 6.0


class App:
    """What it needs of the application, with a clock that the test sets."""

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


async def test_a_worker_that_is_stopping_writes_nothing_more_whatever_is_still_under_way() -> None:
    app: Any = App()
    app._consumer = None
    app.ownership.heard(app.now_s)
    taken_in = app.ownership.epoch
    await LeadApp.quiesce(app)
    with pytest.raises(Fenced):
        await app.ownership.may_write(taken_in)
