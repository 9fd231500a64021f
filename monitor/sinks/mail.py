"""Sends notices as e-mail over SMTP."""

import asyncio
import socket
import ssl
from email.message import EmailMessage
from typing import Final

import aiosmtplib

from monitor.notify.channel import Mail
from monitor.notify.channels.mail import message_of
from monitor.notify.channels.texts import Style
from monitor.ports import Delivery, Message, TimeSource
from monitor.sinks.guard import AddressRefused, guarded_socket

_SHOWN_CHARS_MAX: Final = 120


class MailSink:
    """A channel to one mail server; every notice is a connection of its own."""

    def __init__(
        self,
        name: str,
        mail: Mail,
        style: Style,
        time: TimeSource,
        *,
        timeout_s: float = 10.0,
        allow_private: bool = False,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`tls`: whom to trust, by default those that the system does."""
        self.name = name
        self._mail = mail
        self._style = style
        self._time = time
        self._timeout_s = timeout_s
        self._allow_private = allow_private
        self._tls = tls
        self._closed = False

    def __repr__(self) -> str:
        return f"MailSink({self.name}, {self._mail.host}:{self._mail.port})"

    async def deliver(self, message: Message) -> Delivery:
        """Send once; never raises for what the far end does. Raises RuntimeError when closed."""
        if self._closed:
            raise RuntimeError("the sink is closed")
        mail = self._mail
        mail_message = message_of(message, self._style, mail.sender, mail.recipients, self._time.now_at())
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._send(mail_message)
        except TimeoutError:
            return _failed("timeout", "no answer in time")
        except AddressRefused as refused:
            return _failed("address_refused", str(refused))
        except aiosmtplib.SMTPRecipientsRefused as refused:
            return _answered(min(refused.recipients, key=lambda recipient: recipient.code))
        except aiosmtplib.SMTPResponseException as response:
            return _answered(response)
        except (ssl.SSLError, aiosmtplib.SMTPException, OSError) as error:
            tls = isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError)
            return _failed("tls" if tls else "network", _shown(f"{type(error).__name__}: {error}"))

    async def close(self) -> None:
        """Take no more notices; may be called again."""
        self._closed = True

    async def _send(self, message: EmailMessage) -> Delivery:
        mail = self._mail
        client = aiosmtplib.SMTP(
            hostname=mail.host,
            sock=await self._connected(),
            use_tls=mail.security == "tls",
            start_tls=mail.security == "starttls",
            tls_context=self._tls,
            username=mail.username or None,
            password=mail.password or None,
            timeout=self._timeout_s,
        )
        async with client:
            refused, answer = await client.send_message(message, sender=mail.sender, recipients=mail.recipients)
        for recipient, response in refused.items():
            answer = f"{answer}; refused {recipient}: {response.code}"
        return Delivery(delivered=True, retryable=False, reason="ok", answer=_shown(answer))

    async def _connected(self) -> socket.socket:
        """A connection to the first address that takes one. Raises AddressRefused, OSError."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(self._mail.host, self._mail.port, type=socket.SOCK_STREAM)
        failure: OSError = OSError("no address")
        for address in found:
            try:
                family, kind, protocol, _, sockaddr = address
                connection = socket.socket(family, kind, protocol) if self._allow_private else guarded_socket(address)
            except AddressRefused as refused:
                failure = refused
                continue
            connection.setblocking(False)
            try:
                await loop.sock_connect(connection, sockaddr)
            except OSError as error:
                connection.close()
                failure = error
                continue
            except BaseException:
                connection.close()
                raise
            return connection
        raise failure


def _answered(response: aiosmtplib.SMTPResponseException) -> Delivery:
    """2yz is done, 5yz refuses for good, anything else asks to come again (RFC 5321, 4.2.1)."""
    answer = _shown(f"SMTP {response.code} {response.message}")
    if 200 <= response.code < 300:
        return Delivery(delivered=True, retryable=False, reason="ok", answer=answer)
    if 500 <= response.code < 600:
        return Delivery(delivered=False, retryable=False, reason="smtp_5yz", answer=answer)
    return _failed("smtp_4yz", answer)


def _failed(reason: str, answer: str) -> Delivery:
    return Delivery(delivered=False, retryable=True, reason=reason, answer=answer)


def _shown(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:_SHOWN_CHARS_MAX]
