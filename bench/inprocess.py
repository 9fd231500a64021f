"""The rows that need no broker: working time, codecs, memory, recovery, deadlines."""

import gc
import json
import tracemalloc
from collections.abc import Callable
from functools import partial
from itertools import islice
from types import SimpleNamespace
from typing import Any, NamedTuple

from bench.history import ANY_TIME, MINUTE_US, START_AT, lead_events, one_duty, raw_event, three_duties
from bench.measure import Goal, Row, Rows, Scale, cpu_s, in_turns, per_second, us_each
from bench.openclocks import open_lead, open_states
from monitor.core.calendar import due_at
from monitor.core.deadlines import DeadlineIndex
from monitor.core.evidence import Pieces
from monitor.core.limit import Limit, LimitUnit
from monitor.core.tellings import next_instant
from monitor.core.value import Value
from monitor.stream.engine.shards import MemoryShard
from monitor.stream.engine.store import PartitionStore
from monitor.stream.partition_judge import PartitionJudge
from monitor.wire.lead_event import decode
from monitor.wire.state import decode_state, encode_state

HOUR_US = 60 * MINUTE_US


def working_time(scale: Scale) -> Rows:
    """Microseconds for one due instant, its calendar's years known."""
    calendar = three_duties().calendars["munich"]
    starts = [START_AT + n * 37 * MINUTE_US for n in range(2_000)]

    def dues(limit: Limit) -> None:
        for at in starts:
            due_at(calendar, at, limit)

    short = Limit(LimitUnit.WORKING_TIME, 4 * HOUR_US, "4 working_hours")
    others = {
        "working time: due in 10 working days": Limit(LimitUnit.WORKING_DAYS, 10, "10 working_days"),
        "working time: due in 1800 working hours": Limit(LimitUnit.WORKING_TIME, 1800 * HOUR_US, "1800 working_hours"),
    }
    for name, limit in others.items():
        ours_s, short_s = in_turns(partial(dues, limit), partial(dues, short), scale.repeats)
        ours, baseline = us_each(len(starts), ours_s), us_each(len(starts), short_s)
        yield Row(name, "us", ours, "due in 4 working hours", baseline)


def codecs(scale: Scale) -> Rows:
    """Microseconds to read an event and to write and read a state; bytes of a state."""
    event = next(islice(lead_events(7, START_AT), 3, None))
    value = raw_event(event)
    lead = open_lead(7, START_AT)
    as_dict = _named(lead)
    packed, text = encode_state(lead, 1, next_instant(lead)), json.dumps(as_dict)
    pairs: dict[str, tuple[Callable[[], object], str, Callable[[], object]]] = {
        f"codec: event decoded and validated ({len(value)} bytes)": (
            lambda: decode(value, (), event.at, ANY_TIME), "json.loads alone", lambda: json.loads(value),
        ),
        "codec: state encoded": (lambda: encode_state(lead, 1, 1), "JSON of a dict", lambda: json.dumps(as_dict)),
        "codec: state decoded": (lambda: decode_state("L", packed), "JSON of a dict", lambda: json.loads(text)),
    }  # fmt: skip
    count = 2_000
    for what, (ours, baseline, theirs) in pairs.items():
        ours_s, theirs_s = in_turns(partial(_repeat, count, ours), partial(_repeat, count, theirs), scale.repeats)
        yield Row(what, "us", us_each(count, ours_s), baseline, us_each(count, theirs_s))
    yield Row(
        "codec: state of an open clock, 5 pieces of evidence", "bytes", [len(packed)], "JSON of a dict", [len(text)]
    )


