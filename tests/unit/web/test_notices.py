"""Answering notices over HTTP: with a token, or by a signed link whose button acts and whose page does not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from re import findall
from typing import Any

import aiohttp
import pytest
from yarl import URL

from monitor.notify.links import VALID_S, Links
from monitor.ports import NotReady
from monitor.web.notices import NoticePages
from monitor.web.server import WebServer
from tests.support.notices import NOON, Hours
from tests.unit.web.test_server import Condition, Directory

TOKEN = "a token that is long enough for it"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
ID = "out_0123"


class Cases:
    """An Answers that knows one notice."""

    def __init__(self, known: str = ID) -> None:
        self.known = known
        self.heard: list[tuple[object, ...]] = []
        self.others: list[str] = []
        self.moving = False

    def _hear(self, notice_id: str, *what: object) -> int:
        if self.moving:
            raise NotReady("partitions are being moved")
        if notice_id != self.known:
            return 0
        self.heard.append(what)
        return 1

    async def acknowledge(self, notice_id: str, by: str) -> int:
        return self._hear(notice_id, "ack", by)

    async def snooze(self, notice_id: str, seconds: int) -> int:
        return self._hear(notice_id, "snooze", seconds)

    async def send_again(self, notice_id: str, channel: str) -> int:
        return self._hear(notice_id, "replay", channel)

    def other_workers(self) -> list[str]:
        return self.others


def links(time: Hours | None = None, secret: str = "s" * 32) -> Links:
    return Links(secret, "https://sla.example.com/", time or Hours())


@asynccontextmanager
async def worker(cases: Cases, token: str | None = TOKEN, by: Links | None = None) -> AsyncIterator[str]:
    pages = NoticePages(cases, token, by or links())
    server = WebServer(
        "127.0.0.1", 0, directory=Directory(), health=Condition(), render_metrics=lambda: (b"", "text/plain"),
        notices=pages,
    )  # fmt: skip
    port = await server.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await server.stop()


async def ask(method: str, url: str, **given: Any) -> tuple[int, str, aiohttp.ClientResponse]:
    async with aiohttp.ClientSession() as session, session.request(method, URL(url, encoded=True), **given) as answer:
        return answer.status, await answer.text(), answer


async def test_with_the_token_a_notice_is_acknowledged_put_off_and_sent_again() -> None:
    cases = Cases()
    async with worker(cases) as url:
        assert (await ask("POST", f"{url}/notices/{ID}/ack?by=ana", headers=BEARER))[0] == 200
        assert (await ask("POST", f"{url}/notices/{ID}/snooze?for=2h", headers=BEARER))[0] == 200
        assert (await ask("POST", f"{url}/notices/{ID}/replay?channel=sales", headers=BEARER))[0] == 200
        assert (await ask("POST", f"{url}/notices/out_9/ack", headers=BEARER))[0] == 404
    assert cases.heard == [("ack", "ana"), ("snooze", 7200), ("replay", "sales")]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}])
@pytest.mark.parametrize("action", ["ack", "snooze?for=2h", "replay"])
async def test_a_stranger_changes_nothing(headers: dict[str, str], action: str) -> None:
    cases = Cases()
    async with worker(cases) as url:
        assert (await ask("POST", f"{url}/notices/{ID}/{action}", headers=headers))[0] == 401
    async with worker(cases, token=None) as url:
        assert (await ask("POST", f"{url}/notices/{ID}/{action}", headers=headers))[0] == 401
    assert cases.heard == []


@pytest.mark.parametrize("duration", ["", "for=", "for=2", "for=0h", "for=8d", "for=-1h", "for=2h2h", "for=9999m"])
async def test_for_how_long_has_to_be_said_and_has_a_limit(duration: str) -> None:
    cases = Cases()
    async with worker(cases) as url:
        status, text, _ = await ask("POST", f"{url}/notices/{ID}/snooze?{duration}", headers=BEARER)
    assert (status, cases.heard) == (400, [])
    assert "for=2h" in text


async def test_a_link_that_is_only_looked_at_changes_nothing_and_its_button_acts() -> None:
    cases = Cases()
    async with worker(cases) as url:
        for link, heard in zip(links().pages(ID, "floor", NOON), [("ack", "floor"), ("snooze", 7200)], strict=True):
            page = url + link.removeprefix("https://sla.example.com")
            before = list(cases.heard)
            status, text, answer = await ask("GET", page)
            assert (status, cases.heard) == (200, before)
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            form = {name: unescape(value) for name, value in findall(r'name="(\w+)" value="([^"]*)"', text)}
            status, text, _ = await ask("POST", page.partition("?")[0], data=form)
            assert (status, cases.heard) == (200, [*before, heard])
            assert ID in text


async def test_links_are_for_one_notice_one_action_and_a_week() -> None:
    cases, time = Cases(), Hours()
    ack, _ = links(time).pages(ID, "floor", NOON)
    signed = ack.partition("?")[2]
    async with worker(cases, by=links(time)) as url:
        for path in (f"out_9/ack?{signed}", f"{ID}/snooze?for=2h&{signed}", f"{ID}/replay?{signed}"):
            assert (await ask("POST", f"{url}/notices/{path}"))[0] == 401
        for forged in (signed.replace("floor", "boss"), signed[:-1], signed.replace("until=1", "until=2"), "by=floor"):
            assert (await ask("POST", f"{url}/notices/{ID}/ack?{forged}"))[0] == 401
            assert (await ask("GET", f"{url}/notices/{ID}/ack?{forged}"))[0] == 403
        time.passed_s = VALID_S + 1
        assert (await ask("POST", f"{url}/notices/{ID}/ack?{signed}"))[0] == 401
    async with worker(cases, by=links(secret="t" * 32)) as url:
        assert (await ask("POST", f"{url}/notices/{ID}/ack?{signed}"))[0] == 401
    assert cases.heard == []


async def test_a_page_escapes_what_stands_in_its_address() -> None:
    hostile = '"><script>'
    by = links()
    link, _ = by.pages(ID, hostile, NOON)
    async with worker(Cases(), by=by) as url:
        _, text, _ = await ask("GET", url + link.removeprefix("https://sla.example.com"))
    assert "<script>" not in text


async def test_links_are_the_same_ones_at_every_attempt() -> None:
    time = Hours()
    before = links(time).pages(ID, "floor", NOON)
    time.passed_s = 3600.0
    assert links(time).pages(ID, "floor", NOON) == before


async def test_whichever_worker_is_asked_the_one_that_knows_the_notice_acts() -> None:
    knows, asked = Cases(), Cases(known="another")
    async with worker(knows) as owner, worker(asked) as url:
        asked.others = [owner]
        knows.others = [url]
        assert (await ask("POST", f"{url}/notices/{ID}/ack?by=ana", headers=BEARER))[0] == 200
        link, _ = links().pages(ID, "floor", NOON)
        assert (await ask("POST", url + link.removeprefix("https://sla.example.com")))[0] == 200
    assert knows.heard == [("ack", "ana"), ("ack", "floor")]


async def test_a_worker_that_does_not_answer_or_moves_is_said_and_may_be_asked_again() -> None:
    cases = Cases(known="another")
    async with worker(cases) as url:
        cases.others = ["http://127.0.0.1:9"]
        assert (await ask("POST", f"{url}/notices/{ID}/ack", headers=BEARER))[0] == 503
        cases.others, cases.moving = [], True
        assert (await ask("POST", f"{url}/notices/{ID}/ack", headers=BEARER))[0] == 503
