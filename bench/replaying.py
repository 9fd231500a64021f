"""Events a second through the whole core, ticks at the deadlines included, in processes as `lead-sla replay` is one."""

import argparse
import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from bench import compiled
from bench.bare import BareMachine
from bench.history import EVENTS_PER_LEAD, history, one_duty, three_duties
from bench.measure import Goal, LeftOut, Row, Rows, Scale, in_turns, per_second
from monitor.core.policy import Policy
from monitor.core.replay import Replay
from monitor.stream.garbage import collect_less_often

ONE_DUTY: Final = "one duty"
Seconds = tuple[list[float], list[float]]
"""Ours and the bare machine's, turn by turn."""


def replay(scale: Scale) -> Rows:
    """Interpreted and compiled, the bare machine beside each."""
    leads = 1_000 if scale.quick else 4_000
    yield from _rows("", leads, _in_process(leads, scale.repeats, os.environ))
    if (why := compiled.missing()) is None:
        yield from _rows(", compiled", leads, _in_process(leads, scale.repeats, compiled.environment()))
    else:
        yield LeftOut("replay, compiled", why)


def _in_process(leads: int, repeats: int, environment: Mapping[str, str]) -> dict[str, Seconds]:
    command = [sys.executable, "-m", "bench.replaying", str(leads), str(repeats)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    return msgspec.json.decode(done.stdout, type=dict[str, Seconds])


def measured(leads: int, repeats: int) -> dict[str, Seconds]:
    """Processor seconds by agreement."""
    events = history(leads)
    agreements: Mapping[str, Policy] = {ONE_DUTY: one_duty(), "three duties": three_duties()}
    return {
        name: in_turns(
            lambda policy=policy: _exhaust(Replay(policy).run(events)),  # type: ignore[misc]
            lambda: _exhaust(BareMachine().run(events)),
            repeats,
        )
        for name, policy in agreements.items()
    }


def _rows(how: str, leads: int, by_agreement: Mapping[str, Seconds]) -> Rows:
    events = leads * EVENTS_PER_LEAD
    for name, (ours_s, bare_s) in by_agreement.items():
        what, rates, bare = f"replay, {name}{how}", per_second(events, ours_s), per_second(events, bare_s)
        yield Row(what, "events/s", rates, "bare state machine", bare, Goal("ratio", "at least", 0.3))
        if name == ONE_DUTY:
            yield Row(what, "events/s", rates, "bare state machine", bare, Goal("figure", "at least", 100_000))


def _exhaust(iterator: Iterator[object]) -> None:
    deque(iterator, maxlen=0)


def main() -> None:
    """Print what `measured` says as JSON."""
    collect_less_often()
    parser = argparse.ArgumentParser()
    parser.add_argument("leads", type=int)
    parser.add_argument("repeats", type=int)
    given = parser.parse_args()
    sys.stdout.write(msgspec.json.encode(measured(given.leads, given.repeats)).decode())


if __name__ == "__main__":
    main()
