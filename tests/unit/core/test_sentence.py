"""Each outcome can be said in one sentence."""

import pytest

from monitor.core.instant import from_rfc3339
from monitor.core.outcome import Kind, Outcome, Reason
from monitor.core.sentence import sentence

DUE_AT = from_rfc3339("2026-10-01T11:00:00Z")
BREACHED = Outcome(
    kind=Kind.BREACHED, lead="L-1", duty="first-touch", cycle=1, level="", revision=0, policy_version="2026-Q4",
    reason=Reason.NO_EVIDENCE, at=DUE_AT, team="sales", owner="ana", segment="", lead_source="",
    started_at=from_rfc3339("2026-10-01T07:00:00Z"), due_at=DUE_AT, limit="4 working_hours", calendar="munich",
    evidence_ids=(), evidence_at=None,
)  # fmt: skip
START = "first-touch on lead L-1 "
DUE = "2026-10-01T11:00:00Z (4 working_hours, munich); owner ana."


def _late(late_us: int, working_us: int | None = None) -> Outcome:
    return BREACHED._replace(
        kind=Kind.FULFILLED_LATE, at=DUE_AT + late_us, late_elapsed_us=late_us, late_working_us=working_us
    )


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (BREACHED, f"breached: no follow-up by {DUE}"),
        (
            BREACHED._replace(owner="", calendar="", limit=""),
            "breached: no follow-up by 2026-10-01T11:00:00Z; nobody assigned.",
        ),
        (
            BREACHED._replace(kind=Kind.ACTIVATED, at=BREACHED.started_at),
            f"started at 2026-10-01T07:00:00Z: a follow-up is due by {DUE}",
        ),
        (
            BREACHED._replace(kind=Kind.WARNED, level="80", at=DUE_AT - 2_880_000_000),
            f"has used 80% of its time at 2026-10-01T10:12:00Z: a follow-up is due by {DUE}",
        ),
        (
            BREACHED._replace(kind=Kind.MET, at=DUE_AT - 1),
            f"met: followed up at 2026-10-01T10:59:59.999999Z, due by {DUE}",
        ),
        (
            BREACHED._replace(kind=Kind.MET, at=DUE_AT - 1_000_000, reason=Reason.REJECTED, missing="no-budget"),
            f"met: rejected (no-budget) at 2026-10-01T10:59:59Z, due by {DUE}",
        ),
        (
            _late(93_784_000_000, 3_600_000_000),
            f"fulfilled late: followed up at 2026-10-02T13:03:04Z, 1 d 2 h late (1 h of working time), due by {DUE}",
        ),
        (
            _late(1, 0),
            "fulfilled late: followed up at 2026-10-01T11:00:00.000001Z, 0.000001 s late (0 s of working time), "
            f"due by {DUE}",
        ),
        (
            BREACHED._replace(kind=Kind.AMENDED, level="1", reason=Reason.NEW_VERSION),
            f"is judged by version 2026-Q4 since 2026-10-01T11:00:00Z: a follow-up is due by {DUE}",
        ),
        (
            BREACHED._replace(kind=Kind.WITHDRAWN, level="breached", reason=Reason.NEW_VERSION),
            "corrected: the breach was withdrawn, by a new version of the agreement; owner ana.",
        ),
        (
            BREACHED._replace(kind=Kind.CANCELLED, reason=Reason.MERGED),
            "cancelled at 2026-10-01T11:00:00Z: the lead was merged into another; owner ana.",
        ),
        (
            BREACHED._replace(kind=Kind.CANCELLED, reason=Reason.CONDITION),
            "cancelled at 2026-10-01T11:00:00Z: an event ended the duty; owner ana.",
        ),
        (
            BREACHED._replace(kind=Kind.WITHDRAWN, level="breached"),
            "corrected: the breach was withdrawn, by evidence that arrived late; owner ana.",
        ),
        (
            BREACHED._replace(kind=Kind.WITHDRAWN, level="warned:80"),
            "corrected: the warning at 80% was withdrawn, by evidence that arrived late; owner ana.",
        ),
        (
            BREACHED._replace(kind=Kind.WITHDRAWN, level="fulfilled_late"),
            "corrected: the verdict fulfilled late was withdrawn, by evidence that arrived late; owner ana.",
        ),
        (
            BREACHED._replace(kind=Kind.FINALISED),
            "final since 2026-10-01T11:00:00Z: later evidence changes nothing; owner ana.",
        ),
    ],
)
def test_an_outcome_is_said_in_one_sentence(outcome: Outcome, said: str) -> None:
    assert sentence(outcome) == START + said


@pytest.mark.parametrize("kind", Kind)
def test_a_name_from_outside_cannot_break_the_line(kind: Kind) -> None:
    said = sentence(BREACHED._replace(kind=kind, owner="ana\n\x1b[31m\u202eroot", lead="L\r1"))
    assert said.isprintable()
