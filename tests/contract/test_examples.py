"""The example of a quarter: every figure of its page was counted by hand, and a replay says the same."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from monitor.cli.main import app

QUARTER = Path(__file__).parents[2] / "examples" / "quarter"
REPORT = (
    "report", "--from", "2026-10-01", "--to", "2026-12-31", "--events", str(QUARTER / "events.jsonl"), "-p",
    str(QUARTER / "agreement.yaml"), "--until", "2027-01-15T12:00:00+01:00", "--owners", "5",
)  # fmt: skip


class Replayed:
    """What the command has printed and written."""

    def __init__(self, out: Path) -> None:
        files = [str(QUARTER / "events.jsonl"), "-p", str(QUARTER / "agreement.yaml"), "-o", str(out)]
        ended = CliRunner().invoke(app, ["replay", *files, "--until", "2026-12-31T22:59:59Z", "--json"])
        assert ended.exit_code == 0
        self.answer: dict[str, Any] = json.loads(ended.stdout)["marketing"]
        self.kpis: dict[str, Any] = self.answer["kpis"]
        self.outcomes = [json.loads(line) for line in out.read_text().splitlines()]


@pytest.fixture(scope="module")
def quarter(tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    return Replayed(tmp_path_factory.mktemp("quarter") / "outcomes.jsonl")


def test_the_quotas_are_those_counted_by_hand(quarter: Replayed) -> None:
    counted = {
        (each["term"], *each["values"]): tuple(each[key] for key in ("target", "delivered", "clawed_back", "refused"))
        for each in quarter.answer["quotas"]
    }
    assert counted == {
        ("2026-10", "enterprise"): (2, 2, 1, 0),
        ("2026-10", "mid-market"): (3, 2, 1, 1),
        ("2026-10", "other"): (None, 1, 0, 0),
        ("2026-11", "enterprise"): (2, 1, 0, 1),
        ("2026-11", "mid-market"): (3, 3, 0, 0),
        ("2026-12", "enterprise"): (2, 2, 0, 0),
        ("2026-12", "mid-market"): (3, 2, 0, 0),
    }


def test_the_verdicts_are_told_in_this_order(quarter: Replayed) -> None:
    told: dict[str, list[str]] = {}
    for outcome in quarter.outcomes:
        if outcome["data"]["duty"] == "qualified-leads":
            level = outcome["data"]["level"]
            what = f"{outcome['data']['kind']}{' ' if level else ''}{level} {outcome['time'][:16]}"
            told.setdefault(outcome["subject"].removeprefix("qualified-leads/"), []).append(what)
    assert told == {
        "2026-10/enterprise": [
            "met 2026-10-08T08:00", "withdrawn met 2026-10-08T08:00", "met 2026-10-20T08:00",
            "finalised 2026-11-07T23:00",
        ],
        "2026-10/mid-market": [
            "met 2026-10-30T14:00", "withdrawn met 2026-10-30T14:00", "breached 2026-10-31T23:00",
            "finalised 2026-11-07T23:00",
        ],
        "2026-11/enterprise": ["breached 2026-11-30T23:00", "finalised 2026-12-07T23:00"],
        "2026-11/mid-market": ["met 2026-11-27T09:00", "finalised 2026-12-07T23:00"],
        "2026-12/enterprise": ["met 2026-12-15T09:00"],
    }  # fmt: skip


def test_the_nine_figures_are_those_counted_by_hand(quarter: Replayed) -> None:
    kpis = quarter.kpis
    assert quarter.answer["definitions"] == {"definition-mql": [16, 18]}
    assert kpis["sales_goal"] == {
        "won": {"EUR": "16000.50"},
        "target": "20000.00",
        "currency": "EUR",
        "share": 0.8,
    }
    assert kpis["leads_in_funnel"] == {"customer": 2, "mql": 10, "recycled": 4}
    assert kpis["high_quality_leads"] == {"2026-10": {"mql": 7}, "2026-11": {"mql": 5}, "2026-12": {"mql": 4}}
    assert kpis["follow_up_attempts"] == {"total": 8, "leads": 4, "per_lead": 2.0, "to_first_connect": [1, 2, 3]}
    assert kpis["conversion"]["inquiry to mql"] == {"cohort": 8, "converted": 8, "left": 8, "reached": 17}
    assert kpis["conversion"]["mql to sal"] == {"cohort": 16, "converted": 2, "left": 17, "reached": 2}
    assert kpis["average_deal_size"] == {"EUR": "5333.50"}
    assert kpis["sales_cycle_days"] == {"p10": 30.0, "p25": 30.0, "p50": 30.0, "p75": 60.0, "p90": 60.0}
    assert kpis["customer_acquisition_cost"] == {"EUR": "2000.00", "CHF": "100.00"}
    assert kpis["customer_lifetime_value"] == {"EUR": "11250.00"}


def test_people_read_the_same_in_lines(quarter: Replayed, tmp_path: Path) -> None:
    files = [str(QUARTER / "events.jsonl"), "-p", str(QUARTER / "agreement.yaml"), "-o", str(tmp_path / "o.jsonl")]
    said = CliRunner().invoke(app, ["replay", *files, "--until", "2026-12-31T22:59:59Z"]).stdout
    assert "definition-mql: 16 of 18 entries met it" in said
    assert "qualified-leads 2026-10 mid-market: 2 of 3 delivered, 1 clawed back, 1 refused" in said
    assert "2026-Q4 sales cycle days: p10 30.0, p25 30.0, p50 30.0, p75 60.0, p90 60.0" in said


def report(*options: str) -> str:
    ended = CliRunner().invoke(app, [*REPORT, *options])
    assert ended.exit_code == 0
    return ended.stdout


def test_the_report_says_of_follow_up_what_was_counted_by_hand() -> None:
    (duty,) = json.loads(report("--format", "json"))["duties"]
    assert (duty["met"], duty["judged"], duty["percent"], duty["provisional"], duty["open"]) == (3, 6, 50.0, 0, 0)
    (quarter,) = duty["objective"]["periods"]
    assert (quarter["period"], quarter["reached"], quarter["misses_left"]) == ("2026-Q4", False, -2)
    cuts = {cut["by"]: {each["name"]: [each["met"], each["judged"]] for each in cut["values"]} for cut in duty["cuts"]}
    assert cuts == {
        "team": {"sales": [3, 6]},
        "segment": {"enterprise": [2, 3], "mid-market": [1, 3]},
        "source": {"fair": [2, 4], "web-form": [1, 2]},
        "owner": {"ana": [2, 3], "ben": [1, 3]},
    }
    misses = duty["misses"]
    assert misses["by_reason"] == [{"name": "no_evidence_by_due", "count": 3}]
    assert [(each["name"], each["count"]) for each in misses["by_delay"] if each["count"]] == [
        ("1_h", 1),
        ("not_yet", 2),
    ]
    assert misses["by_wait"] == [{"step": "touch", "team": "sales", "count": 3}]


def test_the_report_says_of_marketing_what_was_counted_by_hand() -> None:
    answer = json.loads(report("--format", "json"))
    (mql,) = answer["definitions"]
    assert (mql["met"], mql["judged"]) == (16, 18)
    assert mql["missing"] == [{"name": "not score >= 60", "count": 1}, {"name": "without source", "count": 1}]
    keys = ("entered", "refused", "clawed_back", "delivered", "target", "verdict", "final")
    assert {(each["term"], *each["values"]): tuple(each[key] for key in keys) for each in answer["quotas"]} == {
        ("2026-10", "enterprise"): (3, 0, 1, 2, 2, "met", True),
        ("2026-10", "mid-market"): (4, 1, 1, 2, 3, "breached", True),
        ("2026-10", "other"): (1, 0, 0, 1, None, None, False),
        ("2026-11", "enterprise"): (2, 1, 0, 1, 2, "breached", True),
        ("2026-11", "mid-market"): (3, 0, 0, 3, 3, "met", True),
        ("2026-12", "enterprise"): (2, 0, 0, 2, 2, "met", True),
        ("2026-12", "mid-market"): (2, 0, 0, 2, 3, "breached", True),
    }


def test_october_stood_otherwise_when_it_closed_than_it_stands_now() -> None:
    answer = json.loads(report("--format", "json", "--to", "2026-10-31"))
    assert {each["values"][0]: (each["then"], each["verdict"]) for each in answer["quotas"]} == {
        "enterprise": ({"verdict": "met", "certain": True}, "met"),
        "mid-market": ({"verdict": "met", "certain": True}, "breached"),
        "other": ({"verdict": None, "certain": True}, None),
    }


@pytest.mark.parametrize(("name", "options"), [("report.html", ()), ("report.de.html", ("--language", "de"))])
def test_the_committed_report_is_the_one_that_is_written_now(name: str, options: tuple[str, ...]) -> None:
    if (QUARTER / name).read_text(encoding="utf-8") != report(*options):
        pytest.fail(f"examples/quarter/{name}: write it again with the command in README.md", pytrace=False)
