"""What the passing of time does beside breaching: silence accepts, rhythms go on."""

import pytest

from monitor.core.event import EVENT_TYPES
from monitor.core.limit import Limit, LimitUnit
from monitor.core.outcome import Kind, Reason
from monitor.core.passing import MISSED_MAX
from monitor.core.policy import Match, Policy, Rhythm, Target
from monitor.core.tellings import next_instant
from tests.support.agreement import DISPOSITION, HOUR, MINUTE, duty, elapsed, event_is, policy
from tests.support.history import Input, assigned, at, called, event, run, said, tick

ACCEPTANCE = duty(
    "acceptance", starts=event_is("lead.handed_off"), met_by=event_is("lead.accepted", "lead.rejected"), warn_at=(),
    silence_accepts=True,
)  # fmt: skip
SILENT = policy(ACCEPTANCE, duty("next", starts=event_is("lead.accepted"), warn_at=()))
OFFICE = (Target(Limit(LimitUnit.WORKING_TIME, HOUR, "1 working_hours"), "office"),)
HANDED_OFF = event("lead.handed_off", 0)


def rhythm(kind: Rhythm) -> Policy:
    return policy(duty(warn_at=(), repeats=True, rhythm=kind))


def told(steps: list[Input], agreement: Policy) -> list[tuple[str, str, int, float]]:
    """Kind, duty, cycle, minute."""
    outcomes = [o for step in run(steps, agreement) for o in step.outcomes]
    return [(o.kind.value, o.duty, o.cycle, (o.at - at(0)) / 60e6) for o in outcomes if o.kind is not Kind.FINALISED]


def test_silence_accepts_at_the_due_instant_and_what_starts_then_starts() -> None:
    assert told([HANDED_OFF, tick(59), tick(60)], SILENT) == [
        ("activated", "acceptance", 1, 0),
        ("met", "acceptance", 1, 60),
        ("activated", "next", 1, 60),
    ]
    lead = run([HANDED_OFF, tick(61)], SILENT)[-1].lead
    assert (lead.fold.stage, lead.fold.stage_at) == ("sal", at(60))
    met = said([HANDED_OFF, tick(60)], SILENT)[0]
    assert (met.reason, met.evidence_ids, met.evidence_at) == (Reason.SILENCE_ACCEPTED, (), None)


def test_what_silence_meets_elsewhere_has_no_evidence() -> None:
    age = duty("age", met_by=(Match(frozenset(EVENT_TYPES), stages=frozenset({"sal"})),), warn_at=())
    outcomes = said([HANDED_OFF, assigned(20), tick(60)], policy(ACCEPTANCE, age))
    assert [(o.duty, o.kind, o.evidence_ids, o.evidence_at) for o in outcomes] == [
        ("acceptance", Kind.MET, (), None),
        ("age", Kind.MET, (), None),
    ]


def test_what_was_accepted_by_silence_is_touched_and_disposed_of_as_any_other() -> None:
    assert told([HANDED_OFF, tick(60), called(100), tick(500)], SILENT)[-1] == ("met", "next", 1, 100)


def test_a_rejection_in_time_that_is_known_late_takes_all_of_it_back() -> None:
    steps = [HANDED_OFF, tick(60), event("lead.rejected", 60, reason="bad-data")]
    done = [(o.kind, o.duty, o.level) for o in run(steps, SILENT)[-1].outcomes]
    assert (Kind.WITHDRAWN, "next", "activated") in done
    lead = run(steps, SILENT)[-1].lead
    assert [(clock.duty, clock.ended_by) for clock in lead.fold.clocks] == [("acceptance", "lead.rejected@60")]


def test_silence_stays_what_it_was_when_the_history_is_folded_again_after_it_is_final() -> None:
    steps: list[Input] = [HANDED_OFF, tick(60), tick(121), called(70), tick(500), event("lead.updated", 65, grade="B")]
    lead = run(steps, SILENT)[-1].lead
    assert [(c.duty, c.state.value, c.cycle) for c in lead.fold.clocks] == [
        ("acceptance", "met", 1),
        ("next", "met", 1),
    ]
    assert lead.fold.stage == "sal"


def test_somebody_who_accepts_in_time_is_no_silence() -> None:
    lead = run([HANDED_OFF, event("lead.accepted", 60), tick(200)], SILENT)[-1].lead
    assert [(c.duty, c.started_at) for c in lead.fold.clocks] == [("acceptance", at(0)), ("next", at(60))]


