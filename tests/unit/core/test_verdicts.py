"""What is said, when the next thing may be said, and how a correction refers to what it corrects."""

from monitor.core.advance import TimeAdvanced
from monitor.core.event import Event
from monitor.core.instant import from_rfc3339
from monitor.core.outcome import Kind, Reason
from monitor.core.policy import Policy, Target
from monitor.core.tellings import next_instant
from tests.support.agreement import ACCEPTANCE, DISPOSITION, HOUR, MINUTE, duty, elapsed, event_is, policy
from tests.support.history import ONE_DUTY, assigned, at, called, event, run, said, tick

WARNING = policy(duty())
HOLDING = policy(duty(warn_at=(50,), hold_us=5 * MINUTE))


def next_minutes(*steps: Event | TimeAdvanced, agreement: Policy = WARNING) -> float | None:
    lead = run(steps, agreement)[-1].lead
    pending = next_instant(lead)
    return None if pending is None else (pending - at(0)) / MINUTE


def test_a_running_clock_waits_for_its_warnings_its_deadline_and_its_finality() -> None:
    assert next_minutes(assigned(0)) == 30
    assert next_minutes(assigned(0), tick(30)) == 48
    assert next_minutes(assigned(0), tick(48)) == 60
    assert next_minutes(assigned(0), tick(60)) == 120
    assert next_minutes(assigned(0), tick(120)) is None


def test_a_clock_that_is_met_waits_only_for_its_finality() -> None:
    assert next_minutes(assigned(0), called(10)) == 70
    assert next_minutes(assigned(0), called(10), tick(70)) is None


def test_the_hold_puts_off_warnings_and_the_breach_but_not_finality() -> None:
    assert next_minutes(assigned(0), agreement=HOLDING) == 35
    assert next_minutes(assigned(0), tick(35), agreement=HOLDING) == 65
    assert next_minutes(assigned(0), tick(65), agreement=HOLDING) == 120


def test_a_late_fulfilment_waits_until_its_breach_may_be_told() -> None:
    assert next_minutes(assigned(0), called(62), agreement=HOLDING) == 65
    assert next_minutes(assigned(0), called(62), tick(65), agreement=HOLDING) == 120


def test_each_source_that_becomes_final_is_waited_for() -> None:
    waits = policy(duty(warn_at=(), final_after={"default": 10 * MINUTE, "crm": HOUR}))
    assert next_minutes(assigned(0), tick(60), agreement=waits) == 70
    assert next_minutes(assigned(0), tick(70), agreement=waits) == 120
    assert next_minutes(assigned(0), tick(120), agreement=waits) is None


def test_a_lead_without_clocks_waits_for_nothing() -> None:
    assert next_minutes(event("lead.created", 0)) is None


REJECTED = event("lead.rejected", 10, reason="no-budget")


def test_a_duty_that_a_rejection_meets_says_so_and_why_the_lead_was_rejected() -> None:
    (met,) = said([event("lead.handed_off", 0), REJECTED], policy(ACCEPTANCE))
    assert (met.kind, met.reason, met.missing) == (Kind.MET, Reason.REJECTED, "no-budget")
    (met,) = said([event("lead.handed_off", 0), event("lead.accepted", 10)], policy(ACCEPTANCE))
    assert (met.kind, met.reason, met.missing) == (Kind.MET, Reason.IN_TIME, "")


def test_a_duty_that_a_rejection_cancels_is_cancelled_by_an_event() -> None:
    (cancelled,) = said([assigned(0), REJECTED], policy(duty(cancelled_by=event_is("lead.rejected"))))
    assert (cancelled.kind, cancelled.reason, cancelled.missing) == (Kind.CANCELLED, Reason.CONDITION, "")


def test_a_met_verdict_names_its_evidence() -> None:
    (met,) = said([assigned(0), called(10)])
    assert (met.kind, met.reason, met.at) == (Kind.MET, Reason.IN_TIME, at(10))
    assert (met.evidence_ids, met.evidence_at) == ((called(10).id,), at(10))
    assert (met.late_elapsed_us, met.late_working_us, met.supersedes, met.revision) == (None, None, None, 0)


