"""Merged leads on a real Apache Kafka: histories cross partitions and workers, and every clock is judged once."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from monitor.stream.partitioning import partition_of
from tests.support.cluster import Reader, WorkerProcess, event, produce, touch
from tests.support.verdicts import SECONDS, await_verdicts, replayed

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]
PARTITIONS = 4


def pairs(count: int) -> list[tuple[str, str]]:
    """So many leads, each with one on another partition that it is merged into."""
    names = [(f"old-{n}", f"new-{n}-{m}") for n in range(count) for m in range(9)]
    apart = [pair for pair in names if partition_of(pair[0], PARTITIONS) != partition_of(pair[1], PARTITIONS)]
    return list({old: (old, new) for old, new in apart}.values())


def merged(old: str, new: str, now: float, fate: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What happens to them, before a worker is killed and after it."""
    before = [event(old, "lead.assigned", now, {"owner": "ana", "segment": "enterprise"})]
    if fate == 0:
        before.append(touch(old, now + 0.5))  # closed before the merge
    if fate == 1:
        before.append(event(new, "lead.assigned", now + 0.7, {"owner": "ben"}))
    before.append(event(old, "lead.merged", now + 1, {"into": new}))
    after = [touch(old, now + 3)] if fate in (1, 2) else []  # by the old id
    return before, after


@pytest.mark.parametrize("guarantee", ["at_least_once", "transactional"])
async def test_two_leads_on_different_partitions_are_judged_as_one_whoever_is_killed_meanwhile(
    kafka: Any, prefix: str, tmp_path: Path, guarantee: str
) -> None:
    topic = prefix + "leads.events"
    with (
        WorkerProcess(kafka.bootstrap, prefix, SECONDS, tmp_path, guarantee=guarantee) as one,
        WorkerProcess(kafka.bootstrap, prefix, SECONDS, tmp_path, guarantee=guarantee) as two,
    ):
        await asyncio.gather(one.ready(), two.ready())
        await asyncio.sleep(3)  # until both have their share
        await asyncio.gather(one.ready(), two.ready())
        now = time.time()
        stories = [merged(old, new, now, n % 4) for n, (old, new) in enumerate(pairs(80))]
        before, after = ([item for story in stories for item in story[half]] for half in (0, 1))
        await produce(kafka.bootstrap, topic, before)
        await asyncio.sleep(0.3)
        one.kill()
        await produce(kafka.bootstrap, topic, after)
        one.start()
        expected = replayed([*before, *after], time.time() + 60)
        async with Reader(kafka.bootstrap, prefix + "lead-sla.outcomes", committed=True) as reader:
            await await_verdicts(reader, expected)
        by_kind = [kind for *_, kind in expected]
        assert {kind: by_kind.count(kind) for kind in by_kind} == {"met": 60, "cancelled": 60, "breached": 20}
        await asyncio.gather(one.ready(), two.ready())
        old, new = pairs(3)[2]
        status, body = await asyncio.to_thread(one.get, f"/leads/{old}")
        assert (status, json.loads(body)["merged_into"]) == (200, new)
        status, body = await asyncio.to_thread(two.get, f"/leads/{new}")
        assert [item["lead"] for item in json.loads(body)["timeline"]] == [old, old]
        assert (one.stop(), two.stop()) == (0, 0), one.tail()