def memory(_scale: Scale) -> Rows:
    """Bytes that the process holds per lead, deadline index included; exact, so measured once."""
    leads, objects = 20_000, 2_000
    policy = one_duty()

    def held() -> int:
        gc.collect()  # a judge and its index refer to each other
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        before = held()
        shard = MemoryShard()
        shard.put_all(((name.encode(), packed) for name, packed in open_states(leads, START_AT)), 1)
        judge = PartitionJudge(shard, policy)
        ours = (held() - before) / leads
        del judge, shard
        before = held()
        kept = {name: decode_state(name, packed) for name, packed in open_states(objects, START_AT)}
        theirs = (held() - before) / len(kept)
    finally:
        tracemalloc.stop()
    what = "memory per lead, an open clock and 5 pieces of evidence"
    yield Row(what, "bytes", [ours], "the same as Python objects", [theirs], Goal("figure", "at most", 600))


async def _ready(partitions: list[int]) -> None:
    """Nothing is waited for."""


class _Record(NamedTuple):
    offset: int
    key: bytes
    value: bytes


def recovery(scale: Scale) -> Rows:
    """Changelog records a second until the partition can judge again; the broker's part is left out."""
    leads = 50_000 if scale.quick else 200_000
    policy = one_duty()
    states = open_states(leads, START_AT)
    records = [_Record(n, name.encode(), packed) for n, (name, packed) in enumerate(states)]
    size = 2_000
    batches: list[Any] = [
        SimpleNamespace(message=SimpleNamespace(partition=0, offset=n, value=records[n : n + size]))
        for n in range(0, leads, size)
    ]

    def ours() -> None:
        shard = MemoryShard()
        table = SimpleNamespace(name="leads", changelog_topic_name="changelog")
        store = PartitionStore("lead-sla://", None, table, open_shard=lambda _: shard, on_ready=_ready)
        for batch in batches:
            store.apply_changelog_batch([batch], None, None)
        PartitionJudge(shard, policy)

    def dictionary() -> None:
        kept: dict[bytes, bytes] = {}
        for batch in batches:
            for record in batch.message.value:
                kept[record.key] = record.value

    ours_s, dict_s = in_turns(ours, dictionary, 3)
    rates = per_second(leads, ours_s)
    what, goal = f"recovery, in process, {leads:,} leads", Goal("figure", "at least", 150_000)
    yield Row(what, "records/s", rates, "filling one dict", per_second(leads, dict_s), goal)


def deadlines(scale: Scale) -> Rows:
    """Microseconds for each insert and each pop of a full index, in units of those of a hundredth of it."""
    many = _Index(1_000_000 if scale.full else 100_000)
    few = _Index(many.count // 100)
    inserted_s, popped_s = [], []
    for _ in range(3):
        inserted_s.append((cpu_s(many.insert) / many.count, cpu_s(few.insert) / few.count))
        popped_s.append((cpu_s(many.pop) / many.count, cpu_s(few.pop) / few.count))
    for what, seconds in {f"deadline inserted, {many.count:,} in all": inserted_s, "deadline popped": popped_s}.items():
        ours, baseline = [s * 1e6 for s, _ in seconds], [s * 1e6 for _, s in seconds]
        yield Row(what, "us", ours, "with a hundredth of them", baseline)


class _Index:
    """So many deadlines, none of them stale."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._ats = {f"L-{n}": START_AT + (n * 7_919) % count * MINUTE_US for n in range(count)}
        self._deadlines = DeadlineIndex(self._ats.get)

    def insert(self) -> None:
        for lead, at in self._ats.items():
            self._deadlines.add(at, lead)

    def pop(self) -> None:
        while (at := self._deadlines.first()) is not None:
            self._deadlines.due(at)


def _named(value: Any) -> Any:
    """The same with everything that has named fields as a dict."""
    if isinstance(value, Value):
        return {name: _named(field) for name, field in vars(value).items()}
    if hasattr(value, "_asdict"):
        return {name: _named(field) for name, field in value._asdict().items()}
    if isinstance(value, tuple | Pieces):
        return [_named(item) for item in value]
    return value


def _repeat(count: int, work: Callable[[], object]) -> None:
    for _ in range(count):
        work()
