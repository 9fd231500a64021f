"""What is told of a clock beside its verdict: the time that counted, whose it was, by which target, and which acts."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.core.calendar import Calendar
from monitor.core.deciding import EVERY_LEAD, EVERY_OTHER_LEAD, NOT_KNOWN
from monitor.core.event import Scalar
from monitor.core.explanation import STRETCHES_MAX, ClockStory, Explanation, explained
from monitor.core.lead import EVIDENCE_MAX
from monitor.core.limit import Limit, LimitUnit
from monitor.core.outcome import Kind, Reason
from monitor.core.policy import (
    Attempts,
    CalendarChoice,
    Inheritance,
    Match,
    Pausing,
    Policy,
    Reassignment,
    Rhythm,
    Target,
)
from monitor.core.predicate import parse
from monitor.core.replay import Replay
from monitor.core.tables import ClockState
from tests.support.agreement import HOUR, MINUTE, TOUCH, duty, elapsed, event_is, policy
from tests.support.history import Input, assigned, at, called, event, run, tick

WAITING = parse('waiting_on == "prospect"')
PAUSING = Pausing(during=WAITING, longest=elapsed(30))


def working(hours: int, **changes: object) -> Policy:
    """A first touch within that many working hours."""
    limit = Limit(LimitUnit.WORKING_TIME, hours * HOUR, f"{hours} working_hours")
    return policy(duty(targets=(Target(limit, "office"),), warn_at=(), **changes))


def whole(steps: Iterable[Input], agreement: Policy) -> Explanation:
    return explained(run(steps, agreement)[-1].lead, agreement)


def story(steps: Iterable[Input], agreement: Policy) -> ClockStory:
    """Of the newest clock."""
    return whole(steps, agreement).clocks[-1]


def minutes(stretches: Iterable[tuple[int, ...]]) -> list[tuple[float, ...]]:
    return [tuple((instant - at(0)) / MINUTE for instant in stretch[:2]) for stretch in stretches]


def updated(minute: float, **data: Scalar) -> Input:
    return event("lead.updated", minute)._replace(data=data)


# The first minute is a Thursday, 10:00 in the office: open until 120, from 180 to 420, and from 1380 on.
def test_the_time_that_counted_is_cut_at_lunch_and_at_closing_and_ends_with_the_verdict() -> None:
    told = story([assigned(60), tick(3000)], working(6))
    assert minutes(told.stretches) == [(60, 120), (180, 420), (1380, 1440)]
    assert told.used_us == 6 * HOUR
    assert minutes(story([assigned(60), called(200)], working(6)).stretches) == [(60, 120), (180, 200)]


def test_while_nobody_knows_more_it_ends_where_the_clock_was_judged() -> None:
    assert minutes(story([assigned(60), tick(190)], working(6)).stretches) == [(60, 120), (180, 190)]
    assert minutes(story([assigned(60), tick(90)], policy(duty())).stretches) == [(60, 90)]


def test_all_time_counts_for_an_elapsed_limit() -> None:
    told = story([assigned(60), tick(3000)], policy(duty()))
    assert minutes(told.stretches) == [(60, 120)]
    assert told.used_us == HOUR


def test_no_time_counts_during_a_pause() -> None:
    told = story(
        [assigned(0), updated(60, waiting_on="prospect"), updated(80, waiting_on="us"), tick(3000)],
        working(2, pausing=PAUSING),
    )
    assert minutes(told.stretches) == [(0, 60), (80, 120), (180, 200)]
    (pause,) = told.pauses
    assert minutes([(pause.from_at, pause.to_at or 0)]) == [(60, 80)]
    assert (pause.by, pause.ended_by, pause.stalled) == ("lead.updated@60", "lead.updated@80", False)


def test_a_pause_that_goes_on_has_no_end_and_is_too_long_once_that_has_passed() -> None:
    history = [assigned(0), updated(60, waiting_on="prospect")]
    (pause,) = story([*history, tick(89)], working(2, pausing=PAUSING)).pauses
    assert (pause.to_at, pause.ended_by, pause.stalled) == (None, "", False)
    told = story([*history, tick(90)], working(2, pausing=PAUSING))
    assert told.pauses[0].stalled
    assert minutes(told.stretches) == [(0, 60)]
    ended = story([*history, called(100)], working(2, pausing=PAUSING))
    assert ended.pauses[0].stalled
    assert (ended.pauses[0].to_at, ended.pauses[0].ended_by) == (at(100), "activity.logged@100")


def test_a_reset_ends_a_pause() -> None:
    agreement = working(2, pausing=PAUSING, reset_by=event_is("lead.accepted"))
    told = story([assigned(0), updated(60, waiting_on="prospect"), event("lead.accepted", 70), tick(75)], agreement)
    assert (told.pauses[0].to_at, told.pauses[0].ended_by) == (at(70), "lead.accepted@70")


def test_of_many_stretches_the_newest_are_shown_and_all_are_counted() -> None:
    told = story([assigned(0), tick(200 * 1440)], working(400))
    assert len(told.stretches) == STRETCHES_MAX
    assert told.stretches == tuple(sorted(told.stretches))
    assert told.stretches[-1].to_at == told.clock.due_at
    assert told.used_us == 400 * HOUR


def test_used_up_at_closing_it_is_due_in_practice_at_the_next_opening() -> None:
    assert story([assigned(0)], working(6)).practical_at == at(420 + 16 * 60)
    assert story([assigned(0)], working(5)).practical_at == at(360)
    assert story([assigned(0)], policy(duty())).practical_at == at(60)


def test_the_target_is_told_as_the_policy_writes_its_condition() -> None:
    agreement = policy(duty())
    assert story([assigned(0, grade="A")], agreement).target == 'grade == "A"'
    assert story([assigned(0, grade="B")], agreement).target == EVERY_OTHER_LEAD
    assert story([assigned(0)], working(2)).target == EVERY_LEAD


def test_the_target_is_that_of_the_start_whatever_became_known_since() -> None:
    agreement = policy(duty())
    assert story([updated(-5, grade="A"), assigned(0), updated(5, grade="B")], agreement).target == 'grade == "A"'
    assert story([assigned(0), updated(5, grade="A")], agreement).target == EVERY_OTHER_LEAD


def test_the_target_of_a_clock_that_time_started_is_that_of_its_start() -> None:
    agreement = policy(duty(repeats=True, rhythm=Rhythm.INDEPENDENT))
    steps = [assigned(0), updated(50, grade="A"), updated(65, grade="B"), tick(61), tick(66)]
    told = whole(steps, agreement).clocks[1]
    assert (told.clock.started_at, told.target) == (at(60), 'grade == "A"')


def test_what_became_known_when_the_verdict_was_final_decides_no_target() -> None:
    steps = [assigned(0), tick(60), tick(130), updated(-5, grade="A")]
    assert story(steps, policy(duty())).target == EVERY_OTHER_LEAD


def test_a_target_that_cannot_be_derived_any_more_is_not_guessed() -> None:
    agreement = policy(duty())
    lead = run([assigned(0, grade="A")], agreement)[-1].lead
    assert explained(lead, policy(duty(), version="2")).clocks[0].target == NOT_KNOWN
    edited = policy(duty(targets=(Target(elapsed(11), None, parse('grade == "A"')), Target(elapsed(60), None))))
    assert explained(lead, edited).clocks[0].target == NOT_KNOWN
    assert explained(lead, policy(duty("other"))).clocks[0].target == NOT_KNOWN
    forgotten = [assigned(0), *(updated(n / 100, score=n) for n in range(1, EVIDENCE_MAX + 1))]
    assert story(forgotten, agreement).target == NOT_KNOWN


def test_a_new_owner_with_a_fresh_limit_has_the_target_that_fits_then() -> None:
    agreement = policy(duty(on_reassign=Reassignment(Inheritance.FRESH)))
    told = story([assigned(0), assigned(5, "ben", grade="A"), updated(6, grade="B")], agreement)
    assert (told.target, told.clock.limit) == ('grade == "A"', "10 minutes elapsed")


def test_the_time_of_each_owner_counts_on_the_calendar_that_was_theirs() -> None:
    late = Calendar("late", ZoneInfo("Europe/Berlin"), (((14 * 60, 20 * 60),),) * 5 + ((), ()))
    limit = Limit(LimitUnit.WORKING_TIME, 3 * HOUR, "3 working_hours")
    choice = CalendarChoice("owner", {"ben": "late"})
    first_touch = duty(
        targets=(Target(limit, "office", None, choice),), on_reassign=Reassignment(Inheritance.REMAINING), warn_at=()
    )
    agreement = policy(first_touch)
    agreement = agreement._replace(calendars={**agreement.calendars, "late": late})
    told = story([assigned(0), assigned(60, "ben"), tick(3000)], agreement)
    assert minutes(told.stretches) == [(0, 60), (240, 360)]
    assert [(share.owner, share.working_us) for share in told.shares] == [("ana", HOUR), ("ben", 2 * HOUR)]


def test_every_owner_has_a_share_of_the_time_and_what_is_too_late_is_told_apart() -> None:
    steps = [assigned(0), assigned(10, "ben"), assigned(30, "ana"), assigned(70, "cem"), called(100)]
    shares = [tuple(part // MINUTE for part in share[1:]) for share in story(steps, policy(duty())).shares]
    assert shares == [(40, 40, 10, 10), (20, 20, 0, 0), (0, 0, 30, 30)]
    assert [share.owner for share in story(steps, policy(duty())).shares] == ["ana", "ben", "cem"]


def test_a_lead_that_nobody_owns_has_a_share_too() -> None:
    agreement = policy(duty(starts=event_is("lead.created")))
    shares = story([event("lead.created", 0), assigned(20), tick(60)], agreement).shares
    assert [(share.owner, share.elapsed_us // MINUTE) for share in shares] == [("", 20), ("ana", 40)]


def test_owners_of_before_the_kept_evidence_are_known_from_the_changes_on_the_clock() -> None:
    agreement = policy(duty(targets=(Target(elapsed(600), None),), warn_at=()))
    more = [updated(30 + n / 100, score=n) for n in range(EVIDENCE_MAX + 1)]
    shares = story([assigned(0), assigned(10, "ben"), assigned(20, "cem"), *more, tick(60)], agreement).shares
    assert [(s.owner, s.elapsed_us // MINUTE) for s in shares] == [("ana", 10), ("ben", 10), ("cem", 40)]


def test_warnings_are_told_with_those_still_to_come() -> None:
    told = story([assigned(0), tick(30)], policy(duty()))
    assert [(warning.level, warning.said) for warning in told.warnings] == [("50", True), ("80", False)]


def test_the_newest_verdict_that_stands_is_told_or_else_what_led_to_it() -> None:
    def said(*steps: Input) -> tuple[Kind, Reason, tuple[str, ...]]:
        outcome = story(steps, policy(duty(pausing=PAUSING))).said
        assert outcome is not None
        return outcome.kind, outcome.reason, outcome.evidence_ids

    start = assigned(0)
    assert said(start) == (Kind.ACTIVATED, Reason.STARTED, (start.id,))
    assert said(start, tick(31))[0] is Kind.WARNED
    assert said(start, updated(5, waiting_on="prospect"))[:2] == (Kind.PAUSED, Reason.PAUSING)
    assert said(start, tick(60)) == (Kind.BREACHED, Reason.NO_EVIDENCE, ())
    assert said(start, tick(60), tick(600))[0] is Kind.BREACHED
    assert said(start, tick(60), called(70)) == (Kind.FULFILLED_LATE, Reason.AFTER_DUE, ("activity.logged@70",))
    assert said(start, tick(60), called(59)) == (Kind.MET, Reason.IN_TIME, ("activity.logged@59",))


def test_a_breach_that_was_not_announced_yet_is_not_told() -> None:
    told = story([event("lead.created", 0), tick(200), assigned(100)], policy(duty(warn_at=())))
    assert told.said is not None
    assert told.said.kind is Kind.ACTIVATED


def test_a_revised_verdict_keeps_the_number_of_its_revision() -> None:
    told = story([assigned(0), called(50), called(40)], policy(duty()))
    assert told.said is not None
    assert (told.said.kind, told.said.revision, told.said.owner) == (Kind.MET, 1, "ana")


def act(minute: float, **data: Scalar) -> Input:
    return event("activity.logged", minute)._replace(data={"channel": "call", "direction": "outbound", **data})


OWNER = Match(TOUCH.types, channels=frozenset({"call", "email"}), direction="outbound", actor="owner")


@pytest.mark.parametrize(
    ("match", "data", "why"),
    [
        (TOUCH, {"actor": "automation"}, "its actor is automation, not person"),
        (TOUCH, {}, "its actor is not known, not person"),
        (TOUCH, {"actor": "person", "channel": "visit"}, "its channel is visit, not call or email"),
        (TOUCH, {"actor": "person", "direction": "inbound"}, "it is inbound, not outbound"),
        (OWNER, {"actor_id": "cem"}, "it was done by cem, not by the owner ana"),
        (OWNER, {"actor": "automation"}, "its actor is automation, not the owner"),
        (OWNER._replace(outcomes=frozenset({"connected"})), {}, "its outcome is not known, not connected"),
        (OWNER._replace(when=parse("score >= 60")), {}, "it is not so that score >= 60"),
    ],
)
def test_an_act_that_did_not_count_says_what_it_lacks(match: Match, data: dict[str, Scalar], why: str) -> None:
    told = story([assigned(0), act(5, **data), called(10)], policy(duty(met_by=(match, *event_is("lead.accepted")))))
    assert (told.acts[0].counted, told.acts[0].why) == (False, why)


def test_of_several_alternatives_the_nearest_says_what_an_act_lacks() -> None:
    far = Match(TOUCH.types, channels=frozenset({"visit"}), direction="inbound", actor="person")
    told = story([assigned(0), act(5, actor="automation")], policy(duty(met_by=(far, TOUCH))))
    assert told.acts[0].why == "its actor is automation, not person"


def test_acts_are_told_from_the_start_to_the_one_that_met_the_duty() -> None:
    told = story([called(-1), assigned(0), act(5), called(10), called(11)], policy(duty()))
    assert [(done.at, done.counted) for done in told.acts] == [(at(5), False), (at(10), True)]


def test_an_act_at_the_very_instant_of_the_one_that_met_the_duty_is_told_if_it_was_judged_before() -> None:
    a, b, c = (called(10)._replace(id=name) for name in "abc")
    told = story([assigned(0), a._replace(data={}), b, c], policy(duty()))
    assert [(done.id, done.counted) for done in told.acts] == [("a", False), ("b", True)]


def test_an_act_that_came_too_late_for_its_source_says_so() -> None:
    agreement = policy(duty(warn_at=()))
    told = story([assigned(0), tick(60), tick(130), called(30)], agreement)
    assert [done.why for done in told.acts] == ["it arrived when the verdict was final for its source"]


def test_a_duty_that_asks_for_no_act_tells_of_none() -> None:
    agreement = policy(duty(met_by=(Match(TOUCH.types | {"lead.accepted"}, stages=frozenset({"sal"})),)))
    assert story([assigned(0), called(5)], agreement).acts == ()


def test_attempts_say_which_of_them_count_and_why_the_others_do_not() -> None:
    until = (OWNER._replace(outcomes=frozenset({"connected"})),)
    agreed = Attempts(4, (OWNER,), {}, spacing_us=10 * MINUTE, call_s_min=20, until=until)
    agreement = policy(duty(met_by=(), attempts=agreed, targets=(Target(elapsed(600), None),), warn_at=()))
    steps = [
        assigned(0),
        act(1),
        act(2, duration_s=12.5),
        act(3, duration_s=30),
        act(12, duration_s=30),
        act(13, channel="email"),
        act(14, channel="visit"),
        act(20, duration_s=1, outcome="connected"),
    ]
    told = story(steps, agreement)
    assert [(done.counted, done.why) for done in told.acts] == [
        (False, "how long the call was is not known; agreed are 20 s at least"),
        (False, "the call took 12.5 s; agreed are 20 s at least"),
        (True, ""),
        (False, "it came 9 min after the last one that counted; agreed are 10 min at least"),
        (True, ""),
        (False, "its channel is visit, not call or email"),
        (True, ""),
    ]
    assert told.said is not None
    assert told.said.reason is Reason.CONNECTED


def test_an_erased_lead_has_nothing_to_explain() -> None:
    nothing = whole([assigned(0), event("lead.erased", 5)], policy(duty()))
    assert (nothing.clocks, nothing.spans) == ((), ())


MOVING = policy(
    duty(
        "paused",
        targets=(
            Target(Limit(LimitUnit.WORKING_TIME, HOUR, "1 working_hours"), "office", parse('grade == "A"')),
            Target(elapsed(60), None),
        ),
        pausing=PAUSING,
    ),
    duty("passed", on_reassign=Reassignment(Inheritance.REMAINING, elapsed(5)), reset_by=event_is("lead.accepted")),
    duty("again", repeats=True, rhythm=Rhythm.SEQUENTIAL, on_reassign=Reassignment(Inheritance.FRESH)),
)
_STEPS = st.one_of(
    st.builds(assigned, st.integers(0, 400), st.sampled_from(["ana", "ben", "cem"])),
    st.builds(called, st.integers(0, 400)),
    st.builds(lambda on, at_: updated(at_, waiting_on=on), st.sampled_from(["prospect", "us"]), st.integers(0, 400)),
    st.builds(lambda minute, grade: updated(minute, grade=grade), st.integers(0, 400), st.sampled_from("AB")),
    st.builds(event, st.sampled_from(["lead.accepted", "lead.recycled"]), st.integers(0, 400)),
    st.builds(tick, st.integers(0, 500)),
)  # fmt: skip


@given(st.lists(_STEPS, min_size=1, max_size=16))
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_whatever_happened_the_parts_add_up(steps: list[Input]) -> None:
    told = whole([event("lead.created", -1), *steps], MOVING)
    for each in told.clocks:
        assert sum(share.working_us for share in each.shares) == each.used_us
        assert all(from_at < to_at for from_at, to_at in each.stretches)
        ends = [instant for stretch in each.stretches for instant in stretch]
        assert ends == sorted(ends)
        assert each.target != NOT_KNOWN
        breached = each.clock.state in (ClockState.BREACHED, ClockState.FULFILLED_LATE)
        if breached and each.clock.duty == "paused":
            assert each.used_us == HOUR, "a breach has used its limit up, whatever the pauses"


def test_a_replay_explains_a_lead_as_the_judge_does() -> None:
    history = [assigned(0, grade="B"), called(10, "crm")._replace(data={}), called(70), event("lead.updated", 400)]
    agreement = policy()
    replay = Replay(agreement)
    list(replay.run(history, at(500)))
    live = whole([history[0], history[2], history[1], history[3], tick(60), tick(500)], agreement)
    replayed = explained(replay.leads["L"], agreement)
    assert [each._replace(clock=each.clock._replace(final=False)) for each in replayed.clocks] == [
        each._replace(clock=each.clock._replace(final=False)) for each in live.clocks
    ]
