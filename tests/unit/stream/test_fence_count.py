"""How often a worker stopped itself is known after it has started again."""

from pathlib import Path

from monitor.stream.fence_count import FenceCount
from monitor.telemetry.engine import FenceReason


def test_what_one_process_counted_the_next_one_reads(tmp_path: Path) -> None:
    path = tmp_path / "group" / "self-fenced.json"
    FenceCount(path).add(FenceReason.HOLE)
    FenceCount(path).add(FenceReason.HOLE)
    FenceCount(path).add(FenceReason.DRAIN)
    assert FenceCount(path).read() == {FenceReason.HOLE: 2, FenceReason.DRAIN: 1}


def test_without_a_file_nothing_is_counted(tmp_path: Path) -> None:
    assert FenceCount(tmp_path / "none.json").read() == {}


def test_a_damaged_file_costs_the_count_and_nothing_else(tmp_path: Path) -> None:
    for damaged in ("{", '["hole"]', '{"unheard_of": 1}', '{"hole": null}', "\x00"):
        path = tmp_path / "self-fenced.json"
        path.write_text(damaged)
        assert FenceCount(path).read() == {}
        FenceCount(path).add(FenceReason.UNSURE)
        assert FenceCount(path).read() == {FenceReason.UNSURE: 1}


def test_a_folder_that_cannot_be_written_to_costs_the_count_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    count = FenceCount(tmp_path / "file" / "self-fenced.json")
    count.add(FenceReason.HOLE)
    assert count.read() == {}
