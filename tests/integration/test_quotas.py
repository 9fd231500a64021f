"""Quotas on a real Apache Kafka: whoever judges what, and whoever is killed, they count what a replay counts."""

import asyncio
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from monitor.core.attainment import Verdicts
from monitor.core.counting import in_funnel
from monitor.core.journal import journal_of
from monitor.core.replay import Replay
from monitor.stream.partitioning import partition_of
from monitor.wire.lead_event import TimeLimits, decode
from monitor.wire.policy import load_policy
from tests.support.cluster import POLICIES, Reader, WorkerProcess, event, produce, standing
from tests.support.verdicts import replayed

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]
QUOTAS = POLICIES / "quotas.yaml"
LIMITS = TimeLimits(future_us=2**62, past_us=2**62)
FIGURES = ("delivered", "pending", "clawed_back", "refused")
Counted = dict[tuple[str, str], tuple[float, ...]]


def story(n: int, at_s: float) -> list[dict[str, Any]]:
    """What becomes of the lead of that number; every third sort of them counts otherwise."""
    lead, segment = f"lead-{n}", ("enterprise", "mid-market", "start-up")[n % 3]
    score, value = 40 if n % 7 == 0 else 80, 100 * (n % 11)
    data = {"stage": "mql", "segment": segment, "score": score, "source": "fair", "value": value}
    told = [event(lead, "lead.stage_changed", at_s, data), event(lead, "lead.assigned", at_s + 0.01, {"owner": "ana"})]
    if n % 5 == 0:
        told.append(event(lead, "lead.rejected", at_s + 0.02, {"reason": "bad-data"}))
    elif n % 2:
        told.append(event(lead, "lead.accepted", at_s + 0.03))
    if n % 13 == 1:
        told.append(event(lead, "lead.merged", at_s + 0.04, {"into": f"lead-{n - 1}"}))
    return told


def ledger(at_s: float) -> list[dict[str, Any]]:
    """What is spent and earned, in two currencies, and some of it is given back."""
    return [
        event(
            f"of-{n}",
            "spend.recorded" if n % 2 else "revenue.recorded",
            at_s,
            {
                "amount": f"{n - 5}.25",
                "currency": ("EUR", "CHF")[n % 3 == 0],
                "team": ("sales", "marketing")[n % 5 == 0],
            },
            source="erp",
        )
        for n in range(60)
    ]


def ledger_by_journal(events: list[dict[str, Any]]) -> dict[tuple[str, ...], float]:
    """What the journal of a recorded history says of the ledger, however often each of it is said."""
    journal = journal_of([decode(json.dumps(item).encode(), (), 0, LIMITS) for item in events], load_policy(QUOTAS))
    sums: dict[tuple[str, ...], float] = defaultdict(float)
    for team, _, money in journal.spent:
        sums["spend_amount", team, money.currency] += float(money.amount)
    for _, _, money in journal.earned:
        sums["revenue_amount", "", money.currency] += float(money.amount)
    return dict(sums)


def ledger_on_pages(workers: list[WorkerProcess]) -> dict[tuple[str, ...], float]:
    """The same from the pages of these workers together, the previous month included."""
    sums: dict[tuple[str, ...], float] = defaultdict(float)
    for sample in samples(workers):
        figure = sample.name.removeprefix("lead_sla_")
        if figure in ("spend_amount", "revenue_amount"):
            sums[figure, sample.labels.get("team", ""), sample.labels["currency"]] += sample.value
    return dict(sums)


def by_replay(events: list[dict[str, Any]], until_s: float) -> Counted:
    """What the books of an offline replay say."""
    replay = Replay(load_policy(QUOTAS))
    list(replay.run([decode(json.dumps(item).encode(), (), 0, LIMITS) for item in events], round(until_s * 1e6)))
    assert replay.book is not None
    return {
        (of.quota, "/".join(of.dims)): tuple(amount.weight / 1000 for amount in of.figures[:4])
        for of in replay.book.standings()
    }


def samples(workers: list[WorkerProcess]) -> Iterator[Sample]:
    """All that the pages of these workers say."""
    for worker in workers:
        status, text = worker.get("/metrics")
        assert status == 200, text
        for family in text_string_to_metric_families(text):
            yield from family.samples


