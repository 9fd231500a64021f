"""`lead-sla explain LEAD`: a lead's story, asked of the workers, told line by line."""

import asyncio
import json
from shlex import quote as quote_of_shell
from typing import Any
from urllib.parse import quote

import aiohttp
import typer

from monitor.cli.failure import BAD_INPUT, UNAVAILABLE, Failure

ANSWER_S_MAX = 10.0


def explain(lead: str, base_url: str, *, as_json: bool) -> None:
    """Print the lead's timeline. Raises Failure when no worker answers or none knows the lead."""
    status, answer = asyncio.run(_ask(f"{base_url.rstrip('/')}/leads/{quote(lead, safe='')}"))
    if status != 200:
        message = str(answer.get("error") or answer)
        raise Failure(f"{lead}: {message}", BAD_INPUT if status in (400, 404) else UNAVAILABLE)
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


def story(lead: dict[str, Any]) -> list[str]:
    """The lines of a lead's story, in the order in which things happened."""
    head = f"lead {lead['lead']}: stage {lead['stage'] or 'unknown'}" + (", erased" if lead["erased"] else "")
    lines = [(said["at"], 1, _said(said)) for said in lead["said"]]
    for event in lead["timeline"]:
        of = "" if event["lead"] == lead["lead"] else f" of {event['lead']}"
        lines.append((event["at"], 0, f"  {event['at']}  {event['type']}{of}{_data(event['data'])}"))
    clocks = [
        f"  {clock['duty']} (cycle {clock['cycle']}): {clock['state']}{', final' if clock['final'] else ''};"
        f" due {clock['due_at']} ({clock['limit']}{', ' + clock['calendar'] if clock['calendar'] else ''})"
        for clock in lead["clocks"]
    ]
    story = [head, "what happened and what was said:", *(line for *_, line in sorted(lines)), "clocks:", *clocks]
    into = lead["merged_into"]
    return [*story, f"merged into {into}, where it goes on: lead-sla explain {quote_of_shell(into)}"] if into else story


def _said(said: dict[str, Any]) -> str:
    level = f" {said['level']}%" if said["level"] else ""
    standing = "" if said["standing"] else ", withdrawn since"
    return f"  {said['at']}  -> {said['duty']} {said['kind']}{level}{standing}"


def _data(data: dict[str, Any]) -> str:
    return "".join(f" {name}={value}" for name, value in data.items())
