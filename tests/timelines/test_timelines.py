"""Runs the scripts of this folder: through a partition's judge as things arrive, and through a replay."""

from collections import deque
from pathlib import Path
from typing import NamedTuple

import pytest

from monitor.core.advance import TimeAdvanced
from monitor.core.event import Event
from monitor.core.outcome import Kind, Outcome
from monitor.core.policy import Policy
from monitor.core.replay import Replay
from monitor.stream.engine.shards import MemoryShard
from monitor.stream.partition_judge import PartitionJudge
from monitor.wire.policy import load_policy
from monitor.wire.timeline import encode_event, encode_tick
from tests.support.expectations import differences, kinds_of
from tests.support.timeline import (
    Arrives,
    Expects,
    Starts,
    Stops,
    Timeline,
    TimelineError,
    events_of,
    read_timeline,
)

FOLDER = Path(__file__).parent
SCRIPTS = sorted(FOLDER.glob("*.timeline"))


class Record(NamedTuple):
    """What the judge needs of a Kafka record."""

    offset: int
    key: bytes | None
    value: bytes
    timestamp: int = 0
    timestamp_type: int = 0


class Live:
    """A partition's judge with a ticker that is never late while the monitor runs."""

    def __init__(self, policy: Policy) -> None:
        self._judge = PartitionJudge(MemoryShard(), policy)
        self._offset = 0
        self._runs = True
        self._back_at = 0
        self.said: list[Outcome] = []

    def stop(self, at: int) -> None:
        self.pass_time(at)
        self._runs = False

    def start(self, at: int) -> None:
        self._runs = True
        self._back_at = at
        self.pass_time(at)

    def arrives(self, event: Event, at: int) -> None:
        self.pass_time(at - 1)
        self._read(event.lead.encode(), encode_event(event))

    def pass_time(self, until: int) -> None:
        while self._runs and (at := self._judge.first_at()) is not None and at <= until:
            self._read(None, encode_tick(TimeAdvanced(max(at, self._back_at))))

    def _read(self, key: bytes | None, value: bytes) -> None:
        records = deque([(key, value)])
        while records:
            judged = self._judge.fold([Record(self._offset, *records.popleft())])
            assert not judged.damaged
            self._judge.remember(judged, self._offset)
            self._offset += 1
            self.said += judged.outcomes
            records.extend((onward.key.encode(), onward.value) for onward in judged.onward if onward.to == "timeline")


def live(timeline: Timeline, policy: Policy, kinds: set[Kind]) -> list[str]:
    """What differs from the script while it goes on."""
    monitor, now_at = Live(policy), 0
    lines: list[str] = []
    for step in timeline.steps:
        match step:
            case Expects():
                monitor.pass_time(now_at)
                lines += differences(step, monitor.said, kinds, timeline.headers["zone"])
                continue
            case Arrives(at, event):
                monitor.arrives(event, at)
            case Stops(at):
                monitor.stop(at)
            case Starts(at):
                monitor.start(at)
            case _:
                monitor.pass_time(step.at)
        now_at = step.at
    return lines


def replayed(timeline: Timeline, policy: Policy, kinds: set[Kind]) -> list[str]:
    """What a replay of the same events leaves otherwise than the script ends; nothing is taken back in it."""
    last_at = max(step.at for step in timeline.steps if not isinstance(step, Expects))
    said = list(Replay(policy).run(events_of(timeline), last_at))
    end = timeline.steps[-1]
    assert isinstance(end, Expects)
    return differences(end, said, kinds - {Kind.WITHDRAWN}, timeline.headers["zone"])


def failures(path: Path) -> list[str]:
    """All that is wrong, ready to be read."""
    timeline = read_timeline(path)
    policy = load_policy(timeline.agreement)
    kinds = kinds_of(timeline)
    lines = live(timeline, policy, kinds)
    lines = ["as it arrived:", *lines] if lines else []
    again = replayed(timeline, policy, kinds)
    if "live only" not in timeline.headers:
        return lines + (["replayed:", *again] if again else [])
    return lines if again else [*lines, "a replay ends the same: remove `live only:`"]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_timeline_ends_as_it_says(path: Path) -> None:
    if wrong := failures(path):
        pytest.fail("\n".join([f"{path.name}: {read_timeline(path).claim}", *wrong]), pytrace=False)


def test_every_agreement_is_used() -> None:
    used = {read_timeline(path).agreement for path in SCRIPTS}
    assert used == set((FOLDER / "agreements").glob("*.yaml"))


