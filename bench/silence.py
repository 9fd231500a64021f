"""How late silence is noticed, on an idle stream and on a busy one; and how long one event takes, nothing beside it."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from itertools import count, islice
from statistics import median, quantiles
from time import monotonic

from bench.broker import Broker, to_changelog, to_timeline
from bench.contestant import Contestant, contestant
from bench.history import SECOND_US, lead_events, raw_event
from bench.measure import Goal, Row, Rows, Scale, promise, turns
from bench.openclocks import due_soon, open_states
from bench.sending import producer, send_by_lead
from bench.site import PARTITIONS, Site
from monitor.core.event import Event
from monitor.stream.clock import SystemTime
from monitor.wire.timeline import encode_event

OPEN, OPEN_FULL = 100_000, 1_000_000
REPEATS = 3
DUE, SPREAD_S = 2_000, 10.0
# Until the first of them is due, they have to be judged.
LEAD_TIME_S = 2.0
BUSY_EVENTS_PER_S = 2_000
STEP_S = 0.01
SINGLE_EVENTS, SINGLE_GAP_S = 200, 0.02


def detection(broker: Broker, scale: Scale) -> Rows:
    """From due + hold to the acknowledged breach: 200 a second fall due beside all the clocks that stay open."""
    runs = {"idle": partial(_delays_ms, broker, OPEN, 0), "busy": partial(_delays_ms, broker, OPEN, BUSY_EVENTS_PER_S)}
    delays = turns(runs, REPEATS)
    yield from _delay_rows(f"detection, {OPEN:,} open clocks, idle stream", delays["idle"], 250)
    yield from _delay_rows(
        f"detection, {OPEN:,} open clocks, {BUSY_EVENTS_PER_S:,} events/s beside", delays["busy"], 1_000
    )
    if scale.full:
        many = turns({"many": partial(_delays_ms, broker, OPEN_FULL, 0)}, REPEATS)["many"]
        yield from _delay_rows(f"detection, {OPEN_FULL:,} open clocks, idle stream", many, 1_000)


def one_event(broker: Broker, _scale: Scale) -> Rows:
    """The floor: one event judged, its outcome acknowledged, then its state; one after the other, 50 a second."""
    runs = [asyncio.run(_single_events(broker.site())) for _ in range(REPEATS)]
    ours, plain = [ours for ours, _ in runs], [plain for _, plain in runs]
    yield Row("one event told and remembered", "ms", ours, "one record acknowledged", plain)


def _delays_ms(broker: Broker, open_clocks: int, busy_per_s: int) -> list[float]:
    where = broker.site()
    to_changelog(where, open_states(open_clocks, SystemTime().now_at()))
    with contestant("ours", where, "--breaches", str(DUE)) as ours:
        ours.says(), ours.says()  # it is ready, and there was nothing to judge
        first_due_at = SystemTime().now_at() + int(LEAD_TIME_S * SECOND_US)
        to_timeline(where, due_soon(DUE, first_due_at, SPREAD_S))
        noticed = asyncio.run(_noticed_beside(where, ours, busy_per_s))
        ours.ended()
    return [delay_s * 1e3 for delay_s in noticed]


async def _noticed_beside(where: Site, ours: Contestant, busy_per_s: int) -> list[float]:
    load = asyncio.create_task(_load(where, busy_per_s))
    try:
        said = await asyncio.to_thread(ours.says)
    finally:
        load.cancel()
        with suppress(asyncio.CancelledError):
            await load
    delays_s: list[float] = said["delays_s"]
    return delays_s


async def _load(where: Site, per_s: int) -> None:
    """A steady stream of raw events until cancelled. Who sends too slowly makes up for it in the next step."""
    events, sent, began_s = _untroubled_events(), 0, monotonic()
    async with producer(where.bootstrap) as sender:
        while per_s:
            due = int((monotonic() - began_s) * per_s) - sent
            now_at = SystemTime().now_at()
            records = [(event.lead, raw_event(event._replace(at=now_at))) for event in islice(events, due)]
            await send_by_lead(sender, where.events, PARTITIONS, records)
            sent += due
            await asyncio.sleep(STEP_S)


def _untroubled_events() -> Iterator[Event]:
    """Lead after lead is created, assigned, written to and called."""
    for number in count():
        yield from islice(lead_events(8 * number + 2, 0), 4)


def _delay_rows(what: str, runs: list[list[float]], p99_ms_max: float) -> Rows:
    cuts = [quantiles(delays, n=100) for delays in runs]
    figures = {"p50": [cut[49] for cut in cuts], "p99": [cut[98] for cut in cuts], "max": [max(run) for run in runs]}
    for name, ms in figures.items():
        goal = Goal("figure", "at most", p99_ms_max) if name == "p99" else None
        yield Row(f"{what}, {name}", "ms", ms, "the promise", promise(ms, 1_000), goal)


async def _single_events(where: Site) -> tuple[float, float]:
    """Milliseconds, medians: of a batch of one event, and of acknowledging the event itself when it was sent."""
    plain_s = []
    with contestant("ours", where, "--count", str(SINGLE_EVENTS)) as ours:
        ours.says()
        async with producer(where.bootstrap) as sender:
            for event in due_soon(SINGLE_EVENTS, SystemTime().now_at() + 600 * SECOND_US, 1.0):
                began_s = monotonic()
                await sender.send_and_wait(where.timeline, encode_event(event), key=event.lead.encode(), partition=0)
                plain_s.append(monotonic() - began_s)
                await asyncio.sleep(SINGLE_GAP_S)
        batches_s = ours.says()["batches_s"]
        ours.says()
        ours.ended()
    return median(batches_s) * 1e3, median(plain_s) * 1e3
