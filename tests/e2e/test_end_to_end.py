"""One topic in, one signed webhook out; the metrics scraped by a real Prometheus; a lead explained by its worker."""

import asyncio
import json
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from monitor.cli.demo.broker import free_port
from monitor.cli.demo.child import Child
from monitor.cli.demo.receiver import WebhookReceiver
from tests.support.cluster import POLICIES, Reader, WorkerProcess, end_offsets_of, event, produce, touch
from tests.support.dashboard import queries
from tests.support.programs import needed

SCHEMAS = Path(__file__).parents[2] / "schemas"
READ = ("leads.events", "lead-sla.timeline", "lead-sla.quota-facts", "lead-sla.outcomes")
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


def summed(prometheus: int, label: str, metric: str) -> dict[str, float]:
    """Its sum for each value of a label."""
    found = ask(prometheus, f"sum by ({label}) ({metric})")
    return {series["metric"][label]: float(series["value"][1]) for series in found}


async def until_heard(receiver: WebhookReceiver, notices: set[str]) -> None:
    """Wait until these have arrived, but not for ever."""
    for _ in range(100):
        if {received.notice_id for received in receiver.verified} >= notices:
            break
        await asyncio.sleep(0.2)


@pytest.mark.kafka
@pytest.mark.timeout(240)
async def test_events_in_outcome_and_signed_webhook_out_metrics_scraped(
    kafka: Any, prefix: str, tmp_path: Path
) -> None:
    promtool, prometheus = needed("promtool"), needed("prometheus")
    receiver = WebhookReceiver(SECRET)
    hook = {"webhook_url": await receiver.start(), "webhook_secret": SECRET}
    port = free_port()
    with WorkerProcess(kafka.bootstrap, prefix, POLICIES / "scraped.yaml", tmp_path, **hook) as worker:
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
                if n % 3 == 1:
                    events.append(touch(lead, now + 1))
            paid = {"amount": "100", "currency": "EUR"}
            events.append(event("customer", "deal.won", time.time(), paid))
            events.append(event("campaign", "spend.recorded", time.time(), {**paid, "team": "marketing"}))
            await produce(kafka.bootstrap, prefix + "leads.events", events)
            async with Reader(kafka.bootstrap, prefix + "lead-sla.outcomes") as reader:
                await reader.until(
                    lambda r: sum(o["kind"] in ("met", "breached") for o in r.outcomes) == 60, why="30 verdicts of each"
                )
                await until_heard(receiver, {o["id"] for o in reader.outcomes if o["kind"] == "breached"})
                late = [touch(f"E-{n}", time.time()) for n in range(2, 30, 3)]
                await produce(kafka.bootstrap, prefix + "leads.events", late)
                await reader.until(lambda r: sum(o["kind"] == "fulfilled_late" for o in r.outcomes) == 10, why="late")
                told = {o["id"] for o in reader.outcomes if o["kind"] in ("breached", "warned", "fulfilled_late")}
            await until_heard(receiver, told)
            assert {received.notice_id for received in receiver.verified} == told
            assert len(receiver.verified) == len(receiver.deliveries) == len(told), "each once, each signed"
            breach = next(item for item in receiver.verified if item.payload["type"] == "lead-sla.breached")
            assert breach.payload["data"]["owner"] == "ana"  # type: ignore[index]

            _, exposition = worker.get("/metrics")
            assert promtool_says(promtool, exposition) == (0, "")
            await asyncio.sleep(3)  # two scrapes more
            for query in queries(rate_interval="30s"):
                answered = await asyncio.to_thread(ask, port, query.expr)
                assert answered, f"panel {query.panel!r} stays empty: {query.expr}"
            assert set(summed(port, "topic", "lead_sla_partition_lag_records")) == {prefix + topic for topic in READ}
            counted = summed(port, "kind", 'lead_sla_outcomes_total{duty="first-touch"}')
            assert (counted["met"], counted["breached"]) == (10, 20)
            for figure, of_all in (("met", 10), ("judged", 30)):
                (series,) = ask(port, f'sum(lead_sla_duties_{figure}{{duty="first-touch"}})')
                assert float(series["value"][1]) == of_all
            assert worker.stop() == 0, worker.tail()
        finally:
            scraper.stop()
            await receiver.stop()


async def test_a_worker_explains_a_late_lead_as_its_recorded_events_do(
    broker: Any, prefix: str, tmp_path: Path
) -> None:
    settings = {"broker_end_offsets": end_offsets_of(broker)}
    policy = POLICIES / "seconds.yaml"
    with WorkerProcess(broker.bootstrap, prefix, policy, tmp_path, **settings) as worker:
        await worker.ready()
        now = time.time()
        automated = {"channel": "email", "direction": "outbound", "actor": "automation"}
        events = [
            event("X-1", "lead.created", now - 1, {"segment": "enterprise"}),
            event("X-1", "lead.assigned", now, {"owner": "ana", "grade": "A"}),
            event("X-1", "activity.logged", now + 1, automated),
            touch("X-1", now + 4),
        ]
        await produce(broker.bootstrap, prefix + "leads.events", events)
        async with Reader(broker.bootstrap, prefix + "lead-sla.outcomes") as reader:
            await reader.until(lambda r: "fulfilled_late" in {o["kind"] for o in r.outcomes}, why="the late call")
        answer: dict[str, Any] = {}
        for _ in range(50):
            status, body = await asyncio.to_thread(worker.get, "/leads/X-1")
            answer = json.loads(body) if status == 200 else {}
            if answer and answer["clocks"] and answer["clocks"][0]["verdict"] == "fulfilled_late":
                break
            await asyncio.sleep(0.1)
        Draft202012Validator(json.loads((SCHEMAS / "lead-explanation.schema.json").read_text())).validate(answer)
        told = await asyncio.to_thread(explain, "X-1", "--url", worker.url)
        assert worker.stop() == 0, worker.tail()
    (clock,) = answer["clocks"]
    assert (clock["target"], clock["used_s"]) == ('grade == "A"', 3)
    assert [(act["counted"], act["why"]) for act in clock["acts"]] == [
        (False, "its actor is automation, not person"),
        (True, ""),
    ]
    recorded = tmp_path / "events.jsonl"
    recorded.write_text("".join(json.dumps(item) + "\n" for item in events))
    offline = await asyncio.to_thread(explain, "X-1", "--events", str(recorded), "--policy", str(policy))
    for part in ("clocks", "spans", "timeline", "attributes"):
        assert told[part] == offline[part], part


def explain(*arguments: str) -> dict[str, Any]:
    """What `lead-sla explain` answers."""
    command = [sys.executable, "-m", "monitor.cli.main", "explain", *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
