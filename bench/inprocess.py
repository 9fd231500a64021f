"""The rows that need no broker: core, working time, codecs, recovery, deadlines."""

import json
import tracemalloc
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from types import SimpleNamespace
from typing import Any, NamedTuple

from bench.bare import BareMachine
from bench.history import MINUTE_US, START_AT, example, history, lead_events, one_duty
from bench.measure import Row, in_turns
from monitor.core.advance import advance
from monitor.core.calendar import due_at
from monitor.core.deadlines import DeadlineIndex
from monitor.core.event import Event
from monitor.core.instant import to_rfc3339
from monitor.core.lead import Lead
from monitor.core.limit import Limit, LimitUnit
from monitor.core.policy import Policy
from monitor.core.replay import Replay
from monitor.core.tellings import next_instant
from monitor.stream.engine.shards import MemoryShard
from monitor.stream.engine.store import PartitionStore
from monitor.stream.partition_judge import PartitionJudge
from monitor.wire.lead_event import TimeLimits, decode
from monitor.wire.state import decode_state, encode_state

ANY_TIME = TimeLimits(future_us=2**62, past_us=2**62)
HOUR_US = 60 * MINUTE_US


def _exhaust(iterator: Iterator[object]) -> None:
    deque(iterator, maxlen=0)


def replay(leads: int, repeats: int) -> Iterator[Row]:
    """Events a second through the whole core, ticks at the deadlines included."""
    events = history(leads)
    agreements = {"one duty": one_duty(), "example agreement, 3 duties": example()}
    for name, policy in agreements.items():
        ours_s, bare_s = in_turns(
            lambda policy=policy: _exhaust(Replay(policy).run(events)),  # type: ignore[misc]
            lambda: _exhaust(BareMachine().run(events)),
            repeats,
        )
        count = len(events)
        yield Row(f"replay, {name}", "events/s", count / ours_s, "bare state machine", count / bare_s, "0.3")


def working_time(repeats: int) -> Iterator[Row]:
    """Microseconds for one due instant, its calendar's years known."""
    calendar = example().calendars["munich"]
    starts = [START_AT + n * 37 * MINUTE_US for n in range(2_000)]

    def dues(limit: Limit) -> None:
        for at in starts:
            due_at(calendar, at, limit)

    short = Limit(LimitUnit.WORKING_TIME, 4 * HOUR_US, "4 working_hours")
    others = {
        "due in 10 working days": Limit(LimitUnit.WORKING_DAYS, 10, "10 working_days"),
        "due in 1800 working hours, about a year": Limit(LimitUnit.WORKING_TIME, 1800 * HOUR_US, "1800 working_hours"),
    }
    for name, limit in others.items():
        ours_s, short_s = in_turns(lambda limit=limit: dues(limit), lambda: dues(short), repeats)  # type: ignore[misc]
        yield Row(name, "us", _us(ours_s, len(starts)), "due in 4 working hours", _us(short_s, len(starts)))


def codecs(repeats: int) -> Iterator[Row]:
    """Microseconds to read an event and to write and read a state; bytes of a state."""
    count = 2_000
    event = next(islice(lead_events(7, START_AT), 3, None))
    value = raw_event(event)
    ours_s, json_s = in_turns(
        lambda: _repeat(count, lambda: decode(value, (), event.at, ANY_TIME)),
        lambda: _repeat(count, lambda: json.loads(value)),
        repeats,
    )
    yield Row(f"event decoded and validated ({len(value)} bytes)", "us", _us(ours_s, count), "json.loads alone",
              _us(json_s, count))  # fmt: skip
    lead = open_lead(one_duty(), 7)
    as_dict = _named(lead)
    packed, text = encode_state(lead, 1, next_instant(lead)), json.dumps(as_dict)
    ours_s, json_s = in_turns(
        lambda: _repeat(count, lambda: encode_state(lead, 1, 1)),
        lambda: _repeat(count, lambda: json.dumps(as_dict)),
        repeats,
    )
    yield Row("state encoded", "us", _us(ours_s, count), "JSON of a dict", _us(json_s, count))
    ours_s, json_s = in_turns(
        lambda: _repeat(count, lambda: decode_state("L", packed)),
        lambda: _repeat(count, lambda: json.loads(text)),
        repeats,
    )
    yield Row("state decoded", "us", _us(ours_s, count), "JSON of a dict", _us(json_s, count))
    yield Row("state of an open clock, 5 pieces of evidence", "bytes", len(packed), "JSON of a dict", len(text))


