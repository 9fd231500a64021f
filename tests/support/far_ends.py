"""Far ends on this machine that misbehave as told: over HTTP byte by byte, and over SMTP reply by reply."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from monitor.notify.channel import Channel, PagerDuty, Slack, StandardHook, Teams
from monitor.notify.channels.texts import Style
from monitor.notify.gate import Rules
from tests.support.notices import SECRET

Answer = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
"""Answers one request, whose bytes it is given, on this connection."""
KEY = "0123456789abcdef0123456789abcdef"


def http_channel(kind: str, url: str, timeout_s: float = 2.0) -> Channel:
    """A channel of that kind to a far end on this machine."""
    far_ends = {
        "slack": lambda: Slack(url),
        "teams": lambda: Teams(url),
        "pagerduty": lambda: PagerDuty(KEY, url),
        "webhook": lambda: StandardHook(url, (SECRET,)),
    }
    return Channel(kind, far_ends[kind](), Style(), Rules(), timeout_s=timeout_s, allow_private=True)


def says(status: int, *headers: str, body: bytes = b"") -> Answer:
    """Answers with that status."""

    async def answer(_: bytes, writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status} Told", f"Content-Length: {len(body)}", *headers, "", ""]
        writer.write("\r\n".join(lines).encode() + body)

    return answer


def sends(*parts: bytes) -> Answer:
    """Writes these bytes and hangs up."""

    async def answer(_: bytes, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
        writer.close()

    return answer


async def resets(_: bytes, writer: asyncio.StreamWriter) -> None:
    """Breaks the connection off without a word."""
    writer.transport.abort()


async def is_silent(_: bytes, __: asyncio.StreamWriter) -> None:
    """Reads and never answers."""
    await asyncio.sleep(30)


@dataclass
class HttpFarEnd:
    """Answers each request as `answer` does at that time."""

    answer: Answer = field(default_factory=lambda: says(200))
    requests: list[bytes] = field(default_factory=list)
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take requests of one connection until it is closed."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                (length,) = (
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length:")
                )
                self.requests.append(head + await reader.readexactly(length))
                await self.answer(self.requests[-1], writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


@asynccontextmanager
async def listening(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]],
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[int]:
    """A server on 127.0.0.1 whose connections end with it; its port."""
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.get_running_loop().create_task(serve(reader, writer)))

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    port: int = server.sockets[0].getsockname()[1]
    yield port
    server.close()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def http_far_end(tls: ssl.SSLContext | None = None) -> AsyncIterator[HttpFarEnd]:
    """A web server, with `tls` at an https URL."""
    far_end = HttpFarEnd()
    async with listening(far_end.serve, tls) as port:
        far_end.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}/services/T0/token-in-path"
        yield far_end


@asynccontextmanager
async def smtp_far_end(at: str, reply: str) -> AsyncIterator[int]:
    """A mail server that says `reply` to the command `at` (`end` for the end of the data); its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"{reply if at == 'connect' else '220 here'}\r\n".encode())
        while line := await reader.readline():
            command = line.split()[0].decode().lower()
            expected = {"ehlo": "250 here", "starttls": "502 what?", "data": "354 go on", "quit": "221 bye"}.get(
                command, "250 ok"
            )
            writer.write(f"{reply if at == command else expected}\r\n".encode())
            if command == "data" and at != "data":
                await reader.readuntil(b"\r\n.\r\n")
                writer.write(f"{reply if at == 'end' else '250 taken'}\r\n".encode())
        writer.close()

    async with listening(serve) as port:
        yield port
