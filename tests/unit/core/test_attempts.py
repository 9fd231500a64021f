"""Cadences: which attempts count, when they are enough, and the moment from which they cannot be."""

from monitor.core.limit import Limit, LimitUnit
from monitor.core.outcome import Kind, Outcome, Reason
from monitor.core.policy import Attempts, Inheritance, Match, Pausing, Policy, Reassignment, Target
from monitor.core.tables import ClockState
from tests.support.agreement import HOUR, MINUTE, duty, elapsed, event_is, policy
from tests.support.history import Input, assigned, at, event, run, said, tick

OUTBOUND = Match(frozenset({"activity.logged"}), direction="outbound", actor="owner")
CONNECTED = Match(frozenset({"activity.logged"}), outcomes=frozenset({"connected"}))


def cadence(at_least: int = 3, **more: object) -> Policy:
    agreed = Attempts(at_least, (OUTBOUND,), {}, until=(CONNECTED,))._replace(**more)
    return policy(duty(warn_at=(), met_by=(), attempts=agreed))


def act(minute: float, channel: str = "email", **data: object) -> Input:
    return event("activity.logged", minute, channel=channel, direction="outbound", actor="person", **data)  # type: ignore[arg-type]


def verdict(steps: list[Input], agreement: Policy) -> Outcome:
    return next(o for o in said(steps, agreement) if o.kind in (Kind.MET, Kind.BREACHED))


def test_a_cadence_is_met_by_its_last_attempt_and_names_them_all() -> None:
    met = verdict([assigned(0), act(5), act(6), act(60)], cadence())
    assert (met.kind, met.reason, met.at) == (Kind.MET, Reason.ATTEMPTS_MADE, at(60))
    assert met.evidence_ids == ("activity.logged@5", "activity.logged@6", "activity.logged@60")


def test_too_few_attempts_breach_at_the_due_instant_and_the_rest_is_late() -> None:
    outcomes = said([assigned(0), act(5), act(6), tick(60), act(61)], cadence())
    assert [(o.kind, o.reason, o.at) for o in outcomes] == [
        (Kind.BREACHED, Reason.TOO_FEW_ATTEMPTS, at(60)),
        (Kind.FULFILLED_LATE, Reason.AFTER_DUE, at(61)),
    ]
    assert outcomes[1].late_elapsed_us == MINUTE


def test_each_channel_has_its_least() -> None:
    agreement = cadence(2, channels={"call": 1})
    assert said([assigned(0), act(1), act(2), act(3)], agreement) == []
    assert verdict([assigned(0), act(1), act(2), act(3, "call")], agreement).at == at(3)


def test_least_numbers_of_channels_add_up() -> None:
    agreement = cadence(1, channels={"call": 1, "email": 2})
    assert said([assigned(0), act(1, "call"), act(2)], agreement) == []
    assert verdict([assigned(0), act(1, "call"), act(2), act(3)], agreement).at == at(3)


def test_attempts_too_close_to_the_last_one_counted_do_not_count() -> None:
    agreement = cadence(2, spacing_us=10 * MINUTE)
    assert said([assigned(0), act(1), act(10.9)], agreement) == []
    assert verdict([assigned(0), act(1), act(10.9), act(11)], agreement).evidence_ids[-1] == "activity.logged@11"


def test_short_calls_and_calls_of_unknown_length_do_not_count_other_channels_do() -> None:
    agreement = cadence(1, call_s_min=20)
    assert said([assigned(0), act(1, "call", duration_s=19.9), act(2, "call")], agreement) == []
    assert verdict([assigned(0), act(3, "call", duration_s=20)], agreement).at == at(3)
    assert verdict([assigned(0), act(4)], agreement).at == at(4)


def test_others_and_automation_make_no_attempts() -> None:
    others = [
        act(1, actor_id="ben"),
        event("activity.logged", 2, channel="email", direction="outbound", actor="automation"),
    ]
    assert said([assigned(0), *others], cadence(1)) == []


def test_a_connect_ends_the_cadence_early() -> None:
    met = verdict([assigned(0), act(5), event("activity.logged", 9, channel="call", outcome="connected")], cadence())
    assert (met.reason, met.at, len(met.evidence_ids)) == (Reason.CONNECTED, at(9), 2)


def test_a_cadence_is_breached_as_soon_as_its_attempts_do_not_fit_in_any_more() -> None:
    agreement = cadence(3, spacing_us=10 * MINUTE)  # the first by 40, the second by 50, the third by 60
    breached = verdict([assigned(0), tick(40)], agreement)
    assert (breached.reason, breached.at, breached.due_at) == (Reason.OUT_OF_REACH, at(40), at(60))
    assert said([assigned(0), act(40), tick(49)], agreement) == []
    assert verdict([assigned(0), act(40), tick(50)], agreement).at == at(50)
    assert verdict([assigned(0), act(40), act(50), tick(59), act(60), tick(70)], agreement).kind is Kind.MET


