"""A recorded history judged and explained without Kafka: what it adds up to, and one lead's story."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from monitor.cli.recorded import concerning
from monitor.core.advance import TimeAdvanced
from monitor.core.event import Event
from monitor.stream.directory import lead_answer
from monitor.stream.engine.shards import MemoryShard
from monitor.stream.partition_judge import PartitionJudge
from monitor.wire.explanation import LeadAnswer
from monitor.wire.lead_event import TimeLimits, decode
from monitor.wire.policy import load_policy
from monitor.wire.timeline import encode_event, encode_tick
from tests.support.commands import Done, lead_sla, one_error_line

AGREEMENT = """
agreement: {name: DACH inbound, version: 2026-Q4, effective_from: 2026-10-01}
timezone: Europe/Berlin
calendars:
  munich: {hours: {mon-thu: [09:00-12:30, 13:30-18:00], fri: 09:00-15:00}}
follow_up:
  - duty: first-touch
    starts: lead.assigned
    met_by: {activity: [call, email], direction: outbound, by: person}
    paused_while: {waiting_on: prospect}
    calendar: munich
    targets:
      - {when: 'grade == "A"', within: 30 working_minutes}
      - {within: 8 working_hours}
    warn_at: 50%
    objective: 60% per quarter
"""
TOUCH = {"channel": "call", "direction": "outbound", "actor": "person"}
AUTOMATED = {"channel": "email", "direction": "outbound", "actor": "automation"}
HISTORY: list[tuple[str, str, str, dict[str, Any]]] = [
    ("L-1", "lead.created", "01T06:50:00Z", {"segment": "enterprise"}),
    ("L-1", "lead.assigned", "01T07:00:00Z", {"owner": "ana", "grade": "B"}),
    ("L-1", "activity.logged", "01T07:01:00Z", AUTOMATED),
    ("L-1", "lead.updated", "01T10:00:00Z", {"waiting_on": "prospect"}),
    ("L-1", "lead.updated", "01T12:00:00Z", {"waiting_on": "nobody"}),
    ("L-1", "activity.logged", "05T08:30:00Z", TOUCH),
    ("L-2", "lead.assigned", "01T07:00:00Z", {"owner": "ben", "grade": "A"}),
    ("L-2", "activity.logged", "01T07:10:00Z", TOUCH),
    ("L-3", "lead.assigned", "01T07:00:00Z", {"owner": "ben"}),
    ("L-3", "lead.merged", "01T07:30:00Z", {"into": "L-2"}),
]


def recorded(history: Iterable[tuple[str, str, str, dict[str, Any]]] = tuple(HISTORY)) -> str:
    lines = (
        {"id": f"e{n}", "source": "crm", "subject": lead, "type": type_, "time": f"2026-10-{time}", "data": data}
        for n, (lead, type_, time, data) in enumerate(history)
    )
    return "".join(json.dumps(line) + "\n" for line in lines)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "agreement.yaml").write_text(AGREEMENT)
    (tmp_path / "events.jsonl").write_text(recorded())
    return tmp_path


def replay(folder: Path, *more: str, out: str = "out.jsonl") -> Done:
    return lead_sla("replay", "events.jsonl", "-p", "agreement.yaml", "-o", out, *more, folder=folder)


def explain(folder: Path, lead: str, *more: str) -> Done:
    return lead_sla("explain", lead, "--events", "events.jsonl", "--policy", "agreement.yaml", *more, folder=folder)


def test_a_replay_says_what_it_adds_up_to(folder: Path) -> None:
    done = replay(folder, "--until", "2026-10-06T00:00:00Z", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    (first_touch,) = answer["duties"]
    assert first_touch == {
        "duty": "first-touch",
        "met": 1,
        "judged": 2,
        "percent": 50.0,
        "objective": {
            "percent": 60.0,
            "every": "quarter",
            "periods": [{"period": "2026-Q4", "met": 1, "judged": 2, "percent": 50.0, "reached": False}],
        },
        "late": 1,
        "late_median_s": 3 * 86_400.0 + 1_800,
        "late_working_median_s": 6.5 * 3_600.0,
    }
    assert answer["breaches"] == {
        "owner": [{"name": "ana", "breached": 1}],
        "team": [{"name": "sales", "breached": 1}],
        "segment": [{"name": "enterprise", "breached": 1}],
    }
    assert [(span["step"], span["team"], span["leads"], span["median_s"]) for span in answer["spans"]] == [
        ("assign", "marketing", 2, 0.0),
        ("touch", "sales", 2, 600.0),
    ]
    assert answer["spans"][0]["p90_s"] == 600.0


def test_a_replay_tells_people_the_same_in_tables(folder: Path) -> None:
    lines = replay(folder, "--until", "2026-10-06T00:00:00Z").stdout.splitlines()
    assert "first-touch  1    2       50.0%     1     3 d (6 h 30 min working)" in lines
    assert lines[lines.index("first-touch, objective 60% per quarter:") + 1] == "  2026-Q4  missed: 50.0%, 1 of 2"
    assert "breaches by owner: ana 1" in lines
    assert any(line.startswith("to touch   sales      2      10 min") for line in lines)


def test_a_share_just_below_the_objective_does_not_look_as_if_it_reached_it(folder: Path) -> None:
    history = [(f"L-{n:04}", "lead.assigned", "01T07:00:00Z", {"owner": "ana"}) for n in range(1667)]
    touched = [(lead, "activity.logged", "01T07:10:00Z", TOUCH) for lead, *_ in history[:1000]]
    (folder / "events.jsonl").write_text(recorded([*history, *touched]))
    text = replay(folder, "--until", "2026-10-06T00:00:00Z").stdout
    assert "  2026-Q4  missed: 59.9%, 1000 of 1667" in text
    (duty,) = json.loads(replay(folder, "--until", "2026-10-06T00:00:00Z", "--json").stdout)["duties"]
    assert duty["percent"] == 59.98  # 59.988


def test_two_replays_give_the_same_bytes_and_the_same_summary_whatever_the_order_of_lines(folder: Path) -> None:
    first = replay(folder)
    (folder / "events.jsonl").write_text("".join(reversed(recorded().splitlines(keepends=True))))
    second = replay(folder, out="again.jsonl")
    assert (folder / "out.jsonl").read_bytes() == (folder / "again.jsonl").read_bytes()
    assert second.stdout == first.stdout.replace("out.jsonl", "again.jsonl")


def test_a_replay_of_nothing_says_nothing(folder: Path) -> None:
    (folder / "events.jsonl").write_text("")
    done = replay(folder)
    assert done.stdout.splitlines()[0] == "0 events, 0 bad lines; nothing to say; wrote out.jsonl"
    assert "first-touch  0    0       -" in done.stdout


def test_a_replay_tells_of_the_days_on_which_more_came_in_than_was_agreed_and_of_no_others(folder: Path) -> None:
    ceiling = "quotas:\n  - {duty: capacity, team: sales, counts: sal, every: day, ceiling: 1}\n"
    (folder / "agreement.yaml").write_text(AGREEMENT + ceiling)
    accepted = [("L-1", "01"), ("L-2", "01"), ("L-3", "02")]
    (folder / "events.jsonl").write_text(
        recorded([(lead, "lead.accepted", f"{day}T08:00:00Z", {}) for lead, day in accepted])
    )
    until = ("--until", "2026-10-05T00:00:00Z")
    lines = replay(folder, *until).stdout.splitlines()
    assert [line for line in lines if "capacity" in line] == ["capacity 2026-10-01: 2 came in, 1 were agreed"]
    quotas = json.loads(replay(folder, *until, "--json").stdout)["marketing"]["quotas"]
    delivered = {each["term"]: each["delivered"] for each in quotas if each["ceiling"]}
    assert (delivered["2026-10-01"], delivered["2026-10-02"], delivered["2026-10-03"]) == (2, 1, 0)


STORY = """\
lead L-1: stage inquiry; judged until 2026-10-05T08:30:00Z
what happened and what was said:
  2026-10-01T06:50:00Z  lead.created segment=enterprise
  2026-10-01T07:00:00Z  lead.assigned owner=ana grade=B
  2026-10-01T07:00:00Z  -> first-touch activated
  2026-10-01T07:01:00Z  activity.logged channel=email direction=outbound actor=automation
  2026-10-01T10:00:00Z  lead.updated waiting_on=prospect
  2026-10-01T10:00:00Z  -> first-touch paused
  2026-10-01T12:00:00Z  lead.updated waiting_on=nobody
  2026-10-01T12:00:00Z  -> first-touch resumed
  2026-10-01T13:00:00Z  -> first-touch warned 50%
  2026-10-02T08:00:00Z  -> first-touch breached
  2026-10-02T08:10:00Z  -> first-touch finalised
  2026-10-05T08:30:00Z  activity.logged channel=call direction=outbound actor=person
  2026-10-05T08:30:00Z  -> first-touch fulfilled_late
