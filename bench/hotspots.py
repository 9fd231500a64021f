"""Where the time of the judge path goes: our worker under the profiler, by part and by function."""

import io
import pstats
from collections import Counter
from pathlib import Path
from typing import Any

from bench.broker import apache_kafka, embedded, to_timeline
from bench.contestant import run
from bench.history import EVENTS_PER_LEAD, history
from monitor.stream.clock import SystemTime
from tests.support import kafka

EVENTS = 80_000
FUNCTIONS = 30
FOLDER = Path(__file__).parents[1] / ".cache" / "bench"
_ROOT = f"{Path(__file__).parents[1]}/"
# In this order: the first that stands in the file's path names the part.
_PARTS = (
    "monitor/core", "monitor/wire", "monitor/stream", "monitor/telemetry", "prometheus_client", "aiokafka", "faust",
    "mode", "asyncio", "bench",
)  # fmt: skip
_Function = tuple[str, int, str]


def judge_path() -> str:
    """The profile as text; the raw one stays in .cache/bench for other tools. The profiler itself takes its share."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    raw = FOLDER / "judge-path.prof"
    with embedded() if kafka.missing() else apache_kafka() as broker:
        where = broker.site()
        to_timeline(where, history(EVENTS // EVENTS_PER_LEAD, SystemTime().now_at(), spacing_us=100))
        measured = run("ours", where, "--count", str(EVENTS), "--profile", str(raw))
    listing = io.StringIO()
    stats: Any = pstats.Stats(str(raw), stream=listing)
    by_part, waited_s = _own_seconds(stats.stats)
    busy_s = sum(by_part.values())
    lines = [
        f"judge path, {broker.name}, {EVENTS:,} events, profiled: the event loop was busy for {busy_s:.2f} s and "
        f"waited for {waited_s:.2f} s; all threads took {measured['processor_s']:.2f} s of the processor",
        "",
        *(f"{seconds / busy_s:6.1%}  {seconds / EVENTS * 1e6:6.2f} us/event  {part}"
          for part, seconds in by_part.most_common()),
    ]  # fmt: skip
    stats.sort_stats("tottime").print_stats(FUNCTIONS)
    text = "\n".join(lines) + "\n" + listing.getvalue().replace(_ROOT, "")
    written = FOLDER / "judge-path.txt"
    written.write_text(text)
    return f"{text}written to {written.relative_to(_ROOT)}, raw in {raw.relative_to(_ROOT)}"


def _own_seconds(functions: dict[_Function, Any]) -> tuple[Counter[str], float]:
    """Own time by part, what is built in counted to the part that called it; and the time spent waiting."""
    by_part: Counter[str] = Counter()
    waited_s = 0.0
    for (path, _, name), (_, _, own_s, _, callers) in functions.items():
        if "'poll' of 'select.epoll'" in name or "'select.kqueue'" in name:
            waited_s += own_s
        elif path == "~":
            for (caller_path, _, _), (_, _, caller_own_s, _) in callers.items():
                by_part[_part(caller_path)] += caller_own_s
        else:
            by_part[_part(path)] += own_s
    return by_part, waited_s


def _part(path: str) -> str:
    return next((part for part in _PARTS if f"/{part}/" in path), "other")
