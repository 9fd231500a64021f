"""What clusters do to a worker, on a real Apache Kafka: outages, takeovers; in the end the replay's verdicts."""

import asyncio
import json
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer as LibrdkafkaProducer

from tests.support.cluster import Reader, WorkerProcess, event, produce, touch
from tests.support.leads import funnel
from tests.support.verdicts import SECONDS, await_verdicts, replayed

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]


async def until_known(worker: WorkerProcess, lead: str, events: int = 1) -> dict[str, Any]:
    """Wait until the worker answers for the lead with at least so many events."""
    for _ in range(100):
        status, body = await asyncio.to_thread(worker.get, f"/leads/{lead}")
        if status == 200:
            found: dict[str, Any] = json.loads(body)
            assert found["lead"] == lead
            if len(found["timeline"]) >= events:
                return found
        await asyncio.sleep(0.1)
    raise AssertionError(f"{lead} is not known: {status} {body}")


async def test_after_an_outage_no_false_breach_is_announced_and_no_true_one_is_missed(
    kafka: Any, prefix: str, tmp_path: Path
) -> None:
    topic = prefix + "leads.events"
    with WorkerProcess(kafka.bootstrap, prefix, SECONDS, tmp_path) as worker:
        await worker.ready()
        now = time.time()
        history = [event(f"L-{n}", "lead.assigned", now, {"owner": "ana"}) for n in range(60)]
        await produce(kafka.bootstrap, topic, history)
        async with Reader(kafka.bootstrap, prefix + "lead-sla.outcomes") as reader:
            await reader.until(lambda r: len(r.outcomes) >= 60, why="every lead activated")
        worker.kill()
        await asyncio.sleep(6)  # deadlines pass while nobody watches
        late_news = [touch(f"L-{n}", now + 2) for n in range(0, 60, 2)]
        # New leads of the outage, the answer far behind the question in the log.
        late_news += [event(f"N-{n}", "lead.assigned", now + 1, {"owner": "ben"}) for n in range(400)]
        late_news += [touch(f"N-{n}", now + 3) for n in range(0, 400, 2)]
        await produce(kafka.bootstrap, topic, late_news)
        worker.start()
        expected = replayed([*history, *late_news], time.time() + 30)
        async with Reader(kafka.bootstrap, prefix + "lead-sla.outcomes") as reader:
            await await_verdicts(reader, expected)
        assert sum(key[3] == "breached" for key in expected) == 230


async def test_two_producers_with_different_partitioners_write_one_history(
    kafka: Any, prefix: str, tmp_path: Path
) -> None:
    with WorkerProcess(kafka.bootstrap, prefix, SECONDS, tmp_path) as worker:
        await worker.ready()
        now = time.time()
        leads = [f"P-{n}" for n in range(40)]
        await produce(
            kafka.bootstrap, prefix + "leads.events", [event(x, "lead.assigned", now, {"owner": "ana"}) for x in leads]
        )
        other = LibrdkafkaProducer({"bootstrap.servers": kafka.bootstrap})
        apart = 0
        for lead in leads:
            other.produce(prefix + "leads.events", json.dumps(touch(lead, now + 1)), key=lead)
        other.flush(10)
        expected = replayed(
            [item for x in leads for item in (event(x, "lead.assigned", now, {"owner": "ana"}), touch(x, now + 1))],
            now + 30,
        )
        async with (
            Reader(kafka.bootstrap, prefix + "lead-sla.outcomes") as reader,
            Reader(kafka.bootstrap, prefix + "leads.events") as source,
        ):
            await await_verdicts(reader, expected)
            await source.until(lambda r: len(r.records) >= 80)
            where: dict[bytes, set[int]] = {}
            for record in source.records:
                where.setdefault(record.key, set()).add(record.partition)
            apart = sum(len(partitions) == 2 for partitions in where.values())
        assert apart > 0, "the partitioners agreed on every lead: this run showed nothing"
        history = await until_known(worker, "P-0", events=2)
        assert [item["type"] for item in history["timeline"]] == ["lead.assigned", "activity.logged"]


async def test_one_of_two_workers_stops_and_the_other_takes_over(kafka: Any, prefix: str, tmp_path: Path) -> None:
    topic = prefix + "leads.events"
    with WorkerProcess(kafka.bootstrap, prefix, SECONDS, tmp_path) as one:
        await one.ready()
        with WorkerProcess(kafka.bootstrap, prefix, SECONDS, tmp_path) as two:
            await two.ready()
            await one.ready()
            first = funnel("A-", 200, time.time(), 2, seed=11)
            await produce(kafka.bootstrap, topic, first)
            for worker in (one, two):  # whoever is asked, the owner answers
                await until_known(worker, "A-7")
            second = funnel("B-", 200, time.time(), 2, seed=12)
            _, status = await asyncio.gather(produce(kafka.bootstrap, topic, second), asyncio.to_thread(one.stop))
            assert status == 0, one.tail()
            third = funnel("C-", 200, time.time(), 2, seed=13)
            await produce(kafka.bootstrap, topic, third)
            expected = replayed([*first, *second, *third], time.time() + 25)
            async with Reader(kafka.bootstrap, prefix + "lead-sla.outcomes") as reader:
                await await_verdicts(reader, expected)
            assert two.stop() == 0, two.tail()


async def test_a_paused_worker_holds_back_the_accusations_of_the_others(
    kafka: Any, prefix: str, tmp_path: Path
) -> None:
    """What disproves a breach may wait in a partition that another worker reads, or does not read just now."""
    topic = prefix + "leads.events"
    with (
        WorkerProcess(kafka.bootstrap, prefix, SECONDS, tmp_path) as one,
        WorkerProcess(kafka.bootstrap, prefix, SECONDS, tmp_path) as two,
    ):
        await asyncio.gather(one.ready(), two.ready())
        await asyncio.sleep(3)  # until both have their share
        await asyncio.gather(one.ready(), two.ready())
        leads, now = [f"Z-{n}" for n in range(80)], time.time()
        assigned = [event(lead, "lead.assigned", now, {"owner": "ana"}) for lead in leads]
        await produce(kafka.bootstrap, topic, assigned)
        async with Reader(kafka.bootstrap, prefix + "lead-sla.outcomes") as reader:
            await reader.until(lambda r: len(r.outcomes) >= 80, why="every lead activated")
            one.send(signal.SIGSTOP)
            touches = [touch(lead, now + 4) for lead in leads[:70]]
            random.Random(3).shuffle(touches)
            # Without a key the answers are spread over all input partitions, also over those of the paused worker.
            await produce(kafka.bootstrap, topic, touches, key=False)
            await asyncio.sleep(9)  # past the deadlines and the session timeout
            one.send(signal.SIGCONT)
            expected = replayed([*assigned, *touches], time.time() + 60)
            await await_verdicts(reader, expected)
            assert sum(key[3] == "breached" for key in expected) == 10
        assert two.stop() == 0, two.tail()
