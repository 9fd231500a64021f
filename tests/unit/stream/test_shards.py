"""Shards in memory and on disk keep the same promises; a folder that cannot be used is named with the fix."""

from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.stream.engine.shards import CannotStore, MemoryShard, RocksShard, Shard


@pytest.fixture(params=["memory", "rocksdb"])
def open_shard(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[int], Shard]:
    def opened(partition: int) -> Shard:
        return MemoryShard() if request.param == "memory" else RocksShard(tmp_path / str(partition))

    return opened


def test_what_was_put_is_there_and_what_was_deleted_is_not(open_shard: Callable[[int], Shard]) -> None:
    shard = open_shard(0)
    shard.put_all([(b"a", b"1"), (b"b", b"2")], 7)
    shard.put_all([(b"a", None), (b"b", b"3")], 8)
    assert (shard.get(b"a"), shard.get(b"b"), shard.changelog_offset) == (None, b"3", 8)
    assert list(shard.items()) == [(b"b", b"3")]
    shard.close()


def test_a_shard_on_disk_is_there_again_with_its_offset(tmp_path: Path) -> None:
    shard = RocksShard(tmp_path / "0")
    shard.put_all([(b"a", b"1")], 41)
    shard.close()
    again = RocksShard(tmp_path / "0")
    assert (again.get(b"a"), again.changelog_offset) == (b"1", 41)
    again.close()


def test_a_folder_that_another_process_uses_is_named_with_the_fix(tmp_path: Path) -> None:
    first = RocksShard(tmp_path / "0")
    with pytest.raises(CannotStore, match=rf"stored in {tmp_path / '0'}: .* give each worker a folder of its own"):
        RocksShard(tmp_path / "0")
    first.close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CannotStore, match=rf"stored in {tmp_path / 'file' / '0'}: "):
        RocksShard(tmp_path / "file" / "0")


@pytest.mark.parametrize(
    ("says", "fix"),
    [
        ("IO error: No space left on device: While appending to file", "make room there"),
        ("[Errno 30] Read-only file system: '/state'", "make it writable"),
        ("[Errno 13] Permission denied: '/state'", "make it writable for the user that runs the worker"),
        ("Corruption: block checksum mismatch", "delete the folder: it is filled again from the changelog"),
        ("something new", "see that the folder can be used"),
    ],
)
def test_the_message_says_what_to_do(says: str, fix: str) -> None:
    message = str(CannotStore(Path("/state/0"), OSError(says)))
    assert f"/state/0: {says}; {fix}, or set LEAD_SLA_STATE_DIR" in message
    assert "\n" not in message
