"""Far ends that misbehave on purpose, against every kind of channel: real sockets, no mocks."""

import asyncio
import ssl

import pytest
import trustme

from monitor.notify.channel import Channel, Slack
from monitor.notify.channels.texts import Style
from monitor.notify.gate import Rules
from monitor.ports import DELIVERY_REASONS, Delivery
from monitor.sinks.opening import open_sink
from monitor.stream.clock import SystemTime
from tests.support.far_ends import Answer, http_channel, http_far_end, is_silent, listening, resets, says, sends
from tests.support.notices import message

KINDS = ["slack", "teams", "pagerduty", "webhook"]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"


def verdict(status: int) -> tuple[bool, bool, str]:
    """Delivered, worth another try, and why: the rule for every status, written out once more."""
    if 200 <= status <= 299:
        return True, False, "ok"
    special = {410: (False, False, "gone"), 429: (False, True, "throttled")}
    by_class = {
        1: (False, True, "network"),
        3: (False, False, "redirect"),
        4: (False, False, "http_4xx"),
        5: (False, True, "http_5xx"),
    }
    return special.get(status) or by_class[status // 100]


def judged(delivery: Delivery) -> tuple[bool, bool, str]:
    assert delivery.reason in DELIVERY_REASONS
    return delivery.delivered, delivery.retryable, delivery.reason


@pytest.mark.parametrize("kind", KINDS)
async def test_every_status_means_the_same_on_every_channel(kind: str) -> None:
    async with http_far_end() as far_end:
        sink = open_sink(http_channel(kind, far_end.url), SystemTime())
        for status in range(200, 600):
            far_end.answer = says(status, "Location: /elsewhere")
            assert judged(await sink.deliver(message())) == verdict(status), status
        assert len(far_end.requests) == 400, "neither a redirect nor anything else is followed"
        await sink.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_server_that_hangs_up_after_an_interim_status_has_said_nothing(kind: str) -> None:
    async with http_far_end() as far_end:
        for status in range(100, 200):
            far_end.answer = sends(f"HTTP/1.1 {status} Told\r\n\r\n".encode())
            sink = open_sink(http_channel(kind, far_end.url), SystemTime())
            assert judged(await sink.deliver(message())) == verdict(status), status
            await sink.close()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (resets, "network"),
        (is_silent, "timeout"),
        (sends(b""), "network"),
        (sends(b"HTTP/1.1 2"), "network"),
        (sends(b"HTTP/1.1 200 OK\r\nContent-Le"), "network"),
        (sends(b"\x00\xffnonsense\r\n\r\n"), "network"),
        (sends(b"SSH-2.0-x\r\n"), "network"),
        (sends(HEAD + b"half"), "ok"),
    ],
    ids=["reset", "silence", "nothing", "half a status", "half a head", "nonsense", "ssh", "half a body"],
)
async def test_half_an_answer_is_none_unless_its_status_was_read(kind: str, answer: Answer, reason: str) -> None:
    async with http_far_end() as far_end:
        far_end.answer = answer
        timeout_s = 0.3 if answer is is_silent else 5.0
        sink = open_sink(http_channel(kind, far_end.url, timeout_s), SystemTime())
        delivery = await sink.deliver(message())
        await sink.close()
    assert judged(delivery) == (reason == "ok", reason != "ok", reason)


@pytest.mark.parametrize("status", [429, 503])
async def test_the_pause_that_a_far_end_asks_for_is_passed_on(status: int) -> None:
    async with http_far_end() as far_end:
        far_end.answer = says(status, "Retry-After: 17")
        sink = open_sink(http_channel("slack", far_end.url), SystemTime())
        assert (await sink.deliver(message())).retry_after_s == 17
        await sink.close()


@pytest.fixture(scope="module")
def stranger() -> ssl.SSLContext:
    """A server's certificate of an authority that nobody here trusts."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


async def test_a_certificate_that_is_not_trusted_is_worth_another_try_and_says_tls(stranger: ssl.SSLContext) -> None:
    async with http_far_end(stranger) as far_end:
        sink = open_sink(http_channel("teams", far_end.url), SystemTime())
        delivery = await sink.deliver(message())
        await sink.close()
        assert judged(delivery) == (False, True, "tls")
        assert delivery.answer
        assert far_end.requests == []


async def test_a_server_that_speaks_no_tls_says_tls_too() -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with listening(speak) as port:
        sink = open_sink(http_channel("teams", f"https://127.0.0.1:{port}/"), SystemTime())
        assert judged(await sink.deliver(message())) == (False, True, "tls")
        await sink.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
async def test_an_address_inside_is_refused_when_it_connects_whatever_its_name(host: str) -> None:
    async with http_far_end() as far_end:
        url = far_end.url.replace("127.0.0.1", host)
        sink = open_sink(Channel("slack", Slack(url), Style(), Rules()), SystemTime())
        delivery = await sink.deliver(message())
        await sink.close()
        assert judged(delivery) == (False, True, "address_refused")
        assert "allow_private" in delivery.answer
        assert far_end.requests == []


async def test_what_the_far_end_says_is_shown_as_one_line_without_what_may_be_a_secret() -> None:
    async with http_far_end() as far_end:
        far_end.answer = says(404, body=b"no_service\r\n\x1b[31m at /services/T0/token-in-path or token-in-path")
        sink = open_sink(http_channel("slack", far_end.url), SystemTime())
        assert (await sink.deliver(message())).answer == "HTTP 404 no_service [31m at … or …"
        assert "token-in-path" not in repr(sink)
        await sink.close()


async def test_a_routing_key_that_comes_back_is_not_shown() -> None:
    async with http_far_end() as far_end:
        channel = http_channel("pagerduty", far_end.url)
        far_end.answer = says(400, body=b'{"errors":["0123456789abcdef0123456789abcdef is no key"]}')
        sink = open_sink(channel, SystemTime())
        assert "0123456789" not in (await sink.deliver(message())).answer
        assert "0123456789" not in repr(channel)
        await sink.close()


def test_no_channel_shows_its_secrets() -> None:
    for kind in KINDS:
        shown = repr(http_channel(kind, "https://hooks.example.com/services/hunter2"))
        assert "whsec_" not in shown
        assert "hunter2" not in shown or kind == "pagerduty"  # whose URL is the same for everybody


async def test_a_far_end_that_drips_does_not_hold_up_longer_than_the_timeout() -> None:
    async def drips(_: bytes, writer: asyncio.StreamWriter) -> None:
        for sign in b"HTTP/1.1 200 OK\r\n":
            writer.write(bytes([sign]))
            await asyncio.sleep(0.1)

    async with http_far_end() as far_end:
        far_end.answer = drips
        sink = open_sink(http_channel("webhook", far_end.url, timeout_s=0.3), SystemTime())
        assert judged(await sink.deliver(message())) == (False, True, "timeout")
        await sink.close()