def test_in_a_sequential_rhythm_the_touch_that_meets_starts_the_next() -> None:
    assert told([assigned(0), called(20), called(50), tick(110), called(120)], rhythm(Rhythm.SEQUENTIAL)) == [
        ("activated", "first-touch", 1, 0), ("met", "first-touch", 1, 20),
        ("activated", "first-touch", 2, 20), ("met", "first-touch", 2, 50),
        ("activated", "first-touch", 3, 50), ("breached", "first-touch", 3, 110),
        ("fulfilled_late", "first-touch", 3, 120), ("activated", "first-touch", 4, 120),
    ]  # fmt: skip


def test_a_touch_before_the_start_begins_no_rhythm() -> None:
    assert told([called(0)], rhythm(Rhythm.SEQUENTIAL)) == []


def test_a_rhythm_ends_when_the_lead_leaves() -> None:
    assert told([assigned(0), event("lead.recycled", 5), called(9), tick(500)], rhythm(Rhythm.SEQUENTIAL)) == [
        ("activated", "first-touch", 1, 0), ("cancelled", "first-touch", 1, 5),
    ]  # fmt: skip


def test_in_an_independent_rhythm_the_next_clock_starts_when_the_last_is_due() -> None:
    steps = [assigned(0), called(20), called(30), tick(60), tick(120), called(130)]
    assert told(steps, rhythm(Rhythm.INDEPENDENT)) == [
        ("activated", "first-touch", 1, 0), ("met", "first-touch", 1, 20),
        ("activated", "first-touch", 2, 60), ("breached", "first-touch", 2, 120),
        ("activated", "first-touch", 3, 120), ("fulfilled_late", "first-touch", 2, 130), ("met", "first-touch", 3, 130),
    ]  # fmt: skip


def test_an_independent_rhythm_that_nobody_keeps_ends() -> None:
    lead = run([assigned(0), tick(100_000)], rhythm(Rhythm.INDEPENDENT))[-1].lead
    assert [clock.cycle for clock in lead.fold.clocks] == list(range(1, MISSED_MAX + 1))


def test_a_clock_that_has_ended_makes_room_where_the_duty_repeats() -> None:
    again = policy(duty(warn_at=(), repeats=True))
    assert [c for _, _, c, _ in told([assigned(0), called(5), assigned(10), assigned(11)], again)] == [1, 1, 2]


def test_what_is_final_starts_the_next_clock_again_when_the_history_is_folded_again() -> None:
    agreement = policy(duty(warn_at=(), repeats=True, rhythm=Rhythm.SEQUENTIAL), DISPOSITION)
    steps: list[Input] = [assigned(0), called(20), tick(81), called(50), event("lead.updated", 40, grade="B")]
    assert run(steps, agreement)[-1].outcomes == ()


def test_a_clock_that_is_final_was_in_the_way_until_it_ended_when_the_history_is_folded_again() -> None:
    steps = [assigned(0), assigned(30), event("lead.merged", 30), tick(100), assigned(110), called(105)]
    cycles = [
        (cycle, minute) for kind, _, cycle, minute in told(steps, rhythm(Rhythm.INDEPENDENT)) if kind == "activated"
    ]
    assert cycles == [(1, 0), (2, 110)]


def test_a_clock_of_a_later_round_stays_when_one_of_an_earlier_round_is_final_behind_its_start() -> None:
    agreement = policy(duty(warn_at=(), cancelled_by=()))
    steps = [assigned(0, grade="A"), event("lead.recycled", 5), assigned(8, grade="B"), tick(75)]
    again = [*steps, event("lead.updated", 60, grade="C")]
    for lead in (run(steps, agreement)[-1].lead, run(again, agreement)[-1].lead):
        assert [(clock.cycle, clock.started_at) for clock in lead.fold.clocks] == [(1, at(0)), (2, at(8))]


