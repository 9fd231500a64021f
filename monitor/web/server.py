"""The pages of a worker: metrics, health, and the timeline of any lead, asked of the worker that owns it."""

import errno
import logging
import unicodedata
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import quote

import aiohttp
from aiohttp import web

from monitor.ports import Health, LeadDirectory, NotReady
from monitor.web.notices import HOP_HEADER, NoticePages

_log = logging.getLogger(__name__)

LEAD_CHARACTERS_MAX: Final = 256
_OWNER_TIMEOUT_S: Final = 5.0
# An explained lead has some ten kilobytes. The most that its bounds allow (24 clocks, 100 events that each of them
# tells of, every text as long as it may be and escaped) is 5 MB.
_TIMELINE_BYTES_MAX: Final = 8 * 1_048_576
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Server": "lead-sla",
    "X-Content-Type-Options": "nosniff",
}

Page = Callable[[web.Request], Awaitable[web.StreamResponse]]


class CannotListen(Exception):
    """The web server's address cannot be used; the message names it and the setting to change."""


class PortTaken(CannotListen):
    """Another program listens there already."""


class WebServer:
    """Serves the pages of one worker until stopped."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        directory: LeadDirectory,
        health: Health,
        render_metrics: Callable[[], tuple[bytes, str]],
        notices: NoticePages | None = None,
    ) -> None:
        """Port 0 takes a free one; `render_metrics` gives the exposition and its content type."""
        self._host, self._port = host, port
        self._directory = directory
        self._health = health
        self._render_metrics = render_metrics
        self._notices = notices
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> int:
        """Listen; gives the port. Raises PortTaken, or CannotListen for any other reason not to."""
        app = web.Application()
        app.on_response_prepare.append(_add_headers)
        app.router.add_get("/metrics", _guarded(self._metrics))
        app.router.add_get("/healthz", _guarded(self._healthz))
        app.router.add_get("/readyz", _guarded(self._readyz))
        app.router.add_get("/leads/{lead}", _guarded(self._lead))
        if self._notices is not None:
            app.router.add_get("/notices/{id}/{action}", _guarded(self._notices.show))
            app.router.add_post("/notices/{id}/{action}", _guarded(self._notices.act))
        app.router.add_route("*", "/{path:.*}", _no_page)
        # No access log: paths hold lead ids.
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._host, self._port).start()
        except OSError as error:
            await runner.cleanup()
            raise self._cannot_listen(error) from None
        timeout = aiohttp.ClientTimeout(total=_OWNER_TIMEOUT_S)
        self._session = aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar())
        if self._notices is not None:
            self._notices.session = self._session
        self._runner = runner
        port: int = runner.addresses[0][1]
        return port

    async def stop(self) -> None:
        """Stop listening; may be called again."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _cannot_listen(self, error: OSError) -> CannotListen:
        place = f"{self._host}:{self._port}"
        if error.errno == errno.EADDRINUSE:
            return PortTaken(f"{place} is taken by another program; set LEAD_SLA_WEB_PORT to a free port")
        reason = error.strerror or type(error).__name__
        return CannotListen(f"cannot listen on {place}: {reason}; change LEAD_SLA_WEB_HOST or LEAD_SLA_WEB_PORT")

    async def _metrics(self, request: web.Request) -> web.Response:
        body, content_type = self._render_metrics()
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def _healthz(self, request: web.Request) -> web.Response:
        return _verdict(self._health.live())

    async def _readyz(self, request: web.Request) -> web.Response:
        return _verdict(self._health.ready())

    async def _lead(self, request: web.Request) -> web.Response:
        lead = request.match_info["lead"]
        if len(lead) > LEAD_CHARACTERS_MAX or any(unicodedata.category(character) == "Cc" for character in lead):
            return _error(
                400, f"a lead id has at most {LEAD_CHARACTERS_MAX} characters, none of them a control character"
            )
        try:
            owner_url = self._directory.owner_url(lead)
            if owner_url is not None:
                return await self._ask_owner(owner_url, lead, hopped=HOP_HEADER in request.headers)
            timeline = self._directory.lead_json(lead)
        except NotReady as reason:
            return _error(503, str(reason))
        if timeline is None:
            return _error(404, "no such lead")
        return web.json_response(timeline)

    async def _ask_owner(self, owner_url: str, lead: str, *, hopped: bool) -> web.Response:
        """Pass on what the owner answers: 200, 404 or 503; anything else becomes 502, silence 504."""
        if hopped:
            # Two workers that each take the other for the owner would ask for ever.
            return _error(503, "the lead is moving to another worker; ask again in a few seconds")
        if self._session is None:
            return _error(503, "this worker is stopping")
        url = f"{owner_url.rstrip('/')}/leads/{quote(lead, safe='')}"
        try:
            async with self._session.get(url, headers={HOP_HEADER: "1"}, allow_redirects=False) as answer:
                body = await _read_bounded(answer.content)
        except TimeoutError:
            return _error(504, "the worker that owns the lead did not answer in time")
        except (aiohttp.ClientError, OSError, ValueError):
            return _error(502, "the worker that owns the lead cannot be reached")
        if answer.status not in (200, 404, 503) or body is None or answer.content_type != "application/json":
            return _error(502, "the worker that owns the lead gave an answer that cannot be used")
        return web.Response(status=answer.status, body=body, content_type="application/json", charset="utf-8")


async def _read_bounded(stream: aiohttp.StreamReader) -> bytes | None:
    """The whole body, or None when it is larger than any timeline."""
    body = bytearray()
    async for chunk in stream.iter_any():
        body += chunk
        if len(body) > _TIMELINE_BYTES_MAX:
            return None
    return bytes(body)


def _verdict(reasons: list[str]) -> web.Response:
    if reasons:
        return web.json_response({"status": "failing", "reasons": reasons}, status=503)
    return web.json_response({"status": "ok", "reasons": []})


def _error(status: int, message: str) -> web.Response:
    return web.json_response({"error": message}, status=status)


def _guarded(page: Page) -> Page:
    """The page, its failure answered without a word about the inside; the traceback goes to the log."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        try:
            return await page(request)
        except Exception:
            _log.exception("a page of the web server failed")
            return _error(500, "internal error")

    return guarded


async def _no_page(request: web.Request) -> web.Response:
    return _error(404, "no such page; there are /metrics, /healthz, /readyz and /leads/{id}")


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)
