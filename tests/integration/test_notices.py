"""Notices over real brokers: a worker is killed while a channel is down, another goes on, nobody is forgotten."""

import asyncio
import base64
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from monitor.cli.demo.broker import free_port
from monitor.cli.demo.receiver import WebhookReceiver
from tests.support.cluster import Reader, WorkerProcess, event, produce
from tests.support.verdicts import SECONDS

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]
LEADS = 40
TOKEN = "a token of thirty-two characters"


async def asked(worker: WorkerProcess, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """`lead-sla notices` with the settings of the worker."""
    command = [sys.executable, "-m", "monitor.cli.main", "notices", *arguments]
    env = {**os.environ, **worker.env, **more}
    return await asyncio.to_thread(subprocess.run, command, env=env, capture_output=True, text=True, check=False)


async def listed(worker: WorkerProcess, *arguments: str) -> dict[str, Any]:
    """What it says."""
    done = await asked(worker, "--json", *arguments)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def answered(worker: WorkerProcess, notice_id: str, token: str) -> int:
    """The status of an acknowledgement."""
    url = f"{worker.url}/notices/{notice_id}/ack?by=ana"
    request = urllib.request.Request(url, method="POST", headers={"Authorization": f"Bearer {token}"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - a loopback URL
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


async def until(done: Any, limit_s: float = 60.0) -> None:
    end = time.monotonic() + limit_s
    while not done():
        assert time.monotonic() < end
        await asyncio.sleep(0.2)


async def test_a_worker_that_is_killed_while_a_channel_is_down_leaves_no_notice_behind(
    kafka: Any, prefix: str, tmp_path: Path
) -> None:
    port, secret = free_port(), "whsec_" + base64.b64encode(b"0" * 32).decode()
    settings = {
        "webhook_url": f"http://127.0.0.1:{port}/hook", "webhook_secret": secret, "notices_token": TOKEN,
    }  # fmt: skip
    with (
        WorkerProcess(kafka.bootstrap, prefix, SECONDS, tmp_path, **settings) as one,
        WorkerProcess(kafka.bootstrap, prefix, SECONDS, tmp_path, **settings) as two,
    ):
        await asyncio.gather(one.ready(), two.ready())
        now = time.time()
        assigned = [event(f"W-{n}", "lead.assigned", now, {"owner": "ana"}) for n in range(LEADS)]
        await produce(kafka.bootstrap, prefix + "leads.events", assigned)
        async with Reader(kafka.bootstrap, prefix + "lead-sla.outcomes") as reader:
            await reader.until(lambda r: sum(o["kind"] == "breached" for o in r.outcomes) >= LEADS, why="breaches")
            breaches = {o["id"] for o in reader.outcomes if o["kind"] == "breached"}
        one.kill()
        two.kill()
        waiting = await listed(one)
        assert waiting["failed"] == 0
        one.start()
        await one.ready()
        receiver = WebhookReceiver(secret, port=port)
        await receiver.start()
        try:

            def told() -> set[str]:
                return {received.notice_id for received in receiver.verified}

            await until(lambda: told() >= breaches)
            two.start()
            await two.ready()
            await produce(
                kafka.bootstrap, prefix + "leads.events",
                [event(f"X-{n}", "lead.assigned", time.time(), {"owner": "ana"}) for n in range(LEADS)],
            )  # fmt: skip
            # The first notice of these may be a warning; every lead is heard of in any case.
            await until(lambda: len(told()) >= 2 * LEADS)
            one.kill()
            async with Reader(kafka.bootstrap, prefix + "lead-sla.outcomes") as reader:
                await reader.until(
                    lambda r: len({o["id"] for o in r.outcomes if o["kind"] == "breached"}) == 2 * LEADS, why="breaches"
                )
                breaches = {o["id"] for o in reader.outcomes if o["kind"] == "breached"}
            await until(lambda: told() >= breaches)
            repeated = len(receiver.verified) - len(told())
            assert repeated <= 16, "no more than what was under way when workers were killed"
        finally:
            await receiver.stop()
        assert two.stop() == 0, two.tail()
        left = await listed(two)
        assert (left["waiting"], left["failed"]) == (0, 0)


async def test_what_failed_is_listed_without_workers_and_sent_again_by_them(
    kafka: Any, prefix: str, tmp_path: Path
) -> None:
    refused: list[bytes] = []
    status = 400

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        refused.append(head)
        writer.write(f"HTTP/1.1 {status} Told\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        writer.close()

    far_end = await asyncio.start_server(serve, "127.0.0.1", 0)
    settings = {
        "webhook_url": f"http://127.0.0.1:{far_end.sockets[0].getsockname()[1]}/hook",
        "webhook_secret": "whsec_" + base64.b64encode(b"0" * 32).decode(), "notices_token": TOKEN,
    }  # fmt: skip
    with (
        WorkerProcess(kafka.bootstrap, prefix, SECONDS, tmp_path, **settings) as one,
        WorkerProcess(kafka.bootstrap, prefix, SECONDS, tmp_path, **settings) as two,
    ):
        await asyncio.gather(one.ready(), two.ready())
        assigned = [event(f"F-{n}", "lead.assigned", time.time(), {"owner": "ana"}) for n in range(6)]
        await produce(kafka.bootstrap, prefix + "leads.events", assigned)
        async with Reader(kafka.bootstrap, prefix + "lead-sla.dead-letters") as reader:
            await reader.until(lambda r: len(r.records) >= 6, why="dead letters")
        failed = await listed(one)
        assert failed["failed"] >= 6
        assert {each["reason"] for each in failed["notices"] if each["state"] == "failed"} == {"http_4xx"}
        one_failed = failed["notices"][0]["id"]
        for worker in (one, two):  # whoever is asked, the one that has it answers
            assert await asyncio.to_thread(answered, worker, one_failed, TOKEN) == 200
        assert await asyncio.to_thread(answered, one, one_failed, "not the token") == 401
        assert {each["acknowledged_by"] for each in (await listed(two, one_failed))["notices"]} == {"ana"}
        unknown = await asked(two, "out_of_nothing")
        assert (unknown.returncode, "no message with that id is kept" in unknown.stderr) == (1, True)
        elsewhere = await asked(two, LEAD_SLA_GROUP="another")
        assert (elsewhere.returncode, "there is no topic" in elsewhere.stderr) == (1, True)
        status = 200
        assert len((await listed(one, "--replay"))["sent_again"]) >= 6
        for _ in range(50):
            left = await listed(two)
            if (left["waiting"], left["failed"]) == (0, 0):
                break
            await asyncio.sleep(0.5)
        assert (left["waiting"], left["failed"]) == (0, 0)
    far_end.close()
