"""The demonstration's receiver takes what is signed, refuses what is not, and survives everything else."""

import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
import pytest
import pytest_asyncio
from standardwebhooks import Webhook

from monitor.cli.demo.receiver import Received, WebhookReceiver
from monitor.notify.channels.standard import webhook_body
from monitor.stream.clock import SystemTime
from tests.support.notices import SECRET, hook, message

OTHER_SECRET = "whsec_" + base64.b64encode(b"somebody else's long key").decode()
MESSAGE = message()


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[WebhookReceiver]:
    receiver = WebhookReceiver(SECRET)
    yield receiver
    await receiver.stop()


async def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as response:
        return response.status


async def test_a_signed_notice_is_verified_and_told() -> None:
    told: list[Received] = []
    receiver = WebhookReceiver(SECRET, on_delivery=told.append)
    sink = hook(await receiver.start())
    assert (await sink.deliver(MESSAGE)).delivered
    await sink.close()
    await receiver.stop()
    expected = Received(MESSAGE.message_id, verified=True, refusal="", payload=json.loads(webhook_body(MESSAGE)))
    assert told == receiver.verified == [expected]


async def test_a_notice_signed_with_another_secret_is_refused(receiver: WebhookReceiver) -> None:
    sink = hook(await receiver.start(), OTHER_SECRET)
    assert (await sink.deliver(MESSAGE)).reason == "http_4xx"
    await sink.close()
    assert receiver.verified == []
    assert receiver.deliveries[0].refusal == "No matching signature found"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"webhook-id": "1", "webhook-timestamp": "x", "webhook-signature": "v1,x"},
        {"webhook-id": "1", "webhook-timestamp": "NOW", "webhook-signature": "no comma"},
        {"webhook-id": "1", "webhook-timestamp": "NOW", "webhook-signature": "v1,a,b"},
        {"webhook-id": "1", "webhook-timestamp": "NOW", "webhook-signature": "v1,=%"},
        {"webhook-id": "x" * 1000, "webhook-timestamp": "1", "webhook-signature": "v1,x"},
    ],
)
@pytest.mark.parametrize("body", [b"{}", b"\xff\xfe", b""])
async def test_malformed_requests_are_refused(receiver: WebhookReceiver, headers: dict[str, str], body: bytes) -> None:
    now = str(SystemTime().now_at() // 1_000_000)
    sent = {name: value.replace("NOW", now) for name, value in headers.items()}
    assert await post(await receiver.start(), body, sent) == 401
    assert not receiver.deliveries[0].verified
    assert len(receiver.deliveries[0].notice_id) <= 128


async def test_a_signed_body_that_is_no_json_object_is_refused(receiver: WebhookReceiver) -> None:
    url = await receiver.start()
    signed_at = datetime.now(UTC)
    for body in ("[1]", "nonsense"):
        headers = {
            "webhook-id": "out_2",
            "webhook-timestamp": str(int(signed_at.timestamp())),
            "webhook-signature": Webhook(SECRET).sign("out_2", signed_at, body),
        }
        assert await post(url, body.encode(), headers) == 401
    assert receiver.verified == []


async def test_an_old_notice_played_again_is_refused(receiver: WebhookReceiver) -> None:
    class AnHourAgo:
        def now_at(self) -> int:
            return SystemTime().now_at() - 3_600_000_000

        def elapsed_s(self) -> float:
            return 0.0

    sink = hook(await receiver.start(), time=AnHourAgo())
    await sink.deliver(MESSAGE)
    await sink.close()
    assert receiver.deliveries[0].refusal == "Message timestamp too old"


async def test_a_body_that_is_too_large_is_not_kept(receiver: WebhookReceiver) -> None:
    assert await post(await receiver.start(), b"x" * 70_000, {}) == 413
    assert list(receiver.deliveries) == []


async def test_a_taken_port_is_an_error_and_a_stopped_receiver_frees_it(receiver: WebhookReceiver) -> None:
    url = await receiver.start()
    port = int(url.split(":")[2].split("/")[0])
    second = WebhookReceiver(SECRET, port=port)
    with pytest.raises(OSError, match="address already in use"):
        await second.start()
    await receiver.stop()
    assert await second.start() == url
    await second.stop()