def test_a_breach_is_stamped_with_the_due_instant_whenever_it_is_noticed() -> None:
    (punctual,) = said([assigned(0), tick(60)])
    (belated,) = said([assigned(0), tick(100)])
    assert punctual == belated
    assert (punctual.at, punctual.due_at, punctual.evidence_ids, punctual.evidence_at) == (at(60), at(60), (), None)


def test_lateness_is_elapsed_and_where_there_is_a_calendar_working_time_too() -> None:
    *_, late = said([assigned(0), tick(60), called(75)])
    assert (late.kind, late.late_elapsed_us, late.late_working_us) == (Kind.FULFILLED_LATE, 15 * MINUTE, None)
    # Accepted on Thursday at 16:00, two working hours: due at closing, 17:00 and 10:00 the next day.
    accepted_at = (from_rfc3339("2026-10-01T14:00:00Z") - at(0)) / MINUTE
    moved = event("lead.stage_changed", accepted_at + 20 * 60, stage="sql")
    *_, late = said([event("lead.accepted", accepted_at), tick(accepted_at + 19 * 60), moved], policy(DISPOSITION))
    assert late.due_at == from_rfc3339("2026-10-02T08:00:00Z")
    assert (late.late_elapsed_us, late.late_working_us) == (2 * HOUR, 2 * HOUR)


def test_a_withdrawal_names_what_it_takes_back_with_the_revision_of_that() -> None:
    _, withdrawn, met = said([assigned(0), tick(60), called(30)])
    assert (withdrawn.kind, withdrawn.level, withdrawn.reason) == (Kind.WITHDRAWN, "breached", Reason.LATE_EVIDENCE)
    assert (withdrawn.revision, withdrawn.at, withdrawn.due_at) == (0, at(60), at(60))
    assert met.kind is Kind.MET


def test_what_is_taken_back_is_said_before_what_takes_its_place() -> None:
    outcomes = run([assigned(0), tick(60), called(70), called(30)])[-1].outcomes
    assert [(o.kind, o.level) for o in outcomes] == [
        (Kind.WITHDRAWN, "breached"),
        (Kind.WITHDRAWN, "fulfilled_late"),
        (Kind.MET, ""),
    ]


def test_a_correction_refers_to_what_it_replaces_and_the_next_one_to_the_correction() -> None:
    outcomes = said([assigned(0), called(50), called(40), called(30)])
    assert [(o.kind, o.at, o.revision) for o in outcomes] == [
        (Kind.MET, at(50), 0), (Kind.MET, at(40), 1), (Kind.MET, at(30), 2),
    ]  # fmt: skip
    assert [o.supersedes for o in outcomes] == [None, outcomes[0].outcome_id, outcomes[1].outcome_id]


def test_what_was_taken_back_and_holds_again_has_a_new_revision() -> None:
    outcomes = said([assigned(0), called(30), event("lead.recycled", 20), called(10)])
    assert [(o.kind, o.level, o.revision, o.supersedes) for o in outcomes] == [
        (Kind.MET, "", 0, None),
        (Kind.WITHDRAWN, "met", 0, outcomes[0].outcome_id),
        (Kind.CANCELLED, "", 0, None),
        (Kind.WITHDRAWN, "cancelled", 0, outcomes[2].outcome_id),
        (Kind.MET, "", 1, None),
    ]


def test_a_warning_that_is_disproved_and_proved_again_is_revision_one() -> None:
    moved = [assigned(0), tick(31), assigned(-20, grade="A"), tick(32)]
    kinds = [(o.kind, o.level, o.revision) for o in said(moved, WARNING)]
    assert kinds[0] == (Kind.WARNED, "50", 0)
    assert (Kind.WARNED, "50", 1) in kinds


def test_owner_segment_and_source_are_those_of_the_instant_of_the_verdict() -> None:
    history = [
        event("lead.created", -5, source="webform", segment="smb"),
        assigned(0, "ana"),
        assigned(40, "ben", segment="enterprise"),
        assigned(70, "cem"),
        tick(80),
    ]
    (breached,) = (outcome for outcome in said(history) if outcome.kind is Kind.BREACHED)
    assert (breached.owner, breached.segment) == ("ben", "enterprise")


