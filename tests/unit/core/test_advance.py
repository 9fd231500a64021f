"""One step of one lead, by example; the invariants are in test_advance_properties.py."""

import pytest

from monitor.core.advance import Remark, Step, advance
from monitor.core.event import Event
from monitor.core.lead import CLOCKS_MAX, EVIDENCE_MAX, new_lead
from monitor.core.outcome import Kind, Reason
from monitor.core.policy import Match, Target
from monitor.core.predicate import parse
from monitor.core.tables import ClockState
from tests.support.agreement import HOUR, MINUTE, duty, elapsed, policy
from tests.support.history import ONE_DUTY, assigned, at, called, event, run, said, tick

SHORTER = policy(duty(warn_at=(), targets=(Target(elapsed(5), None),)), version="2")


def test_a_clock_takes_what_applies_when_it_starts() -> None:
    step = run([assigned(0, grade="A", segment="enterprise")])[0]
    (clock,) = step.lead.fold.clocks
    assert clock.started_at == at(0)
    assert clock.due_at == at(10)
    assert (clock.limit, clock.policy_version, clock.team, clock.cycle) == ("10 minutes elapsed", "1", "sales", 1)
    (outcome,) = step.outcomes
    assert (outcome.kind, outcome.reason, outcome.at) == (Kind.ACTIVATED, Reason.STARTED, at(0))
    assert (outcome.owner, outcome.segment) == ("ana", "enterprise")
    assert outcome.evidence_ids == (assigned(0).id,)


def test_a_tick_before_anything_is_known_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="only leads that are known"):
        advance(None, tick(0), ONE_DUTY)


def test_a_tick_at_the_very_deadline_breaches_and_one_before_it_does_not() -> None:
    before, due, after = run([assigned(0), tick(59.99), tick(60), tick(61)])[1:]
    assert before.outcomes == ()
    assert [(o.kind, o.at) for o in due.outcomes] == [(Kind.BREACHED, at(60))]
    assert after.outcomes == ()


def test_time_never_runs_backwards() -> None:
    lead = run([assigned(0), tick(70), tick(30)])[-1].lead
    assert lead.known_until == at(70)


def test_an_event_alone_never_accuses_whatever_its_instant() -> None:
    steps = run([assigned(0), event("lead.updated", 500)])
    assert steps[-1].outcomes == ()
    assert steps[-1].lead.fold.clocks[0].state is ClockState.RUNNING


def test_a_repeated_event_is_a_duplicate_and_its_id_from_another_source_is_not() -> None:
    again, other = run([called(1), called(1), called(1, sender="crm")])[1:]
    assert again.remarks == (Remark.DUPLICATE,)
    assert Remark.DUPLICATE not in other.remarks
    assert len(other.lead.evidence) == 2


def test_a_disordered_event_is_remarked_and_put_where_it_belongs() -> None:
    step = run([assigned(10), called(20), event("lead.updated", 15)])[-1]
    assert step.remarks == (Remark.OUT_OF_ORDER,)
    assert [evidence.at for evidence in step.lead.evidence] == [at(10), at(15), at(20)]


def test_events_of_one_instant_stand_in_the_order_of_their_kinds_then_of_their_ids() -> None:
    names = ["lead.erased", "lead.created", "activity.logged", "lead.assigned", "lead.accepted"]
    events = [event(name, 0) for name in names if name != "lead.erased"]
    events += [event("lead.updated", 0, id_=id_) for id_ in "ba"]
    lead = run(events)[-1].lead
    assert [evidence.type for evidence in lead.evidence] == [
        "lead.created", "lead.updated", "lead.updated", "lead.assigned", "activity.logged", "lead.accepted",
    ]  # fmt: skip
    assert [evidence.id for evidence in lead.evidence if evidence.type == "lead.updated"] == ["a", "b"]


def test_a_follow_up_counts_before_what_ends_the_duty_at_the_same_instant() -> None:
    (outcome,) = said([assigned(0), event("lead.recycled", 5), called(5)])[-1:]
    assert outcome.kind is Kind.MET


