"""The rows that need a broker: what is told and remembered a second, and how soon silence is noticed."""

from collections.abc import Callable, Iterator
from statistics import median

from bench.broker import Site, broker, child, site, to_events, to_timeline, to_timeline_as_json
from bench.history import EVENTS_PER_LEAD, LIMIT_S, SECOND_US, assignments, history
from bench.measure import Row
from monitor.core.event import Event
from monitor.stream.clock import SystemTime

# The baseline is some ten times slower: with a tenth of the events both take about as long.
EVENTS, STOCK_EVENTS = 40_000, 4_000
REPEATS = 3
OPEN_CLOCKS = 20_000
SPREAD_S = 10
# From the start of the worker until it has judged all that was waiting, with room for a busy machine.
STARTUP_S = 15

Fill = Callable[[Site, list[Event]], None]


def rows() -> Iterator[Row]:
    """Every row of this file."""
    with broker() as (name, bootstrap, probe_ends):

        def fresh() -> Site:
            return site(bootstrap, probe_ends)

        yield _path(f"judge path, durable, {name}", fresh, to_timeline, to_timeline_as_json, (), "15")
        yield _path(f"whole path, {name}", fresh, to_events, to_events, ("--whole",), "8")
        yield from _detection(fresh)


def _path(
    what: str, fresh: Callable[[], Site], fill: Fill, fill_stock: Fill, stock_arguments: tuple[str, ...], goal: str
) -> Row:
    ours, stock = [], []
    for _ in range(REPEATS):
        where, events = fresh(), _events(EVENTS)
        fill(where, events)
        ours.append(len(events) / child("ours", where, len(events))["seconds"])
        where, events = fresh(), _events(STOCK_EVENTS)
        fill_stock(where, events)
        stock.append(len(events) / child("stock", where, len(events), *stock_arguments)["seconds"])
    return Row(what, "events/s", median(ours), "stock Faust, Table(JSON)", median(stock), goal)


def _events(count: int) -> list[Event]:
    """Nothing in them is due before the run is over; every lead is open at once."""
    return history(count // EVENTS_PER_LEAD, SystemTime().now_at(), spacing_us=100)


def _detection(fresh: Callable[[], Site]) -> Iterator[Row]:
    """From due + hold until the breach was acknowledged by the broker, nothing else flowing."""
    where = fresh()
    first_due_at = SystemTime().now_at() + STARTUP_S * SECOND_US
    to_timeline(where, assignments(OPEN_CLOCKS, first_due_at - LIMIT_S * SECOND_US, SPREAD_S * SECOND_US))
    measured = child("ours", where, OPEN_CLOCKS, "--breaches", str(OPEN_CLOCKS))
    what = f"breach announced after due, {OPEN_CLOCKS} open"
    yield Row(f"{what}, p50", "ms", measured["p50_ms"], "1 s, the promise", 1_000)
    yield Row(f"{what}, p99", "ms", measured["p99_ms"], "1 s, the promise", 1_000, "0.25")
