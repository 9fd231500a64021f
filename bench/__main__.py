"""`python -m bench`: measures, and prints one line for each figure as soon as it is known."""

import argparse
import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from time import monotonic

from bench import clocks, hotspots, inprocess, pace, paths, recovering, replaying, silence
from bench.broker import Broker, apache_kafka, embedded
from bench.machine import describe
from bench.measure import LeftOut, Rows, Scale
from bench.table import heading, line
from tests.support import kafka

Jobs = Mapping[str, Callable[[Broker, Scale], Rows]]
IN_PROCESS: Mapping[str, Callable[[Scale], Rows]] = {
    "replay": replaying.replay,
    "memory": inprocess.memory,
    "recovery, in process": inprocess.recovery,
    "open clocks, in process": clocks.in_process,
    "working time": inprocess.working_time,
    "codec": inprocess.codecs,
    "deadline": inprocess.deadlines,
    "pace": pace.pace,
}
ON_BOTH: Jobs = {"judge path": paths.judge_path, "whole path": paths.whole_path}
ON_ONE: Jobs = {
    "detection": silence.detection,
    "recovery": recovering.recovery,
    "ready after kill -9": recovering.after_kill,
    "open clocks": clocks.on_broker,
    "one event": silence.one_event,
}


def main() -> int:
    """Run what the arguments ask for; 1 when something that should have been measured failed."""
    given = _arguments().parse_args()
    scale = Scale(quick=given.quick, full=given.full, rivals=given.rivals)
    logging.basicConfig(level=logging.CRITICAL)  # a topic just made has no leader yet; the clients try again
    if given.profile:
        _print(hotspots.judge_path())
        return 0
    _print(describe(broker=not scale.quick) + "\n")
    _print(heading(markdown=given.markdown))
    began_s, rows, failed = monotonic(), 0, False
    for row in _rows(scale, given.only):
        rows += 1
        failed = failed or (isinstance(row, LeftOut) and row.failed)
        _print(line(row, markdown=given.markdown))
    if not rows:
        _print(f"nothing is called {given.only!r}; there are: {', '.join([*IN_PROCESS, *ON_BOTH, *ON_ONE])}")
    _print(f"\n{rows} rows in {monotonic() - began_s:.0f} s")
    return int(failed or not rows)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under 40 seconds: smaller, and nothing on a broker")
    parser.add_argument("--full", action="store_true", help="a million open clocks in detection, too: 20 minutes")
    parser.add_argument("--only", default="", metavar="WORD", help="rows with this in their name")
    parser.add_argument("--markdown", action="store_true", help="as docs/performance.md has it")
    parser.add_argument("--rivals", action="store_true", help="Quix Streams and Bytewax on the judge path, too")
    parser.add_argument("--profile", action="store_true", help="where the time of the judge path goes, nothing else")
    return parser


def _rows(scale: Scale, only: str) -> Rows:
    for name, measure in IN_PROCESS.items():
        if only in name:
            yield from measure(scale)
    if scale.quick:
        return
    for name, opened, jobs in _brokers():
        chosen = {what: job for what, job in jobs.items() if only in f"{what}, {name}"}
        if chosen and opened is None:
            yield LeftOut(f"everything on {name}", str(kafka.missing()))
        elif chosen and opened is not None:
            with opened() as broker:
                for what, job in chosen.items():
                    yield from _unless_it_fails(f"{what}, {name}", job(broker, scale))


def _brokers() -> Iterator[tuple[str, Callable[[], AbstractContextManager[Broker]] | None, Jobs]]:
    """What is measured where: on Apache Kafka if it can run here, and the two paths on the embedded broker as well."""
    real = kafka.missing() is None
    yield "Apache Kafka", apache_kafka if real else None, {**ON_BOTH, **ON_ONE}
    yield "embedded broker", embedded, ON_BOTH if real else {**ON_BOTH, **ON_ONE}


def _unless_it_fails(what: str, rows: Rows) -> Rows:
    """A contestant that fails must not cost a quarter of an hour of other rows."""
    try:
        yield from rows
    except RuntimeError as error:
        sys.stderr.write(f"{error}\n")
        yield LeftOut(what, str(error).splitlines()[0], failed=True)


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


sys.exit(main())
