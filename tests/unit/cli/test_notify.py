"""`lead-sla notify --test`: a sample over a real connection, and what the far end answered."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.commands import Done, lead_sla, one_error_line
from tests.support.far_ends import KEY, HttpFarEnd, http_far_end, says


@pytest.fixture
def far_end() -> Iterator[HttpFarEnd]:
    """A far end in a thread of its own: the command has the loop of this one."""
    ready, ends, found = threading.Event(), [], []

    async def serve() -> None:
        end = asyncio.Event()
        ends.append((asyncio.get_running_loop(), end))
        async with http_far_end() as far_end:
            found.append(far_end)
            ready.set()
            await end.wait()

    # A daemon: a command leaves hard when a thread that is none is left.
    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    ready.wait()
    yield found[0]
    ((loop, end),) = ends
    loop.call_soon_threadsafe(end.set)
    thread.join()


def notify(folder: Path, far_end: HttpFarEnd, channel: str, type_: str = "slack") -> Done:
    secret = "key_env: KEY, url: " + far_end.url if type_ == "pagerduty" else "url_env: HOOK"
    (folder / "channels.yaml").write_text(
        f"channels: [{{name: sales, type: {type_}, allow_private: true, {secret}}}]\n"
    )
    environment = {"LEAD_SLA_CHANNELS_FILE": "channels.yaml", "HOOK": far_end.url, "KEY": KEY}
    return lead_sla("notify", "--test", channel, folder=folder, **environment)


def test_a_sample_arrives_and_the_answer_is_shown(tmp_path: Path, far_end: HttpFarEnd) -> None:
    far_end.answer = says(200, body=b"ok")
    done = notify(tmp_path, far_end, "sales")
    assert (done.returncode, done.stdout) == (0, "sales: delivered; the far end: HTTP 200 ok\n"), done.stderr
    (request,) = far_end.requests
    assert b"sample on lead sample-" in request


def test_a_pager_does_not_ring_on(tmp_path: Path, far_end: HttpFarEnd) -> None:
    done = notify(tmp_path, far_end, "sales", "pagerduty")
    assert done.returncode == 0
    assert [b'"event_action":"trigger"' in request for request in far_end.requests] == [True, False]
    assert b'"event_action":"resolve"' in far_end.requests[1]


@pytest.mark.parametrize(("status", "code", "again"), [(404, 1, "would not try again"), (503, 3, "would try again")])
def test_what_is_not_delivered_says_why_and_whether_a_worker_tries_again(
    tmp_path: Path, far_end: HttpFarEnd, status: int, code: int, again: str
) -> None:
    far_end.answer = says(status, body=b"no_service")
    done = notify(tmp_path, far_end, "sales")
    line = one_error_line(done)
    assert done.returncode == code
    assert again in line
    assert f"HTTP {status} no_service" in line
    assert "token-in-path" not in line


def test_a_channel_that_is_not_there_is_named_with_one_that_is(tmp_path: Path, far_end: HttpFarEnd) -> None:
    done = notify(tmp_path, far_end, "sale")
    assert done.returncode == 1
    assert one_error_line(done) == "lead-sla: there is no channel sale; write sales"
