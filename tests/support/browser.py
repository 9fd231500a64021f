"""A headless Chromium that a test talks to over its debugging protocol: what a page does, and what it looks like."""

import asyncio
import base64
import itertools
from pathlib import Path
from typing import Any, Self

import aiohttp

from monitor.cli.demo.child import Child
from tests.support.programs import needed

START_S_MAX = 60.0
ANSWER_S_MAX = 60.0
# As root in a container there is no sandbox; the pages are our own.
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0",
)  # fmt: skip


class Browser:
    """One page. `requests`: every address that it asked for; `complaints`: errors of scripts, console and page."""

    def __init__(self, folder: Path) -> None:
        """Profile and log go to `folder`. Without Chromium the test is left out, and fails where CI=true."""
        profile = f"--user-data-dir={folder / 'profile'}"
        self._command = [needed("chromium", "chromium"), *OPTIONS, profile, "about:blank"]
        self._folder = folder
        self._numbers = itertools.count(1)
        self._loaded = 0
        self.requests: list[str] = []
        self.complaints: list[str] = []

    async def __aenter__(self) -> Self:
        self._child = Child(self._command, self._folder / "chromium.log")
        port = await self._port()
        self._session = aiohttp.ClientSession()
        async with self._session.get(f"http://127.0.0.1:{port}/json/list") as answer:
            pages = [each for each in await answer.json() if each["type"] == "page"]
        self._socket = await self._session.ws_connect(pages[0]["webSocketDebuggerUrl"], max_msg_size=0)
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self.ask(f"{domain}.enable")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()
        self._child.kill()

    async def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its answer."""
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        async with asyncio.timeout(ANSWER_S_MAX):
            while True:
                message = await self._socket.receive_json()
                self._note(message)
                if message.get("id") == number:
                    assert "error" not in message, message
                    answer: dict[str, Any] = message["result"]
                    return answer

    async def open(self, path: Path, *, width: int = 1100, scheme: str = "light") -> None:
        """Show a file in a window of that width, as somebody with that colour scheme sees it."""
        await self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        await self.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        before = self._loaded
        await self.ask("Page.navigate", url=path.as_uri())
        async with asyncio.timeout(ANSWER_S_MAX):
            while self._loaded == before:
                self._note(await self._socket.receive_json())

    async def evaluate(self, expression: str) -> Any:
        """What an expression of JavaScript is on the page."""
        answer = await self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def screenshot(self, path: Path) -> bytes:
        """The whole page as a picture, also written to a file."""
        answer = await self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        picture = base64.b64decode(answer["data"])
        _write(path, picture)
        return picture

    async def _port(self) -> int:
        async with asyncio.timeout(START_S_MAX):
            while not (port := _first_line(self._folder / "profile" / "DevToolsActivePort")):
                assert self._child.ended() is None, "Chromium did not start"
                await asyncio.sleep(0.05)
        return int(port)

    def _note(self, message: dict[str, Any]) -> None:
        told = message.get("params", {})
        match message.get("method"):
            case "Page.loadEventFired":
                self._loaded += 1
            case "Network.requestWillBeSent":
                self.requests.append(told["request"]["url"])
            case "Runtime.exceptionThrown":
                self.complaints.append(str(told["exceptionDetails"]))
            case "Runtime.consoleAPICalled":
                self.complaints.append(str(told["args"]))
            case "Log.entryAdded":
                self.complaints.append(told["entry"]["text"])


def _write(path: Path, picture: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture)


def _first_line(path: Path) -> str:
    """Empty until it is written."""
    return path.read_text().partition("\n")[0] if path.is_file() else ""
