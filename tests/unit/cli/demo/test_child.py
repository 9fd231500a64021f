import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from monitor.cli.demo.child import Child

GRANDCHILD = """
import os, sys, time
from pathlib import Path
from monitor.cli.demo.child import Child
print(Child(["sleep", "60"], Path(sys.argv[1])).pid, flush=True)
time.sleep(60)
"""


def alive(pid: int) -> bool:
    """Whether the process runs; a dead one that nobody has waited for does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def soon(claim: Callable[[], bool], within_s: float = 5) -> bool:
    give_up = time.monotonic() + within_s
    while not claim() and time.monotonic() < give_up:
        time.sleep(0.02)
    return claim()


def group_of(leader: int) -> list[int]:
    """Living members of the process group that this process led."""
    return [pid for pid in psutil.pids() if alive(pid) and _group(pid) == leader]


def _group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def test_a_child_ends_although_its_parent_was_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", GRANDCHILD, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert alive(pid)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert soon(lambda: not alive(pid))


def test_a_stopped_child_tells_how_it_ended_and_leaves_nothing_behind(tmp_path: Path) -> None:
    child = Child(["sleep", "60"], tmp_path / "log")
    assert child.ended() is None
    assert soon(lambda: len(group_of(child.pid)) == 2), "the command and its watcher"
    assert child.stop() == -signal.SIGTERM
    assert child.stop() == -signal.SIGTERM
    assert soon(lambda: group_of(child.pid) == [])


def test_a_child_that_ignores_the_request_is_killed(tmp_path: Path) -> None:
    child = Child(
        [sys.executable, "-c", "import signal,time; signal.signal(15, 1); print(1, flush=True); time.sleep(60)"],
        tmp_path / "log",
    )
    while not child.log_tail():
        time.sleep(0.02)
    assert child.stop(grace_s=0.2) == -signal.SIGKILL


def test_output_is_kept_for_the_error_message(tmp_path: Path) -> None:
    child = Child(["sh", "-c", "echo one; echo two >&2; exit 3"], tmp_path / "log")
    assert soon(lambda: child.ended() is not None)
    assert (child.ended(), child.log_tail(1), child.log_tail()) == (3, "two", "one\ntwo")
    child.stop()
