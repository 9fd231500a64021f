"""The worker on a real broker: events in; outcomes, dead letters, pages and metrics out."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

from tests.support.cluster import POLICIES, Reader, WorkerProcess, end_offsets_of, event, produce, touch

SECONDS = POLICIES / "seconds.yaml"


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