@pytest.mark.parametrize(
    ("stages", "remark"),
    [
        (["mql", "sal"], (Remark.TRANSITION_LEGAL,)),
        (["mql", "sql"], (Remark.TRANSITION_SKIPPED,)),
        (["customer", "sql"], (Remark.TRANSITION_ILLEGAL,)),
        (["sal", "mql"], (Remark.TRANSITION_SKIPPED,)),  # by way of recycled
        (["mql", "mql"], ()),
        (["mql"], ()),
        (["mql", "nowhere"], ()),
    ],
)
def test_a_step_through_the_funnel_is_remarked(stages: list[str], remark: tuple[Remark, ...]) -> None:
    steps = run([event("lead.stage_changed", n, stage=stage) for n, stage in enumerate(stages)])
    assert steps[-1].remarks == remark


def test_a_stage_that_the_agreement_does_not_know_leaves_the_lead_where_it_is() -> None:
    lead = run([event("lead.stage_changed", 0, stage="mql"), event("lead.stage_changed", 1, stage="nowhere")])[-1].lead
    assert (lead.fold.stage, lead.fold.stage_at) == ("mql", at(0))


def test_a_later_agreement_does_not_move_a_clock_that_runs() -> None:
    running = run([assigned(0)])[-1].lead
    disordered = run([event("lead.updated", -1), tick(30)], SHORTER, running)
    assert [o.kind for step in disordered for o in step.outcomes] == []
    (clock,) = disordered[-1].lead.fold.clocks
    assert (clock.due_at, clock.policy_version) == (at(60), "1")


def test_a_later_agreement_applies_to_the_clocks_that_start_under_it() -> None:
    steps = [event("lead.recycled", 20), assigned(30)]
    clocks = run(steps, SHORTER, run([assigned(0)])[-1].lead)[-1].lead.fold.clocks
    assert [(clock.cycle, clock.due_at, clock.policy_version) for clock in clocks] == [
        (1, at(60), "1"),
        (2, at(35), "2"),
    ]


def test_a_duty_that_the_agreement_no_longer_has_is_cancelled_at_the_next_tick() -> None:
    without = policy(duty("other", starts=()), version="2")
    running = run([assigned(0)])[-1].lead
    quiet, ticked, again = run([called(10), tick(20), event("lead.updated", 5)], without, running)
    assert quiet.outcomes == ()
    assert [(o.kind, o.reason, o.at, o.evidence_ids) for o in ticked.outcomes] == [
        (Kind.CANCELLED, Reason.DUTY_REMOVED, at(20), ())
    ]
    assert again.outcomes == ()


def test_a_removed_duty_is_cancelled_at_its_deadline_at_the_latest() -> None:
    without = policy(duty("other", starts=()), version="2")
    outcomes = run([tick(300)], without, run([assigned(0)])[-1].lead)[-1].outcomes
    assert [(o.kind, o.at) for o in outcomes] == [(Kind.CANCELLED, at(60)), (Kind.FINALISED, at(120))]


def test_an_erased_lead_keeps_nothing_but_that_it_was_erased() -> None:
    step = run([assigned(0, segment="enterprise"), event("lead.erased", 5)])[-1]
    assert step.lead == new_lead("L").but(erased=True)
    assert step.remarks == (Remark.ERASED,)
    (outcome,) = step.outcomes
    assert (outcome.kind, outcome.reason, outcome.at) == (Kind.CANCELLED, Reason.ERASED, at(5))


def test_nothing_is_learnt_of_an_erased_lead() -> None:
    *_, erased, assigned_again, ticked = run([assigned(0), event("lead.erased", 5), assigned(6), tick(300)])
    assert assigned_again == Step(erased.lead, (), (Remark.ERASED,))
    assert ticked.outcomes == ()


def test_erasing_adds_no_second_verdict() -> None:
    for ended in ([called(5)], [tick(60)], [tick(60), called(70)], [event("lead.recycled", 5)]):
        assert run([assigned(0), *ended, event("lead.erased", 90)])[-1].outcomes == ()


