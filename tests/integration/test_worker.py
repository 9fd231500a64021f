"""The worker on a real broker: events in; outcomes, dead letters, pages and metrics out."""

import asyncio
import base64
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from monitor.cli.demo.broker import free_port
from monitor.cli.demo.receiver import WebhookReceiver
from monitor.cli.init import write_examples
from monitor.stream.watch import LOOK_EVERY_S
from tests.support.cluster import POLICIES, Reader, WorkerProcess, end_offsets_of, event, produce, touch

SECONDS = POLICIES / "seconds.yaml"
OWN_TOPICS = ("lead-sla.timeline", "lead-sla.quota-facts", "lead-sla.outcomes")


async def test_a_lead_in_time_and_a_lead_forgotten(broker: Any, prefix: str, tmp_path: Path) -> None:
    settings = {"broker_end_offsets": end_offsets_of(broker)}
    with WorkerProcess(broker.bootstrap, prefix, SECONDS, tmp_path, **settings) as worker:
        await worker.ready()
        now = time.time()
        await produce(
            broker.bootstrap,
            prefix + "leads.events",
            [
                event("L-1", "lead.assigned", now, {"owner": "ana"}),
                event("L-2", "lead.assigned", now, {"owner": "ben", "grade": "A"}),
                touch("L-1", now + 0.5),
            ],
        )
        async with Reader(broker.bootstrap, prefix + "lead-sla.outcomes") as reader:
            await reader.until(lambda r: {"met", "breached"} <= {o["kind"] for o in r.outcomes}, why="both verdicts")
            verdicts = {o["lead"]: o["kind"] for o in reader.outcomes if o["kind"] in ("met", "breached")}
            assert verdicts == {"L-1": "met", "L-2": "breached"}
        for _ in range(50):
            status, body = worker.get("/leads/L-2")
            if status == 200 and json.loads(body)["clocks"][0]["state"] == "breached":
                break
            await asyncio.sleep(0.1)
        else:
            raise AssertionError(f"/leads/L-2 never showed the breach: {status} {body}")
        assert worker.stop() == 0, worker.tail()


async def test_the_agreement_that_init_writes_is_judged_without_any_channel(
    broker: Any, prefix: str, tmp_path: Path
) -> None:
    write_examples(tmp_path)
    settings = {"broker_end_offsets": end_offsets_of(broker)}
    with WorkerProcess(broker.bootstrap, prefix, tmp_path / "agreement.yaml", tmp_path, **settings) as worker:
        await worker.ready()
        known = {"stage": "mql", "segment": "enterprise", "company": "Acme", "source": "fair", "score": 70}
        entered = event("L-2", "lead.stage_changed", time.time(), known)
        await produce(broker.bootstrap, prefix + "leads.events", [entered])
        until, page = time.monotonic() + 30, ""
        delivered = 'lead_sla_quota_delivered{dims="enterprise",quota="qualified-leads"} 1.0'
        while delivered not in page and time.monotonic() < until:
            await asyncio.sleep(0.5)
            page = (await asyncio.to_thread(worker.get, "/metrics"))[1]
        assert delivered in page, re.findall("lead_sla_quota_.*", page)
        assert 'lead_sla_quota_target{dims="enterprise",quota="qualified-leads"} 40.0' in page
        assert worker.stop() == 0, worker.tail()


@pytest.mark.kafka
async def test_producers_that_use_transactions_are_read_when_they_commit_and_never_hold_up_time(
    kafka: Any, prefix: str, tmp_path: Path
) -> None:
    """A transaction ends in a control record: an offset that no consumer ever gets to see."""
    with WorkerProcess(kafka.bootstrap, prefix, SECONDS, tmp_path) as worker:
        await worker.ready()
        producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, transactional_id=prefix + "crm")
        await producer.start()
        now = time.time()
        for lead, commit in (("T-yes", True), ("T-no", False)):
            await producer.begin_transaction()
            item = event(lead, "lead.assigned", now, {"owner": "ana"})
            for partition in range(3):
                await producer.send(prefix + "leads.events", json.dumps(item).encode(), partition=partition)
            await (producer.commit_transaction() if commit else producer.abort_transaction())
        await producer.stop()
        async with Reader(kafka.bootstrap, prefix + "lead-sla.outcomes") as reader:
            await reader.until(lambda r: any(o["kind"] == "breached" for o in r.outcomes), 20, why="the breach")
            assert {o["lead"] for o in reader.outcomes} == {"T-yes"}
        assert worker.stop() == 0, worker.tail()


