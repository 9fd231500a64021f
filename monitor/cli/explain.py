"""`lead-sla explain LEAD`: an explained lead, asked of the workers."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import aiohttp
import typer

from monitor.cli.failure import BAD_INPUT, UNAVAILABLE, Failure
from monitor.cli.story import story

ANSWER_S_MAX = 10.0


def explain(lead: str, base_url: str, *, as_json: bool) -> None:
    """Print the lead's story. Raises Failure when no worker answers or none knows the lead."""
    status, answer = asyncio.run(_ask(f"{base_url.rstrip('/')}/leads/{quote(lead, safe='')}"))
    if status != 200:
        message = str(answer.get("error") or answer)
        raise Failure(f"{lead}: {message}", BAD_INPUT if status in (400, 404) else UNAVAILABLE)
    tell(answer, as_json=as_json)


def tell(answer: Mapping[str, Any], *, as_json: bool) -> None:
    """Print an explained lead for a script or for a person."""
    typer.echo(json.dumps(answer) if as_json else "\n".join(story(answer)))


async def _ask(url: str) -> tuple[int, dict[str, Any]]:
    timeout = aiohttp.ClientTimeout(total=ANSWER_S_MAX)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as response:
            answer: dict[str, Any] = await response.json()
            return response.status, answer
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise Failure(
            f"no worker answers at {url}: {type(error).__name__}; is one running? name another with --url", UNAVAILABLE
        ) from None