def test_erasing_says_a_cancellation_again_under_a_new_id_when_one_was_taken_back() -> None:
    recycled = event("lead.recycled", 20)
    again = [event("lead.recycled", 10), assigned(15)]  # so the second cycle ended at 20, and the first at 10
    steps = run([assigned(0), recycled, *again, event("lead.erased", 30)])
    ids = [outcome.outcome_id for step in steps for outcome in step.outcomes]
    assert len(ids) == len(set(ids))


def test_evidence_that_comes_after_its_source_is_final_is_kept_and_changes_nothing() -> None:
    step = run([assigned(0), tick(60), tick(120), called(30), tick(121)])[3]
    assert step.remarks == (Remark.TOO_LATE,)
    assert step.outcomes == ()
    assert [*step.lead.evidence][-1].barred == ("first-touch",)
    assert step.lead.fold.clocks[0].state is ClockState.BREACHED


def test_evidence_just_before_its_source_is_final_still_counts() -> None:
    kinds = [outcome.kind for outcome in said([assigned(0), tick(60), tick(119.9), called(30)])]
    assert kinds == [Kind.BREACHED, Kind.WITHDRAWN, Kind.MET]


def test_each_source_has_its_own_wait() -> None:
    waits = policy(duty(warn_at=(), final_after={"default": 10 * MINUTE, "crm": 3 * HOUR}))
    history = [assigned(0), tick(60), tick(100)]
    assert run([*history, called(30, sender="dialler")], waits)[-1].outcomes == ()
    assert [o.kind for o in run([*history, called(30, sender="crm")], waits)[-1].outcomes] == [Kind.WITHDRAWN, Kind.MET]


def test_what_is_final_for_one_duty_still_counts_for_another() -> None:
    both = policy(
        duty("quick", warn_at=()),
        duty("slow", warn_at=(), targets=(Target(elapsed(600), None),)),
    )
    said_last = run([assigned(0), tick(60), tick(120), called(30)], both)[-1].outcomes
    assert [(o.kind, o.duty) for o in said_last] == [(Kind.MET, "slow")]


def test_a_final_lead_is_finalised_once_and_keeps_its_verdict_in_any_later_fold() -> None:
    history = [assigned(0), tick(60), tick(120), tick(130), event("lead.updated", -5), tick(131)]
    assert [(o.kind, o.at) for o in said(history)] == [(Kind.BREACHED, at(60)), (Kind.FINALISED, at(120))]


def long_history(events: int) -> list[Event]:
    return [assigned(0), *(event("lead.updated", 1 + n, score=n) for n in range(events - 1))]


def test_the_older_half_of_too_much_evidence_goes_into_the_base() -> None:
    steps = run(long_history(EVIDENCE_MAX + 1))
    assert len(steps[-2].lead.evidence) == EVIDENCE_MAX
    assert steps[-2].lead.base is None
    lead = steps[-1].lead
    assert len(lead.evidence) == EVIDENCE_MAX + 1 - (EVIDENCE_MAX + 1) // 2
    assert lead.base_key is not None
    assert lead.base_key < next(iter(lead.evidence)).key()
    assert lead.fold == steps[-1].lead.fold
    assert lead.fold.attributes["owner"] == "ana"


def test_what_is_older_than_the_base_is_too_late_and_what_is_newer_is_judged() -> None:
    history = long_history(EVIDENCE_MAX + 1)
    older, newer = run([*history, called(0.5), called(59)])[-2:]
    assert (older.remarks, older.outcomes) == ((Remark.TOO_LATE,), ())
    assert [o.kind for o in newer.outcomes] == [Kind.MET]


def test_a_clock_in_the_base_is_judged_on() -> None:
    assert [o.kind for o in said([*long_history(EVIDENCE_MAX + 1), tick(60), called(70.5)])] == [
        Kind.BREACHED,
        Kind.FULFILLED_LATE,
    ]


def test_the_oldest_ended_clocks_go_first() -> None:
    rounds = CLOCKS_MAX + 1
    history = [
        e for n in range(rounds) for e in (assigned(3 * n), called(3 * n + 1), event("lead.recycled", 3 * n + 2))
    ]
    lead = run(history)[-1].lead
    assert len(lead.fold.clocks) <= CLOCKS_MAX
    assert lead.fold.clocks[-1].cycle == rounds
    assert {(told.duty, told.cycle) for told in lead.told} == {(c.duty, c.cycle) for c in lead.fold.clocks}