def test_what_is_said_of_a_clock_that_silence_started_earlier_is_said_again() -> None:
    started = [HANDED_OFF, event("lead.accepted", 70, owner="ana"), event("lead.updated", 90, owner="ben")]
    outcomes = [o for step in run([*started, tick(100)], SILENT) for o in step.outcomes if o.kind is Kind.REASSIGNED]
    assert [(o.revision, (o.started_at - at(0)) // MINUTE) for o in outcomes] == [(0, 70), (1, 60)]


def test_two_touches_of_one_instant_start_two_clocks_also_when_the_history_is_folded_again() -> None:
    twice = [called(20), called(20)._replace(id="second")]
    steps: list[Input] = [assigned(0), *twice, tick(90), called(100), event("lead.updated", 95, grade="B")]
    lead = run(steps, rhythm(Rhythm.SEQUENTIAL))[-1].lead
    assert [clock.started_at for clock in lead.fold.clocks] == [at(0), at(20), at(20), at(100)]


def test_what_started_right_behind_an_end_starts_again_when_the_history_is_folded_again_after_that_is_final() -> None:
    handed_off, back = event("lead.handed_off", 30), event("lead.created", 30)
    stay = policy(duty(warn_at=(), starts=event_is("lead.handed_off"), met_by=event_is("lead.created"), repeats=True))
    steps: list[Input] = [HANDED_OFF, back, handed_off, tick(90), event("lead.updated", 80, score=1)]
    *_, breached, folded_again = run(steps, stay)
    assert [(o.kind, o.cycle) for o in breached.outcomes] == [(Kind.FINALISED, 1), (Kind.BREACHED, 2)]
    assert folded_again.outcomes == ()


def test_a_touch_that_is_known_late_makes_room_for_the_clock_that_had_none_when_it_was_to_start() -> None:
    patient = policy(duty(warn_at=(), repeats=True, rhythm=Rhythm.INDEPENDENT, final_after={"default": 9 * HOUR}))
    # The second runs when the first is due; in truth it had been met by then.
    steps = [assigned(0), called(10), assigned(20), tick(60), called(40), assigned(70)]
    assert [(cycle, minute) for kind, _, cycle, minute in told(steps, patient) if kind == "activated"] == [
        (1, 0), (2, 20), (3, 60),
    ]  # fmt: skip


def test_what_is_final_of_a_rhythm_that_had_ended_before_brings_nothing_and_waits_for_nothing() -> None:
    soon_final = policy(duty(warn_at=(), repeats=True, rhythm=Rhythm.INDEPENDENT, final_after={"default": 10 * MINUTE}))
    steps = [assigned(0), called(10), tick(60), called(70), tick(90), event("lead.recycled", 50), tick(130)]
    lead = run(steps, soon_final)[-1].lead
    assert [(clock.cycle, clock.final) for clock in lead.fold.clocks] == [(1, True), (2, True)]
    assert next_instant(lead) is None


@pytest.mark.parametrize("kind", Rhythm)
def test_the_next_clock_of_a_rhythm_is_that_of_the_version_in_force(kind: Rhythm) -> None:
    old = duty(warn_at=(), repeats=True, rhythm=kind, targets=OFFICE)
    new = policy(old._replace(targets=(Target(elapsed(90), None),)), version="2")._replace(calendars={})
    new = new._replace(effective_at=at(30), applies_from=at(30), earlier=(policy(old),))
    clocks = run([assigned(0), called(40), tick(61)], new)[-1].lead.fold.clocks
    assert [(clock.policy_version, clock.limit) for clock in clocks] == [
        ("1", "1 working_hours"), ("2", "90 minutes elapsed"),
    ]  # fmt: skip
    gone = new._replace(duties=(DISPOSITION,))
    assert len(run([assigned(0), called(40), tick(61)], gone)[-1].lead.fold.clocks) == 1


def test_silence_accepts_no_sooner_than_the_hold_is_over() -> None:
    holding = policy(
        ACCEPTANCE._replace(hold_us=5 * MINUTE), duty("next", starts=event_is("lead.accepted"), warn_at=())
    )
    late_word = event("lead.rejected", 59, reason="bad-data")
    assert [o.kind for o in said([HANDED_OFF, tick(64)], holding)] == []
    assert [o.kind for o in said([HANDED_OFF, tick(64), late_word, tick(65)], holding)] == [Kind.MET]
    # A history that is folded again before the hold is over accepts nothing either.
    again = [HANDED_OFF, event("lead.updated", 70, score=1), tick(64), event("lead.updated", 3, score=2)]
    assert [clock.duty for clock in run(again, holding)[-1].lead.fold.clocks] == ["acceptance"]


def test_a_clock_that_was_cancelled_has_no_successor() -> None:
    cancelling = policy(
        duty(warn_at=(), repeats=True, rhythm=Rhythm.INDEPENDENT, cancelled_by=event_is("lead.updated"))
    )
    lead = run([assigned(0), event("lead.updated", 30), tick(500)], cancelling)[-1].lead
    assert [(clock.cycle, clock.state.value) for clock in lead.fold.clocks] == [(1, "cancelled")]
