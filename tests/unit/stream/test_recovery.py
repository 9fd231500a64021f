"""Recovery keeps the newest state of each lead, knows which must be written again, sets aside what is unreadable."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.lead import new_lead
from monitor.stream.engine.recovery import Damage, PartitionRecovery
from monitor.stream.engine.shards import MemoryShard, RocksShard, Shard
from monitor.wire.state import UnreadableState, encode_state, state_header


class Record(NamedTuple):
    """What recovery needs of a changelog record."""

    offset: int
    key: bytes | None
    value: bytes | None


def state(offset: int) -> bytes:
    return encode_state(new_lead("a"), offset, None)


NEWER_RELEASE = b"\xfa" + state(12)[1:]


def recovered(*values: bytes | None, shard: Shard | None = None) -> tuple[PartitionRecovery, Shard]:
    """After one batch of values of lead "a"."""
    shard = shard or MemoryShard()
    recovery = PartitionRecovery(shard)
    recovery.fold([Record(n, b"a", value) for n, value in enumerate(values)], len(values) - 1)
    return recovery, shard


def test_the_newest_state_counts_and_must_be_written_again_when_an_older_one_was_written_last() -> None:
    recovery, shard = recovered(state(3), state(9), state(5), state(4))
    assert shard.get(b"a") == state(9)
    assert recovery.take_stale() == [(b"a", state(9))]
    assert recovery.take_stale() == []


def test_what_was_written_again_is_not_written_a_third_time() -> None:
    recovery, _ = recovered(state(9), state(5), state(9))
    assert recovery.take_stale() == []
    recovery, _ = recovered(state(9), state(5), state(10))
    assert recovery.take_stale() == []


def test_an_unreadable_state_sets_its_lead_aside_and_no_older_state_brings_it_back() -> None:
    for unreadable in (b"", b"\x01", b"nonsense", NEWER_RELEASE):
        recovery, shard = recovered(state(9), unreadable)
        assert shard.get(b"a") == unreadable
        assert recovery.damage == {Damage.UNREADABLE: 1}
        recovery, shard = recovered(state(9), unreadable, state(5))
        assert shard.get(b"a") == unreadable
        assert recovery.take_stale() == [(b"a", unreadable)]


def test_a_later_readable_state_brings_a_lead_back() -> None:
    for later in (9, 10):
        recovery, shard = recovered(state(9), NEWER_RELEASE, b"", state(later))
        assert shard.get(b"a") == state(later)
        assert recovery.take_stale() == []


def test_a_deleted_lead_is_gone_whatever_it_was() -> None:
    for before in (state(9), NEWER_RELEASE):
        recovery, shard = recovered(before, None)
        assert list(shard.items()) == []
        assert recovery.take_stale() == []
    _, shard = recovered(state(9), None, state(5))
    assert shard.get(b"a") == state(5)


def test_a_key_that_is_no_leads_id_is_skipped_and_the_first_of_its_kind_is_named() -> None:
    shard = MemoryShard()
    recovery = PartitionRecovery(shard)
    foreign = [Record(n, key, state(n)) for n, key in enumerate((None, b"", b"\xff", b"\x00changelog-offset"))]
    recovery.fold([*foreign, Record(4, b"a", state(1))], 4)
    assert [key for key, _ in shard.items()] == [b"a"]
    assert recovery.damage == {Damage.NOT_A_LEAD: 4}
    assert recovery.examples == {Damage.NOT_A_LEAD: "offset 0: the key is no lead's id"}


def test_a_state_on_disk_that_is_newer_than_what_was_written_since_must_be_written_again(tmp_path: Path) -> None:
    shard = RocksShard(tmp_path / "0")
    shard.put_all([(b"a", state(9)), (b"b", state(8))], 41)
    recovery = PartitionRecovery(shard)
    recovery.fold([Record(42, b"a", state(5)), Record(43, b"b", state(10))], 43)
    assert recovery.take_stale() == [(b"a", state(9))]
    shard.close()


def test_what_was_not_written_again_before_a_crash_is_found_again(tmp_path: Path) -> None:
    log = [Record(41, b"a", state(9)), Record(42, b"b", state(8)), Record(43, b"a", state(5)), Record(44, b"b", None)]
    shard: Shard = RocksShard(tmp_path / "0")
    PartitionRecovery(shard).fold(log, 44)
    shard.close()
    shard = RocksShard(tmp_path / "0")
    assert shard.changelog_offset == 42
    recovery = PartitionRecovery(shard)
    recovery.fold(log[1:], 44)  # Faust begins at the stored offset itself
    assert recovery.take_stale() == [(b"a", state(9))]
    assert list(shard.items()) == [(b"a", state(9))]
    recovery.fold([Record(45, b"a", state(9))], 45)
    assert shard.changelog_offset == 45
    shard.close()


keys = st.sampled_from([b"a", b"b", b"c"])
written = st.lists(st.tuples(keys, st.integers(0, 30)), max_size=30)


def batches(records: list[Record], size: int) -> Iterable[list[Record]]:
    return (records[start : start + size] for start in range(0, len(records), size))


@given(written, st.integers(1, 7), st.booleans())
def test_in_any_order_the_newest_is_kept_and_after_the_repair_it_is_the_last(
    offsets: list[tuple[bytes, int]], size: int, anew: bool
) -> None:
    log = [Record(n, key, state(offset)) for n, (key, offset) in enumerate(offsets)]
    shard = MemoryShard()
    recovery = PartitionRecovery(shard)
    for batch in batches(log, size):
        recovery.fold(batch, batch[-1].offset)
    newest = {key: state(max(offset for k, offset in offsets if k == key)) for key, _ in offsets}
    assert dict(shard.items()) == newest
    repairs = recovery.take_stale()
    last = {record.key: record.value for record in log}
    assert {key for key, _ in repairs} == {key for key in newest if last[key] != newest[key]}
    log += [Record(len(log) + n, key, value) for n, (key, value) in enumerate(repairs)]
    assert {record.key: record.value for record in log} == newest
    again = PartitionRecovery(MemoryShard() if anew else shard)
    again.fold(log, len(log) - 1)
    assert again.take_stale() == []


poisoned = st.lists(st.tuples(keys, st.integers(0, 30) | st.sampled_from([b"", b"\x63", NEWER_RELEASE])), max_size=30)


@given(poisoned, st.integers(1, 7))
def test_a_lead_is_never_judged_from_an_older_state_than_one_that_was_read(
    values: list[tuple[bytes, int | bytes]], size: int
) -> None:
    log = [Record(n, key, value if isinstance(value, bytes) else state(value)) for n, (key, value) in enumerate(values)]
    shard = MemoryShard()
    recovery = PartitionRecovery(shard)
    highest: dict[bytes | None, int] = {}
    for batch in batches(log, size):
        recovery.fold(batch, batch[-1].offset)
        for key, value in values[batch[0].offset : batch[-1].offset + 1]:
            if isinstance(value, int):
                highest[key] = max(value, highest.get(key, 0))
    for key, packed in shard.items():
        try:
            assert state_header(packed).offset == highest[key]
        except UnreadableState:
            assert packed in [value for k, value in values if k == key]
