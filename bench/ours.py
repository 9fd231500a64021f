"""Our worker in a process of its own, until it has judged so many records: prints how long that took."""

import argparse
import asyncio
import json
import logging
import sys
from statistics import quantiles

from bench.broker import Site
from bench.history import one_duty, seconds_duty
from bench.inprocess import ANY_TIME
from monitor.notify.delivery import Backoff
from monitor.stream.clock import SystemTime
from monitor.stream.kafka import KafkaAccess
from monitor.stream.worker import Worker, WorkerSettings
from monitor.telemetry.metrics import EventResult, Metrics


class Watch(Metrics):
    """The metrics of the worker, and beside them when it began, when it was done and how late it noticed."""

    def __init__(self, count: int, breaches: int, stop: asyncio.Event) -> None:
        super().__init__()
        self._left = count
        self._breaches_left = breaches
        self._stop = stop
        self.began_s: float | None = None
        self.ended_s = 0.0
        self.delays_s: list[float] = []

    def event_read(self, type: str, result: EventResult, count: int = 1) -> None:
        """Intake has begun."""
        super().event_read(type, result, count)
        self._begin(SystemTime().elapsed_s())

    def batch_judged(self, records: int, seconds: float) -> None:
        """So many more are told and remembered, acknowledged by the broker."""
        super().batch_judged(records, seconds)
        self.ended_s = SystemTime().elapsed_s()
        self._begin(self.ended_s - seconds)
        self._left -= records
        self._end()

    def detected(self, delay_s: float) -> None:
        """One breach was announced and acknowledged."""
        super().detected(delay_s)
        self.delays_s.append(delay_s)
        self._breaches_left -= 1
        self._end()

    def _begin(self, began_s: float) -> None:
        if self.began_s is None:
            self.began_s = began_s

    def _end(self) -> None:
        if self._left <= 0 and self._breaches_left <= 0:
            self._stop.set()


async def run(where: Site, count: int, breaches: int) -> dict[str, float]:
    """Seconds for `count` records, or the delays of `breaches` announcements in milliseconds."""
    stop = asyncio.Event()
    watch = Watch(count, breaches, stop)
    settings = WorkerSettings(
        access=KafkaAccess(where.bootstrap),
        topics=where.topics,
        group=where.group,
        advertised_url="http://127.0.0.1:1",
        session_s=6.0,
        commit_s=1.0,
        limits=ANY_TIME,
        state_dir=None,
        probe_ends=where.probe_ends,
        backoff=Backoff(),
    )
    worker = Worker(settings, seconds_duty() if breaches else one_duty(), None, SystemTime(), watch)
    await worker.run(stop)
    measured = {"seconds": watch.ended_s - (watch.began_s or 0.0)}
    if watch.delays_s:
        cuts = quantiles(watch.delays_s, n=100)
        measured |= {"p50_ms": cuts[49] * 1e3, "p99_ms": cuts[98] * 1e3}
    return measured


def main() -> None:
    """The arguments are those of `bench.broker.child`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("bootstrap")
    parser.add_argument("prefix")
    parser.add_argument("count", type=int)
    parser.add_argument("--breaches", type=int, default=0)
    parser.add_argument("--probe-ends", action="store_true")
    given = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    where = Site(given.bootstrap, given.probe_ends, given.prefix)
    measured = asyncio.run(run(where, given.count, given.breaches))
    sys.stdout.write(json.dumps(measured) + "\n")


main()