@pytest.mark.kafka
async def test_the_marks_of_its_own_transactions_are_nothing_that_waits_to_be_read(
    kafka: Any, prefix: str, tmp_path: Path
) -> None:
    """Each transaction leaves a control record on the outcomes; were it lag, it would be one that never ends."""

    def lags(text: str) -> dict[tuple[str, str], float]:
        found = re.findall(r'lead_sla_partition_lag_records{partition="(\d+)",topic="([^"]+)"} (\S+)', text)
        return {(topic.removeprefix(prefix), partition): float(records) for partition, topic, records in found}

    with WorkerProcess(kafka.bootstrap, prefix, SECONDS, tmp_path, guarantee="transactional") as worker:
        await worker.ready()
        now = time.time()
        await produce(
            kafka.bootstrap,
            prefix + "leads.events",
            [event(f"M-{n}", "lead.assigned", now, {"owner": "ana"}) for n in range(8)],
        )
        async with Reader(kafka.bootstrap, prefix + "lead-sla.outcomes", committed=True) as reader:
            await reader.until(lambda r: sum(o["kind"] == "breached" for o in r.outcomes) == 8, why="eight breaches")
            assert len({record.partition for record in reader.records}) == 4
        await asyncio.sleep(LOOK_EVERY_S + 1)  # what is shown was looked at since
        until = time.monotonic() + 60
        while time.monotonic() < until:
            seen = lags((await asyncio.to_thread(worker.get, "/metrics"))[1])
            if seen and not any(seen.values()):
                break
            await asyncio.sleep(1)
        assert seen == {
            ("leads.events", "0"): 0, ("leads.events", "1"): 0, ("leads.events", "2"): 0,
            **{(topic, str(partition)): 0 for topic in OWN_TOPICS for partition in range(4)},
        }  # fmt: skip
        assert worker.stop() == 0, worker.tail()


async def test_a_channel_that_is_down_delays_no_verdict_and_hears_later_of_what_no_later_word_overtook(
    broker: Any, prefix: str, tmp_path: Path
) -> None:
    port, secret = free_port(), "whsec_" + base64.b64encode(b"0" * 32).decode()
    settings = {"broker_end_offsets": end_offsets_of(broker), "webhook_secret": secret}
    settings["webhook_url"] = f"http://127.0.0.1:{port}/hook"
    with WorkerProcess(broker.bootstrap, prefix, SECONDS, tmp_path, **settings) as worker:
        await worker.ready()
        events = [event(f"W-{n}", "lead.assigned", time.time(), {"owner": "ana", "grade": "A"}) for n in range(20)]
        await produce(broker.bootstrap, prefix + "leads.events", events)
        async with Reader(broker.bootstrap, prefix + "lead-sla.outcomes") as reader:
            await reader.until(lambda r: sum(o["kind"] == "breached" for o in r.outcomes) == 20, 20, why="20 breaches")
            expected = {o["id"] for o in reader.outcomes if o["kind"] == "breached"}
        receiver = WebhookReceiver(secret, port=port)
        await receiver.start()
        try:
            for _ in range(300):
                if {received.notice_id for received in receiver.verified} == expected:
                    break
                await asyncio.sleep(0.1)
            assert {received.notice_id for received in receiver.verified} == expected
        finally:
            await receiver.stop()
        assert worker.stop() == 0, worker.tail()