def on_pages(workers: list[WorkerProcess]) -> Counted:
    """What the pages of these workers say together."""
    counted: dict[tuple[str, str], dict[str, float]] = {}
    for sample in samples(workers):
        figure = sample.name.removeprefix("lead_sla_quota_")
        if figure in FIGURES:
            line = counted.setdefault((sample.labels["quota"], sample.labels["dims"]), dict.fromkeys(FIGURES, 0.0))
            line[figure] += sample.value
    return {key: tuple(line.values()) for key, line in counted.items()}


def live_by_replay(events: list[dict[str, Any]], until_s: float) -> dict[tuple[str, str], int]:
    """What a replay says of leads by stage, of entries into stages and of verdicts that stand."""
    policy = load_policy(QUOTAS)
    history = [decode(json.dumps(item).encode(), (), 0, LIMITS) for item in events]
    replay, verdicts = Replay(policy), Verdicts()
    for outcome in replay.run(history, round(until_s * 1e6)):
        if outcome.lead:
            verdicts.hear(outcome)
    counted = Counter(("leads", in_funnel(lead)) for lead in replay.leads.values() if in_funnel(lead))
    counted.update(("stage_entries", entry.stage) for entry in journal_of(history, policy).entries)
    for report in verdicts.by_duty(policy):
        counted["duties_met", report.duty] += report.attainment.met
        counted["duties_judged", report.duty] += report.attainment.judged
    return dict(+counted)


def live_on_pages(workers: list[WorkerProcess]) -> dict[tuple[str, str], int]:
    """The same from the pages of these workers together, the previous period included: a month may end meanwhile."""
    counted: Counter[tuple[str, str]] = Counter()
    for sample in samples(workers):
        figure = sample.name.removeprefix("lead_sla_")
        if figure in ("leads", "stage_entries", "duties_met", "duties_judged"):
            counted[figure, sample.labels.get("duty") or sample.labels["stage"]] += int(sample.value)
    return dict(+counted)


@pytest.mark.parametrize("guarantee", ["at_least_once", "transactional"])
async def test_two_workers_count_what_one_replay_counts_whoever_is_killed_meanwhile(
    kafka: Any, prefix: str, tmp_path: Path, guarantee: str
) -> None:
    assert len({partition_of(name, 4) for name in ("qualified-leads", "accepted-value", "capacity")}) > 1
    workers = [WorkerProcess(kafka.bootstrap, prefix, QUOTAS, tmp_path, guarantee=guarantee) for _ in range(2)]
    with workers[0], workers[1]:
        await asyncio.gather(*(worker.ready() for worker in workers))
        now_s = time.time() - 60
        stories = [story(n, now_s + n / 10) for n in range(120)]
        events = [item for told in stories for item in told]
        entries = ledger(now_s)
        events = [*entries[:30], *events, *entries[30:]]
        await produce(kafka.bootstrap, prefix + "leads.events", events[: len(events) // 2])
        await asyncio.sleep(0.5)
        workers[0].kill()
        await produce(kafka.bootstrap, prefix + "leads.events", events[len(events) // 2 :])
        await produce(kafka.bootstrap, prefix + "leads.events", [*events[::3], *entries])
        workers[0].start()
        expected = by_replay(events, time.time())
        verdicts = {key: held for key, held in replayed(events, time.time(), QUOTAS).items() if "/" in key[0]}
        assert [key[1:] for key in verdicts] == [("qualified-leads", 1, "met")]
        async with Reader(kafka.bootstrap, prefix + "lead-sla.outcomes", committed=True) as reader:
            await reader.until(lambda r: verdicts.items() <= standing(r.outcomes).items(), why="the quota is reached")
            told = {key: held for key, held in standing(reader.outcomes).items() if "/" in key[0]}
            assert told == verdicts
        await asyncio.gather(*(worker.ready() for worker in workers))
        every = expected, live_by_replay(events, time.time()), ledger_by_journal(entries)
        for _ in range(100):
            if (counted := (on_pages(workers), live_on_pages(workers), ledger_on_pages(workers))) == every:
                break
            await asyncio.sleep(0.2)
        assert counted == every
        relieved = json.loads(workers[1].get("/leads/lead-119")[1])
        assert [c["limit"] for c in relieved["clocks"] if c["duty"] == "first-touch"] == [
            "20 hours elapsed, above capacity"
        ]
        assert [worker.stop() for worker in workers] == [0, 0], workers[0].tail()
