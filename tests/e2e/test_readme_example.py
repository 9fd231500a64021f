"""The example of the README, taken at its word: that agreement, that lead, and exactly that request, signed."""

import asyncio
import base64
import json
import re
import subprocess
from pathlib import Path
from typing import Any

from monitor.core.instant import from_rfc3339
from tests.support.cluster import WorkerProcess, end_offsets_of, event, produce
from tests.support.far_ends import http_far_end
from tests.support.programs import needed

README = Path(__file__).parents[2] / "README.md"
KEY = b"a key that nobody else knows"


def example(name: str, language: str) -> str:
    """What stands in the README under that name."""
    found = re.search(rf"<!-- generated: {name} -->\n```{language}\n(.*?)```", README.read_text(encoding="utf-8"), re.S)
    assert found is not None
    return found[1]


def signed_by_openssl(openssl: str, signed: bytes) -> str:
    """The signature that Standard Webhooks asks for, made by a program that has nothing in common with ours."""
    command = [openssl, "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{KEY.hex()}", "-binary"]
    digest = subprocess.run(command, input=signed, capture_output=True, check=True).stdout
    return "v1," + base64.b64encode(digest).decode()


async def test_the_readmes_example_ends_with_the_request_that_it_shows_and_a_signature_that_others_verify(
    broker: Any, prefix: str, tmp_path: Path
) -> None:
    openssl = needed("openssl", "openssl")
    agreement = tmp_path / "agreement.yaml"
    agreement.write_text(example("example-policy", "yaml"))
    assigned = {"owner": "ana", "segment": "mid-market", "source": "web-form"}
    lead = event("L-1", "lead.assigned", from_rfc3339("2026-10-01T16:30:00+02:00") / 1e6, assigned)
    async with http_far_end() as receiver:
        settings = {
            "webhook_url": receiver.url,
            "webhook_secret": "whsec_" + base64.b64encode(KEY).decode(),
            "broker_end_offsets": end_offsets_of(broker),
            "time_past_s_max": str(3650 * 86_400),
        }
        with WorkerProcess(broker.bootstrap, prefix, agreement, tmp_path, **settings) as worker:
            await worker.ready()
            await produce(broker.bootstrap, prefix + "leads.events", [lead])
            while not (breaches := [each for each in receiver.requests if b'"lead-sla.breached"' in each]):
                await asyncio.sleep(0.1)
            assert worker.stop() == 0, worker.tail()
    (breach,) = breaches
    head, body = breach.split(b"\r\n\r\n", 1)
    headers = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
    named = {name.lower().decode(): value for name, value in headers.items()}
    assert json.loads(body) == json.loads(example("example-notice", "json"))
    signed = b".".join((named["webhook-id"], named["webhook-timestamp"], body))
    assert named["webhook-signature"].decode() == signed_by_openssl(openssl, signed)
