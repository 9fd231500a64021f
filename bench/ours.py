"""Our worker in a process of its own: prints when it is ready, when it has judged, and how late it noticed silence."""

import argparse
import asyncio
import cProfile
import logging
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from time import process_time
from typing import Any

import msgspec
import psutil
from prometheus_client import CollectorRegistry

from bench.broker import topics_of
from bench.history import ANY_TIME, one_duty
from bench.site import Site, contestant_arguments, site_of
from monitor.notify.outlets import NO_OUTLETS
from monitor.stream.clock import SystemTime
from monitor.stream.kafka import KafkaAccess
from monitor.stream.worker import Worker, WorkerSettings
from monitor.telemetry.engine import EngineMetrics
from monitor.telemetry.metrics import EventResult, Metrics

READY_POLL_S = 0.005


class Recovery(EngineMetrics):
    """The engine's metrics, and beside them how long recovery took."""

    def __init__(self, registry: CollectorRegistry) -> None:
        super().__init__(registry)
        self.recovered_s = 0.0

    def recovered(self, seconds: float) -> None:
        """The state is there, so long after the partitions were assigned."""
        super().recovered(seconds)
        self.recovered_s = seconds


class Watch(Metrics):
    """The metrics of the worker, and beside them when it began, when it was done and how late it noticed."""

    def __init__(self, count: int, breaches: int) -> None:
        super().__init__()
        self._left = count
        self._breaches_left = breaches
        self._began_s, self._ended_s = 0.0, 0.0
        self._batches_s: list[float] = []
        self._delays_s: list[float] = []
        self.engine = self._recovery = Recovery(CollectorRegistry())
        self.judged, self.noticed = asyncio.Event(), asyncio.Event()
        self._end()

    def event_read(self, type: str, result: EventResult, count: int = 1) -> None:
        """Intake has begun."""
        super().event_read(type, result, count)
        self._begin(SystemTime().elapsed_s())

    def batch_judged(self, records: int, seconds: float) -> None:
        """So many more are told and remembered, acknowledged by the broker."""
        super().batch_judged(records, seconds)
        self._ended_s = SystemTime().elapsed_s()
        self._begin(self._ended_s - seconds)
        self._batches_s.append(seconds)
        self._left -= records
        self._end()

    def detected(self, delay_s: float) -> None:
        """One breach was announced and acknowledged."""
        super().detected(delay_s)
        self._delays_s.append(delay_s)
        self._breaches_left -= 1
        self._end()

    def when_ready(self) -> dict[str, float]:
        """Seconds of recovery, and what the process holds in memory now."""
        return {"recovered_s": self._recovery.recovered_s, "resident_bytes": psutil.Process().memory_info().rss}

    def when_judged(self) -> dict[str, Any]:
        """Seconds from the first batch to the last acknowledgement, and for each batch."""
        return {"seconds": self._ended_s - self._began_s, "batches_s": self._batches_s}

    def when_noticed(self) -> dict[str, Any]:
        """For each breach the seconds from due + hold to the acknowledgement of its outcome."""
        return {"delays_s": self._delays_s}

    def _begin(self, began_s: float) -> None:
        if not self._began_s:
            self._began_s = began_s

    def _end(self) -> None:
        if self._left <= 0:
            self.judged.set()
        if self._breaches_left <= 0:
            self.noticed.set()


def build(where: Site, watch: Watch, transactional: bool, state_dir: Path | None) -> Worker:
    """A worker as `lead-sla run` makes it, with its defaults."""
    settings = WorkerSettings(
        access=KafkaAccess(where.bootstrap),
        topics=topics_of(where),
        group=where.group,
        advertised_url="http://127.0.0.1:1",
        session_s=6.0,
        commit_s=0.2,
        limits=ANY_TIME,
        state_dir=state_dir,
        probe_ends=where.probe_ends,
        transactional=transactional,
    )
    return Worker(settings, one_duty(), NO_OUTLETS, SystemTime(), watch)


async def run(worker: Worker, watch: Watch, judging: AbstractContextManager[Any], *, stay: bool) -> None:
    """Print what is known as soon as it is known; then stop, or stay until killed. `judging` is open meanwhile."""
    stop, started_s = asyncio.Event(), process_time()
    working = asyncio.create_task(worker.run(stop))
    try:
        while worker.ready() and not working.done():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(READY_POLL_S)
        began_s = process_time()
        _say({**watch.when_ready(), "recovery_processor_s": began_s - started_s})
        with judging:
            await _first(working, watch.judged)
        _say({**watch.when_judged(), "processor_s": process_time() - began_s})
        await _first(working, watch.noticed)
        _say({**watch.when_noticed(), "last": True})
        if stay:
            await working
    finally:
        stop.set()
        await working


async def _first(working: asyncio.Task[None], event: asyncio.Event) -> None:
    waiting = asyncio.create_task(event.wait())
    await asyncio.wait([working, waiting], return_when=asyncio.FIRST_COMPLETED)
    if working.done():
        raise RuntimeError("the worker ended before its work was done")


def _say(measured: dict[str, Any]) -> None:
    sys.stdout.write(msgspec.json.encode(measured).decode() + "\n")
    sys.stdout.flush()


def arguments(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """What this contestant takes beside the site."""
    parser.add_argument("--breaches", type=int, default=0)
    parser.add_argument("--transactional", action="store_true")
    parser.add_argument("--state-dir", type=Path)
    parser.add_argument("--stay", action="store_true")
    parser.add_argument("--profile", type=Path)
    return parser


async def main() -> None:
    """See `arguments`."""
    given = arguments(contestant_arguments()).parse_args()
    logging.basicConfig(level=logging.ERROR)
    watch = Watch(given.count, given.breaches)
    worker = build(site_of(given), watch, given.transactional, given.state_dir)
    profile = None if given.profile is None else cProfile.Profile()
    await run(worker, watch, profile or nullcontext(), stay=given.stay)
    if profile is not None:
        profile.dump_stats(given.profile)


if __name__ == "__main__":
    asyncio.run(main())
