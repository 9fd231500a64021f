"""Live counts of a partition: once, although a crash may leave any part of what was written, and outcomes are told
again."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.core.advance import TimeAdvanced
from monitor.core.event import Event
from monitor.stream.engine.batches import BATCH_BYTES_MAX, parts_of
from monitor.stream.engine.recovery import PartitionRecovery
from monitor.stream.engine.shards import MemoryShard
from monitor.stream.partition_judge import PartitionJudge
from monitor.wire.state import PAGE_KEYS, decode_page
from tests.support.agreement import HOUR, MINUTE
from tests.unit.stream.test_partition_judge import POLICY, START, Record, assigned, judged, log_of, steps, touched


def created(lead: str, at: int = START) -> Event:
    return Event(lead, f"{lead}-created-{at}", "lead.created", at, "forms", {"segment": "smb"})


HISTORY = log_of(
    created("a"), assigned("a"), created("b"), assigned("b"), touched("b", START + MINUTE), TimeAdvanced(START + HOUR)
)


def counted(shard: MemoryShard) -> dict[bytes, object]:
    return {key: decode_page(packed).counts for key, packed in shard.items() if key.startswith(PAGE_KEYS)}


def recovered(written: list[tuple[bytes, bytes]], shard: MemoryShard) -> MemoryShard:
    """What a restart finds when these were the last records of the changelog."""
    log = [Record(n, packed, key) for n, (key, packed) in enumerate([*shard.items(), *written])]
    found = MemoryShard()
    if log:
        PartitionRecovery(found).fold(log, len(log) - 1)
    return found


def crashing(shard: MemoryShard, records: list[Record], size: int, survive: list[int]) -> MemoryShard:
    """Judge in batches of that size; each time the judge dies when so many records of the batch are in the changelog,
    and its successor reads the batch again, up to where it has survived.
    """
    start = 0
    while start < len(records):
        done = PartitionJudge(shard, POLICY).fold(records[start : start + size])
        written = [(key, packed) for key, packed in done.states if packed is not None]
        if survive:
            shard = recovered(written[: survive.pop()], shard)
            size = size % 3 + 1  # the next one reads as much as it pleases
            continue
        shard = recovered(written, shard)
        start += size
    return shard


@given(steps, st.integers(1, 8), st.lists(st.integers(0, 8), max_size=5))
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_whatever_part_of_a_batch_survives_a_crash_everything_is_counted_once(
    history: list[Event | TimeAdvanced], size: int, survive: list[int]
) -> None:
    records, whole = log_of(*history), MemoryShard()
    judged(PartitionJudge(whole, POLICY), records)
    assert dict(crashing(MemoryShard(), records, size, survive).items()) == dict(whole.items())


def test_pages_stand_before_the_states_that_they_count() -> None:
    done = PartitionJudge(MemoryShard(), POLICY).fold(HISTORY)
    assert [key.startswith(PAGE_KEYS) for key, _ in done.states] == [True, True, False, False]


def test_states_are_sent_in_parts_that_fit_into_a_record_batch_and_keep_their_order() -> None:
    third = b"x" * (BATCH_BYTES_MAX // 3)
    states = [(b"a", third), (b"b", third), (b"c", third), (b"d", None), (b"e", b"")]
    assert [[key for key, _ in part] for part in parts_of(states)] == [[b"a", b"b"], [b"c", b"d", b"e"]]
    assert list(parts_of(states[3:])) == [states[3:]]
    assert list(parts_of([])) == []


def test_a_batch_that_changes_no_count_writes_no_page() -> None:
    judge = PartitionJudge(MemoryShard(), POLICY)
    judged(judge, HISTORY[:3])
    assert [key for key, _ in judge.fold(HISTORY[3:4]).states] == [b"b"]
    assert len(judge.fold(HISTORY[4:5]).states) == 3


def test_leads_are_counted_by_stage_and_a_successor_counts_the_same() -> None:
    shard = MemoryShard()
    judge = PartitionJudge(shard, POLICY)
    judged(judge, HISTORY)
    moved = [
        Event("a", "m1", "lead.stage_changed", START + 2 * HOUR, "crm", {"stage": "mql"}),
        Event("c", "c1", "lead.created", START, "forms", {}),
        Event("c", "m2", "lead.merged", START + HOUR, "crm", {"into": "a"}),
    ]
    judged(judge, [record._replace(offset=record.offset + 6) for record in log_of(*moved)])
    expected = {"mql": 1, "inquiry": 1}
    for each in (judge, PartitionJudge(shard, POLICY)):
        assert {stage: n for stage, n in each.counting.stages.items() if stage and n} == expected


def test_a_batch_that_is_not_remembered_yet_is_not_in_the_funnel() -> None:
    judge = PartitionJudge(MemoryShard(), POLICY)
    judge.fold(HISTORY)
    assert dict(judge.counting.stages) == {}


def test_a_page_that_cannot_be_read_is_kept_and_named() -> None:
    shard = MemoryShard()
    judged(PartitionJudge(shard, POLICY), HISTORY)
    ((key, packed), *_) = [(key, packed) for key, packed in shard.items() if key.startswith(PAGE_KEYS)]
    shard.put_all([(key, packed[:18] + b"\xc1"), (PAGE_KEYS + b"fortnight/0/", b"")], 1)
    judge = PartitionJudge(shard, POLICY)
    assert judge.set_aside == 2
    again = [
        record._replace(offset=record.offset + 10)
        for record in log_of(created("z"), assigned("z"), touched("z", START))
    ]
    assert key not in dict(judge.fold(again).states)
