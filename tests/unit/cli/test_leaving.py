"""The process ends when its work has ended, whatever the engine leaves behind; the exit code says how it ended."""

import subprocess
import sys
import textwrap

import pytest

STUBBORN = """
    import asyncio, threading, time
    from monitor.cli import leaving

    leaving.LEAVE_S_MAX = 0.3

    async def stubborn():
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                pass

    async def work(stop):
        {leftover}
        await asyncio.sleep(0)
        {ending}

    try:
        leaving.until_signal(work)
    except leaving.Failure as failure:
        leaving.say_why(failure)
        leaving.leave(failure.code)
"""
TASK = "leaving.task = asyncio.ensure_future(stubborn())"
THREAD = "threading.Thread(target=time.sleep, args=(60,)).start()"
FENCED = (
    "from monitor.stream.engine.ownership import SelfFenced; from monitor.telemetry.engine import FenceReason;"
    " raise SelfFenced(FenceReason.HOLE, 'expected offset 7, got 9')"
)


@pytest.mark.parametrize("leftover", [TASK, THREAD])
@pytest.mark.parametrize(
    ("ending", "code", "says"),
    [("pass", 0, ""), (FENCED, 5, "stopped itself to be safe: hole"), ("raise ValueError('x')", 4, "ValueError: x")],
)
def test_nothing_that_is_left_keeps_the_process(leftover: str, ending: str, code: int, says: str) -> None:
    script = textwrap.dedent(STUBBORN).format(leftover=leftover, ending=ending)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
