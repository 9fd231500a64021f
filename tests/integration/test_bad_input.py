"""Whatever is sent: it is judged, or it is in dead letters with a reason, and what comes behind it is judged."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from monitor.core.instant import from_rfc3339
from monitor.wire.dead_letter import read_dead_letter
from tests.support.cluster import POLICIES, Reader, WorkerProcess, end_offsets_of, event

INVALID = Path(__file__).parents[2] / "schemas" / "examples" / "invalid"
# The examples are read as if Kafka had stamped them at this instant.
RECORDED_MS = from_rfc3339("2026-10-01T12:00:00Z") // 1_000

Headers = list[tuple[str, bytes]]
Record = tuple[bytes | None, bytes | None, Headers]


def bad_records() -> list[tuple[str, Record]]:
    """(reason, record): every example file, and what no file can show."""
    binary: Headers = [("ce_specversion", b"1.0"), ("ce_id", b"1"), ("ce_type", b"lead.updated")]
    binary += [("ce_source", b"crm"), ("ce_subject", b"L-1"), ("ce_time", b"2026-10-01T11:59:00Z")]
    records: list[tuple[str, Record]] = [
        (path.name.split("--")[0], (b"L-bad", path.read_bytes(), [("trace", b"\xff\x00")]))
        for path in sorted(INVALID.iterdir())
    ]
    records += [
        ("empty_value", (None, None, [])),
        ("too_large", (b"k", b'{"id": "' + b"x" * 300_000 + b'"}', [])),
        ("too_large", (None, b"\x00" * 900_000, [("lead-sla-dlq-reason", b"forged")])),
        ("missing_field", (b"k", b"{}", [*binary[:4], *binary[5:]])),
        ("duplicate_key", (b"k", b"{}", [*binary, ("ce_id", b"2")])),
        ("not_utf8", (b"k", b"{}", [*binary[:4], ("ce_subject", b"\xff"), binary[5]])),
        ("not_an_object", (b"k", b"[]", binary)),
    ]
    return records


class NotUtf8(str):
    """A header name whose bytes on the wire are no UTF-8: Kafka stores it although its protocol forbids it."""

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """The bytes that are sent."""
        return b"tr\xffce"


async def send_with_a_header_that_is_not_utf8(producer: AIOKafkaProducer, topic: str) -> None:
    """A good event with such a header; it takes the Python builder to write it."""
    batch = producer.create_batch()
    batch._builder = _DefaultRecordBatchBuilderPy(2, 0, 0, -1, -1, 0, 1 << 20)
    item = event("L-header", "lead.assigned", time.time(), {"owner": "ana"})
    now_ms = int(time.time() * 1000)
    batch.append(key=b"L-header", value=json.dumps(item).encode(), headers=[(NotUtf8("x"), b"1")], timestamp=now_ms)
    await (await producer.send_batch(batch, topic, partition=0))


@pytest.mark.timeout(180)
async def test_every_kind_of_bad_input_is_a_dead_letter_and_the_good_event_behind_it_is_judged(
    broker: Any, prefix: str, tmp_path: Path
) -> None:
    records = bad_records()
    settings = {"broker_end_offsets": end_offsets_of(broker)}
    with WorkerProcess(broker.bootstrap, prefix, POLICIES / "seconds.yaml", tmp_path, **settings) as worker:
        await worker.ready()
        producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap, max_request_size=2_000_000)
        await producer.start()
        topic, sent = prefix + "leads.events", {}
        for reason, (key, value, headers) in records:
            batch = producer.create_batch()  # `send` refuses what other clients do send: neither key nor value
            batch.append(key=key, value=value, headers=headers, timestamp=RECORDED_MS)
            done = await (await producer.send_batch(batch, topic, partition=0))
            sent[done.offset] = (reason, key, value, headers)
        await send_with_a_header_that_is_not_utf8(producer, topic)
        good = event("L-good", "lead.assigned", time.time(), {"owner": "ana"})
        await producer.send_and_wait(topic, json.dumps(good).encode(), partition=0)
        await producer.stop()

        async with Reader(broker.bootstrap, prefix + "lead-sla.outcomes") as reader:
            await reader.until(
                lambda r: {o["lead"] for o in r.outcomes if o["kind"] == "breached"} == {"L-good", "L-header"},
                why="the verdicts",
            )
        async with Reader(broker.bootstrap, prefix + "lead-sla.dead-letters") as reader:
            await reader.until(lambda r: len(r.records) >= len(records), why="all dead letters")
            letters = [read_dead_letter(r.key, r.value, r.headers) for r in reader.records]
        assert {letter.offset: letter.reason for letter in letters} == {at: sent[at][0] for at in sent}
        for letter in letters:
            _, key, value, headers = sent[letter.offset]
            assert (letter.key, letter.value, [*letter.headers]) == (key, value, headers)
            assert (letter.topic, letter.partition, letter.timestamp_ms) == (topic, 0, RECORDED_MS)
            assert letter.detail
        _, metrics = worker.get("/metrics")
        assert f'lead_sla_events_total{{result="dead_letter",type="unknown"}} {float(len(records))}' in metrics
        assert worker.stop() == 0, worker.tail()