def memory(leads: int) -> Iterator[Row]:
    """Bytes that the process holds per lead, deadline index included."""
    policy = one_duty()
    template = encode_state(lead := open_lead(policy, 7), 1, next_instant(lead))
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        shard = MemoryShard()
        shard.put_all(((f"L-{n:06d}".encode(), bytes(bytearray(template))) for n in range(leads)), 1)
        judge = PartitionJudge(shard, policy)
        ours = (tracemalloc.get_traced_memory()[0] - before) / leads
        del judge, shard
        before = tracemalloc.get_traced_memory()[0]
        kept = {f"L-{n:06d}": decode_state("", template) for n in range(leads // 10)}
        theirs = (tracemalloc.get_traced_memory()[0] - before) / len(kept)
    finally:
        tracemalloc.stop()
    yield Row("memory per such lead", "bytes", ours, "the same as Python objects", theirs, "600 bytes")


class _Record(NamedTuple):
    offset: int
    key: bytes
    value: bytes


def recovery(leads: int, repeats: int) -> Iterator[Row]:
    """Changelog records a second until the partition can judge again; the broker's part is left out."""
    policy = one_duty()
    lead = open_lead(policy, 7)
    records = [_Record(n, f"L-{n:06d}".encode(), encode_state(lead, n, next_instant(lead))) for n in range(leads)]
    size = 2_000
    batches: list[Any] = [
        SimpleNamespace(message=SimpleNamespace(partition=0, offset=n, value=records[n : n + size]))
        for n in range(0, leads, size)
    ]

    def ours() -> None:
        shard = MemoryShard()
        table = SimpleNamespace(name="leads", changelog_topic_name="changelog")
        store = PartitionStore("lead-sla://", None, table, open_shard=lambda _: shard)
        for batch in batches:
            store.apply_changelog_batch([batch], None, None)
        PartitionJudge(shard, policy)

    def dictionary() -> None:
        kept: dict[bytes, bytes] = {}
        for batch in batches:
            for record in batch.message.value:
                kept[record.key] = record.value

    ours_s, dict_s = in_turns(ours, dictionary, repeats)
    yield Row(
        f"recovery of {leads} leads", "records/s", leads / ours_s, "filling one dict", leads / dict_s, "150k records/s"
    )


def deadlines(entries: int) -> Iterator[Row]:
    """Microseconds for each insert and each pop of a full index, in units of those of a hundredth of it."""

    def index(count: int) -> tuple[float, float]:
        ats = {f"L-{n}": START_AT + (n * 7_919) % count * MINUTE_US for n in range(count)}
        deadlines = DeadlineIndex(ats.get)

        def insert() -> None:
            for lead, at in ats.items():
                deadlines.add(at, lead)

        def pop() -> None:
            while (at := deadlines.first()) is not None:
                deadlines.due(at)

        inserted_s, popped_s = in_turns(insert, pop, 1)
        return _us(inserted_s, count), _us(popped_s, count)

    (insert_us, pop_us), (few_insert_us, few_pop_us) = index(entries), index(entries // 100)
    yield Row(f"deadline inserted, {entries} in all", "us", insert_us, "with a hundredth of them", few_insert_us)
    yield Row("deadline popped", "us", pop_us, "with a hundredth of them", few_pop_us)


def open_lead(policy: Policy, number: int) -> Lead:
    """A lead with one open clock and five pieces of evidence."""
    untouched = list(lead_events(number * 8 + 1, START_AT))
    lead = advance(None, untouched[0], policy).lead
    for event in untouched[1:]:
        lead = advance(lead, event, policy).lead
    return lead


def raw_event(event: Event) -> bytes:
    """The event as its producer would send it."""
    fields = {
        "specversion": "1.0", "type": event.type, "id": event.id, "source": event.source, "subject": event.lead,
        "time": to_rfc3339(event.at), "data": dict(event.data),
    }  # fmt: skip
    return json.dumps(fields).encode()


def _named(value: Any) -> Any:
    """The same with every tuple of named fields as a dict."""
    if hasattr(value, "_asdict"):
        return {name: _named(field) for name, field in value._asdict().items()}
    if isinstance(value, tuple):
        return [_named(item) for item in value]
    return value


def _repeat(count: int, work: Any) -> None:
    for _ in range(count):
        work()


def _us(seconds: float, count: int) -> float:
    return seconds / count * 1e6


def rows(*, quick: bool, full: bool) -> Iterable[Iterator[Row]]:
    """Every row of this file."""
    repeats = 3 if quick else 5
    yield replay(1_000 if quick else 4_000, repeats)
    yield working_time(repeats)
    yield codecs(repeats)
    yield memory(20_000)
    yield recovery(50_000 if quick else 200_000, repeats if quick else 3)
    if full:
        yield deadlines(1_000_000)
