"""Spend and revenue, from what a sender wrote to the sums that a scrape shows, whatever crashes meanwhile."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types.tuples import TP

from monitor.core.advance import TimeAdvanced
from monitor.core.event import REVENUE_RECORDED, SPEND_RECORDED, Event
from monitor.core.instant import from_rfc3339
from monitor.core.ledger import LINES_MAX, REVENUE, SPEND
from monitor.core.outcome import Kind
from monitor.core.policy import Policy
from monitor.stream.book_judge import BookJudge
from monitor.stream.engine.batches import Send
from monitor.stream.engine.lanes import Batch
from monitor.stream.engine.shards import MemoryShard
from monitor.stream.intake import Intake, Topics
from monitor.stream.partitioning import partition_of
from monitor.telemetry.metrics import Metrics
from monitor.wire.fact import decode_fact, encode_entry
from monitor.wire.lead_event import TimeLimits
from monitor.wire.state.books import BOOKS_KEY
from monitor.wire.timeline import encode_event, encode_tick
from tests.support.agreement import DAY, HOUR, policy
from tests.support.quotas import agreement, quota
from tests.unit.stream.test_book_judge import Record

NOW = from_rfc3339("2026-11-15T12:00:00Z")
NOVEMBER = from_rfc3339("2026-10-31T23:00:00Z")
"""Its first instant in Munich."""
SILENT = policy()
Sums = dict[tuple[str, ...], int]


def entry(
    id_: str, amount: str = "10", at: int = NOW, currency: str = "EUR", team: str = "", source: str = "erp"
) -> Event:
    """Spend of a team, or revenue where none is named."""
    data = {"amount": amount, "currency": currency, **({"team": team} if team else {})}
    return Event("acme", id_, SPEND_RECORDED if team else REVENUE_RECORDED, at, source, data)


def log_of(*steps: Event | int) -> list[Record]:
    """Entries, appended now, and instants that pass."""
    return [
        Record(n, encode_tick(TimeAdvanced(step)), timestamp=NOW // 1_000)
        if isinstance(step, int)
        else Record(n, encode_entry(step), (SPEND if "team" in step.data else REVENUE).encode(), NOW // 1_000)
        for n, step in enumerate(steps)
    ]


def books(shard: MemoryShard, judged_by: Policy = SILENT) -> BookJudge:
    return BookJudge(shard, judged_by, lambda name: True)


def fold(judge: BookJudge, records: Iterable[Record]) -> list[Kind]:
    judged = judge.fold(records)
    assert judged.damaged == []
    judge.remember(judged, len(judged.states))
    return [outcome.kind for outcome in judged.outcomes]


def sums(judge: BookJudge, at: int = NOW) -> Sums:
    """Thousandths, by ledger, period, team and currency."""
    return {tuple(line[:-1]): line.amount for line in judge.booked(at)}


def booked(*entries: Event) -> Sums:
    judge = books(MemoryShard())
    fold(judge, log_of(*entries))
    return sums(judge)


def test_an_entry_that_comes_twice_counts_once_and_one_of_another_source_is_another() -> None:
    assert booked(entry("1"), entry("1"), entry("2", "0.5"), entry("1", "3", source="shop")) == {
        (REVENUE, "current", "", "EUR"): 13_500
    }


def test_currencies_and_teams_are_added_up_apart_and_what_was_given_back_is_taken_off() -> None:
    of_teams = [entry("1", "7", team="sales"), entry("2", "8", team="marketing"), entry("3", "9", team="sales")]
    assert booked(*of_teams, entry("4", "5", currency="CHF"), entry("5", "20"), entry("6", "-5.25")) == {
        (SPEND, "current", "sales", "EUR"): 16_000,
        (SPEND, "current", "marketing", "EUR"): 8_000,
        (REVENUE, "current", "", "CHF"): 5_000,
        (REVENUE, "current", "", "EUR"): 14_750,
    }


def test_an_entry_belongs_to_the_local_month_in_which_it_happened() -> None:
    assert booked(
        entry("1", "1", NOVEMBER), entry("2", "2", NOVEMBER - 1), entry("3", "4", NOVEMBER - 31 * DAY - 2 * HOUR)
    ) == {
        (REVENUE, "current", "", "EUR"): 1_000,
        (REVENUE, "previous", "", "EUR"): 2_000,
    }


def test_the_books_that_are_opened_again_know_every_entry() -> None:
    shard = MemoryShard()
    log = log_of(entry("1"), entry("2", team="sales"), NOW, entry("1"), entry("3", "1"))
    fold(books(shard), log[:2])
    fold(books(shard), log[2:])
    assert sums(books(shard)) == {(REVENUE, "current", "", "EUR"): 11_000, (SPEND, "current", "sales", "EUR"): 10_000}


@pytest.mark.parametrize("written", range(6))
@pytest.mark.parametrize("opened", [False, True])
def test_a_crash_after_any_of_its_states_neither_loses_nor_repeats_an_entry(written: int, opened: bool) -> None:
    shard, log = MemoryShard(), log_of(entry("1"), entry("2"), entry("3", team="sales"))
    if opened:
        fold(books(shard), log[:1])
    states = books(shard).fold(log).states
    assert [key.split(b"\x1f")[0] for key, _ in states[-2:]] == [b"line", BOOKS_KEY]
    shard.put_all(states[:written], written)
    fold(books(shard), log)
    assert sums(books(shard)) == {(REVENUE, "current", "", "EUR"): 20_000, (SPEND, "current", "sales", "EUR"): 10_000}


def test_midnights_are_asked_for_where_there_is_a_ledger_and_nowhere_else() -> None:
    shard = MemoryShard()
    judge = books(shard)
    assert judge.first_at() is None
    fold(judge, log_of(entry("1")))
    midnight = from_rfc3339("2026-11-15T23:00:00Z")
    assert judge.first_at() == midnight
    fold(judge, log_of(entry("1"), midnight))
    assert judge.first_at() == midnight + DAY
    judge.adopt(SILENT)
    fold(judge, log_of(entry("1"), midnight, midnight + 1))
    assert judge.first_at() is not None


def test_rows_are_let_go_when_thirteen_later_months_have_some() -> None:
    shard = MemoryShard()
    months = [from_rfc3339(f"{2025 + n // 12}-{n % 12 + 1:02}-10T12:00:00Z") for n in range(14)]
    fold(books(shard), log_of(*(entry(str(n), at=at) for n, at in enumerate(months))))
    fold(books(shard), [Record(20, encode_tick(TimeAdvanced(NOW + DAY)))])
    assert {key.split(b"\x1f")[2] for key, _ in shard.items() if key != BOOKS_KEY} == {
        f"{2025 + n // 12}-{n % 12 + 1:02}".encode() for n in range(1, 14)
    }
    assert sums(books(shard), months[0]) == {}


def test_nothing_is_said_of_a_ledger_and_no_quota_is_judged_of_the_time_before_its_entries_came() -> None:
    owed = agreement(quota(per=(), targets={(): 1000}))
    judge = books(MemoryShard(), owed)
    assert fold(judge, log_of(entry("1", at=NOVEMBER - 40 * DAY), NOW)) == []
    assert sums(judge) == {}
    fold(judge, log_of(entry("1"), NOW, entry("2")))
    assert [standing.quota for standing in judge.standings()] == ["qualified-leads"]
    assert sums(judge, NOVEMBER - 40 * DAY) == {(REVENUE, "current", "", "EUR"): 10_000}


def test_so_many_teams_of_a_month_have_lines_and_an_entry_that_comes_again_stays_on_its_own() -> None:
    entries = [entry(str(n), "1", team=f"team-{n}") for n in range(LINES_MAX + 2)]
    found = booked(*entries, *entries)
    assert len(found) == LINES_MAX + 1
    assert found.pop((SPEND, "current", "other", "other")) == 2_000
    assert set(found.values()) == {1_000}


def test_a_team_cannot_break_the_keys_of_states() -> None:
    shard = MemoryShard()
    fold(books(shard), log_of(entry("1", team="a\x1fb")))
    judge = books(shard)
    assert (judge.set_aside, sums(judge)) == (0, {(SPEND, "current", "other", "EUR"): 10_000})


@pytest.mark.parametrize(
    ("record", "says"),
    [
        (Record(0, encode_entry(entry("1")), SPEND.encode()), "the key is not the name of the ledger"),
        (Record(0, encode_entry(entry("1"))[:-3], REVENUE.encode()), "the fact is damaged"),
        (Record(0, encode_entry(entry("1", at=2**62)), REVENUE.encode()), "lies outside the years"),
        (Record(0, encode_entry(entry("1")._replace(type="deal.won")), REVENUE.encode()), "no ledger has events"),
        (Record(0, encode_event(entry("1")), REVENUE.encode()), "of an unknown kind"),
    ],
)
def test_what_is_no_entry_is_named_and_opens_no_books(record: Record, says: str) -> None:
    judge = books(MemoryShard())
    ((_, detail),) = judge.fold([record]).damaged
    assert says in detail
    assert judge.first_at() is None


def test_intake_writes_the_ledger_to_the_facts_and_all_else_to_the_timeline() -> None:
    sent: Counter[tuple[str, int, bytes | None]] = Counter()
    values: list[bytes | None] = []

    async def send_all(topic: str, partition: int, records: Sequence[Send], epoch: int | None) -> None:
        sent.update((topic, partition, key) for key, _, _ in records)
        values.extend(value for _, value, _ in records if topic == "facts")

    def record(type_: str, **data: str) -> Any:
        value = {"id": "1", "source": "erp", "type": type_, "subject": "acme", "time": "2026-11-15T12:00:00Z"}
        return SimpleNamespace(value=json.dumps({**value, "data": data}).encode(), headers=(), timestamp=NOW // 1_000)

    paid = {"amount": "10", "currency": "EUR"}
    records = [
        record("spend.recorded", team="sales", **paid), record("revenue.recorded", **paid), record("deal.won", **paid)
    ]  # fmt: skip
    topics = Topics("events", 1, "timeline", "facts", "outcomes", "dead-letters", 8)
    intake = Intake(topics, TimeLimits(DAY, DAY), send_all, lambda: NOW, Metrics())
    asyncio.run(intake.take(Batch(TP("events", 0), records, 1)))
    assert sent == {
        ("facts", partition_of(SPEND, 8), SPEND.encode()): 1,
        ("facts", partition_of(REVENUE, 8), REVENUE.encode()): 1,
        ("timeline", partition_of("acme", 8), b"acme"): 1,
    }
    read = {event.type: event for event in map(decode_fact, values) if isinstance(event, Event)}
    assert read == {SPEND_RECORDED: entry("1", team="sales"), REVENUE_RECORDED: entry("1")}
