"""Records in our own topics that we never wrote: named, counted, their leads set aside, and all the rest is judged."""

import base64
import time
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from monitor.cli.demo.receiver import WebhookReceiver
from monitor.core.event import Event
from monitor.stream.partitioning import partition_of
from monitor.wire.dead_letter import DeadLetterReason, read_dead_letter
from monitor.wire.timeline import encode_event
from tests.support.cluster import POLICIES, Reader, WorkerProcess, event, produce, touch

SECRET = "whsec_" + base64.b64encode(b"0" * 32).decode()
SET_ASIDE = ("newer", "garbage", "cut", "empty")
GOOD = ("kept", "called", "again", "other")
Record = tuple[bytes | None, bytes]

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]


async def send(bootstrap: str, topic: str, records: list[Record], partition: int) -> None:
    """In one batch: `send` of the client takes neither a value without a key nor the other way round."""
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        batch = producer.create_batch()
        for key, value in records:
            batch.append(key=key, value=value, timestamp=None)
        await (await producer.send_batch(batch, topic, partition=partition))


async def poison(bootstrap: str, prefix: str) -> None:
    """Every internal topic: what nobody can read, what a newer release wrote, and what is under a wrong key."""
    changelog = prefix + "lead-sla-leads-changelog"
    async with Reader(bootstrap, changelog) as reader:
        await reader.until(lambda r: {x.key.decode() for x in r.records} == {*SET_ASIDE, *GOOD}, why="all states")
        states = {record.key.decode(): record.value for record in reader.records}
    values = {
        "newer": b"\xfa" + states["newer"][1:],
        "garbage": b'{"a": "state in JSON"}',
        "cut": states["cut"][:7],
        "empty": b"",
    }
    for lead, value in values.items():
        await send(bootstrap, changelog, [(lead.encode(), value)], partition_of(lead, 4))
    # A record without any key is refused by the broker: the topic is compacted.
    await send(bootstrap, changelog, [(b"", states["kept"]), (b"\xff", states["kept"])], 0)
    stray = encode_event(Event("kept", "stray", "lead.disqualified", 0, "nobody", {}))
    records: list[Record] = [
        (b"kept", b"\xff\xff\xff"),
        (b"kept", b"\x09E\x90"),
        (b"kept", b"\x01X\x90"),
        (None, stray),
    ]
    await send(bootstrap, prefix + "lead-sla.timeline", records, partition_of("kept", 4))
    await send(bootstrap, prefix + "lead-sla.outcomes", [(b"kept", b"\xff")], 1)


@pytest.mark.parametrize("store", ["memory", "rocksdb"])
async def test_poison_in_every_internal_topic_is_named_and_counted_and_the_rest_is_judged(
    kafka: Any, prefix: str, tmp_path: Path, store: str
) -> None:
    bootstrap, topic = kafka.bootstrap, prefix + "leads.events"
    receiver = WebhookReceiver(SECRET)
    settings = {"store": store, "webhook_secret": SECRET, "webhook_url": await receiver.start()}
    with WorkerProcess(bootstrap, prefix, POLICIES / "seconds.yaml", tmp_path, **settings) as worker:
        await worker.ready()
        now = time.time()
        await produce(bootstrap, topic, [event(x, "lead.assigned", now, {"owner": "ana"}) for x in SET_ASIDE + GOOD])
        async with Reader(bootstrap, prefix + "lead-sla.outcomes") as reader:
            await reader.until(lambda r: len(r.outcomes) >= 8, why="every lead activated")
        assert worker.stop() == 0, worker.tail()
        worker.log.unlink()
        await poison(bootstrap, prefix)
        worker.start()
        await worker.ready()
        await produce(bootstrap, topic, [touch(lead, now + 1) for lead in (*SET_ASIDE, "called", "again")])
        async with Reader(bootstrap, prefix + "lead-sla.dead-letters") as reader:
            await reader.until(lambda r: len(r.records) >= 9, why="all dead letters")
            letters = [read_dead_letter(r.key, r.value, r.headers) for r in reader.records]
        async with Reader(bootstrap, prefix + "lead-sla.outcomes") as reader:
            await reader.until(lambda r: sum(b".breached" in o.value for o in r.records) >= 2, why="two breaches")
            reader.records = [record for record in reader.records if record.value != b"\xff"]
            verdicts = {(o["lead"], o["kind"]) for o in reader.outcomes if o["kind"] != "warned"}
        status, page = worker.get("/leads/newer")
        assert worker.stop() == 0, worker.tail()
    await receiver.stop()
    started = {(lead, "activated") for lead in SET_ASIDE + GOOD}
    assert verdicts == started | {("kept", "breached"), ("other", "breached"), ("called", "met"), ("again", "met")}
    assert {letter.reason for letter in letters} == {DeadLetterReason.INTERNAL_RECORD}
    assert sorted(letter.detail.split(";")[0] for letter in letters) == sorted([
        "the state has version 250", "the state has version 123", "the state has 7 bytes, fewer than its header",
        "the state has 0 bytes, fewer than its header", "the key is not the id of the event's lead",
        "not a timeline record of version 1", "not a timeline record of version 1",
        "the timeline record is of an unknown kind",
        "not an outcome: the value: Invalid JSON: expected value at line 1 column 1",
    ])  # fmt: skip
    named = [line for line in worker.log.read_text().splitlines() if "changelog records" in line]
    assert [("2 changelog" in line, "4 changelog" in line) for line in named] == [(True, False), (False, True)], named
    assert (status, "set aside" in page) == (503, True)
