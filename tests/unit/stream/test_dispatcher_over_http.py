"""A real far end that fails for an hour, while a clock jumps from one attempt to the next."""

import asyncio
import re

from monitor.core.outcome import Kind
from monitor.ports import ChannelState
from monitor.sinks.opening import open_sink
from tests.support.far_ends import http_channel, http_far_end, says
from tests.support.notices import Hours, outcome
from tests.support.office import Broker, Office

HOUR_S = 3600.0


def said(name: bytes, request: bytes) -> str:
    """A field or header of a request."""
    found = re.search(name + rb'"?: ?"?([^",\r]+)', request)
    assert found is not None
    return found[1].decode()


async def test_an_hour_of_500_loses_nothing_sends_little_and_keeps_each_lead_in_order() -> None:
    time, arrived = Hours(), []

    async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        await says(500 if time.passed_s < HOUR_S else 200)(request, writer)
        if time.passed_s >= HOUR_S:
            arrived.append(request)

    async def wait(changed: asyncio.Event, pause_s: float) -> None:
        """Time passes only when nothing is on its way, and then until the next attempt."""
        await asyncio.sleep(0.001)
        if changed is office.desk.changed["webhook"] and not changed.is_set() and not office.dispatcher._sending:
            time.passed_s += pause_s

    broker = Broker()
    broker.tell(*[outcome(Kind.BREACHED, lead=f"lead-{n % 10}", cycle=n + 1) for n in range(60)])
    async with http_far_end() as far_end:
        far_end.answer = answer
        sink = open_sink(http_channel("webhook", far_end.url), time)
        office = Office(broker, [sink], people=False, time=time, wait=wait)
        working = asyncio.create_task(office.run(60))
        while broker.committed[0] < 1 or broker.left():
            await asyncio.sleep(0.05)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        await sink.close()
    assert len(arrived) == len({said(b"webhook-id", request) for request in arrived}) == 60
    assert len(far_end.requests) - len(arrived) < 40
    for lead in range(10):
        cycles = [int(said(b"cycle", request)) for request in arrived if said(b"lead", request) == f"lead-{lead}"]
        assert cycles == [n + 1 for n in range(60) if n % 10 == lead]
    assert office.dispatcher.gates["webhook"].state is ChannelState.CLOSED
    assert broker.letters == []
