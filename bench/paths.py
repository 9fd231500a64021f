"""Events a second, durable: told and remembered, both acknowledged by the broker, beside what others need for it."""

import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

from bench import compiled, rivals
from bench.broker import Broker, records_in, to_events, to_timeline, to_timeline_as_json
from bench.contestant import run
from bench.history import EVENTS_PER_LEAD, history
from bench.measure import Goal, LeftOut, Row, Rows, Scale, turns
from bench.site import Site
from monitor.core.event import Event
from monitor.stream.clock import SystemTime

# Event by event, Faust takes as long for a sixteenth of the events.
EVENTS, STOCK_EVENTS, RIVAL_EVENTS = 80_000, 5_000, 40_000
# Eight leads, of five events each: all are activated, six are met; whether the others are late is not judged yet.
OUTCOMES_PER_EVENT = 14 / 40
REPEATS = 3
OURS, COMPILED, TRANSACTIONAL = "ours", "compiled", "transactional"
STOCK, BY_HAND = "stock Faust, Table(JSON)", "aiokafka by hand"


class Pace(NamedTuple):
    """What one run of an entrant measured."""

    per_s: float
    """Events a second, by the clock."""
    processor_us: float
    """Microseconds of processor time for each event, all threads: other processes hardly show in it."""


class Entrant(NamedTuple):
    """Who takes part in the turns, and on what."""

    module: str
    events: int
    fill: Callable[[Site, list[Event]], None]
    arguments: tuple[str, ...] = ()
    python: str = sys.executable
    as_compiled: bool = False

    def pace(self, broker: Broker) -> Pace:
        """One run on fresh topics. Nothing is due before it is over; every lead is open at once.

        Raises RuntimeError when fewer outcomes were written than the events bring about.
        """
        where = broker.site()
        self.fill(where, history(self.events // EVENTS_PER_LEAD, SystemTime().now_at(), spacing_us=100))
        arguments = ("--count", str(self.events), *self.arguments)
        measured = run(self.module, where, *arguments, python=self.python, as_compiled=self.as_compiled)
        told = records_in(where, where.outcomes)
        if told < self.events * OUTCOMES_PER_EVENT:
            raise RuntimeError(f"{self.module} wrote only {told} outcomes on {self.events} events")
        return Pace(self.events / measured["seconds"], measured["processor_s"] / self.events * 1e6)


def judge_path(broker: Broker, scale: Scale) -> Rows:
    """From the timeline to acknowledged outcomes and states."""
    entrants = {
        OURS: Entrant("ours", EVENTS, to_timeline),
        BY_HAND: Entrant("by_hand", EVENTS, to_timeline),
        STOCK: Entrant("stock", STOCK_EVENTS, to_timeline_as_json),
    }
    if compiled.missing() is None:
        entrants[COMPILED] = Entrant("ours", EVENTS, to_timeline, as_compiled=True)
    if broker.real:
        entrants[TRANSACTIONAL] = Entrant("ours", EVENTS, to_timeline, ("--transactional",))
    if scale.rivals and broker.real and rivals.missing() is None:
        entrants |= {
            name: Entrant(module, RIVAL_EVENTS, to_timeline, python=str(rivals.PYTHON))
            for name, module in rivals.MODULES.items()
        }
    paces = _paces(entrants, broker)
    what = f"judge path, {broker.name}"
    for entrant, called in {OURS: what, COMPILED: f"{what}, compiled"}.items():
        if entrant in paces:
            yield _rate(called, paces[entrant], STOCK, paces[STOCK], Goal("ratio", "at least", 15))
            yield _rate(called, paces[entrant], BY_HAND, paces[BY_HAND], Goal("ratio", "at least", 0.4))
            for name in (STOCK, BY_HAND):
                yield _processor(called, paces[entrant], name, paces[name])
    if (why := compiled.missing()) is not None:
        yield LeftOut(f"{what}, compiled", why)
    for name in rivals.MODULES:
        if name in paces:
            yield _rate(what, paces[OURS], name, paces[name])
            yield _processor(what, paces[OURS], name, paces[name])
    if scale.rivals and broker.real and (why := rivals.missing()) is not None:
        yield LeftOut(f"{what}, beside rivals", why)
    if TRANSACTIONAL in paces:
        yield _rate(f"{what}, transactional", paces[TRANSACTIONAL], "at least once", paces[OURS])


def whole_path(broker: Broker, _scale: Scale) -> Rows:
    """From the raw event through intake, timeline and judge to acknowledged outcomes and states."""
    entrants = {
        OURS: Entrant("ours", EVENTS, to_events),
        STOCK: Entrant("stock", STOCK_EVENTS, to_events, ("--whole",)),
    }
    paces = _paces(entrants, broker)
    what, baseline = f"whole path, {broker.name}", f"{STOCK}, two agents"
    yield _rate(what, paces[OURS], baseline, paces[STOCK], Goal("ratio", "at least", 8))
    yield _processor(what, paces[OURS], baseline, paces[STOCK])


def _paces(entrants: Mapping[str, Entrant], broker: Broker) -> dict[str, list[Pace]]:
    return turns({name: partial(entrant.pace, broker) for name, entrant in entrants.items()}, REPEATS)


def _rate(what: str, ours: list[Pace], baseline: str, theirs: list[Pace], goal: Goal | None = None) -> Row:
    return Row(what, "events/s", [p.per_s for p in ours], baseline, [p.per_s for p in theirs], goal)


def _processor(what: str, ours: list[Pace], baseline: str, theirs: list[Pace]) -> Row:
    ours_us, theirs_us = [p.processor_us for p in ours], [p.processor_us for p in theirs]
    return Row(f"{what}, processor time", "us/event", ours_us, baseline, theirs_us)
