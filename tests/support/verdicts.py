"""The verdicts of an offline replay, which is the authority, and whether a cluster said the same."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from monitor.core.replay import Replay
from monitor.wire.lead_event import TimeLimits, decode
from monitor.wire.outcome import encode_outcome
from monitor.wire.policy import load_policy
from tests.support.cluster import POLICIES, Reader, standing

SECONDS = POLICIES / "seconds.yaml"
Held = dict[tuple[str, str, int, str], tuple[Any, ...]]


def replayed(events: Iterable[Mapping[str, Any]], until_s: float, policy: Path = SECONDS) -> Held:
    """The verdicts of an offline replay of the same input."""
    limits = TimeLimits(future_us=2**62, past_us=2**62)
    decoded = [decode(json.dumps(item).encode(), (), 0, limits) for item in events]
    said = Replay(load_policy(policy)).run(decoded, round(until_s * 1e6))
    read = [json.loads(encode_outcome(outcome)) for outcome in said]
    return standing([{**item["data"], "id": item["id"], "lead": item["subject"]} for item in read])


async def await_verdicts(reader: Reader, expected: Held, limit_s: float = 60) -> None:
    """Read until every verdict of the replay was said; then nothing else may have been."""
    try:
        await reader.until(lambda r: expected.items() <= standing(r.outcomes).items(), limit_s)
    except AssertionError:
        assert_honest(reader.outcomes, expected)
        raise
    assert_honest(reader.outcomes, expected)


def assert_honest(outcomes: list[dict[str, Any]], expected: Held) -> None:
    """Every verdict equals the replay's, none is missing, repeats carry the same id and content.

    No breach was ever announced and withdrawn: in these tests its disproof is in Kafka before it is due.
    """
    held = standing(outcomes)
    assert held == expected, {
        "missing": {k: v for k, v in expected.items() if held.get(k) != v},
        "wrong": {k: v for k, v in held.items() if expected.get(k) != v},
    }
    assert [o for o in outcomes if o["kind"] == "withdrawn" and o["level"] == "breached"] == []
    by_id: dict[str, dict[str, Any]] = {}
    for outcome in outcomes:
        assert by_id.setdefault(outcome["id"], outcome) == outcome
