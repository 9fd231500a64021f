"""What the signed webhook says of an outcome."""

import json

import pytest

from monitor.core.outcome import Kind, Outcome
from monitor.notify.channels.standard import webhook_body
from monitor.ports import Notice, alone
from tests.support.notices import NOON, outcome


def payload_of(said: Outcome) -> dict[str, object]:
    payload = json.loads(webhook_body(alone(Notice(said.outcome_id, said))))
    assert isinstance(payload, dict)
    return payload


@pytest.mark.parametrize(
    ("said", "word"),
    [
        (outcome(Kind.WARNED, level="80"), "80%"),
        (outcome(Kind.BREACHED), "first-touch on lead lead-1 breached"),
        (outcome(Kind.FULFILLED_LATE, late_elapsed_us=90_000_000), "late"),
        (outcome(Kind.WITHDRAWN, level="breached"), "withdrawn"),
    ],
)
def test_warnings_breaches_late_acts_and_withdrawn_breaches_are_told(said: Outcome, word: str) -> None:
    payload = payload_of(said)
    assert payload["type"] == f"lead-sla.{said.kind.value}"
    data = payload["data"]
    assert isinstance(data, dict)
    assert word in data["summary"]
    assert "ana" in data["summary"]


def test_instants_are_written_in_utc_exact_to_the_microsecond() -> None:
    payload = payload_of(outcome(Kind.BREACHED, at=NOON + 1))
    data = payload["data"]
    assert isinstance(data, dict)
    assert payload["timestamp"] == "2026-10-01T12:00:00.000001Z"
    assert (data["started_at"], data["evidence_at"]) == ("2026-10-01T11:55:00.000000Z", None)


def test_lateness_is_given_in_seconds() -> None:
    data = payload_of(outcome(Kind.FULFILLED_LATE, late_elapsed_us=90_500_000, late_working_us=0))["data"]
    assert isinstance(data, dict)
    assert (data["late_elapsed_s"], data["late_working_s"]) == (90.5, 0.0)


def test_a_breach_of_nobodys_lead_says_so() -> None:
    data = payload_of(outcome(Kind.BREACHED, owner=""))["data"]
    assert isinstance(data, dict)
    assert data["summary"].endswith("; nobody assigned.")


def test_hostile_text_stays_text() -> None:
    lead = 'x","type":"forged\n'
    payload = payload_of(outcome(Kind.BREACHED, lead=lead, owner="\ud800ana"))
    data = payload["data"]
    assert isinstance(data, dict)
    assert payload["type"] == "lead-sla.breached"
    assert (data["lead"], data["owner"]) == (lead, "?ana")


@pytest.mark.parametrize("kind", [Kind.AMENDED, Kind.REVIEW_DUE, Kind.REVIEW_OVERDUE])
def test_what_is_said_of_the_agreement_itself_is_told_with_what_changes(kind: Kind) -> None:
    said = outcome(kind, lead="", duty="agreement", changes=("duty answer: removed",))
    data = payload_of(said)["data"]
    assert isinstance(data, dict)
    assert (data["lead"], data["duty"], data["changes"]) == ("", "agreement", ["duty answer: removed"])
