"""Pages on which people answer notices: a link shows a button and changes nothing, the button acts."""

import hmac
import re
from collections.abc import Awaitable, Callable, Mapping
from html import escape
from typing import Final

import aiohttp
from aiohttp import web

from monitor.notify.links import Links
from monitor.ports import Answers, NotReady

HOP_HEADER: Final = "lead-sla-hop"
ACTIONS: Final = ("ack", "snooze", "replay")
_ID: Final = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_FOR: Final = re.compile(r"([1-9][0-9]{0,2})([mhd])")
_UNITS_S: Final = {"m": 60, "h": 3600, "d": 86_400}
SNOOZE_S_MAX: Final = 7 * 86_400
_BY_CHARS_MAX: Final = 100
_BUTTONS: Final = {"ack": "Acknowledge", "snooze": "Remind me later"}
_DONE: Final = {"ack": "acknowledged; nobody else is called because of it", "snooze": "put off"}


class NoticePages:
    """`POST /notices/{id}/ack`, `…/snooze?for=2h` and `…/replay`, and the buttons of signed links.

    The worker that is asked tries its own cases and asks all others: an id does not say where its case is.
    """

    def __init__(self, answers: Answers, token: str | None, links: Links | None) -> None:
        """Without a token, and without links, nobody can answer that way."""
        self.session: aiohttp.ClientSession | None = None
        """To ask other workers with, while the web server runs."""
        self._answers = answers
        self._token = token
        self._links = links

    async def show(self, request: web.Request) -> web.Response:
        """The button of a signed link."""
        notice_id, action = request.match_info["id"], request.match_info["action"]
        fields = dict(request.query)
        if action not in _BUTTONS or not self._signed(action, notice_id, fields):
            return _page(403, "This link is not valid, or not any more.")
        hidden = "".join(
            f'<input type="hidden" name="{name}" value="{escape(fields[name])}">'
            for name in ("by", "for", "until", "signature")
            if name in fields
        )
        button = f'<form method="post" action="?">{hidden}<button>{_BUTTONS[action]}</button></form>'
        return _page(200, f"Notice {escape(notice_id)}", button)

    async def act(self, request: web.Request) -> web.Response:
        """Do it, on whichever worker the case is."""
        notice_id, action = request.match_info["id"], request.match_info["action"]
        form = await request.post()
        fields = {**dict(request.query), **{name: value for name, value in form.items() if isinstance(value, str)}}
        by_link = self._signed(action, notice_id, fields)
        if not by_link and not self._bearer(request):
            return _error(401, "needs the token of the settings (LEAD_SLA_NOTICES_TOKEN), or a link that is valid")
        if action not in ACTIONS or not _ID.fullmatch(notice_id):
            return _error(404, "no such page")
        rest_s = _seconds(fields.get("for", ""))
        if action == "snooze" and rest_s is None:
            return _error(400, "for how long: write for=30m, for=2h or for=1d, at most 7d")
        by = fields.get("by", "")[:_BY_CHARS_MAX] or ("link" if by_link else "token")
        do: dict[str, Callable[[], Awaitable[int]]] = {
            "ack": lambda: self._answers.acknowledge(notice_id, by),
            "snooze": lambda: self._answers.snooze(notice_id, rest_s or 0),
            "replay": lambda: self._answers.send_again(notice_id, fields.get("channel", "")),
        }
        try:
            concerned = await do[action]()
            if HOP_HEADER not in request.headers:
                concerned += await self._ask_others(request, notice_id, action, fields)
        except NotReady as reason:
            return _error(503, str(reason))
        if by_link and HOP_HEADER not in request.headers and "signature" in form:
            said = (
                f"Notice {escape(notice_id)} is {_DONE[action]}." if concerned else "This notice is not known any more."
            )
            return _page(200 if concerned else 404, said)
        if not concerned and HOP_HEADER not in request.headers:
            return _error(404, "no such notice")
        return web.json_response({"notice": notice_id, "concerned": concerned})

    def _signed(self, action: str, notice_id: str, fields: Mapping[str, str]) -> bool:
        # Sending again is for who runs this; no message has a link for it.
        return action in _BUTTONS and self._links is not None and self._links.valid(action, notice_id, fields)

    def _bearer(self, request: web.Request) -> bool:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if self._token is None or scheme.lower() != "bearer":
            return False
        return hmac.compare_digest(given.strip().encode("utf-8", "replace"), self._token.encode())

    async def _ask_others(self, request: web.Request, notice_id: str, action: str, fields: Mapping[str, str]) -> int:
        """How many cases it concerned there. Raises NotReady when a worker does not say."""
        if self.session is None:
            raise NotReady("this worker is stopping")
        headers = {HOP_HEADER: "1"}
        if "Authorization" in request.headers:
            headers["Authorization"] = request.headers["Authorization"]
        concerned = 0
        for url in self._answers.other_workers():
            page = f"{url.rstrip('/')}/notices/{notice_id}/{action}"
            try:
                async with self.session.post(page, params=fields, headers=headers, allow_redirects=False) as answer:
                    said = await answer.json() if answer.status == 200 else {}
                    concerned += int(said["concerned"])
            except (TimeoutError, aiohttp.ClientError, OSError, ValueError, KeyError, TypeError):
                raise NotReady("another worker did not answer; try again in a few seconds") from None
        return concerned


def _seconds(text: str) -> int | None:
    found = _FOR.fullmatch(text)
    seconds = int(found[1]) * _UNITS_S[found[2]] if found else 0
    return seconds if 0 < seconds <= SNOOZE_S_MAX else None


def _page(status: int, said: str, more: str = "") -> web.Response:
    """A page without a word about any lead. No referrer: its address is a key."""
    html = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>lead-sla</title><p>{said}</p>{more}</html>'
    return web.Response(
        status=status, text=html, content_type="text/html", charset="utf-8", headers={"Referrer-Policy": "no-referrer"}
    )


def _error(status: int, message: str) -> web.Response:
    return web.json_response({"error": message}, status=status)
