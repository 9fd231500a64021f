"""A state folder that cannot be written to stops the worker, says so in one line, and costs no verdict."""

import asyncio
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NEEDED_IN_CI
from tests.integration.test_cluster import SECONDS, await_verdicts, funnel, replayed
from tests.support.cluster import Reader, WorkerProcess, produce

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]


def mount(*arguments: str) -> None:
    """Mount, or leave the test out where that is not allowed; in CI it has to be."""
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        (pytest.fail if NEEDED_IN_CI else pytest.skip)(f"a small disk cannot be mounted here: {done.stderr.strip()}")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of eight megabytes: four empty shards take one."""
    if not shutil.which("mount"):
        pytest.skip("a small disk cannot be mounted here: there is no mount")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount("-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder))
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


async def ended(worker: WorkerProcess, limit_s: float = 30) -> int:
    """The exit status of a worker that stops by itself."""
    assert worker.child is not None
    for _ in range(int(limit_s * 10)):
        if (status := worker.child.ended()) is not None:
            return status
        await asyncio.sleep(0.1)
    raise AssertionError(f"still running after {limit_s} s\n{worker.tail()}")


def complaint(worker: WorkerProcess) -> str:
    """The one line on stderr with which the command failed."""
    (line,) = [line for line in worker.tail().splitlines() if line.startswith("lead-sla: ")]
    return line


async def test_a_full_disk_stops_the_worker_with_the_folder_and_the_fix_and_no_lead_is_wrong_afterwards(
    kafka: Any, prefix: str, tmp_path: Path, small_disk: Path
) -> None:
    settings = {"store": "rocksdb", "state_dir": str(small_disk)}
    topic, filler = prefix + "leads.events", small_disk / "filler"
    with WorkerProcess(kafka.bootstrap, prefix, SECONDS, tmp_path, **settings) as worker:
        await worker.ready()
        history = funnel("F-", 300, time.time(), 1, seed=3)
        await produce(kafka.bootstrap, topic, history)
        async with Reader(kafka.bootstrap, prefix + "lead-sla.outcomes") as reader:
            await reader.until(lambda r: len(r.records) >= 100, why="judging has begun")
        fill(filler)
        history += (more := funnel("G-", 600, time.time(), 1, seed=4))
        await produce(kafka.bootstrap, topic, more)
        assert await ended(worker) == 4, worker.tail()
        says = complaint(worker)
        assert says.startswith(f"lead-sla: lead states cannot be stored in {small_disk}"), says
        assert "; make room there, or set LEAD_SLA_STATE_DIR" in says, says
        filler.unlink()
        worker.start()
        await worker.ready()
        history += (more := funnel("H-", 100, time.time(), 1, seed=5))
        await produce(kafka.bootstrap, topic, more)
        async with Reader(kafka.bootstrap, prefix + "lead-sla.outcomes") as reader:
            await await_verdicts(reader, replayed(history, time.time() + 30))
        assert worker.stop() == 0, worker.tail()


def fill(file: Path) -> None:
    """Leave no room in the file's file system."""
    with file.open("wb", buffering=0) as filler:
        try:
            while filler.write(bytes(4096)):
                pass
        except OSError:
            os.fsync(filler.fileno())


async def test_a_read_only_folder_stops_the_worker_at_once_with_the_folder_and_the_fix(
    kafka: Any, prefix: str, tmp_path: Path, small_disk: Path
) -> None:
    mount("-o", "remount,ro", str(small_disk))
    settings = {"store": "rocksdb", "state_dir": str(small_disk)}
    with WorkerProcess(kafka.bootstrap, prefix, SECONDS, tmp_path, **settings) as worker:
        assert await ended(worker) == 4, worker.tail()
        says = complaint(worker)
        assert says.startswith(f"lead-sla: lead states cannot be stored in {small_disk}"), says
        assert "; make it writable, or set LEAD_SLA_STATE_DIR" in says, says
