"""One lead with a hundred thousand events takes no more room than any other, and is judged to the end."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from monitor.core.lead import EVIDENCE_MAX
from tests.support.cluster import POLICIES, Reader, WorkerProcess, event, produce, touch

EVENTS = 100_000
# What a worker may grow by from the first tenth of the events to the last: buffers, no history. The events themselves
# are 20 MB, a lead that kept them all would take 30 MB packed and several times that while it is judged.
GROWTH_BYTES_MAX = 32 << 20


async def judged(worker: WorkerProcess, id_: str) -> dict[str, Any]:
    """The lead as the worker shows it once the event with this id was judged."""
    for _ in range(1200):
        status, body = await asyncio.to_thread(worker.get, "/leads/B")
        if status == 200 and json.loads(body)["timeline"][-1]["id"] == id_:
            found: dict[str, Any] = json.loads(body)
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(f"{id_} was not judged: {status} {body[-500:]}")


@pytest.mark.kafka
@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_a_lead_with_a_hundred_thousand_events_stays_within_its_limits(
    kafka: Any, prefix: str, tmp_path: Path
) -> None:
    topic, start = prefix + "leads.events", time.time() - 3600
    events = [event("B", "lead.updated", start + n * 0.01, {"score": n % 100}) for n in range(EVENTS)]
    with WorkerProcess(kafka.bootstrap, prefix, POLICIES / "seconds.yaml", tmp_path) as worker:
        await worker.ready()
        assert worker.child is not None
        process = psutil.Process(worker.child.pid)
        await produce(kafka.bootstrap, topic, [event("B", "lead.assigned", start, {"owner": "ana"})])
        await produce(kafka.bootstrap, topic, events[: EVENTS // 10])
        await judged(worker, events[EVENTS // 10 - 1]["id"])
        before = process.memory_info().rss
        last = touch("B", time.time())
        await produce(kafka.bootstrap, topic, [*events[EVENTS // 10 :], last])
        lead = await judged(worker, last["id"])
        grown = process.memory_info().rss - before
        assert len(lead["timeline"]) <= EVIDENCE_MAX
        assert grown < GROWTH_BYTES_MAX, f"{grown >> 20} MiB"
        async with Reader(kafka.bootstrap, prefix + "lead-sla.outcomes") as reader:
            await reader.until(lambda r: {"breached", "fulfilled_late"} <= {o["kind"] for o in r.outcomes})
        async with Reader(kafka.bootstrap, prefix + "lead-sla-leads-changelog") as reader:
            await reader.until(lambda r: r.records, why="states")
            largest = max(len(record.value) for record in reader.records)
            assert largest < 20_000
        assert worker.stop() == 0, worker.tail()