def test_nobody_is_warned_of_a_breach_that_has_happened() -> None:
    agreed = Attempts(3, (OUTBOUND,), {}, spacing_us=10 * MINUTE)
    agreement = policy(duty(warn_at=(50, 80), met_by=(), attempts=agreed))
    assert [(o.kind, o.level) for o in said([assigned(0), tick(40), tick(60)], agreement)] == [
        (Kind.WARNED, "50"),
        (Kind.BREACHED, ""),
    ]


def test_an_attempt_one_moment_too_late_does_not_save_the_cadence() -> None:
    agreement = cadence(3, spacing_us=10 * MINUTE)
    assert verdict([assigned(0), act(41), tick(60)], agreement).at == at(40)
    late = said([assigned(0), act(41), act(51), act(61), tick(70)], agreement)
    assert [o.kind for o in late] == [Kind.BREACHED, Kind.FULFILLED_LATE]


def test_an_attempt_that_arrives_late_brings_the_cadence_back_into_reach() -> None:
    agreement = cadence(3, spacing_us=10 * MINUTE)
    outcomes = said([assigned(0), tick(45), act(39)], agreement)
    assert [(o.kind, o.level) for o in outcomes] == [(Kind.BREACHED, ""), (Kind.WITHDRAWN, "breached")]
    assert run([assigned(0), tick(45), act(39)], agreement)[-1].lead.fold.clocks[0].deadline_at == at(50)


def test_a_cadence_that_never_fitted_is_breached_when_it_starts() -> None:
    agreement = policy(duty(warn_at=(), met_by=(), attempts=Attempts(9, (OUTBOUND,), {}, spacing_us=60 * MINUTE)))
    assert verdict([assigned(0), tick(1)], agreement).at == at(0)


def test_what_a_pause_has_brought_out_of_reach_is_breached_when_it_ends_and_no_sooner() -> None:
    four_hours = (Target(Limit(LimitUnit.WORKING_TIME, 4 * HOUR, "4 working_hours"), "office"),)
    agreed = Attempts(3, (OUTBOUND,), {}, spacing_us=2 * HOUR)
    pausing = Pausing(event_is("lead.updated"), event_is("lead.created"))
    agreement = policy(duty(targets=four_hours, warn_at=(), met_by=(), attempts=agreed, pausing=pausing))
    # From Thursday 14:30 in Munich until Friday 10:30, so the first attempt by 06:30. Resumed on Friday at 13:30 the
    # clock is due at 16:00, and the first attempt had to be made at noon, when it stood still.
    resumed = event("lead.created", 24 * 60 + 210)
    breached = verdict([assigned(270), event("lead.updated", 360), resumed, tick(24 * 60 + 210)], agreement)
    assert (breached.kind, breached.reason, breached.at) == (Kind.BREACHED, Reason.OUT_OF_REACH, resumed.at)


def test_what_another_owner_gets_out_of_reach_is_breached_then_and_nothing_said_before_is_withdrawn() -> None:
    agreed = Attempts(3, (OUTBOUND,), {}, spacing_us=10 * MINUTE)
    fresh = Reassignment(Inheritance.FRESH)
    agreement = policy(duty(warn_at=(40,), met_by=(), attempts=agreed, on_reassign=fresh))
    steps = [assigned(0), tick(25), assigned(30, "ben", grade="A"), tick(90)]
    assert [(o.kind, o.at, o.owner) for o in said(steps, agreement)] == [
        (Kind.WARNED, at(24), "ana"),
        (Kind.REASSIGNED, at(30), "ben"),
        (Kind.BREACHED, at(30), "ben"),
        (Kind.FINALISED, at(90), "ben"),
    ]
    again = [*steps, event("lead.created", 50), event("lead.updated", 40, score=1)]
    assert Kind.WITHDRAWN not in {o.kind for o in said(again, agreement)}


def test_an_attempt_does_not_bring_back_a_reach_that_lies_before_the_last_move() -> None:
    agreed = Attempts(4, (OUTBOUND,), {}, spacing_us=10 * MINUTE)
    fresh = Reassignment(Inheritance.FRESH)
    agreement = policy(duty(warn_at=(), met_by=(), attempts=agreed, on_reassign=fresh))
    # The next one would have had to be made ten minutes before there was a new owner; one is made at that instant.
    breached = verdict([assigned(0), assigned(10, "ben", grade="A"), act(10), tick(60)], agreement)
    assert (breached.at, breached.reason) == (at(10), Reason.OUT_OF_REACH)


def test_the_limit_of_the_target_counts() -> None:
    assert elapsed(60).amount == 60 * MINUTE
    assert verdict([assigned(0, grade="A"), tick(60)], cadence()).at == at(10)


def test_what_completes_a_cadence_late_is_counted_once_more_when_the_history_is_folded_again() -> None:
    agreement = cadence(2, spacing_us=10 * MINUTE)
    steps = [assigned(0), act(20), tick(51), act(70), tick(200), event("lead.updated", 65, grade="B")]
    (clock,) = run(steps, agreement)[-1].lead.fold.clocks
    assert (clock.state, clock.ended_at, clock.deadline_at) == (ClockState.FULFILLED_LATE, at(70), at(60))
