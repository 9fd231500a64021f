"""The report from a broker: what workers have said, once each, and what happened, up to the end of the topics."""

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from monitor.cli.demo.broker import EmbeddedBroker
from monitor.wire.report.report import ReportData
from tests.support.cluster import POLICIES, Reader, WorkerProcess, end_offsets_of, event, produce, touch

SECONDS = POLICIES / "seconds.yaml"


async def report(worker: WorkerProcess, folder: Path) -> subprocess.CompletedProcess[str]:
    """As an operator runs it beside the workers, with their settings, for all days that there can be events of."""
    period = ("--from", "2020-01-01", "--to", "2029-12-31", "--format", "json", "--owners", "2")
    command = [sys.executable, "-m", "monitor.cli.main", "report", *period]
    env = {**os.environ, **worker.env}
    return await asyncio.to_thread(
        subprocess.run, command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=60
    )


async def test_the_report_of_a_broker_counts_each_outcome_once(broker: Any, prefix: str, tmp_path: Path) -> None:
    settings = {"broker_end_offsets": end_offsets_of(broker)}
    if not isinstance(broker, EmbeddedBroker):
        settings["guarantee"] = "transactional"  # its marks stand on the topics, and are no records
    outcomes = prefix + "lead-sla.outcomes"
    with WorkerProcess(broker.bootstrap, prefix, SECONDS, tmp_path, **settings) as worker:
        await worker.ready()
        now = time.time()
        events: list[Any] = [b"no event"]
        for n in range(6):
            events.append(event(f"R-{n}", "lead.assigned", now, {"owner": "ana" if n < 4 else "ben", "grade": "A"}))
        events += [touch(f"R-{n}", now + 0.1) for n in range(4)]
        await produce(broker.bootstrap, prefix + "leads.events", events)
        async with Reader(broker.bootstrap, outcomes, committed=True) as reader:
            await reader.until(
                lambda r: sum(o["kind"] in ("met", "breached") for o in r.outcomes) == 6, why="six verdicts"
            )
            told = [record.value for record in reader.records]
        clean = await report(worker, tmp_path)
        assert clean.returncode == 0, clean.stderr
        await produce(broker.bootstrap, outcomes, [*told, b"no outcome"])
        untidy = await report(worker, tmp_path)
        assert worker.stop() == 0, worker.tail()
    assert untidy.returncode == 1
    assert f"lead-sla: {outcomes}[" in untidy.stderr
    assert "not an outcome" in untidy.stderr
    first, second = (ReportData.model_validate_json(done.stdout) for done in (clean, untidy))
    (duty,) = [duty for duty in first.duties if duty.judged]
    assert (duty.met, duty.judged) == (4, 6)
    owners = next(cut for cut in duty.cuts if cut.by == "owner")
    assert [(value.name, value.met, value.judged) for value in owners.values] == [("ana", 4, 4), ("ben", 0, 2)]
    assert (first.records.said, first.records.events, first.records.left_out) == ("recorded", 10, 1)
    assert second.records.left_out == 2
    assert second.records.repeated >= len(told)
    assert [(each.met, each.judged) for each in second.duties] == [(each.met, each.judged) for each in first.duties]
    assert json.loads(clean.stdout)["kpis"]["follow_up_attempts"]["total"] == 4


async def test_a_topic_that_is_not_there_is_named(broker: Any, prefix: str, tmp_path: Path) -> None:
    worker = WorkerProcess(broker.bootstrap, prefix, SECONDS, tmp_path)
    done = await report(worker, tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"lead-sla: there is no topic {prefix}lead-sla.outcomes; set ")
