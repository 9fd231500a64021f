"""The commands that need no broker: exit codes, one-line errors, JSON."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.commands import lead_sla, one_error_line

NOTICES = Path(__file__).parents[2] / "contract" / "policies" / "right" / "notices.yaml"
HISTORY = [
    {"type": "lead.assigned", "time": "2026-10-01T09:00:00+02:00", "data": {"owner": "ana", "grade": "A"}},
    {"type": "lead.handed_off", "time": "2026-10-01T09:00:00+02:00"},
    {
        "type": "activity.logged",
        "time": "2026-10-01T09:05:00+02:00",
        "data": {"channel": "call", "direction": "outbound", "actor": "person"},
    },
]


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """A folder after `lead-sla init`, with a recorded history."""
    assert lead_sla("init", folder=tmp_path).returncode == 0
    events = [{"id": str(n), "source": "crm", "subject": "L-1", **event} for n, event in enumerate(HISTORY)]
    (tmp_path / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    return tmp_path


def test_init_writes_an_agreement_that_is_in_order(begun: Path) -> None:
    done = lead_sla("check", "agreement.yaml", folder=begun)
    assert (done.returncode, done.stderr) == (0, "")
    assert "in order" in done.stdout
    assert "; 2 quotas: qualified-leads, sales-capacity" in done.stdout


def test_the_routes_that_init_writes_as_a_comment_are_in_order_without_it(begun: Path) -> None:
    duties, begin, routes = (begun / "agreement.yaml").read_text().partition("# notices:\n")
    (begun / "agreement.yaml").write_text(duties + re.sub("^# ", "", begin + routes, flags=re.MULTILINE))
    done = lead_sla("check", "agreement.yaml", "--json", folder=begun)
    answer = json.loads(done.stdout)
    assert (answer["ok"], answer["warnings"]) == (True, [])
    assert [line.split(":")[0] for line in answer["notices"] if line.startswith("route")] == [
        "route 1, marketing", "route 2, review", "route 3, sales",
    ]  # fmt: skip


def test_init_overwrites_nothing(begun: Path) -> None:
    done = lead_sla("init", folder=begun)
    assert done.returncode == 1
    assert "is there already" in one_error_line(done)


def test_check_names_line_field_and_fix(begun: Path) -> None:
    text = (begun / "agreement.yaml").read_text().replace("30 minutes elapsed", "30 minutes")
    (begun / "agreement.yaml").write_text(text)
    done = lead_sla("check", "agreement.yaml", folder=begun)
    assert done.returncode == 1
    line = next(n for n, line in enumerate(text.splitlines(), 1) if "30 minutes" in line and "within" in line)
    message = one_error_line(done)
    assert message.startswith(f"lead-sla: agreement.yaml:{line}: follow_up[0].targets[0].within: ")
    assert "; fix: " in message


def test_check_answers_scripts_in_json(begun: Path) -> None:
    done = lead_sla("check", "agreement.yaml", "--json", folder=begun)
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["ok"]) == (0, True)
    (begun / "agreement.yaml").write_text("quotas: []")
    done = lead_sla("check", "agreement.yaml", "--json", folder=begun)
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["ok"]) == (1, False)
    assert {"file", "line", "field", "message", "fix"} <= set(answer["faults"][0])


def test_check_warns_of_what_is_legal_but_hardly_meant(begun: Path) -> None:
    text = (begun / "agreement.yaml").read_text().replace("    pause_at_most:", "    # pause_at_most:")
    (begun / "agreement.yaml").write_text(text)
    line = next(n for n, line in enumerate(text.splitlines(), 1) if line.startswith("    paused_while:"))
    done = lead_sla("check", "agreement.yaml", folder=begun)
    in_order, warning = (line for line in done.stdout.splitlines() if "review_by" not in line)  # a matter of the day
    assert (done.returncode, done.stderr) == (0, "")
    assert in_order.startswith("agreement.yaml: in order;")
    assert warning == (
        f"agreement.yaml:{line}: warning: follow_up[0].paused_while: a pause may last for ever;"
        " proposal: add pause_at_most: 5 working_days"
    )
    done = lead_sla("check", "agreement.yaml", "--json", folder=begun)
    (told,) = (each for each in json.loads(done.stdout)["warnings"] if "review_by" not in each["field"])
    assert done.returncode == 0
    assert told["line"] == line
    assert {"file", "line", "field", "message", "proposal"} == set(told)


def test_check_says_in_words_who_hears_of_what(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(NOTICES.read_text())
    done = lead_sla("check", "a.yaml", folder=tmp_path)
    said = [line for line in done.stdout.splitlines()[1:] if "review_by" not in line]  # a matter of the day
    assert said == [
        "recipient floor: channel sales-slack, in the hours of munich",
        "recipient anna: channel anna-mail, in the hours of munich",
        "recipient managers: channel sales-teams, in the hours of munich",
        "recipient marketing: channel marketing-slack, at any hour",
        "recipient on-call: channel pager, at any hour",
        "owner anna@example.com is anna",
        "any other owner, and nobody, is floor",
        "route 1, quiet: kind stalled: nobody is told",
        "route 2, vip: duty first-touch, segment enterprise, severity error: at once on-call; 30 minutes elapsed after "
        "the breach on-call, managers; at any hour",
        "route 3, anna: owner anna@example.com, source web-form: at once anna",
        "route 4, marketing: news definition or quota or rejection: at once marketing",
        "route 5, review: news agreement or review: at once managers, marketing",
        "route 6, sales: team sales, kind breached or warned: at 80% owner; when there are 30 working_minutes left "
        "owner; at once owner, floor; 2 working_hours after the breach managers; 1 working_days after the breach "
        "managers, on-call, asked to reassign the lead; what has the same source, duty within 30 s in one message",
        "route 7, rest: all that is left: at once floor",
    ]
    answer = json.loads(lead_sla("check", "a.yaml", "--json", folder=tmp_path).stdout)
    assert answer["notices"] == said


def test_check_takes_a_folder_of_versions_and_warns_of_a_review_that_is_past(begun: Path) -> None:
    text = (
        (begun / "agreement.yaml").read_text().replace("2026-10-01", "2020-10-01").replace("2026-12-18", "2020-12-18")
    )
    folder = begun / "agreement"
    folder.mkdir()
    (folder / "b.yaml").write_text(text)
    (folder / "a.yaml").write_text(text.replace("2020-10-01", "2020-07-01").replace("2026-Q4", "2026-Q3"))
    done = lead_sla("check", "agreement", "--json", folder=begun)
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["versions"]) == (0, ["2026-Q3", "2026-Q4"])
    (told,) = answer["warnings"]
    assert (told["file"], told["field"], told["message"]) == ("agreement/b.yaml", "agreement.review_by", "has passed")


def test_replay_writes_the_outcomes_of_a_history(begun: Path) -> None:
    done = lead_sla(
        "replay", "events.jsonl", "--policy", "agreement.yaml", "--out", "out.jsonl",
        "--until", "2026-10-03T00:00:00Z", "--json", folder=begun,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    outcomes = [json.loads(line) for line in (begun / "out.jsonl").read_text().splitlines()]
    told = [(o["data"]["duty"], o["data"]["kind"]) for o in outcomes if o["data"]["kind"] in ("met", "breached")]
    assert told == [("first-touch", "met"), ("acceptance", "met")]
    assert json.loads(done.stdout)["outcomes"]["met"] == 2
    again = lead_sla(
        "replay", "events.jsonl", "-p", "agreement.yaml", "-o", "again.jsonl", "--until", "2026-10-03T00:00:00Z",
        folder=begun,
    )  # fmt: skip
    assert again.returncode == 0
    assert (begun / "again.jsonl").read_bytes() == (begun / "out.jsonl").read_bytes()


def test_replay_names_bad_lines_and_judges_the_rest(begun: Path) -> None:
    events = begun / "events.jsonl"
    events.write_text("{\n" + events.read_text())
    done = lead_sla("replay", "events.jsonl", "-p", "agreement.yaml", "-o", "out.jsonl", folder=begun)
    assert done.returncode == 1
    assert one_error_line(done).startswith("lead-sla: events.jsonl:1: not_json: ")
    assert "3 events, 1 bad lines" in done.stdout


def test_diff_of_a_folder_asks_for_two_of_its_files(begun: Path) -> None:
    (begun / "versions").mkdir()
    (begun / "versions" / "a.yaml").write_text((begun / "agreement.yaml").read_text())
    for pair in (("versions", "agreement.yaml"), ("agreement.yaml", "versions")):
        done = lead_sla("diff", *pair, folder=begun)
        assert done.returncode == 1
        assert one_error_line(done) == "lead-sla: versions is a folder; name the two files of it to compare"


def test_a_file_that_is_missing_is_named(begun: Path) -> None:
    done = lead_sla("replay", "nowhere.jsonl", "-p", "agreement.yaml", "-o", "out.jsonl", folder=begun)
    assert done.returncode == 1
    assert "nowhere.jsonl" in one_error_line(done)


def test_run_without_an_agreement_names_the_file(tmp_path: Path) -> None:
    done = lead_sla("run", folder=tmp_path)
    assert done.returncode == 1
    assert "agreement.yaml" in one_error_line(done)


def test_run_without_a_channel_that_the_agreement_names_says_where_it_is_named(begun: Path) -> None:
    (begun / "agreement.yaml").write_text(NOTICES.read_text())
    done = lead_sla("run", folder=begun, KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")
    assert done.returncode == 1
    first, *others = done.stderr.splitlines()
    assert first == (
        "lead-sla: agreement.yaml:14: notices.recipients.floor.channel: no channel 'sales-slack' is configured;"
        " fix: configure it: docs/operating/notices.md"
    )
    assert len(others) == 4


def test_run_without_a_broker_says_so(begun: Path) -> None:
    done = lead_sla("run", folder=begun, KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")
    assert done.returncode == 3
    assert "Kafka does not answer" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "command", [["report", "--from", "2026-10-01", "--to", "2026-10-31"], ["notices"], ["topics", "create"]]
)
def test_what_needs_a_broker_and_has_none_says_so_in_one_line(begun: Path, command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "monitor.cli.main", *command], cwd=begun, capture_output=True, text=True, check=False,
        env={**os.environ, "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"},
    )  # fmt: skip
    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    assert line.startswith("lead-sla: Kafka does not answer: ")


def test_a_wrong_setting_is_named_with_its_fix(begun: Path) -> None:
    done = lead_sla("run", folder=begun, LEAD_SLA_WEB_PORT="many")
    assert done.returncode == 1
    assert "LEAD_SLA_WEB_PORT" in one_error_line(done)


def test_explain_without_a_worker_says_so(tmp_path: Path) -> None:
    done = lead_sla("explain", "L-1", "--url", "http://127.0.0.1:1", folder=tmp_path)
    assert done.returncode == 3
    assert "no worker answers" in one_error_line(done)


def test_schemas_are_written_and_checked(tmp_path: Path) -> None:
    assert lead_sla("schemas", "contracts", folder=tmp_path).returncode == 0
    assert lead_sla("schemas", "contracts", "--check", folder=tmp_path).returncode == 0
    (tmp_path / "contracts" / "outcome.schema.json").write_text("{}")
    done = lead_sla("schemas", "contracts", "--check", folder=tmp_path)
    assert done.returncode == 1
    assert "outcome.schema.json" in one_error_line(done)


@pytest.mark.parametrize(
    "command", [[], ["init"], ["run"], ["demo"], ["check"], ["replay"], ["explain"], ["schemas"], ["topics", "create"]]
)
def test_every_command_explains_itself(command: list[str], tmp_path: Path) -> None:
    done = lead_sla(*command, "--help", folder=tmp_path)
    assert done.returncode == 0
    assert "Usage" in done.stdout