def test_the_source_of_the_lead_is_what_the_events_say_not_who_sent_them() -> None:
    (met,) = said([event("lead.created", -5, "crm", source="webinar"), assigned(0), called(1)])
    assert met.lead_source == "webinar"


def test_an_owner_who_turns_out_to_be_another_is_said_again() -> None:
    first, reassigned, again = said([assigned(0, "ana"), tick(60), assigned(50, "ben")])
    assert reassigned.kind is Kind.REASSIGNED
    assert (first.owner, first.revision) == ("ana", 0)
    assert (again.kind, again.owner, again.revision, again.supersedes) == (
        Kind.BREACHED, "ben", 1, first.outcome_id,
    )  # fmt: skip


def test_an_owner_who_changes_after_the_verdict_is_not_said_again() -> None:
    assert len(said([assigned(0, "ana"), tick(60), assigned(70, "ben"), assigned(65, "cem")])) == 1


def test_an_owner_from_the_very_instant_of_the_verdict_is_said_again() -> None:
    steps = [assigned(0, "ana"), tick(60), assigned(60, "ben")]
    assert [o.owner for o in said(steps) if o.kind is Kind.BREACHED] == ["ana", "ben"]


def test_whoever_owned_a_lead_before_its_kept_evidence_begins_keeps_the_verdict() -> None:
    updates = [event("lead.updated", 71 + n, score=n) for n in range(150)]
    history = [assigned(0, "ana"), tick(60), assigned(65, "ben"), *updates, event("lead.updated", 219.5)]
    assert [(o.kind, o.owner) for o in said(history)] == [(Kind.BREACHED, "ana")]


def test_a_warning_is_held_back_too() -> None:
    held, told = run([assigned(0), tick(32), tick(35)], HOLDING)[1:]
    assert held.outcomes == ()
    assert [(o.kind, o.at) for o in told.outcomes] == [(Kind.WARNED, at(30))]


def test_a_warning_is_due_at_its_share_of_the_limit_and_never_after_the_duty_is_met() -> None:
    assert [(o.level, o.at) for o in said([assigned(0), tick(59)], WARNING)] == [("50", at(30)), ("80", at(48))]
    kinds = [(o.kind, o.level) for o in said([assigned(0), called(40), tick(59)], WARNING)]
    assert kinds == [(Kind.WARNED, "50"), (Kind.MET, "")]


def test_a_duty_met_at_the_instant_of_a_warning_is_not_warned_of() -> None:
    assert [o.kind for o in said([assigned(0), called(30), tick(59)], WARNING)] == [Kind.MET]


def test_duties_are_told_apart() -> None:
    two = policy(duty("quick", warn_at=(), targets=(Target(elapsed(10), None),)), duty("slow", warn_at=()))
    assert [(o.duty, o.kind) for o in said([assigned(0), tick(10), called(20)], two)] == [
        ("quick", Kind.BREACHED),
        ("quick", Kind.FULFILLED_LATE),
        ("slow", Kind.MET),
    ]


def test_an_outcome_carries_the_hold_that_it_waited_for() -> None:
    (breached,) = said([assigned(0), tick(65)], policy(duty(warn_at=(), hold_us=5 * MINUTE)))
    assert (breached.hold_us, breached.at) == (5 * MINUTE, at(60))


def test_a_merge_is_a_reason_of_its_own() -> None:
    (cancelled,) = said([assigned(0), event("lead.merged", 5, into="M")], ONE_DUTY)
    assert (cancelled.kind, cancelled.reason, cancelled.at) == (Kind.CANCELLED, Reason.MERGED, at(5))


def test_what_is_taken_back_names_the_evidence_that_disproved_it() -> None:
    withdrawn = next(o for o in said([assigned(0), tick(60), called(30)]) if o.kind is Kind.WITHDRAWN)
    assert (withdrawn.level, withdrawn.evidence_ids) == ("breached", (called(30).id,))
    assert withdrawn.evidence_at == called(30).at
