"""From the changelog to a worker that judges: how fast, how much memory it takes, and how soon after kill -9."""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec

from bench import compiled
from bench.broker import Broker, to_changelog
from bench.contestant import contestant, run
from bench.json_lead import as_json
from bench.measure import Goal, Row, Rows, Scale, per_second, promise, turns
from bench.openclocks import lead_name, open_lead, open_states
from bench.site import Site
from monitor.stream.clock import SystemTime

LEADS, STOCK_LEADS = 1_000_000, 20_000
LEADS_AT_KILL = 100_000
REPEATS = 3
SESSION_S = 6.0
READY_S_MAX = 10.0
_MIB = 2**20

Measured = dict[str, Any]


def recovery(broker: Broker, _scale: Scale) -> Rows:
    """A million leads; the group's join is not counted."""
    where, stock = broker.site(), broker.site()
    to_changelog(where, open_states(LEADS, SystemTime().now_at()))
    to_changelog(stock, _stock_states(STOCK_LEADS))
    with tempfile.TemporaryDirectory(prefix="lead-sla-bench-") as folder:
        kept = Path(folder) / "kept"
        _recover_into(where, kept)
        contestants: dict[str, Callable[[], Measured]] = {
            "memory store": partial(run, "ours", where),
            "RocksDB, empty": lambda: _recover_into(where, Path(tempfile.mkdtemp(dir=folder))),
            "RocksDB, kept": partial(_recover_into, where, kept),
            "stock": partial(run, "stock", stock),
        }
        if compiled.missing() is None:
            contestants["memory store, compiled"] = partial(run, "ours", where, as_compiled=True)
            contestants["RocksDB, empty, compiled"] = lambda: _recover_into(
                where, Path(tempfile.mkdtemp(dir=folder)), as_compiled=True
            )
        runs = turns(contestants, REPEATS)
    by_stock = runs.pop("stock")
    stock_rates = [STOCK_LEADS / m["recovered_s"] for m in by_stock]
    in_memory_mib = _resident_mib(runs["memory store"])
    for store, measured in runs.items():
        what = f"recovery of {LEADS:,} leads, {store}"
        seconds = [m["recovered_s"] for m in measured]
        rates, rate_goal = per_second(LEADS, seconds), Goal("figure", "at least", 150_000)
        yield Row(what, "leads/s", rates, f"stock Faust, {STOCK_LEADS:,} leads", stock_rates, rate_goal)
        limit, limit_goal = promise(seconds, READY_S_MAX), Goal("figure", "at most", READY_S_MAX)
        yield Row(f"{what}, assigned to ready", "s", seconds, "the goal", limit, limit_goal)
        ours_us, stock_us = _processor_us(measured, LEADS), _processor_us(by_stock, STOCK_LEADS)
        yield Row(f"{what}, processor time", "us/lead", ours_us, f"stock Faust, {STOCK_LEADS:,} leads", stock_us)
        yield Row(f"{what}, resident", "MiB", _resident_mib(measured), "the memory store", in_memory_mib)


def after_kill(broker: Broker, _scale: Scale) -> Rows:
    """From kill -9 to ready again: the new process starts at once, and waits until the session of the dead one ends."""
    where = broker.site()
    to_changelog(where, open_states(LEADS_AT_KILL, SystemTime().now_at()))
    seconds = [_killed_and_ready_s(where) for _ in range(REPEATS)]
    what = f"ready after kill -9, {LEADS_AT_KILL:,} leads"
    yield Row(what, "s", seconds, "the session that has to end", promise(seconds, SESSION_S))


def _killed_and_ready_s(where: Site) -> float:
    with contestant("ours", where, "--stay") as first:
        first.says()
        killed_s = monotonic()
        first.kill()
    with contestant("ours", where) as second:
        second.says()
        ready_s = monotonic() - killed_s
        second.ended()
    return ready_s


def _recover_into(where: Site, folder: Path, *, as_compiled: bool = False) -> Measured:
    return run("ours", where, "--state-dir", str(folder), as_compiled=as_compiled)


def _resident_mib(measured: list[Measured]) -> list[float]:
    return [m["resident_bytes"] / _MIB for m in measured]


def _processor_us(measured: list[Measured], leads: int) -> list[float]:
    """Starting and joining included, which is little beside a million leads."""
    return [m["recovery_processor_s"] / leads * 1e6 for m in measured]


def _stock_states(count: int) -> list[tuple[str, bytes]]:
    """As Faust writes a table of JSON: key and value both are."""
    lead = as_json(open_lead(1, SystemTime().now_at()))
    return [(f'"{lead_name(n)}"', msgspec.json.encode(lead)) for n in range(count)]
