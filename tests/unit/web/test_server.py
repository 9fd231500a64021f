"""What a worker's pages answer, over real sockets."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from monitor.ports import NotReady
from monitor.web import server as server_module
from monitor.web.server import CannotListen, PortTaken, WebServer

NO_PAGE = {"error": "no such page; there are /metrics, /healthz, /readyz and /leads/{id}"}


class Directory:
    """A LeadDirectory told in advance where leads live."""

    def __init__(self, leads: dict[str, dict[str, object]] | None = None, owner: str | None = None) -> None:
        self.leads, self.owner = leads or {}, owner
        self.recovering = False

    def owner_url(self, lead: str) -> str | None:
        return self.owner

    def lead_json(self, lead: str) -> dict[str, object] | None:
        if self.recovering:
            raise NotReady("the state of this lead is being recovered")
        if lead == "broken":
            raise ZeroDivisionError("secret detail")
        return self.leads.get(lead)


class Condition:
    """A Health that is as told."""

    def __init__(self) -> None:
        self.dead: list[str] = []
        self.waiting: list[str] = []

    def live(self) -> list[str]:
        return self.dead

    def ready(self) -> list[str]:
        return self.waiting


@asynccontextmanager
async def worker(directory: Directory, health: Condition | None = None) -> AsyncIterator[str]:
    pages = WebServer(
        "127.0.0.1",
        0,
        directory=directory,
        health=health or Condition(),
        render_metrics=lambda: (b"up 1\n", "text/plain; version=0.0.4; charset=utf-8"),
    )
    port = await pages.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await pages.stop()


@asynccontextmanager
async def stranger(answer: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """Something that claims to own leads and answers as it likes."""
    app = web.Application()
    app.router.add_get("/leads/{lead}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def get(url: str, **headers: str) -> tuple[int, object, aiohttp.ClientResponse]:
    async with aiohttp.ClientSession() as session, session.get(URL(url, encoded=True), headers=headers) as response:
        text = await response.text()
        return response.status, json.loads(text) if response.content_type == "application/json" else text, response


async def test_the_metrics_page_gives_the_exposition_with_its_content_type() -> None:
    async with worker(Directory()) as url:
        status, body, response = await get(f"{url}/metrics")
    assert (status, body) == (200, "up 1\n")
    assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"


async def test_readiness_is_refused_with_reasons_until_there_are_none() -> None:
    health = Condition()
    health.waiting = ["recovering partition 3"]
    async with worker(Directory(), health) as url:
        status, body, _ = await get(f"{url}/readyz")
        assert (status, body) == (503, {"status": "failing", "reasons": ["recovering partition 3"]})
        assert (await get(f"{url}/healthz"))[0] == 200
        health.waiting, health.dead = [], ["the judge has stopped"]
        assert (await get(f"{url}/readyz"))[0] == 200
        assert (await get(f"{url}/healthz"))[:2] == (503, {"status": "failing", "reasons": ["the judge has stopped"]})


async def test_a_lead_of_this_worker_is_shown() -> None:
    async with worker(Directory({"lead-1": {"lead": "lead-1"}})) as url:
        assert (await get(f"{url}/leads/lead-1"))[:2] == (200, {"lead": "lead-1"})


async def test_an_unknown_lead_is_not_found_and_says_so_in_json() -> None:
    async with worker(Directory()) as url:
        assert (await get(f"{url}/leads/nobody"))[:2] == (404, {"error": "no such lead"})


async def test_a_lead_in_recovery_is_unavailable_not_unknown() -> None:
    directory = Directory()
    directory.recovering = True
    async with worker(directory) as url:
        status, body, _ = await get(f"{url}/leads/lead-1")
    assert (status, body) == (503, {"error": "the state of this lead is being recovered"})


@pytest.mark.parametrize("path", ["a%2Fb", "50%25", "f%C3%BCr%20ana", "a%3Fb%23c", "x" * 256])
async def test_any_printable_lead_id_finds_its_lead_on_the_owner_too(path: str) -> None:
    lead = {"a%2Fb": "a/b", "50%25": "50%", "f%C3%BCr%20ana": "für ana", "a%3Fb%23c": "a?b#c"}.get(path, path)
    async with (
        worker(Directory({lead: {"lead": lead}})) as owner,
        worker(Directory(owner=owner)) as other,
    ):
        for base in (owner, other):
            assert (await get(f"{base}/leads/{path}"))[:2] == (200, {"lead": lead})


@pytest.mark.parametrize("path", ["x" * 257, "a%00b", "a%0Ab", "%1B%5B31m", "a%C2%85b"])
async def test_a_lead_id_that_is_too_long_or_has_control_characters_is_refused(path: str) -> None:
    async with worker(Directory()) as url:
        status, body, _ = await get(f"{url}/leads/{path}")
    assert (status, body) == (400, {"error": "a lead id has at most 256 characters, none of them a control character"})


async def test_a_lead_of_another_worker_is_asked_of_it() -> None:
    async with (
        worker(Directory({"lead-1": {"lead": "lead-1"}})) as owner,
        worker(Directory(owner=owner + "/")) as other,
    ):
        assert (await get(f"{other}/leads/lead-1"))[:2] == (200, {"lead": "lead-1"})
        assert (await get(f"{other}/leads/lead-2"))[:2] == (404, {"error": "no such lead"})


async def test_workers_that_take_each_other_for_the_owner_do_not_ask_for_ever() -> None:
    one, two = Directory(), Directory()
    async with worker(one) as url_one, worker(two) as url_two:
        one.owner, two.owner = url_two, url_one
        status, body, _ = await get(f"{url_one}/leads/lead-1")
    assert status == 503
    assert body == {"error": "the lead is moving to another worker; ask again in a few seconds"}


async def test_an_owner_that_cannot_be_reached_is_a_bad_gateway() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        for owner in (f"http://127.0.0.1:{unused.getsockname()[1]}", "ftp://x", "http://[", ""):
            async with worker(Directory(owner=owner)) as url:
                assert (await get(f"{url}/leads/lead-1"))[0] == 502


async def test_an_owner_that_does_not_answer_in_time_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "_OWNER_TIMEOUT_S", 0.2)

    async def silent(request: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    async with stranger(silent) as owner, worker(Directory(owner=owner)) as url:
        assert (await get(f"{url}/leads/lead-1"))[0] == 504


@pytest.mark.parametrize("kind", ["html", "too large", "redirect", "error"])
async def test_an_answer_of_the_owner_that_is_no_timeline_is_not_passed_on(kind: str) -> None:
    async def answer(request: web.Request) -> web.Response:
        match kind:
            case "html":
                return web.Response(text="<script>alert(1)</script>", content_type="text/html")
            case "too large":
                return web.json_response({"x": "y" * 8_400_000})
            case "redirect":
                return web.json_response({}, status=302, headers={"Location": "/leads/other"})
            case _:
                return web.json_response({"inside": "detail"}, status=500)

    async with stranger(answer) as owner, worker(Directory(owner=owner)) as url:
        status, body, _ = await get(f"{url}/leads/lead-1")
    assert (status, body) == (502, {"error": "the worker that owns the lead gave an answer that cannot be used"})


async def test_errors_are_json_without_a_word_about_the_inside(caplog: pytest.LogCaptureFixture) -> None:
    async with worker(Directory()) as url:
        status, body, _ = await get(f"{url}/leads/broken")
        assert (status, body) == (500, {"error": "internal error"})
        assert "ZeroDivisionError" in caplog.text


async def test_what_is_no_page_is_not_found_and_says_so_in_json() -> None:
    async with worker(Directory()) as url:
        for path in ("/", "/nothing", "/leads/", "/leads/a/b"):
            assert (await get(url + path))[:2] == (404, NO_PAGE)
        async with aiohttp.ClientSession() as session, session.post(f"{url}/metrics", data=b"x") as response:
            assert (response.status, await response.json()) == (404, NO_PAGE)


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/leads/lead-1", "/nothing", "/leads/broken"])
async def test_every_answer_has_the_security_headers(path: str) -> None:
    async with worker(Directory()) as url:
        _, _, response = await get(url + path)
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Server"] == "lead-sla"


async def test_a_taken_port_is_named_with_the_setting_to_change() -> None:
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(worker(Directory()))
        port = URL(url).port
        assert port is not None
        second = WebServer(
            "127.0.0.1", port, directory=Directory(), health=Condition(), render_metrics=lambda: (b"", "text/plain")
        )
        with pytest.raises(PortTaken, match=rf"^127\.0\.0\.1:{port} is taken .*LEAD_SLA_WEB_PORT"):
            await second.start()
        await second.stop()


async def test_an_address_of_another_machine_is_named_with_the_setting_to_change() -> None:
    pages = WebServer(
        "192.0.2.1", 0, directory=Directory(), health=Condition(), render_metrics=lambda: (b"", "text/plain")
    )
    with pytest.raises(CannotListen, match=r"192\.0\.2\.1:0: .*LEAD_SLA_WEB_HOST"):
        await pages.start()


async def test_a_stopped_server_leaves_its_port_free() -> None:
    async with worker(Directory()) as url:
        await get(f"{url}/healthz")
    port = URL(url).port
    assert port is not None
    again = WebServer(
        "127.0.0.1", port, directory=Directory(), health=Condition(), render_metrics=lambda: (b"", "text/plain")
    )
    assert await again.start() == port
    await again.stop()
    await again.stop()
