"""The command `report` on files: what it reads, writes and refuses."""

import json
from pathlib import Path

import jsonschema
import pytest

from monitor.core.instant import to_rfc3339
from monitor.wire.outcome import encode_outcome
from monitor.wire.report.report import ReportData
from tests.support.commands import Done, lead_sla, one_error_line
from tests.support.reports import AGREEMENT, STORY, UNTIL, said

SCHEMA = json.loads((Path(__file__).parents[4] / "schemas" / "report.schema.json").read_text())
OCTOBER = ("--from", "2026-10-01", "--to", "2026-10-31", "--until", to_rfc3339(UNTIL))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lines = (
        {"id": f"e{n:02}", "source": "crm", "subject": lead, "type": type_, "time": time, "data": data}
        for n, (lead, type_, time, data) in enumerate(STORY)
    )
    (tmp_path / "agreement.yaml").write_text(AGREEMENT)
    (tmp_path / "events.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "outcomes.jsonl").write_bytes(b"".join(encode_outcome(each.outcome) + b"\n" for each in said()))
    return tmp_path


def report(folder: Path, *more: str) -> Done:
    return lead_sla("report", *OCTOBER, "--policy", "agreement.yaml", *more, folder=folder)


def as_json(folder: Path, *more: str) -> ReportData:
    done = report(folder, "--format", "json", *more)
    assert (done.returncode, done.stderr) == (0, "")
    jsonschema.validate(json.loads(done.stdout), SCHEMA)
    return ReportData.model_validate_json(done.stdout)


def test_outcomes_and_events_of_files_give_the_report_of_the_events_alone(folder: Path) -> None:
    events = as_json(folder, "--events", "events.jsonl")
    both = as_json(folder, "--events", "events.jsonl", "--outcomes", "outcomes.jsonl")
    assert (events.records.said, both.records.said) == ("replayed", "presumed")
    assert both.duties == events.duties
    assert both.kpis == events.kpis
    (quota,) = both.quotas
    assert quota.then is not None
    assert not quota.then.certain  # it was taken back, and a file does not tell when
    assert quota.model_copy(update={"then": events.quotas[0].then}) == events.quotas[0]


def test_outcomes_alone_are_enough_for_what_is_not_made_from_events(folder: Path) -> None:
    outcomes = as_json(folder, "--outcomes", "outcomes.jsonl", "--owners", "2")
    assert (outcomes.duties[0].met, outcomes.duties[0].judged, outcomes.kpis) == (1, 3, None)
    assert outcomes.period.known_until == to_rfc3339(UNTIL)


def test_the_report_is_a_page_in_either_language_on_standard_output_or_in_a_file(folder: Path) -> None:
    english = report(folder, "--events", "events.jsonl").stdout
    assert english.startswith("<!DOCTYPE html>\n")
    done = report(folder, "--events", "events.jsonl", "--language", "de", "--out", "report.html")
    assert (done.returncode, done.stdout) == (0, "wrote report.html\n")
    assert "So wurde die Vereinbarung eingehalten" in (folder / "report.html").read_text(encoding="utf-8")


def test_bad_lines_are_named_and_the_rest_is_reported(folder: Path) -> None:
    path = folder / "outcomes.jsonl"
    path.write_bytes(b"{\n" + path.read_bytes() + path.read_bytes())
    (folder / "events.jsonl").write_text("[]\n" + (folder / "events.jsonl").read_text())
    done = report(folder, "--outcomes", "outcomes.jsonl", "--events", "events.jsonl", "--format", "json")
    assert done.returncode == 1
    first, second = done.stderr.splitlines()
    assert first.startswith("lead-sla: outcomes.jsonl:1: not an outcome: ")
    assert second.startswith("lead-sla: events.jsonl:1: ")
    records = ReportData.model_validate_json(done.stdout).records
    assert (records.left_out, records.repeated, records.outcomes) == (2, len(said()), len(said()))


def test_without_an_instant_time_ends_with_the_newest_record(folder: Path) -> None:
    done = lead_sla(
        "report", *OCTOBER[:4], "-p", "agreement.yaml", "--events", "events.jsonl", "--format", "json", folder=folder
    )
    assert ReportData.model_validate_json(done.stdout).period.known_until == "2026-11-03T08:00:00.000000Z"


def test_the_report_is_not_written_over_what_it_is_made_from(folder: Path) -> None:
    before = (folder / "events.jsonl").read_bytes()
    done = report(folder, "--events", "events.jsonl", "--out", "events.jsonl")
    assert (done.returncode, (folder / "events.jsonl").read_bytes()) == (1, before)
    assert one_error_line(done) == "lead-sla: --out: events.jsonl is what is to be read; name another file"


def test_files_need_an_agreement(folder: Path) -> None:
    done = lead_sla("report", *OCTOBER, "--events", "events.jsonl", folder=folder)
    assert done.returncode == 2
    assert "--policy" in done.stderr


def test_an_event_beyond_every_calendar_is_named(folder: Path) -> None:
    path, agreed = folder / "events.jsonl", AGREEMENT.partition("quotas:")
    beyond = path.read_text().replace("2026-10-01T08", "9998-12-31T23").splitlines(keepends=True)
    path.write_text("".join(line for line in beyond if "9998" in line))
    (folder / "agreement.yaml").write_text(agreed[0] + "follow_up:" + agreed[2].partition("follow_up:")[2])
    done = lead_sla("report", *OCTOBER[:4], "-p", "agreement.yaml", "--events", "events.jsonl", folder=folder)
    assert done.returncode == 1
    assert one_error_line(done).startswith("lead-sla: events.jsonl: ")


def test_brokers_that_do_not_answer_are_named(folder: Path) -> None:
    env = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "LEAD_SLA_POLICY_FILE": "agreement.yaml"}
    done = lead_sla("report", *OCTOBER, folder=folder, **env)
    assert done.returncode == 3
    assert "set KAFKA_BOOTSTRAP_SERVERS" in done.stderr.splitlines()[-1]
