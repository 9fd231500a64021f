"""One topic in, one signed webhook out; the metrics scraped by a real Prometheus, the dashboard answered by it."""

import asyncio
import json
import subprocess
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from monitor.cli.demo.broker import free_port
from monitor.cli.demo.child import Child
from monitor.cli.demo.receiver import WebhookReceiver
from tests.support.cluster import POLICIES, Reader, WorkerProcess, event, produce, touch
from tests.support.dashboard import queries
from tests.support.programs import needed

SECRET = "whsec_" + "bGVhZC1zbGEtdGVzdC1zZWNyZXQtMzItYnl0ZXMhIQ=="

PROMETHEUS_CONFIG = """
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: lead-sla
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


def promtool_says(promtool: str, exposition: str) -> tuple[int, str]:
    """Exit status and complaints of `promtool check metrics`."""
    done = subprocess.run([promtool, "check", "metrics"], input=exposition, text=True, capture_output=True, check=False)
    return done.returncode, done.stdout + done.stderr


def ask(prometheus: int, expr: str) -> list[Any]:
    """The series that answer a query."""
    query = urllib.parse.urlencode({"query": expr})
    with urllib.request.urlopen(f"http://127.0.0.1:{prometheus}/api/v1/query?{query}", timeout=10) as answer:
        body = json.load(answer)
    assert body["status"] == "success", body
    found: list[Any] = body["data"]["result"]
    return found


@pytest.mark.kafka
@pytest.mark.timeout(240)
async def test_events_in_outcome_and_signed_webhook_out_metrics_scraped(
    kafka: Any, prefix: str, tmp_path: Path
) -> None:
    promtool, prometheus = needed("promtool"), needed("prometheus")
    receiver = WebhookReceiver(SECRET)
    hook = {"webhook_url": await receiver.start(), "webhook_secret": SECRET}
    port = free_port()
    with WorkerProcess(kafka.bootstrap, prefix, POLICIES / "seconds.yaml", tmp_path, **hook) as worker:
        config = tmp_path / "prometheus.yml"
        config.write_text(PROMETHEUS_CONFIG.format(port=worker.port))
        scraper = Child(
            [
                prometheus, f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            tmp_path / "prometheus.log",
        )  # fmt: skip
        try:
            await worker.ready()
            events = []
            for n in range(30):
                now = time.time()
                lead = f"E-{n}"
                events += [event(lead, "lead.assigned", now, {"owner": "ana", "segment": "enterprise"})]
                events += [event(lead, "lead.stage_changed", now, {"stage": "mql"})]
                if n % 3:
                    events.append(touch(lead, now + (1 if n % 3 == 1 else 6)))
            await produce(kafka.bootstrap, prefix + "leads.events", events)
            async with Reader(kafka.bootstrap, prefix + "lead-sla.outcomes") as reader:
                await reader.until(
                    lambda r: sum(o["kind"] in ("met", "breached") for o in r.outcomes) == 30, why="30 verdicts"
                )
                told = {o["id"]: o for o in reader.outcomes if o["kind"] in ("breached", "warned", "fulfilled_late")}
            for _ in range(100):
                if {received.notice_id for received in receiver.verified} >= set(told):
                    break
                await asyncio.sleep(0.2)
            assert {received.notice_id for received in receiver.verified} == set(told)
            assert len(receiver.verified) == len(receiver.deliveries) == len(told), "each once, each signed"
            breach = next(item for item in receiver.verified if item.payload["type"] == "lead-sla.breached")
            assert breach.payload["data"]["owner"] == "ana"  # type: ignore[index]

            _, exposition = worker.get("/metrics")
            assert promtool_says(promtool, exposition) == (0, "")
            await asyncio.sleep(3)  # two scrapes more
            for query in queries(rate_interval="30s"):
                answered = await asyncio.to_thread(ask, port, query.expr)
                assert answered, f"panel {query.panel!r} stays empty: {query.expr}"
            by_kind = ask(port, "sum by (kind) (lead_sla_outcomes_total)")
            counted = {series["metric"]["kind"]: float(series["value"][1]) for series in by_kind}
            assert (counted["met"], counted["breached"]) == (10, 20)
            assert worker.stop() == 0, worker.tail()
        finally:
            scraper.stop()
            await receiver.stop()
