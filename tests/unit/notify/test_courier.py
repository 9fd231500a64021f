"""One channel carried from end to end: a real far end, a clock that jumps from one attempt to the next."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from monitor.notify.courier import Courier
from monitor.notify.line import DISABLED, GAVE_UP, Rules
from monitor.notify.outbox import Outbox
from monitor.ports import ChannelState, Delivery, Message, Sink
from monitor.sinks.memory import MemorySink
from monitor.sinks.opening import open_sink
from tests.support.far_ends import HttpFarEnd, http_channel, http_far_end, says
from tests.support.notices import NOON, Hours, notice

HOUR_S = 3600.0


class Heard:
    """What an observer hears."""

    def __init__(self) -> None:
        self.results: Counter[str] = Counter()
        self.delays: list[float] = []

    def attempted(self, channel: str, result: str) -> None:
        self.results[result] += 1

    def delivered(self, channel: str, delay_s: float) -> None:
        self.delays.append(delay_s)


class Jumping:
    """Passes time only when nothing is on its way: to the next attempt at once."""

    def __init__(self, time: Hours) -> None:
        self.time = time
        self.busy: Callable[[], bool] = lambda: False

    async def wait(self, changed: asyncio.Event, pause_s: float | None) -> None:
        if pause_s is None or self.busy():
            await changed.wait()
            return
        self.time.passed_s += pause_s


def courier_of(sink: Sink, time: Hours, heard: Heard, rules: Rules | None = None) -> Courier:
    jumping = Jumping(time)
    courier = Courier(sink, rules or Rules(), time, heard, wait=jumping.wait, share=lambda: 0.5)
    jumping.busy = lambda: any(not attempt.done() for attempt in courier._attempts)
    return courier


@pytest.fixture
def time() -> Hours:
    return Hours()


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest_asyncio.fixture
async def far_end() -> AsyncIterator[HttpFarEnd]:
    async with http_far_end() as far_end:
        yield far_end


def leads(far_end: HttpFarEnd) -> list[str]:
    return [request.partition(b'"lead":"')[2].partition(b'"')[0].decode() for request in far_end.requests]


async def test_an_hour_of_500_loses_nothing_sends_little_and_keeps_each_lead_in_order(
    far_end: HttpFarEnd, time: Hours, heard: Heard
) -> None:
    async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        await says(500 if time.passed_s < HOUR_S else 200)(request, writer)
        if time.passed_s >= HOUR_S:
            arrived.append(request)

    arrived: list[bytes] = []
    far_end.answer = answer
    courier = courier_of(open_sink(http_channel("webhook", far_end.url), time), time, heard)
    notices = [notice(lead=f"lead-{n % 10}", cycle=n) for n in range(60)]
    ended = await asyncio.gather(*(courier.send(each, NOON) for each in notices))
    await courier.close()
    assert [each.result for each in ended] == ["ok"] * 60
    assert len(arrived) == 60
    assert heard.results["http_5xx"] < 40
    for lead in range(10):
        cycles = [
            request.partition(b'"cycle":')[2].partition(b",")[0] for request in arrived if b"lead-%d" % lead in request
        ]
        assert cycles == [b"%d" % n for n in range(60) if n % 10 == lead]
    assert len({request.partition(b"webhook-id: ")[2].partition(b"\r\n")[0] for request in arrived}) == 60
    assert min(heard.delays) >= HOUR_S
    assert courier.line.state is ChannelState.CLOSED


async def test_a_day_of_failures_ends_and_says_so(far_end: HttpFarEnd, time: Hours, heard: Heard) -> None:
    far_end.answer = says(500)
    courier = courier_of(open_sink(http_channel("slack", far_end.url), time), time, heard)
    ended = await courier.send(notice(), NOON)
    await courier.close()
    assert ended.result == GAVE_UP
    assert 23 * HOUR_S < time.passed_s <= 24 * HOUR_S
    assert heard.results[GAVE_UP] == 1


async def test_a_channel_that_is_gone_says_so_once_and_is_not_asked_again(
    far_end: HttpFarEnd, time: Hours, heard: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    far_end.answer = says(410)
    courier = courier_of(open_sink(http_channel("slack", far_end.url), time), time, heard, Rules(in_flight_max=1))
    with caplog.at_level(logging.ERROR):
        ended = await asyncio.gather(*(courier.send(notice(lead=lead), NOON) for lead in "abc"))
        later = await courier.send(notice(lead="d"), NOON)
    await courier.close()
    assert [each.result for each in (*ended, later)] == ["gone", DISABLED, DISABLED, DISABLED]
    assert len(far_end.requests) == 1
    assert heard.results == {"gone": 1, DISABLED: 3}
    (line,) = caplog.messages
    assert "slack is disabled" in line
    assert "token-in-path" not in line


async def test_a_pause_asked_for_is_kept_and_then_everything_arrives(
    far_end: HttpFarEnd, time: Hours, heard: Heard
) -> None:
    began: list[float] = []

    async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        began.append(time.passed_s)
        await says(429, "Retry-After: 120")(request, writer) if len(began) == 1 else await says(200)(request, writer)

    far_end.answer = answer
    rules = Rules(in_flight_max=1, interval_s=1.0)
    courier = courier_of(open_sink(http_channel("slack", far_end.url), time), time, heard, rules)
    await asyncio.gather(*(courier.send(notice(lead=lead), NOON) for lead in "abc"))
    await courier.close()
    assert began == [0, 120, 121, 122]


async def test_a_storm_goes_out_at_the_pace_of_the_channel(time: Hours, heard: Heard) -> None:
    sink = MemorySink(time)
    courier = courier_of(sink, time, heard, Rules(interval_s=1.0))
    await asyncio.gather(*(courier.send(notice(lead=f"lead-{n}"), NOON) for n in range(500)))
    assert len(sink.attempts) == 500
    assert time.passed_s == 499


async def test_a_notice_taken_back_before_it_goes_is_not_sent(time: Hours, heard: Heard) -> None:
    sink = MemorySink(time)
    courier = courier_of(sink, time, heard, Rules(in_flight_max=1))
    kept, taken_back = courier.send(notice(lead="a"), NOON), courier.send(notice(lead="b"), NOON)
    taken_back.cancel()
    await kept
    await courier.close()
    assert [each.notices[0].outcome.lead for each in sink.attempts] == ["a"]


class Held:
    """A sink whose attempts end when told."""

    name = "held"

    def __init__(self) -> None:
        self.began: list[Message] = []
        self.release = asyncio.Event()

    async def deliver(self, message: Message) -> Delivery:
        self.began.append(message)
        await self.release.wait()
        return Delivery(True, False, "ok")

    async def close(self) -> None:
        pass


async def test_a_notice_that_is_under_way_is_not_sent_a_second_time(time: Hours, heard: Heard) -> None:
    sink = Held()
    courier = courier_of(sink, time, heard)
    first = courier.send(notice(), NOON)
    while not sink.began:
        await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    again, twice = courier.send(notice(), NOON), courier.send(notice(), NOON)
    sink.release.set()
    assert {(await again).result, (await twice).result} == {"ok"}
    await courier.close()
    assert len(sink.began) == 1


async def test_a_defect_in_a_sink_reaches_everybody_who_waits(time: Hours, heard: Heard) -> None:
    class Broken(Held):
        async def deliver(self, message: Message) -> Delivery:
            raise RuntimeError("a defect")

    courier = courier_of(Broken(), time, heard, Rules(in_flight_max=1))
    futures = [courier.send(notice(lead=lead), NOON) for lead in "ab"]
    ended = await asyncio.gather(*futures, return_exceptions=True)
    assert [str(each) for each in ended] == ["a defect"] * 2
    await courier.close()


async def test_a_defect_of_the_courier_reaches_everybody_who_waits(time: Hours, heard: Heard) -> None:
    async def broken(_: asyncio.Event, __: float | None) -> None:
        raise RuntimeError("a defect")

    courier = Courier(Held(), Rules(), time, heard, wait=broken)
    with pytest.raises(RuntimeError, match="a defect"):
        await courier.send(notice(), NOON)
    await courier.close()


async def test_no_channel_waits_for_another(time: Hours, heard: Heard) -> None:
    dead, healthy = MemorySink(time, "dead"), MemorySink(time, "healthy")
    for _ in range(1000):
        dead.will_answer(500)
    couriers = {sink.name: courier_of(sink, Hours(), heard) for sink in (dead, healthy)}
    outbox = Outbox(couriers, lambda _: ["dead", "healthy"])
    ends: dict[str, Any] = dict(outbox.send(notice(), NOON))
    assert (await ends["healthy"]).result == "ok"
    assert not ends["dead"].done()
    await outbox.close()


async def test_a_courier_may_be_closed_while_it_pauses(far_end: HttpFarEnd, heard: Heard) -> None:
    far_end.answer = says(500)
    time = Hours()
    courier = Courier(open_sink(http_channel("teams", far_end.url), time), Rules(), time, heard, share=lambda: 1.0)
    future = courier.send(notice(), NOON)
    while not heard.results:
        await asyncio.sleep(0.01)
    await courier.close()
    await courier.close()
    assert not future.done()
    assert len(leads(far_end)) == 1
