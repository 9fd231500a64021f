"""How long, how often and with which pauses a notice is tried."""

import asyncio
from collections.abc import Callable

import pytest

from monitor.notify.delivery import Backoff, Ended, deliver_with_retry
from monitor.ports import Delivery, Notice
from monitor.sinks.memory import MemorySink

NOTICE = Notice("out_1", "breached", "lead-1", b"{}")
BACKOFF = Backoff(first_s=1.0, pause_s_max=60.0, retry_s_max=900.0)


class Hours:
    """A TimeSource that passes only by sleeping."""

    def __init__(self) -> None:
        self.passed_s = 0.0
        self.pauses: list[float] = []

    def now_at(self) -> int:
        return int(self.passed_s * 1e6)

    def elapsed_s(self) -> float:
        return self.passed_s

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.passed_s += seconds


async def deliver(
    sink: MemorySink, time: Hours, share: Callable[[], float] = lambda: 1.0, backoff: Backoff = BACKOFF
) -> tuple[Ended, list[Delivery]]:
    heard: list[Delivery] = []
    ended = await deliver_with_retry(sink, NOTICE, time, backoff, attempted=heard.append, sleep=time.sleep, share=share)
    return ended, heard


async def test_what_is_taken_at_once_is_sent_once() -> None:
    time = Hours()
    sink = MemorySink(time)
    ended, heard = await deliver(sink, time)
    assert ended == Ended(Delivery(True, False, "ok"), attempts=1)
    assert [delivery.reason for delivery in heard] == ["ok"]
    assert time.pauses == []


async def test_pauses_double_up_to_their_limit() -> None:
    time = Hours()
    sink = MemorySink(time)
    for _ in range(8):
        sink.will_answer(500)
    ended, heard = await deliver(sink, time)
    assert ended.last.delivered
    assert ended.attempts == len(heard) == 9
    assert time.pauses == [1, 2, 4, 8, 16, 32, 60, 60]


async def test_each_pause_is_a_random_share_so_that_failures_do_not_come_back_together() -> None:
    time, shares = Hours(), iter([0.5, 0.0, 0.25])
    sink = MemorySink(time)
    for _ in range(3):
        sink.will_time_out()
    await deliver(sink, time, share=lambda: next(shares))
    assert time.pauses == [0.5, 0.0, 1.0]


async def test_a_refusal_for_good_is_not_tried_again() -> None:
    time = Hours()
    sink = MemorySink(time)
    sink.will_answer(410)
    ended, _ = await deliver(sink, time)
    assert (ended.last.reason, ended.attempts) == ("gone", 1)


async def test_a_pause_that_the_far_end_asks_for_is_kept() -> None:
    time = Hours()
    sink = MemorySink(time)
    sink.will_answer(429, retry_after="120")
    sink.will_answer(503, retry_after="0")
    ended, _ = await deliver(sink, time)
    assert ended.last.delivered
    assert time.pauses == [120, 2]


async def test_a_pause_beyond_the_limit_ends_the_delivery_without_waiting() -> None:
    time = Hours()
    sink = MemorySink(time)
    sink.will_answer(429, retry_after="901")
    ended, _ = await deliver(sink, time)
    assert (ended.last.reason, ended.attempts, time.pauses) == ("throttled", 1, [])


async def test_no_attempt_starts_after_the_limit_and_one_at_the_very_limit_does() -> None:
    time = Hours()
    sink = MemorySink(time)
    for _ in range(10):
        sink.will_answer(500)
    ended, _ = await deliver(sink, time, backoff=Backoff(first_s=1.0, pause_s_max=60.0, retry_s_max=7.0))
    assert time.pauses == [1, 2, 4]
    assert (ended.last.delivered, ended.attempts) == (False, 4)


async def test_a_thousand_failures_do_not_overflow_the_pause() -> None:
    assert BACKOFF.pause_s(attempts=1_000_000, share=1.0) == 60.0


async def test_every_attempt_carries_the_same_notice() -> None:
    time = Hours()
    sink = MemorySink(time)
    sink.will_answer(500)
    await deliver(sink, time)
    assert list(sink.attempts) == [NOTICE, NOTICE]


async def test_a_delivery_may_be_cancelled_while_it_pauses() -> None:
    time = Hours()
    sink = MemorySink(time)
    sink.will_answer(500)
    task = asyncio.create_task(
        deliver_with_retry(sink, NOTICE, time, BACKOFF, attempted=lambda delivery: None, share=lambda: 1.0)
    )
    while not sink.attempts:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(sink.attempts) == 1
