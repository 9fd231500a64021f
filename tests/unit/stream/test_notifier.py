"""What the notifier does with outcomes: told once, quiet about the rest, dead letters for what can't be told."""

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

from faust.types.tuples import TP

from monitor.core.instant import from_rfc3339
from monitor.core.outcome import Kind, Outcome, Reason
from monitor.notify.courier import Courier
from monitor.notify.line import Rules
from monitor.notify.outbox import Outbox
from monitor.sinks.memory import MemorySink
from monitor.stream.clock import SystemTime
from monitor.stream.engine.lanes import Batch
from monitor.stream.intake import Topics
from monitor.stream.notifier import Notifier
from monitor.telemetry.metrics import Metrics
from monitor.wire.outcome import encode_outcome

TOPICS = Topics("events", 1, "timeline", "facts", "outcomes", "dead-letters", 1)
AT = from_rfc3339("2026-10-01T09:00:00Z")


class Record(NamedTuple):
    """A Kafka record of the outcomes topic."""

    value: bytes
    offset: int = 0
    key: bytes = b"L-1"
    topic: str = "outcomes"
    partition: int = 0
    timestamp: int = 1
    headers: tuple[()] = ()


def outcome(kind: Kind) -> Outcome:
    return Outcome(
        kind=kind, lead="L-1", duty="first-touch", cycle=1, level="", revision=0, policy_version="1",
        reason=Reason.NO_EVIDENCE, at=AT, team="sales", owner="ana", segment="", lead_source="", started_at=AT - 5,
        due_at=AT, limit="5 minutes elapsed", calendar="", evidence_ids=(), evidence_at=None,
    )  # fmt: skip


def notifier_of(sinks: Sequence[MemorySink], send_all: Any, rules: Rules) -> tuple[Notifier, Outbox]:
    metrics = Metrics()
    couriers = {sink.name: Courier(sink, rules, SystemTime(), metrics.channels) for sink in sinks}
    outbox = Outbox(couriers, lambda _: list(couriers))
    return Notifier(TOPICS, outbox, send_all, metrics), outbox


async def told(sinks: Sequence[MemorySink], *values: bytes) -> list[tuple[str, Sequence[Any]]]:
    """Let the notifier take these outcomes; what it sent to which topic."""
    sent: list[tuple[str, Sequence[Any]]] = []

    async def send_all(topic: str, partition: int, records: Sequence[Any], epoch: int | None) -> int | None:
        sent.append((topic, records))
        return 0

    notifier, _ = notifier_of(sinks, send_all, Rules(give_up_s=0))
    await notifier.take(Batch(TP("outcomes", 0), [Record(value) for value in values], 0))
    return sent


async def test_a_breach_is_told_and_a_met_duty_is_not() -> None:
    sink = MemorySink(SystemTime())
    assert await told([sink], encode_outcome(outcome(Kind.BREACHED)), encode_outcome(outcome(Kind.MET))) == []
    assert [notice.outcome.kind for notice in sink.attempts] == ["breached"]


async def test_what_the_channel_refuses_for_good_is_a_dead_letter_with_its_bytes() -> None:
    value = encode_outcome(outcome(Kind.BREACHED))
    sink = MemorySink(SystemTime())
    sink.will_answer(404)
    ((topic, letters),) = await told([sink], value)
    assert topic == "dead-letters"
    assert letters[0][1] == value
    assert ("lead-sla-dlq-reason", b"delivery_failed") in letters[0][2]


async def test_an_outcome_that_cannot_be_read_is_a_dead_letter_and_the_next_is_told() -> None:
    sink = MemorySink(SystemTime())
    ((topic, letters),) = await told([sink], b"\xff", encode_outcome(outcome(Kind.BREACHED)))
    assert topic == "dead-letters"
    assert ("lead-sla-dlq-reason", b"internal_record") in letters[0][2]
    assert len(sink.attempts) == 1


async def test_without_a_channel_outcomes_are_read_and_nobody_is_told() -> None:
    assert await told([], encode_outcome(outcome(Kind.BREACHED)), b"\xff") == []


async def test_every_channel_is_told_and_one_that_refuses_costs_the_others_nothing() -> None:
    sinks = [MemorySink(SystemTime(), name) for name in ("sales", "marketing")]
    sinks[0].will_answer(400)
    ((_, letters),) = await told(sinks, encode_outcome(outcome(Kind.BREACHED)))
    assert [len(sink.attempts) for sink in sinks] == [1, 1]
    assert ("lead-sla-dlq-detail", b"sales: http_4xx after 1 attempts") in letters[0][2]


async def test_a_partition_that_is_given_up_leaves_nothing_in_the_line() -> None:
    async def send_all(topic: str, partition: int, records: Sequence[Any], epoch: int | None) -> int | None:
        raise AssertionError("nothing is a dead letter: whoever owns the partition tells it again")

    sink = MemorySink(SystemTime())
    for _ in range(3):
        sink.will_answer(503, retry_after="600")
    notifier, outbox = notifier_of([sink], send_all, Rules(give_up_s=1e12))
    taking = asyncio.create_task(
        notifier.take(Batch(TP("outcomes", 0), [Record(encode_outcome(outcome(Kind.BREACHED)))], 0))
    )
    while not sink.attempts:
        await asyncio.sleep(0)
    taking.cancel()
    await asyncio.gather(taking, return_exceptions=True)
    await asyncio.sleep(0)
    assert not outbox.couriers["memory"].line
    await outbox.close()
