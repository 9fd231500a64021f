"""The process with routes: from the words of the agreement to who was told what, and who was not."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.cluster import POLICIES, WorkerProcess, event, produce, touch
from tests.support.far_ends import HttpFarEnd, http_far_end
from tests.support.notices import SECRET

FAIR = [f"F-{n}" for n in range(12)]


def channels_file(folder: Path, **far_ends: HttpFarEnd) -> str:
    """A file of signed webhooks by name."""
    (folder / "secret").write_text(SECRET)
    lines = ["channels:"]
    for name, far_end in far_ends.items():
        (folder / f"{name}.url").write_text(far_end.url)
        files = f"url_file: {folder / name}.url, secret_file: {folder / 'secret'}"
        lines.append(f"  - {{name: {name}, type: webhook, allow_private: true, {files}}}")
    file = folder / "channels.yaml"
    file.write_text("\n".join(lines))
    return str(file)


def bodies(far_end: HttpFarEnd) -> list[dict[str, Any]]:
    """What it was sent."""
    return [json.loads(request.partition(b"\r\n\r\n")[2]) for request in far_end.requests]


def told(far_end: HttpFarEnd) -> list[tuple[str, str, str]]:
    """Lead, kind and step of the ladder of each single notice, in order."""
    singles = [(body["type"].removeprefix("lead-sla."), body["data"]) for body in bodies(far_end)]
    return [(data["lead"], kind, data.get("after", "")) for kind, data in singles if "lead" in data]


async def until(done: Any, worker: WorkerProcess) -> None:
    end = time.monotonic() + 60
    while not done():
        assert time.monotonic() < end, worker.tail()
        await asyncio.sleep(0.1)


@pytest.mark.kafka
@pytest.mark.timeout(240)
async def test_everybody_hears_what_the_agreement_says_and_nothing_else(
    kafka: Any, prefix: str, tmp_path: Path
) -> None:
    topic = prefix + "leads.events"
    async with http_far_end() as ana, http_far_end() as floor, http_far_end() as managers, http_far_end() as marketing:
        file = channels_file(tmp_path, ana=ana, floor=floor, managers=managers, marketing=marketing)
        with WorkerProcess(kafka.bootstrap, prefix, POLICIES / "routes.yaml", tmp_path, channels_file=file) as worker:
            await worker.ready()
            now = time.time()
            owners = {"left": "ana", "late": "ana", "nobody": "bo"}
            events = [event(lead, "lead.assigned", now, {"owner": owner}) for lead, owner in owners.items()]
            events += [event(lead, "lead.assigned", now, {"owner": "ana", "source": "fair"}) for lead in FAIR]
            events.append(event("back", "lead.handed_off", now))
            events.append(event("back", "lead.rejected", now + 0.1, {"reason": "no-budget"}))
            await produce(kafka.bootstrap, topic, events)
            await until(lambda: ("late", "breached", "") in told(ana), worker)
            await produce(kafka.bootstrap, topic, [touch("late", time.time())])
            await until(lambda: len(told(managers)) == 2, worker)
            await until(lambda: ("late", "fulfilled_late", "") in told(ana), worker)
            counted = [body["data"]["count"] for body in bodies(marketing) if body["type"] == "lead-sla.folded"]
            assert worker.stop() == 0, worker.tail()
    assert sorted(told(ana)) == [("late", "breached", ""), ("late", "fulfilled_late", ""), ("left", "breached", "")]
    assert told(floor) == [("nobody", "breached", "")]
    assert sorted(told(managers)) == [(lead, "breached", "6 seconds elapsed") for lead in ("left", "nobody")]
    assert {body["data"]["asks"] for body in bodies(managers)} == {"reassign"}
    (rejected,) = (body["data"] for body in bodies(marketing) if body["type"] == "lead-sla.met")
    assert (rejected["lead"], rejected["reason"], rejected["missing"]) == ("back", "lead_rejected", "no-budget")
    # A warning and a breach of each, in few messages: one for a step and partition at the most.
    assert counted
    assert sum(counted) + len(told(marketing)) - 1 >= len(FAIR)
