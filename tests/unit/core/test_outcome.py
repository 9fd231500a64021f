"""An outcome's id never changes, and never stands for two things."""

from typing import Any

import pytest

from monitor.core.outcome import Delivery, Kind, Outcome, Reason

BREACHED = Outcome(
    kind=Kind.BREACHED, lead="L-1", duty="first-touch", cycle=1, level="", revision=0, policy_version="2026-Q4",
    reason=Reason.NO_EVIDENCE, at=1_790_852_400_000_000, team="sales", owner="ana", segment="mid-market",
    lead_source="webinar", started_at=1_790_838_000_000_000, due_at=1_790_852_400_000_000, limit="4 working_hours",
    calendar="munich", evidence_ids=(), evidence_at=None,
)  # fmt: skip


def test_an_id_is_the_same_in_every_release() -> None:
    assert BREACHED.outcome_id == "out_3e91c246dfeafb276d90fc8f9477320c"


@pytest.mark.parametrize(
    "changes",
    [
        {"lead": "L-2"}, {"duty": "acceptance"}, {"cycle": 2}, {"kind": Kind.MET}, {"level": "80"},
        {"policy_version": "2027-Q1"}, {"revision": 1},
    ],
    ids=lambda changes: next(iter(changes)),
)  # fmt: skip
def test_an_id_changes_with_each_part_that_makes_an_outcome_another_one(changes: dict[str, Any]) -> None:
    assert BREACHED._replace(**changes).outcome_id != BREACHED.outcome_id


@pytest.mark.parametrize(
    "changes",
    [
        {"reason": Reason.AFTER_DUE}, {"at": 1}, {"team": ""}, {"owner": "ben"}, {"segment": ""}, {"lead_source": ""},
        {"started_at": 1}, {"due_at": 1}, {"limit": ""}, {"calendar": ""}, {"evidence_ids": ("e1",)},
        {"evidence_at": 1}, {"late_elapsed_us": 1}, {"late_working_us": 1}, {"supersedes": "out_x"}, {"hold_us": 1},
    ],
    ids=lambda changes: next(iter(changes)),
)  # fmt: skip
def test_an_id_stays_whatever_else_is_said(changes: dict[str, Any]) -> None:
    assert BREACHED._replace(**changes).outcome_id == BREACHED.outcome_id


def test_parts_do_not_run_into_one_another() -> None:
    first = BREACHED._replace(lead="L-1", duty="1-first")
    second = BREACHED._replace(lead="L-11", duty="-first")
    assert first.outcome_id != second.outcome_id


def test_quotas_terms_and_values_have_ids_of_their_own() -> None:
    delivery = Delivery("2026-10", (("segment", "smb"),), 1, 1, 0, 0, 0)
    of_quota = BREACHED._replace(lead="", delivery=delivery)
    assert of_quota.subject == f"{BREACHED.duty}/2026-10/smb"
    others = [
        of_quota._replace(delivery=delivery._replace(term="2026-11")),
        of_quota._replace(delivery=delivery._replace(dims=(("segment", "enterprise"),))),
        of_quota._replace(duty="others"),
    ]
    assert len({each.outcome_id for each in (of_quota, *others)}) == 4
    assert of_quota._replace(delivery=delivery._replace(delivered=2)).outcome_id == of_quota.outcome_id


def test_every_field_is_known_to_these_tests() -> None:
    identifying = {"lead", "duty", "cycle", "kind", "level", "policy_version", "revision"}
    other = {
        "reason", "at", "team", "owner", "segment", "lead_source", "started_at", "due_at", "limit", "calendar",
        "evidence_ids", "evidence_at", "late_elapsed_us", "late_working_us", "supersedes", "hold_us",
        "missing", "delivery", "changes",
    }  # fmt: skip
    assert identifying | other == set(Outcome._fields)
