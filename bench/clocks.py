"""What an event costs while few or many clocks are open: it should cost the same."""

from functools import partial
from types import SimpleNamespace
from typing import Any

from bench.broker import Broker, begin_timeline, to_changelog, to_timeline
from bench.contestant import run
from bench.history import START_AT, one_duty
from bench.measure import Row, Rows, Scale, cpu_s, turns
from bench.openclocks import next_events, open_states
from monitor.core.event import Event
from monitor.stream.clock import SystemTime
from monitor.stream.engine.shards import MemoryShard
from monitor.stream.partition_judge import PartitionJudge
from monitor.wire.timeline import encode_event

FEW, MANY, MOST = 10_000, 100_000, 1_000_000
REPEATS = 3
# In process each turn hears of other leads, so that all states stay equally long; on a broker each turn is the first.
EVENTS_IN_PROCESS, EVENTS = 3_000, 10_000
BATCH = 1_000


class OnePartition:
    """All these leads in one partition, and the next events on them turn after turn."""

    def __init__(self, leads: int) -> None:
        self._leads = leads
        self._turn = 0
        shard = MemoryShard()
        shard.put_all(((name.encode(), packed) for name, packed in open_states(leads, START_AT)), 0)
        self._judge = PartitionJudge(shard, one_duty())
        self._offset = 0

    def us(self) -> float:
        """Microseconds of processor time for each event of the next turn, folded, encoded and remembered."""
        batches = self._batches(list(next_events(EVENTS_IN_PROCESS, self._leads, START_AT, self._turn)))
        self._turn += 1

        def work() -> None:
            for batch in batches:
                judged = self._judge.fold(batch)
                self._judge.remember(judged, batch[-1].offset)

        return cpu_s(work) / EVENTS_IN_PROCESS * 1e6

    def _batches(self, events: list[Event]) -> list[list[Any]]:
        records = []
        for event in events:
            self._offset += 1
            records.append(SimpleNamespace(key=event.lead.encode(), value=encode_event(event), offset=self._offset))
        return [records[start : start + BATCH] for start in range(0, len(records), BATCH)]


def in_process(scale: Scale) -> Rows:
    """Through the judge of one partition; no broker."""
    counts = (FEW, MANY) if scale.quick else (FEW, MANY, MOST)
    yield from _rows(
        "open clocks, in process", turns({str(count): OnePartition(count).us for count in counts}, REPEATS)
    )


def on_broker(broker: Broker, _scale: Scale) -> Rows:
    """Through a worker that recovered so many leads first; processor time of all its threads."""
    runs = turns({str(count): partial(_us_on, broker, count) for count in (FEW, MANY)}, REPEATS)
    yield from _rows(f"open clocks, {broker.name}", runs)


def _us_on(broker: Broker, leads: int) -> float:
    where, now_at = broker.site(), SystemTime().now_at()
    to_changelog(where, open_states(leads, now_at))
    count = begin_timeline(where) + EVENTS
    to_timeline(where, next_events(EVENTS, leads, now_at))
    return float(run("ours", where, "--count", str(count))["processor_s"]) / count * 1e6


def _rows(what: str, us: dict[str, list[float]]) -> Rows:
    few, *others = us
    for many in others:
        yield Row(f"{what}: an event beside {int(many):,} of them", "us", us[many], f"beside {int(few):,}", us[few])
