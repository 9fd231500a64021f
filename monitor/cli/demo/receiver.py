"""A webhook receiver on this machine that verifies signatures, so that a demonstration needs no outside service."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

# A notice has about one kilobyte; Standard Webhooks advises to stay below 20.
_BODY_BYTES_MAX: Final = 65_536
_DELIVERIES_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class Received:
    """One request that arrived."""

    notice_id: str
    verified: bool
    refusal: str
    """Why it was refused; "" when verified."""
    payload: dict[str, object]
    """The verified body; empty when refused."""


class WebhookReceiver:
    """Listens on 127.0.0.1, answers 204 to a valid signature and 401 to any other."""

    def __init__(
        self, secret: str, *, port: int = 0, on_delivery: Callable[[Received], None] = lambda received: None
    ) -> None:
        """Port 0 takes a free one; `on_delivery` hears of every request, refused ones too."""
        self._webhook = Webhook(secret)
        self._port = port
        self._on_delivery = on_delivery
        self._runner: web.AppRunner | None = None
        self.deliveries: deque[Received] = deque(maxlen=_DELIVERIES_MAX)
        """The latest requests, oldest first; a repetition has the notice id of the first."""

    @property
    def verified(self) -> list[Received]:
        """The requests whose signature was valid."""
        return [received for received in self.deliveries if received.verified]

    async def start(self) -> str:
        """Listen; gives the URL to post to. Raises OSError when the port is taken."""
        app = web.Application(client_max_size=_BODY_BYTES_MAX)
        app.router.add_post("/hook", self._receive)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", self._port).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        return f"http://127.0.0.1:{runner.addresses[0][1]}/hook"

    async def stop(self) -> None:
        """Stop listening; may be called again."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _receive(self, request: web.Request) -> web.Response:
        received = self._verify(await request.read(), request.headers)
        self.deliveries.append(received)
        self._on_delivery(received)
        if received.verified:
            return web.Response(status=204)
        return web.json_response({"error": received.refusal}, status=401)

    def _verify(self, body: bytes, headers: Mapping[str, str]) -> Received:
        notice_id = headers.get("webhook-id", "")[:128]
        try:
            payload = self._webhook.verify(body, dict(headers))
        except WebhookVerificationError as refusal:
            return Received(notice_id, verified=False, refusal=str(refusal), payload={})
        except ValueError:
            # The package lets malformed signatures, bytes that are not text and JSON that is none through as such.
            return Received(notice_id, verified=False, refusal="Malformed signature or body", payload={})
        if not isinstance(payload, dict):
            return Received(notice_id, verified=False, refusal="Body is not a JSON object", payload={})
        return Received(notice_id, verified=True, refusal="", payload=payload)
