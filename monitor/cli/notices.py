"""`lead-sla notices`: what waits, what failed and why, read from Kafka; and dead letters sent again by the workers."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

import aiohttp

from monitor.bootstrap import kafka_access
from monitor.cli.failure import BAD_INPUT, UNAVAILABLE, Failure
from monitor.cli.offline import say
from monitor.core.case import Case, Item, State
from monitor.core.instant import to_rfc3339
from monitor.settings.settings import Settings
from monitor.stream.notice_log import read_cases
from monitor.stream.past import NoSuchTopic
from monitor.stream.worker import NOTICES, Worker

ANSWER_S_MAX: Final = 30.0
_SHOWN: Final = (State.WAITING, State.FAILED)
# Of more nobody reads a table; JSON has them all.
LINES_MAX: Final = 200


def list_notices(settings: Settings, notice_id: str | None, channel: str | None, *, as_json: bool) -> None:
    """Print what waits and what failed, or all of one id. Raises Failure, KafkaError."""
    found, unreadable = _found(settings, notice_id, channel)
    if notice_id is not None and not found:
        raise Failure(f"{notice_id}: no notice and no message with that id is kept", BAD_INPUT)
    told = [_told(case, item) for case, item in found]
    counts = {state.value: sum(item.state is state for _, item in found) for state in _SHOWN}
    lines = [_line(each) for each in told[:LINES_MAX]]
    if len(told) > LINES_MAX:
        lines.append(f"… and {len(told) - LINES_MAX} more; --json has them all")
    if unreadable:
        lines.append(f"{unreadable} cases cannot be read by this release")
    head = ", ".join(f"{count} {state}" for state, count in counts.items())
    say({**counts, "unreadable": unreadable, "notices": told}, as_json=as_json, text="\n".join([head, *lines]))


def send_again(
    settings: Settings, notice_id: str | None, channel: str | None, url: str | None, *, as_json: bool
) -> None:
    """Have the workers try dead letters anew. Raises Failure, KafkaError."""
    if settings.notices_token is None:
        raise Failure("the workers take this only with a token: set LEAD_SLA_NOTICES_TOKEN, here and there", BAD_INPUT)
    found, _ = _found(settings, notice_id, channel)
    ids = sorted({item.notice_id for _, item in found if item.state is State.FAILED})
    if notice_id is not None and not ids:
        raise Failure(f"{notice_id}: no dead letter of a notice with that id is kept", BAD_INPUT)
    base = (url or settings.advertised_url).rstrip("/")
    asyncio.run(_ask(base, ids, channel, settings.notices_token.get_secret_value()))
    say({"sent_again": ids}, as_json=as_json, text=f"{len(ids)} notices are tried again")


def _found(settings: Settings, notice_id: str | None, channel: str | None) -> tuple[list[tuple[Case, Item]], int]:
    (topic,) = (
        name
        for name in Worker.changelogs_of(settings.topic_prefix + settings.group)
        if name.endswith(f"-{NOTICES}-changelog")
    )
    try:
        cases, unreadable = asyncio.run(read_cases(kafka_access(settings).client(), topic))
    except NoSuchTopic as error:
        raise Failure(str(error), BAD_INPUT) from None
    found = [(case, item) for case in cases for item in case.items if _asked(item, notice_id, channel)]
    return sorted(found, key=lambda each: (each[1].state is not State.FAILED, each[1].ready_at)), unreadable


def _asked(item: Item, notice_id: str | None, channel: str | None) -> bool:
    if channel is not None and item.call.channel != channel:
        return False
    return item.state in _SHOWN if notice_id is None else notice_id in (item.notice_id, item.message)


def _told(case: Case, item: Item) -> dict[str, Any]:
    said = case.outcome_of(item).outcome
    return {
        "id": item.notice_id,
        "state": item.state.value,
        "reason": item.reason,
        "about": said.subject,
        "duty": said.duty,
        "said": item.call.said,
        "rung": item.call.rung,
        "channel": item.call.channel,
        "recipient": item.call.recipient,
        "route": item.call.route,
        "at": to_rfc3339(item.ready_at),
        "attempts": item.attempts,
        "message": item.message,
        "acknowledged_by": case.acknowledged_by,
        "snoozed_until": to_rfc3339(case.snoozed_until) if case.snoozed_until else None,
    }


def _line(told: dict[str, Any]) -> str:
    to = f"{told['channel']} ({told['recipient']})" if told["recipient"] else told["channel"]
    why = f", {told['reason']}, attempts: {told['attempts']}" if told["reason"] else ""
    return f"{told['state']:<8} {told['id']}  {told['said']} {told['duty']} of {told['about']}, {to}, {told['at']}{why}"


async def _ask(base: str, ids: Sequence[str], channel: str | None, token: str) -> None:
    timeout, headers = aiohttp.ClientTimeout(total=ANSWER_S_MAX), {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(timeout=timeout, headers=headers) as session:
        for notice_id in ids:
            url = f"{base}/notices/{quote(notice_id, safe='')}/replay"
            try:
                async with session.post(url, params={} if channel is None else {"channel": channel}) as response:
                    status, answer = response.status, await response.json()
            except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                raise Failure(
                    f"no worker answers at {base}: {type(error).__name__}; is one running? name another with --url",
                    UNAVAILABLE,
                ) from None
            if status != 200:
                code = BAD_INPUT if status in (401, 404) else UNAVAILABLE
                raise Failure(f"{notice_id}: {answer.get('error')}", code)
