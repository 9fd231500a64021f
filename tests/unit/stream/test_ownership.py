"""When a worker may still write."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry

from monitor.stream.engine.ownership import LEASE_MARGIN_S, Fenced, Ownership
from monitor.telemetry.engine import EngineMetrics


class Watch:
    """A monotonic clock that the test sets."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


async def test_a_worker_that_was_heard_of_may_write() -> None:
    watch = Watch()
    ownership = Ownership(6.0, watch, EngineMetrics(CollectorRegistry()))
    ownership.heard(watch.now_s)
    await ownership.may_write(ownership.epoch)


def test_the_lease_ends_a_margin_before_the_session() -> None:
    watch = Watch()
    ownership = Ownership(6.0, watch, EngineMetrics(CollectorRegistry()))
    ownership.heard(watch.now_s)
    watch.now_s += 6.0 - LEASE_MARGIN_S - 0.001
    assert ownership.holds(0)
    watch.now_s += 0.001
    assert not ownership.holds(0)


def test_a_late_answer_counts_from_when_it_was_asked_for() -> None:
    watch = Watch()
    ownership = Ownership(6.0, watch, EngineMetrics(CollectorRegistry()))
    asked_s = watch.now_s
    watch.now_s += 5.5
    ownership.heard(asked_s)
    assert not ownership.holds(0)


async def test_without_a_lease_a_write_waits_for_the_next_heartbeat() -> None:
    watch = Watch()
    ownership = Ownership(6.0, watch, EngineMetrics(CollectorRegistry()))
    waiting = asyncio.create_task(ownership.may_write(0))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    ownership.heard(watch.now_s)
    await asyncio.wait_for(waiting, 1.0)


async def test_once_the_epoch_is_over_nothing_of_it_is_written() -> None:
    watch = Watch()
    ownership = Ownership(6.0, watch, EngineMetrics(CollectorRegistry()))
    ownership.heard(watch.now_s)
    taken_in = ownership.epoch
    ownership.next_epoch()
    with pytest.raises(Fenced):
        await ownership.may_write(taken_in)


async def test_a_write_that_waits_for_its_lease_is_fenced_by_a_revocation() -> None:
    ownership = Ownership(6.0, Watch(), EngineMetrics(CollectorRegistry()))
    waiting = asyncio.create_task(ownership.may_write(0))
    await asyncio.sleep(0)
    ownership.next_epoch()
    with pytest.raises(Fenced):
        await asyncio.wait_for(waiting, 1.0)