HEAD = "# A claim.\nagreement: office.yaml\nzone: Europe/Berlin\n"
STORY = HEAD + "Thu 2026-10-01 09:00  lead L-1 assigned to ana\n10:00  call by ana\n"


@pytest.fixture
def script(tmp_path: Path) -> Path:
    (tmp_path / "agreements").symlink_to(FOLDER / "agreements")
    return tmp_path / "made-up.timeline"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("agreement: office.yaml\n", ":1: the first line is a comment"),
        ("# A claim.\nzone: Europe/Berlin\n2026-10-01 09:00 nothing\n", ":3: no `agreement:`"),
        ("# A claim.\nagreement: nowhere.yaml\n", ":2: no agreement nowhere.yaml"),
        ("# A claim.\nzone: Berlin\n", ":2: unknown zone Berlin"),
        (HEAD + "09:00 nothing\n", ":4: no date"),
        (HEAD + "Fri 2026-10-01 09:00 nothing\n", ":4: 2026-10-01 is a Thu"),
        (HEAD + "2026-10-01 25:00 nothing\n", ":4: `25:00`"),
        (HEAD + "2026-10-01 9:00 nothing\n", ":4: `9:00` is no time"),
        (HEAD + "2027-03-28 02:30 nothing\n", ":4: 2027-03-28 02:30 happens never"),
        (HEAD + "2026-10-25 02:30 nothing\n", ":4: 2026-10-25 02:30 happens twice"),
        (HEAD + "2026-10-01 09:00 call by ana\n", ":4: no lead was named"),
        (HEAD + "2026-10-01 09:00 lead L-1 promoted\n", ":4: a lead cannot be `promoted`"),
        (HEAD + "2026-10-01 09:00 fax by ana\n", ":4: unknown step `fax`"),
        (STORY + "11:00 call by ana for long\n", ":6: `for long` is no length"),
        (STORY + "expect warned first-touch 30 working_minutes\n", ":6: `30 working_minutes` lacks `left`"),
        (STORY + "11:00 call by ana colour=red\n", ":6: unknown word `colour=red`"),
        (STORY + "09:59 call by ana\n", ":6: the monitor sees this before the line above"),
        (STORY + "11:00 call by ana arrives 10:30\n", ":6: it arrives before it happens"),
        (STORY + "expect met first-touch soon\n", ":6: unknown detail `soon`"),
        (STORY + "expect kept first-touch\n", ":6: 'kept' is not a valid Kind"),
        (STORY + "expect nothing more\n", ":6: nothing is expected from `more` on"),
        (STORY, ":5: a script ends with what it expects"),
    ],
)
def test_a_script_that_cannot_be_read_names_file_and_line(script: Path, text: str, message: str) -> None:
    script.write_text(text)
    with pytest.raises(TimelineError) as refused:
        read_timeline(script)
    assert str(refused.value).startswith(f"made-up.timeline{message}")


@pytest.mark.parametrize(
    ("expectation", "found"),
    [
        ("expect nothing", "  + met first-touch on L-1, cycle 1 at Thu 2026-10-01 10:00, due Thu 2026-10-01 14:00, "),
        ("expect met first-touch\nexpect breached first-touch", "  - line 7: breached first-touch on L-1, cycle 1"),
        ("expect met first-touch at 10:01", "met first-touch on L-1, cycle 1: at is Thu 2026-10-01 10:00, expected "),
        ("expect met first-touch owner ben", "owner is 'ana', expected 'ben'"),
        ("expect met first-touch\nexpect warned first-touch 50%", "  - line 7: warned 50 first-touch on L-1"),
        ("expect met first-touch cycle 2", "  - line 6: met first-touch on L-1, cycle 2"),
        ("expect met first-touch lead L-2", "  - line 6: met first-touch on L-2, cycle 1"),
    ],
)
def test_a_script_that_expects_otherwise_fails_live_and_replayed(script: Path, expectation: str, found: str) -> None:
    script.write_text(STORY + expectation + "\n")
    wrong = failures(script)
    assert wrong[0] == "as it arrived:"
    assert "replayed:" in wrong
    assert sum(found in line for line in wrong) == 2


def test_a_script_for_the_live_monitor_only_must_need_to_be_one(script: Path) -> None:
    story = STORY.replace("\nThu", "\nlive only: to see\nThu")
    script.write_text(story + "expect met first-touch\n")
    assert failures(script) == ["a replay ends the same: remove `live only:`"]
