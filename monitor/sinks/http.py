"""Posts notices to one URL: webhooks of every kind."""

import ssl
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from monitor.notify.channels.post import Post
from monitor.notify.endpoint import check_url, redacted_url
from monitor.ports import Delivery, Message, TimeSource
from monitor.sinks.answer import delivery_of
from monitor.sinks.guard import AddressRefused, guarded_socket

# The status alone decides; the body is read so that a short one leaves the connection usable, and can be shown.
_BODY_BYTES_MAX: Final = 65_536
_SHOWN_CHARS_MAX: Final = 120

PostOf = Callable[[Message, int], Post]
"""What to post for a message at an instant, microseconds since the epoch."""


class HttpSink:
    """A channel to one URL; neither the URL's path nor what is in a request ever reaches a log."""

    def __init__(
        self,
        name: str,
        url: str,
        post_of: PostOf,
        time: TimeSource,
        *,
        timeout_s: float = 10.0,
        allow_private: bool = False,
        secrets: Collection[str] = (),
    ) -> None:
        """`secrets` beside those in the URL are not shown either. Raises ValueError for a URL that cannot be used."""
        check_url(url)
        self.name = name
        self._url = url
        self._post_of = post_of
        parts = urlsplit(url)
        hidden = {*parts.path.split("/"), parts.path, parts.query, *secrets}
        self._hidden = sorted((part for part in hidden if len(part) > 1), key=len, reverse=True)
        self._time = time
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._allow_private = allow_private
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    def __repr__(self) -> str:
        return f"HttpSink({self.name}, {redacted_url(self._url)})"

    async def deliver(self, message: Message) -> Delivery:
        """Post once, made afresh; never raises for what the far end does. Raises RuntimeError when closed."""
        post = self._post_of(message, self._time.now_at())
        headers = {"User-Agent": "lead-sla", **post.headers}
        try:
            async with self._connected().post(
                self._url, data=post.body, headers=headers, allow_redirects=False
            ) as response:
                retry_after = response.headers.get("Retry-After")
                delivery = delivery_of(response.status, retry_after, self._time.now_at())
                body = b""
                with suppress(aiohttp.ClientError, TimeoutError):
                    body = await response.content.read(_BODY_BYTES_MAX)
                return Delivery(
                    delivery.delivered,
                    delivery.retryable,
                    delivery.reason,
                    delivery.retry_after_s,
                    f"HTTP {response.status} {self._shown(body)}".rstrip(),
                )
        except TimeoutError:
            return _failed("timeout", "no answer in time")
        except aiohttp.ClientConnectorError as error:
            return _unconnected(error)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # ValueError: aiohttp passes on some malformed answers as such.
            return _failed("network", type(error).__name__)

    async def close(self) -> None:
        """Release connections; may be called again."""
        self._closed = True
        if self._session is not None:
            await self._session.close()

    def _shown(self, body: bytes) -> str:
        """The beginning of an answer as one line, without what may be a secret."""
        text = body[: 8 * _SHOWN_CHARS_MAX].decode("utf-8", "replace")
        for secret in self._hidden:
            text = text.replace(secret, "…")
        line = "".join(sign if sign.isprintable() else " " for sign in text)
        return " ".join(line.split())[:_SHOWN_CHARS_MAX]

    def _connected(self) -> aiohttp.ClientSession:
        """The session, made at the first notice: aiohttp wants a running loop."""
        if self._closed:
            raise RuntimeError("the sink is closed")
        if self._session is None:
            # No cookies and no unpacking: what the far end sends back is of no interest and not trusted.
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(socket_factory=None if self._allow_private else guarded_socket),
                timeout=self._timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            )
        return self._session


def _unconnected(error: aiohttp.ClientConnectorError) -> Delivery:
    # What connects last is wrapped: as `os_error` the refusal of the guard, or what TLS found.
    cause = error.os_error
    if isinstance(cause, AddressRefused):
        return _failed("address_refused", str(cause))
    if isinstance(error, aiohttp.ClientSSLError) or isinstance(cause, ssl.SSLError):
        return _failed("tls", getattr(cause, "verify_message", "") or getattr(cause, "reason", None) or "TLS failed")
    return _failed("network", type(error).__name__)


def _failed(reason: str, answer: str) -> Delivery:
    return Delivery(delivered=False, retryable=True, reason=reason, answer=answer)