first-touch (cycle 1): fulfilled late, final
  first-touch on lead L-1 fulfilled late: followed up at 2026-10-05T08:30:00Z, 3 d late (6 h 30 min of working time), \
due by 2026-10-02T08:00:00Z (8 working_hours, munich); owner ana.
  evidence: e5
  judged by 2026-Q4: 8 working_hours on munich; target: every other lead
  due: 2026-10-02T08:00:00Z; at first 2026-10-01T16:00:00Z
  counted: 8 h: 2026-10-01T07:00:00Z to 2026-10-01T10:00:00Z, 2026-10-01T12:00:00Z to 2026-10-01T16:00:00Z, \
2026-10-02T07:00:00Z to 2026-10-02T08:00:00Z
  paused: 2026-10-01T10:00:00Z to 2026-10-01T12:00:00Z
  warning: 50% at 2026-10-01T13:00:00Z
  email at 2026-10-01T07:01:00Z (e2) did not count: its actor is automation, not person
  call at 2026-10-05T08:30:00Z (e5) counted
  ana had 23 h (8 h of working time), and 3 d (6 h 30 min of working time) too late
where its time went:
  to assign: 10 min (0 s of working time), marketing
  to touch: 4 d 1 h (15 h 30 min of working time), sales
"""


def test_a_story_is_told_without_a_worker(folder: Path) -> None:
    done = explain(folder, "L-1")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == STORY


def test_a_lead_is_explained_as_it_was_at_an_instant(folder: Path) -> None:
    answer = json.loads(explain(folder, "L-1", "--at", "2026-10-01T11:00:00Z", "--json").stdout)
    (clock,) = answer["clocks"]
    assert (clock["state"], clock["verdict"], clock["reason"]) == ("paused", None, "pausing_condition")
    assert [pause["to_at"] for pause in clock["pauses"]] == [None]
    done = explain(folder, "L-1", "--at", "2026-10-01T06:00:00Z")
    assert done.returncode == 1
    assert one_error_line(done) == "lead-sla: L-1: no such lead in events.jsonl by 2026-10-01T06:00:00Z"


def test_for_one_lead_time_ends_with_the_last_event_of_all(folder: Path) -> None:
    (folder / "events.jsonl").write_text(recorded([*HISTORY[6:7], *HISTORY[:6]]))
    (clock,) = json.loads(explain(folder, "L-2", "--json").stdout)["clocks"]
    assert clock["verdict"] == "breached"


def test_a_merged_lead_is_explained_with_those_that_it_was_merged_with(folder: Path) -> None:
    answer = json.loads(explain(folder, "L-3", "--json").stdout)
    assert [clock["reason"] for clock in answer["clocks"]] == ["lead_merged"]
    assert answer["merged_into"] == "L-2"
    goes_on = json.loads(explain(folder, "L-2", "--json").stdout)
    assert {event["lead"] for event in goes_on["timeline"]} == {"L-2", "L-3"}


def test_leads_that_were_merged_concern_one_another_however_many_lie_between() -> None:
    def merged(lead: str, into: str) -> Event:
        return Event(lead, f"{lead}-{into}", "lead.merged", 0, "crm", {"into": into})

    events = [merged("A", "B"), merged("C", "B"), merged("C", "D"), merged("D", "A"), merged("E", "F")]
    assert concerning("D", events) == events[:4]
    assert concerning("E", events) == events[4:]


def test_a_lead_that_is_missing_is_told_below_the_lines_that_may_have_been_about_it(folder: Path) -> None:
    (folder / "events.jsonl").write_text("{\n" + recorded())
    done = explain(folder, "L-9")
    assert done.returncode == 1
    bad, missing = done.stderr.splitlines()
    assert bad.startswith("lead-sla: events.jsonl:1: not_json: ")
    assert missing == "lead-sla: L-9: no such lead in events.jsonl"


@pytest.mark.parametrize("out", ["events.jsonl", "./events.jsonl", "agreement.yaml"])
def test_a_replay_does_not_write_over_what_it_reads(folder: Path, out: str) -> None:
    before = (folder / out).read_bytes()
    done = replay(folder, out=out)
    assert (done.returncode, (folder / out).read_bytes()) == (1, before)
    assert one_error_line(done) == f"lead-sla: --out: {Path(out)} is what is to be read; name another file"


def test_bad_lines_are_named_and_the_rest_is_explained(folder: Path) -> None:
    (folder / "events.jsonl").write_text("{\n" + recorded())
    done = explain(folder, "L-1")
    assert done.returncode == 1
    assert one_error_line(done).startswith("lead-sla: events.jsonl:1: not_json: ")
    assert done.stdout.startswith("lead L-1")


@pytest.mark.parametrize(
    "options",
    [
        ("--policy", "agreement.yaml"),
        ("--at", "2026-10-01T06:00:00Z"),
        ("--events", "events.jsonl"),
        ("--events", "events.jsonl", "--policy", "agreement.yaml", "--url", "http://127.0.0.1:1"),
    ],
)
def test_explain_refuses_options_that_do_not_go_together(folder: Path, options: tuple[str, ...]) -> None:
    assert lead_sla("explain", "L-1", *options, folder=folder).returncode == 2


def test_an_event_that_no_calendar_reaches_is_named_by_its_time(folder: Path) -> None:
    (folder / "events.jsonl").write_text(recorded().replace("2026-10-", "9998-10-"))
    for done in (replay(folder), explain(folder, "L-1")):
        assert done.returncode == 1
        assert one_error_line(done) == (
            "lead-sla: events.jsonl: calendar munich: 9998-10-01T07:00:00.000000Z lies outside the years 14 to 9979; "
            "remove the event with that time"
        )


def test_a_wrong_instant_is_named(folder: Path) -> None:
    done = explain(folder, "L-1", "--at", "yesterday")
    assert done.returncode == 1
    assert one_error_line(done) == "lead-sla: --at: is not RFC 3339, for example 2026-10-01T09:00:00Z"


class Record:
    """As a consumer reads it."""

    def __init__(self, offset: int, event: Event | TimeAdvanced) -> None:
        self.offset, self.timestamp, self.timestamp_type = offset, 0, 0
        tick = isinstance(event, TimeAdvanced)
        self.key = None if tick else event.lead.encode()
        self.value = encode_tick(event) if tick else encode_event(event)


def test_a_worker_answers_what_explain_says_of_the_same_events(folder: Path) -> None:
    limits = TimeLimits(future_us=2**62, past_us=2**62)
    events = [decode(line.encode(), (), 0, limits) for line in recorded().splitlines()]
    judge = PartitionJudge(MemoryShard(), load_policy(folder / "agreement.yaml"))
    last = TimeAdvanced(max(event.at for event in events))
    judge.remember(judge.fold([Record(n, event) for n, event in enumerate([*events, last])]), len(events))
    for lead in ("L-1", "L-3"):
        found = judge.explain(lead)
        assert found is not None
        told = lead_answer(found)
        LeadAnswer.model_validate_json(json.dumps(told))
        offline = json.loads(explain(folder, lead, "--json").stdout)
        # Ticks come at other instants and so tell things in another order, where nothing hangs on it.
        for answer in (told, offline):
            answer["said"].sort(key=lambda said: (said["at"], said["kind"]))
        assert told == offline
    assert judge.explain("L-9") is None
