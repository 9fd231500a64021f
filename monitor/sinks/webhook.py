"""Posts notices to one URL, signed as Standard Webhooks (standardwebhooks.com) asks."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

import aiohttp
from standardwebhooks import Webhook

from monitor.notify.endpoint import check_secret, check_url, redacted_url
from monitor.ports import Delivery, Notice, TimeSource
from monitor.sinks.answer import delivery_of

# The status alone decides; the body is read only so that a short one leaves the connection usable.
_BODY_BYTES_MAX: Final = 65_536
_US_PER_S: Final = 1_000_000


class WebhookSink:
    """A channel to one URL; neither the URL's path nor the secret ever reaches a log."""

    name = "webhook"

    def __init__(self, url: str, secret: str, time: TimeSource, *, timeout_s: float = 10.0) -> None:
        """`secret` is `whsec_` and base64; raises ValueError for a URL or secret that cannot be used."""
        check_url(url)
        check_secret(secret)
        self._url = url
        self._webhook = Webhook(secret)
        self._time = time
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    def __repr__(self) -> str:
        return f"WebhookSink({redacted_url(self._url)})"

    async def deliver(self, notice: Notice) -> Delivery:
        """Post once, signed afresh; never raises for what the far end does. Raises RuntimeError when closed."""
        headers = self._headers(notice)
        try:
            async with self._connected().post(
                self._url, data=notice.body, headers=headers, allow_redirects=False
            ) as response:
                retry_after = response.headers.get("Retry-After")
                delivery = delivery_of(response.status, retry_after, self._time.now_at())
                with suppress(aiohttp.ClientError, TimeoutError):
                    await response.content.read(_BODY_BYTES_MAX)
                return delivery
        except TimeoutError:
            return Delivery(delivered=False, retryable=True, reason="timeout")
        except (aiohttp.ClientError, OSError, ValueError):
            # ValueError: aiohttp passes on some malformed answers as such.
            return Delivery(delivered=False, retryable=True, reason="network")

    async def close(self) -> None:
        """Release connections; may be called again."""
        self._closed = True
        if self._session is not None:
            await self._session.close()

    def _headers(self, notice: Notice) -> dict[str, str]:
        timestamp_s = self._time.now_at() // _US_PER_S
        signed_at = datetime.fromtimestamp(timestamp_s, UTC)
        return {
            "Content-Type": "application/json",
            "User-Agent": "lead-sla",
            "webhook-id": notice.notice_id,
            "webhook-timestamp": str(timestamp_s),
            "webhook-signature": self._webhook.sign(notice.notice_id, signed_at, notice.body.decode()),
        }

    def _connected(self) -> aiohttp.ClientSession:
        """The session, made at the first notice: aiohttp wants a running loop."""
        if self._closed:
            raise RuntimeError("the sink is closed")
        if self._session is None:
            # No cookies and no unpacking: what the far end sends back is of no interest and not trusted.
            self._session = aiohttp.ClientSession(
                timeout=self._timeout, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
            )
        return self._session
