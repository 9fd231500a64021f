"""The agreement's files change under a running worker: what is in order is adopted, what is not is complained of."""

import logging
from pathlib import Path

import pytest

from monitor.core.policy import Policy
from monitor.stream.renewal import COMPLAIN_EVERY_S, Renewal
from monitor.telemetry.metrics import Metrics
from monitor.wire.policy import PolicyError, PolicyFault, PolicyFiles, read_files

TEXT = """\
agreement: {name: Inbound, version: VERSION, effective_from: 2026-01-01}
timezone: UTC
follow_up:
  - {duty: answer, starts: lead.created, met_by: activity.logged, within: 1 hours elapsed}
"""


class Clock:
    """Time that stands still until it is moved."""

    def __init__(self) -> None:
        self.s = 0.0

    def now_at(self) -> int:
        return 0

    def elapsed_s(self) -> float:
        return self.s


class Watched:
    """An agreement file, and what a worker makes of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.write("v1")
        self.adopted: list[str] = []
        self.time, self.metrics = Clock(), Metrics()
        self.renewal = Renewal(path, read_files(path), self._adopt, self.time, self.metrics)

    def _adopt(self, policy: Policy) -> None:
        self.adopted.append(policy.version)

    def write(self, version: str) -> None:
        """Save that version."""
        self.path.write_text(TEXT.replace("VERSION", version))

    def counted(self, result: str) -> float | None:
        """How often it was adopted or refused."""
        return self.metrics.registry.get_sample_value("lead_sla_policy_reloads_total", {"result": result})


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path / "agreement.yaml")


async def test_a_changed_file_is_adopted_when_two_looks_have_found_it_the_same(watched: Watched) -> None:
    await watched.renewal.look()
    watched.write("v2")
    await watched.renewal.look()
    assert watched.adopted == []
    await watched.renewal.look()
    await watched.renewal.look()
    assert watched.adopted == ["v2"]
    assert watched.counted("adopted") == 1


async def test_what_this_worker_cannot_use_is_complained_of_and_the_one_before_stays(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "agreement.yaml")

    def refuses(_: PolicyFiles) -> Policy:
        raise PolicyError([PolicyFault("agreement.yaml", 7, "notices", "no channel 'x' is configured", "write y")])

    refusing = Renewal(watched.path, read_files(watched.path), watched._adopt, watched.time, watched.metrics, refuses)
    watched.write("v2")
    await refusing.look(ready=True)
    assert watched.adopted == []
    assert watched.counted("refused") == 1


async def test_somebody_who_says_that_it_is_ready_need_not_wait(watched: Watched) -> None:
    watched.write("v2")
    await watched.renewal.look(ready=True)
    assert watched.adopted == ["v2"]


async def test_a_file_that_is_still_being_written_is_not_read(watched: Watched) -> None:
    for version in ("v2", "v3", "v4"):
        watched.write(version)
        await watched.renewal.look()
    assert watched.adopted == []


async def test_an_invalid_file_changes_nothing_and_is_complained_of_every_minute(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    watched.path.write_text(TEXT.replace("1 hours elapsed", "1 day"))
    with caplog.at_level(logging.ERROR):
        for _ in range(5):
            await watched.renewal.look()
    assert watched.adopted == []
    assert watched.counted("refused") == 1
    (line,) = caplog.messages
    assert "the one before stays in force" in line
    assert "agreement.yaml:4: follow_up[0].within" in line
    watched.time.s += COMPLAIN_EVERY_S
    await watched.renewal.look()
    assert watched.counted("refused") == 2
    watched.write("v2")
    for _ in range(2):
        await watched.renewal.look()
    assert watched.adopted == ["v2"]


async def test_another_mistake_is_told_at_once(watched: Watched) -> None:
    for text in ("[", "{"):
        watched.path.write_text(text)
        for _ in range(2):
            await watched.renewal.look()
    assert watched.counted("refused") == 2


async def test_a_file_that_is_gone_changes_nothing_and_one_that_comes_back_neither(watched: Watched) -> None:
    watched.path.unlink()
    for _ in range(3):
        await watched.renewal.look()
    assert (watched.adopted, watched.counted("refused")) == ([], 1)
    watched.write("v1")
    for _ in range(3):
        await watched.renewal.look()
    assert (watched.adopted, watched.counted("refused")) == ([], 1)


async def test_the_moment_in_which_a_file_is_replaced_is_not_complained_of(watched: Watched) -> None:
    watched.path.unlink()
    await watched.renewal.look()
    watched.write("v2")
    for _ in range(2):
        await watched.renewal.look()
    assert watched.adopted == ["v2"]
    assert not watched.counted("refused")
