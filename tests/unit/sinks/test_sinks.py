"""One suite for both sinks: the webhook against a real HTTP server, and the one in memory that stands in for it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

import pytest
import pytest_asyncio
from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from monitor.notify.channels.standard import webhook_body
from monitor.ports import DELIVERY_REASONS, Delivery, Sink
from monitor.sinks.answer import RETRY_AFTER_S_MAX, retry_after_s
from monitor.sinks.memory import MemorySink
from monitor.stream.clock import SystemTime
from tests.support.notices import NOON, SECRET, hook, message

MESSAGE = message(owner="Zoë")
BODY = webhook_body(MESSAGE)


class FarEnd(Protocol):
    """What the shared suite needs: a sink, and a far end to tell how to answer."""

    @property
    def sink(self) -> Sink: ...
    def will_answer(self, status: int, retry_after: str | None = None) -> None: ...
    def will_time_out(self) -> None: ...
    def arrived(self) -> list[tuple[str, bytes]]: ...


class InMemory:
    def __init__(self) -> None:
        self.sink = MemorySink(SystemTime())
        self.will_answer = self.sink.will_answer
        self.will_time_out = self.sink.will_time_out

    def arrived(self) -> list[tuple[str, bytes]]:
        return [(each.message_id, webhook_body(each)) for each in self.sink.attempts]


@dataclass
class OverHttp:
    """A real server on this machine."""

    answers: list[web.StreamResponse | None] = field(default_factory=list)
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self.runner = web.AppRunner(app, shutdown_timeout=0.05)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self.runner.addresses[0][1]}/hook/token-in-path"
        self.sink = hook(self.url, timeout_s=1.0)

    async def stop(self) -> None:
        await self.sink.close()
        await self.runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append((headers, await request.read()))
        answer = self.answers.pop(0) if self.answers else web.Response()
        if answer is None:
            await asyncio.sleep(5)
            return web.Response()
        return answer

    def will_answer(self, status: int, retry_after: str | None = None) -> None:
        headers = {"Location": "/elsewhere"} if 300 <= status < 400 else {}
        if retry_after is not None:
            headers["Retry-After"] = retry_after
        self.answers.append(web.Response(status=status, headers=headers))

    def will_time_out(self) -> None:
        self.answers.append(None)

    def arrived(self) -> list[tuple[str, bytes]]:
        return [(headers["webhook-id"], body) for headers, body in self.requests]


@pytest_asyncio.fixture
async def over_http() -> AsyncIterator[OverHttp]:
    far_end = OverHttp()
    await far_end.start()
    yield far_end
    await far_end.stop()


@pytest_asyncio.fixture(params=["memory", "webhook"])
async def far_end(request: pytest.FixtureRequest) -> AsyncIterator[FarEnd]:
    if request.param == "memory":
        yield InMemory()
        return
    http = OverHttp()
    await http.start()
    yield http
    await http.stop()


def judged(delivery: Delivery) -> tuple[bool, bool, str]:
    return delivery.delivered, delivery.retryable, delivery.reason


# The suite that both pass.


async def test_a_notice_arrives_with_its_id_and_its_very_bytes(far_end: FarEnd) -> None:
    assert judged(await far_end.sink.deliver(MESSAGE)) == (True, False, "ok")
    assert far_end.arrived() == [(MESSAGE.message_id, BODY)]


@pytest.mark.parametrize(
    ("status", "delivered", "retryable", "reason"),
    [
        (200, True, False, "ok"),
        (202, True, False, "ok"),
        (204, True, False, "ok"),
        (301, False, False, "redirect"),
        (307, False, False, "redirect"),
        (400, False, False, "http_4xx"),
        (401, False, False, "http_4xx"),
        (404, False, False, "http_4xx"),
        (410, False, False, "gone"),
        (429, False, True, "throttled"),
        (500, False, True, "http_5xx"),
        (503, False, True, "http_5xx"),
        (599, False, True, "http_5xx"),
    ],
)
async def test_a_status_says_whether_to_try_again(
    far_end: FarEnd, status: int, delivered: bool, retryable: bool, reason: str
) -> None:
    far_end.will_answer(status)
    assert judged(await far_end.sink.deliver(MESSAGE)) == (delivered, retryable, reason)
    assert reason in DELIVERY_REASONS
    assert len(far_end.arrived()) == 1


@pytest.mark.parametrize("status", [429, 503])
async def test_a_pause_asked_for_is_passed_on(far_end: FarEnd, status: int) -> None:
    far_end.will_answer(status, retry_after="17")
    assert (await far_end.sink.deliver(MESSAGE)).retry_after_s == 17


async def test_silence_is_a_timeout_worth_another_try(far_end: FarEnd) -> None:
    far_end.will_time_out()
    assert judged(await far_end.sink.deliver(MESSAGE)) == (False, True, "timeout")
    assert (await far_end.sink.deliver(MESSAGE)).delivered


async def test_a_repetition_has_the_same_id_and_body(far_end: FarEnd) -> None:
    far_end.will_answer(500)
    await far_end.sink.deliver(MESSAGE)
    await far_end.sink.deliver(MESSAGE)
    assert far_end.arrived() == [(MESSAGE.message_id, BODY)] * 2


async def test_notices_may_be_delivered_at_the_same_time(far_end: FarEnd) -> None:
    messages = [message(lead=f"lead-{number}") for number in range(10)]
    ended = await asyncio.gather(*(far_end.sink.deliver(each) for each in messages))
    assert all(delivery.delivered for delivery in ended)
    assert {notice_id for notice_id, _ in far_end.arrived()} == {each.message_id for each in messages}


async def test_a_closed_sink_takes_no_notice_and_may_be_closed_again(far_end: FarEnd) -> None:
    await far_end.sink.deliver(MESSAGE)
    await far_end.sink.close()
    await far_end.sink.close()
    with pytest.raises(RuntimeError, match="closed"):
        await far_end.sink.deliver(MESSAGE)


async def test_every_sink_has_a_name_fit_for_a_label(far_end: FarEnd) -> None:
    assert far_end.sink.name.isidentifier()


# What only HTTP has.


async def test_the_signature_is_one_that_standard_webhooks_verifies(over_http: OverHttp) -> None:
    await over_http.sink.deliver(MESSAGE)
    headers, body = over_http.requests[0]
    assert Webhook(SECRET).verify(body, headers)["type"] == "lead-sla.breached"
    assert headers["content-type"] == "application/json"
    for changed in (body + b" ", body.replace(b"breached", b"met")):
        with pytest.raises(WebhookVerificationError):
            Webhook(SECRET).verify(changed, headers)


async def test_every_attempt_is_signed_with_the_time_it_is_made_at(over_http: OverHttp) -> None:
    class Hours:
        now = NOON

        def now_at(self) -> int:
            return self.now

        def elapsed_s(self) -> float:
            return 0.0

    time = Hours()
    sink = hook(over_http.url, time=time)
    await sink.deliver(MESSAGE)
    time.now += 90_999_999
    await sink.deliver(MESSAGE)
    await sink.close()
    first, second = (headers for headers, _ in over_http.requests)
    assert (first["webhook-timestamp"], second["webhook-timestamp"]) == ("1790856000", "1790856090")
    expected = Webhook(SECRET).sign(MESSAGE.message_id, datetime.fromtimestamp(1790856090, UTC), BODY.decode())
    assert second["webhook-signature"] == expected


async def test_a_redirect_is_not_followed(over_http: OverHttp) -> None:
    over_http.will_answer(307)
    await over_http.sink.deliver(MESSAGE)
    assert len(over_http.requests) == 1


async def test_no_one_listening_is_a_network_failure_worth_another_try(over_http: OverHttp) -> None:
    await over_http.runner.cleanup()
    assert judged(await over_http.sink.deliver(MESSAGE)) == (False, True, "network")


@pytest.mark.parametrize("answer", [b"", b"\x00\xff garbage\r\n\r\n", b"HTTP/1.1 200\x00OK\r\n\r\n", b"SSH-2.0-x\r\n"])
async def test_an_answer_that_is_no_http_is_a_network_failure(answer: bytes) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    sink = hook(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    assert judged(await sink.deliver(MESSAGE)) == (False, True, "network")
    await sink.close()
    server.close()


@pytest.mark.parametrize("ending", ["never ends", "breaks off", "is badly packed"])
async def test_a_body_that_misbehaves_does_not_undo_the_status(ending: str) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n"
        writer.write(head + (b"Content-Encoding: gzip\r\n\r\nnot gzip" if ending == "is badly packed" else b"\r\n"))
        if ending == "breaks off":
            writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    sink = hook(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", timeout_s=0.3)
    assert (await sink.deliver(MESSAGE)).delivered
    await sink.close()
    server.close()


async def test_neither_the_path_nor_the_secret_shows_in_the_sink(over_http: OverHttp) -> None:
    shown = repr(over_http.sink)
    assert "127.0.0.1" in shown
    assert "token-in-path" not in shown
    assert SECRET not in shown


@pytest.mark.parametrize("url", ["ftp://x/", "https://ana:pw@x/", "https:///x"])
def test_an_address_that_cannot_be_used_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match=r"write|start|remove"):
        hook(url)


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("٣", None),
        ("0", 0.0),
        (" 30 ", 30.0),
        ("3601", RETRY_AFTER_S_MAX),
        ("9" * 5000, RETRY_AFTER_S_MAX),
        ("Thu, 01 Oct 2026 12:01:30 GMT", 90.0),
        ("Thu, 01 Oct 2026 11:00:00 GMT", 0.0),
        ("Thu, 01 Oct 2099 11:00:00 GMT", RETRY_AFTER_S_MAX),
        ("Thu, 99 Oct 99999 11:00:00 GMT", None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_bounded(header: str | None, wait_s: float | None) -> None:
    assert retry_after_s(header, NOON) == wait_s
