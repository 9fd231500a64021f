"""E-mail against real SMTP servers: aiosmtpd for what goes well, a scripted one for what does not."""

import ssl
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from monitor.cli.demo.broker import free_port
from monitor.notify.channel import Channel, Mail
from monitor.notify.channels.texts import Language, Style
from monitor.notify.gate import Rules
from monitor.ports import DELIVERY_REASONS, Delivery
from monitor.sinks.mail import MailSink
from monitor.sinks.opening import open_sink
from monitor.stream.clock import SystemTime
from tests.support.far_ends import smtp_far_end
from tests.support.notices import message, notice

STYLE = Style(Language.GERMAN)


class Mailbox:
    """Keeps what arrives."""

    def __init__(self) -> None:
        self.arrived: list[Envelope] = []

    async def handle_DATA(self, _: Any, __: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        self.arrived.append(envelope)
        return "250 taken"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def server(mailbox: Mailbox, authority: trustme.CA) -> Iterator[Controller]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    def login(_: Any, __: Any, ___: Any, ____: Any, given: Any) -> AuthResult:
        return AuthResult(success=given == LoginPassword(b"bot", b"hunter2"), handled=False)

    server = Controller(
        mailbox,
        "127.0.0.1",
        free_port(),
        tls_context=context,
        authenticator=login,
        auth_require_tls=True,
        require_starttls=True,
    )
    server.start()
    yield server
    server.stop()


def mail(port: int, security: str = "none", password: str = "") -> Mail:
    username = "bot" if password else ""
    return Mail(
        "127.0.0.1", port, security, "lead-sla@example.com", ("ana@example.com", "bo@example.com"), username, password
    )


def judged(delivery: Delivery) -> tuple[bool, bool, str]:
    assert delivery.reason in DELIVERY_REASONS
    return delivery.delivered, delivery.retryable, delivery.reason


async def sent(far_end: Mail, tls: ssl.SSLContext | None = None, timeout_s: float = 5.0) -> Delivery:
    sink = MailSink("mail", far_end, STYLE, SystemTime(), timeout_s=timeout_s, allow_private=True, tls=tls)
    delivery = await sink.deliver(message())
    await sink.close()
    return delivery


async def test_a_message_arrives_encrypted_and_logged_in(
    server: Controller, mailbox: Mailbox, authority: trustme.CA
) -> None:
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    delivery = await sent(mail(server.port, "starttls", "hunter2"), trusting)
    assert judged(delivery) == (True, False, "ok"), delivery
    (envelope,) = mailbox.arrived
    assert envelope.rcpt_tos == ["ana@example.com", "bo@example.com"]
    assert isinstance(envelope.content, bytes)
    message = message_from_bytes(envelope.content, policy=default)
    assert message["Subject"] == "Überfällig: first-touch bei Lead lead-1 (ana)"
    assert message["Message-ID"] == f"<{notice().notice_id}@example.com>"
    assert "Fällig: Do, 1. Okt. 2026, 12:00 Uhr (UTC)" in message.get_content()


async def test_a_wrong_password_is_refused_for_good_and_not_shown(server: Controller, authority: trustme.CA) -> None:
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    delivery = await sent(mail(server.port, "starttls", "hunter3"), trusting)
    assert judged(delivery) == (False, False, "smtp_5yz")
    assert "hunter3" not in delivery.answer


async def test_a_certificate_that_is_not_trusted_is_worth_another_try_and_nothing_is_sent(
    server: Controller, mailbox: Mailbox
) -> None:
    assert judged(await sent(mail(server.port, "starttls", "hunter2"))) == (False, True, "tls")
    assert mailbox.arrived == []


async def test_a_server_without_starttls_gets_nothing_unencrypted() -> None:
    async with smtp_far_end("nothing", "") as port:
        delivery = await sent(mail(port, "starttls"))
    assert judged(delivery) == (False, True, "network")
    assert "STARTTLS" in delivery.answer


@pytest.mark.parametrize("at", ["mail", "rcpt", "data", "end"])
async def test_every_reply_says_whether_to_come_again(at: str) -> None:
    for code in range(400, 600):
        async with smtp_far_end(at, f"{code} told") as port:
            delivery = await sent(mail(port))
        if (at, code) == ("rcpt", 421):  # the server is going away
            assert judged(delivery) == (False, True, "network")
            continue
        expected = (False, True, "smtp_4yz") if code < 500 else (False, False, "smtp_5yz")
        assert judged(delivery) == expected, (code, delivery)
        assert str(code) in delivery.answer


@pytest.mark.parametrize(
    ("at", "reply", "reason"),
    [("connect", "421 busy", "smtp_4yz"), ("connect", "554 no", "smtp_5yz"), ("ehlo", "nonsense", "smtp_4yz")],
)
async def test_a_server_may_refuse_from_the_first_word(at: str, reply: str, reason: str) -> None:
    async with smtp_far_end(at, reply) as port:
        assert judged(await sent(mail(port))) == (False, reason != "smtp_5yz", reason)


async def test_nobody_listening_is_a_network_failure() -> None:
    async with smtp_far_end("nothing", "") as port:
        pass
    assert judged(await sent(mail(port))) == (False, True, "network")


async def test_an_address_inside_is_refused_unless_allowed() -> None:
    async with smtp_far_end("nothing", "") as port:
        sink = open_sink(Channel("mail", mail(port), STYLE, Rules()), SystemTime())
        assert judged(await sink.deliver(message())) == (False, True, "address_refused")
        await sink.close()
        with pytest.raises(RuntimeError, match="closed"):
            await sink.deliver(message())


def test_a_mail_channel_does_not_show_its_password() -> None:
    assert "hunter2" not in repr(mail(25, "tls", "hunter2"))
