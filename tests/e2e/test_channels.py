"""The process with several channels: each fares on its own, and kill -9 loses no notice."""

import asyncio
import json
import re
import time
from collections import Counter
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.support.cluster import POLICIES, Reader, WorkerProcess, event, produce
from tests.support.far_ends import HttpFarEnd, http_far_end, says
from tests.support.notices import SECRET

LEADS = [f"C-{n}" for n in range(6)]


def channels_file(folder: Path, **channels: tuple[str, HttpFarEnd]) -> str:
    """A file of channels by name, each of a type and with a far end."""
    (folder / "secret").write_text(SECRET)
    lines = ["channels:"]
    for name, (type_, far_end) in channels.items():
        (folder / f"{name}.url").write_text(far_end.url)
        secret = f", secret_file: {folder / 'secret'}" if type_ == "webhook" else ""
        url = f"url_file: {folder / name}.url{secret}"
        lines.append(f"  - {{name: {name}, type: {type_}, allow_private: true, per_minute: 1200, {url}}}")
    file = folder / "channels.yaml"
    file.write_text("\n".join(lines))
    return str(file)


def told(far_end: HttpFarEnd) -> list[tuple[str, str]]:
    """Lead and kind of each notice that a Slack channel or a webhook got, in order."""
    found = []
    for request in far_end.requests:
        body = json.loads(request.partition(b"\r\n\r\n")[2])
        if "data" in body:
            found.append((body["data"]["lead"], body["type"].removeprefix("lead-sla.")))
        else:
            kind, lead = re.findall(r"^(Due soon|Overdue): first-touch on lead (\S+)", body["text"])[0]
            found.append((lead, {"Due soon": "warned", "Overdue": "breached"}[kind]))
    return found


async def until_told(far_end: HttpFarEnd, expected: set[tuple[str, str]], worker: WorkerProcess) -> None:
    until = time.monotonic() + 60
    while set(told(far_end)) < expected and time.monotonic() < until:
        await asyncio.sleep(0.1)
    assert set(told(far_end)) == expected, worker.tail()


EVERYTHING = {(lead, kind) for lead in LEADS for kind in ("warned", "breached")}


async def assign(bootstrap: str, prefix: str) -> None:
    now = time.time()
    await produce(
        bootstrap, prefix + "leads.events", [event(lead, "lead.assigned", now, {"owner": "ana"}) for lead in LEADS]
    )


@pytest.mark.kafka
@pytest.mark.timeout(240)
async def test_each_channel_fares_on_its_own(kafka: Any, prefix: str, tmp_path: Path) -> None:
    async with http_far_end() as slack, http_far_end() as teams, http_far_end() as webhook:
        teams.answer, served = says(410), count()

        async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
            await says(500 if next(served) < 3 else 204)(request, writer)

        webhook.answer = answer
        file = channels_file(tmp_path, sales=("slack", slack), marketing=("teams", teams), crm=("webhook", webhook))
        with WorkerProcess(kafka.bootstrap, prefix, POLICIES / "seconds.yaml", tmp_path, channels_file=file) as worker:
            await worker.ready()
            await assign(kafka.bootstrap, prefix)
            await until_told(slack, EVERYTHING, worker)
            await until_told(webhook, EVERYTHING, worker)
            assert Counter(told(slack)) == Counter(EVERYTHING), "each once"
            for lead in LEADS:
                assert [kind for of, kind in told(slack) if of == lead] == ["warned", "breached"]
            assert 1 <= len(teams.requests) <= 8, "only what was under way when it said so"
            async with Reader(kafka.bootstrap, prefix + "lead-sla.dead-letters") as letters:
                await letters.until(lambda r: len(r.records) >= 12, why="what was for the channel that is gone")
            _, exposition = worker.get("/metrics")
            assert 'lead_sla_channel_state{channel="marketing",state="disabled"} 1.0' in exposition
            assert 'lead_sla_channel_state{channel="crm",state="closed"} 1.0' in exposition
            assert 'lead_sla_deliveries_total{channel="crm",result="http_5xx"} 3.0' in exposition
            assert 'lead_sla_dead_letters_total{reason="delivery_failed"} 12.0' in exposition
            assert worker.stop() == 0, worker.tail()
        log = worker.log.read_text()
        assert "channel marketing is disabled" in log
        assert "token-in-path" not in log


@pytest.mark.kafka
@pytest.mark.timeout(240)
async def test_what_a_killed_worker_had_not_delivered_is_delivered_by_the_next(
    kafka: Any, prefix: str, tmp_path: Path
) -> None:
    async with http_far_end() as webhook:
        webhook.answer = says(500)
        file = channels_file(tmp_path, crm=("webhook", webhook))
        with WorkerProcess(kafka.bootstrap, prefix, POLICIES / "seconds.yaml", tmp_path, channels_file=file) as worker:
            await worker.ready()
            await assign(kafka.bootstrap, prefix)
            while not webhook.requests:
                await asyncio.sleep(0.1)
            worker.kill()
            webhook.requests.clear()
            webhook.answer = says(204)
            worker.start()
            await until_told(webhook, EVERYTHING, worker)
            assert worker.stop() == 0, worker.tail()