BY_SOURCE = policy(duty(warn_at=(), final_after={"default": 10 * MINUTE, "crm": 3 * HOUR}))


def test_an_earlier_start_from_a_source_that_is_final_does_not_move_a_clock_that_others_may_still_revise() -> None:
    late_start = assigned(-10)._replace(source="dialler")
    step = run([assigned(0), tick(60), tick(100), late_start], BY_SOURCE)[-1]
    assert step.outcomes == ()
    assert step.lead.fold.clocks[0].started_at == at(0)


def test_no_second_clock_starts_behind_a_verdict_that_is_final() -> None:
    history = [assigned(0), assigned(10), tick(60), tick(120), event("lead.recycled", 5), tick(400)]
    assert [o.kind for step in run(history)[3:] for o in step.outcomes] == [Kind.FINALISED]


def test_a_final_verdict_stays_when_what_started_it_would_not_start_it_any_more() -> None:
    only_hot = policy(duty(warn_at=(), starts=(Match(frozenset({"lead.assigned"}), when=parse("score >= 60")),)))
    history = [event("lead.created", -10, score=70), assigned(0), tick(60), tick(120)]
    step = run([*history, event("lead.updated", -5, score=10)], only_hot)[-1]
    assert step.outcomes == ()
    assert [clock.state for clock in step.lead.fold.clocks] == [ClockState.BREACHED]


def test_the_lateness_of_a_final_breach_is_that_of_the_first_act_in_whatever_order_they_arrive() -> None:
    history = [assigned(0), tick(60), tick(120)]
    in_order = said([*history, called(130), called(140)])[-1]
    disordered = said([*history, called(140), called(130)])[-1]
    assert (in_order.kind, in_order.at) == (disordered.kind, disordered.at) == (Kind.FULFILLED_LATE, at(130))


def test_evidence_at_the_very_instant_of_a_final_verdict_is_too_late_as_well() -> None:
    step = run([assigned(0), tick(60), tick(120), called(60)])[-1]
    assert (step.outcomes, [*step.lead.evidence][-1].barred) == ((), ("first-touch",))


def test_a_duty_that_was_never_judged_is_not_final_however_long_ago_it_was_due() -> None:
    outcomes = run([event("lead.updated", -5), tick(200), assigned(0), called(30)])[-1].outcomes
    assert [o.kind for o in outcomes] == [Kind.MET]


def test_a_clock_runs_on_while_its_breach_is_held_back() -> None:
    holding = policy(duty(warn_at=(), hold_us=5 * MINUTE))
    during, over = run([assigned(0), tick(62), tick(65)], holding)[1:]
    assert during.lead.fold.clocks[0].state is ClockState.RUNNING
    assert over.lead.fold.clocks[0].state is ClockState.BREACHED


def test_a_clock_is_final_from_the_very_instant_on() -> None:
    before, then = run([assigned(0), tick(60), tick(119.9), tick(120)])[2:]
    assert [step.lead.fold.clocks[0].final for step in (before, then)] == [False, True]


def test_a_breached_clock_stays_breached_when_events_are_folded_again() -> None:
    step = run([assigned(0), tick(60), event("lead.updated", 70), event("lead.updated", 65)])[-1]
    assert step.remarks == (Remark.OUT_OF_ORDER,)
    assert step.lead.fold.clocks[0].state is ClockState.BREACHED


def test_an_erasure_dated_before_the_start_cancels_at_the_start() -> None:
    (outcome,) = run([assigned(10), event("lead.erased", 5)])[-1].outcomes
    assert (outcome.kind, outcome.at) == (Kind.CANCELLED, at(10))


def test_the_owner_is_known_when_the_assignment_is_no_longer_kept() -> None:
    (met,) = said([*long_history(EVIDENCE_MAX + 1), called(59.5)])
    assert (met.kind, met.owner) == (Kind.MET, "ana")
