"""What moves the time of a clock: pauses, resets, new owners; every boundary, minute by minute."""

import pytest

from monitor.core.lead import MOVES_MAX, Clock
from monitor.core.limit import Limit, LimitUnit
from monitor.core.outcome import Kind, Outcome, Reason
from monitor.core.policy import Duty, Inheritance, Match, Pausing, Policy, Reassignment, Target
from monitor.core.predicate import parse
from tests.support.agreement import HOUR, MINUTE, duty, elapsed, event_is, policy
from tests.support.history import Input, assigned, at, called, event, run, said, tick

WAITING = event("lead.updated", 10, waiting_on="prospect")
PAUSED = policy(duty(warn_at=(50,), pausing=Pausing(during=parse('waiting_on == "prospect"'), longest=elapsed(30))))
OFFICE_4H = (Target(Limit(LimitUnit.WORKING_TIME, 4 * HOUR, "4 working_hours"), "office"),)


def updated(minute: float, **data: str) -> Input:
    return event("lead.updated", minute, **data)


def clock(steps: list[Input], agreement: Policy) -> Clock:
    (only,) = run(steps, agreement)[-1].lead.fold.clocks
    return only


def told(outcomes: list[Outcome], agreement: Policy | None = None) -> list[tuple[str, str, int, int]]:
    """Kind, level, minute, minute of the due instant."""
    return [(o.kind.value, o.level, (o.at - at(0)) // MINUTE, (o.due_at - at(0)) // MINUTE) for o in outcomes]


def test_a_pause_takes_no_time_and_what_was_left_is_left() -> None:
    steps = [assigned(0), WAITING, updated(25, waiting_on="sales"), tick(70), called(75)]
    assert told(said(steps, PAUSED)) == [
        ("paused", "1", 10, 60),
        ("resumed", "1", 25, 75),
        ("warned", "50", 45, 75),
        ("met", "", 75, 75),
    ]


def test_a_clock_that_stands_still_is_never_due_and_a_pause_too_long_is_told_once() -> None:
    steps = [assigned(0), WAITING, tick(39), tick(40), tick(9000)]
    outcomes = said(steps, PAUSED)
    assert told(outcomes) == [("paused", "1", 10, 60), ("stalled", "1", 40, 60)]
    assert outcomes[1].reason is Reason.PAUSE_TOO_LONG


def test_a_pause_as_long_as_allowed_is_not_too_long() -> None:
    steps = [assigned(0), WAITING, updated(40, waiting_on="sales"), tick(41)]
    assert "stalled" not in [kind for kind, *_ in told(said(steps, PAUSED))]


def test_that_a_pause_was_too_long_is_told_also_when_its_end_is_known_first() -> None:
    steps = [assigned(0), WAITING, updated(41, waiting_on="sales")]
    assert told(said(steps, PAUSED))[1:] == [("stalled", "1", 40, 60), ("resumed", "1", 41, 91)]


def test_what_is_met_during_a_pause_is_in_time_however_long_it_lasts() -> None:
    met = said([assigned(0), WAITING, tick(500), called(501)], PAUSED)
    assert told(met)[-2:] == [("stalled", "1", 40, 60), ("met", "", 501, 60)]
    assert clock([assigned(0), WAITING, tick(500), called(501)], PAUSED).verdict_at == at(501)


@pytest.mark.parametrize("minute", [60, 61])
def test_a_pause_that_begins_at_the_due_instant_or_later_changes_nothing(minute: int) -> None:
    outcomes = said([assigned(0), updated(minute, waiting_on="prospect"), tick(90)], PAUSED)
    assert [o.kind for o in outcomes] == [Kind.WARNED, Kind.BREACHED]


def test_a_lead_that_is_waited_for_already_starts_with_a_pause() -> None:
    steps = [updated(-5, waiting_on="prospect"), assigned(0), updated(20, waiting_on="sales")]
    assert told(said(steps, PAUSED)) == [("paused", "1", 0, 60), ("resumed", "1", 20, 80)]


def test_a_pause_that_is_known_late_withdraws_the_breach() -> None:
    kinds = [(o.kind, o.level) for o in said([assigned(0), tick(60), WAITING], PAUSED)]
    assert kinds[-2:] == [(Kind.WITHDRAWN, "breached"), (Kind.PAUSED, "1")]


def test_a_warning_in_elapsed_time_comes_at_the_earliest_when_the_clock_is_resumed() -> None:
    warning = Limit(LimitUnit.ELAPSED, 3 * HOUR, "3 hours elapsed")
    agreement = policy(
        duty(targets=OFFICE_4H, warn_at=(warning,), pausing=Pausing(event_is("lead.updated"), event_is("lead.created")))
    )
    # From Thursday 14:30 in Munich until Friday 10:30; paused at 16:00, resumed on Friday at 13:30: due at 16:00.
    steps = [assigned(270), updated(360), event("lead.created", 24 * 60 + 210), tick(24 * 60 + 360)]
    assert told(said(steps, agreement))[-2:] == [
        ("warned", "3 hours elapsed left", 24 * 60 + 210, 24 * 60 + 360),
        ("breached", "", 24 * 60 + 360, 24 * 60 + 360),
    ]


def test_that_a_pause_was_too_long_is_told_with_the_due_instant_of_its_time_whoever_comes_later() -> None:
    pausing = Pausing(during=parse('waiting_on == "prospect"'), longest=elapsed(30))
    fresh = policy(duty(warn_at=(), pausing=pausing, on_reassign=Reassignment(Inheritance.FRESH)))
    steps = [assigned(0), WAITING, assigned(200, "ben"), tick(300)]
    assert told(said(steps, fresh)) == [
        ("paused", "1", 10, 60),
        ("stalled", "1", 40, 60),
        ("reassigned", "1", 200, 260),
    ]


def test_working_time_that_is_left_is_used_up_on_the_calendar() -> None:
    # Thursday 10:00 in Munich: due at 15:00, the lunch hour not counted. Two hours are left at 12:30.
    agreement = policy(
        duty(targets=OFFICE_4H, warn_at=(50,), pausing=Pausing(event_is("lead.updated"), event_is("lead.created")))
    )
    steps = [assigned(0), updated(150), event("lead.created", 24 * 60 - 60)]
    # Resumed on Friday at 09:00: due at 11:00.
    assert told(said(steps, agreement))[-1] == ("resumed", "1", 23 * 60, 25 * 60)


def test_a_clock_moves_no_more_than_so_often() -> None:
    steps: list[Input] = [assigned(0)]
    for n in range(MOVES_MAX):
        steps += [updated(n / 2 + 0.1, waiting_on="prospect"), updated(n / 2 + 0.2, waiting_on="sales")]
    moved = clock(steps, PAUSED)
    assert len(moved.moves) == MOVES_MAX


RESET = policy(duty(warn_at=(50,), reset_by=event_is("lead.updated")))


def test_a_reset_gives_the_whole_limit_again() -> None:
    steps = [assigned(0), tick(30), updated(40), tick(99), tick(100)]
    assert told(said(steps, RESET)) == [
        ("warned", "50", 30, 60),
        ("reset", "1", 40, 100),
        ("breached", "", 100, 100),
    ]


def test_a_reset_after_the_due_instant_comes_too_late() -> None:
    assert [o.kind for o in said([assigned(0), updated(61), tick(70)], RESET)] == [Kind.WARNED, Kind.BREACHED]


def handed_on(inheritance: Inheritance, **more: object) -> Policy:
    return policy(duty(warn_at=(50,), on_reassign=Reassignment(inheritance, **more)))  # type: ignore[arg-type]


def test_who_inherits_a_clock_has_what_is_left() -> None:
    steps = [assigned(0), assigned(50, "ben"), tick(60)]
    assert told(said(steps, handed_on(Inheritance.INHERIT))) == [
        ("reassigned", "1", 50, 60), ("warned", "50", 30, 60), ("breached", "", 60, 60),
    ]  # fmt: skip


def test_who_gets_a_fresh_clock_has_the_whole_limit_of_the_target_that_fits_now() -> None:
    steps = [assigned(0), assigned(20, "ben"), assigned(30, "cem", grade="A"), tick(40)]
    outcomes = said(steps, handed_on(Inheritance.FRESH))
    assert told(outcomes) == [
        ("reassigned", "1", 20, 80), ("reassigned", "2", 30, 40), ("warned", "50", 35, 40), ("breached", "", 40, 40),
    ]  # fmt: skip
    assert outcomes[-1].limit == "10 minutes elapsed"


@pytest.mark.parametrize(("minute", "due"), [(20, 60), (50, 65)])
def test_who_gets_what_remains_has_at_least_so_much(minute: int, due: int) -> None:
    steps = [assigned(0), assigned(minute, "ben")]
    assert told(said(steps, handed_on(Inheritance.REMAINING, at_least=elapsed(15))))[0] == (
        "reassigned", "1", minute, due,
    )  # fmt: skip


def test_a_clock_that_stands_still_warns_nobody_when_it_gets_another_owner() -> None:
    warning = Limit(LimitUnit.ELAPSED, 3 * HOUR, "3 hours elapsed")
    pausing = Pausing(event_is("lead.updated"), event_is("lead.created"))
    handing_on = Reassignment(Inheritance.REMAINING)
    agreement = policy(duty(targets=OFFICE_4H, warn_at=(warning,), pausing=pausing, on_reassign=handing_on))
    # Paused on Thursday at 16:00 in Munich, an hour and a half after the start; ben has it on Friday at 13:30.
    ben, resumed = assigned(24 * 60 + 210, "ben"), event("lead.created", 24 * 60 + 240)
    steps = [assigned(270), updated(360), ben, tick(24 * 60 + 235), resumed, tick(24 * 60 + 300)]
    assert told(said(steps, agreement)) == [
        ("paused", "1", 360, 24 * 60 + 30),
        ("reassigned", "1", 24 * 60 + 210, 24 * 60 + 360),
        ("resumed", "1", 24 * 60 + 240, 24 * 60 + 390),
        ("warned", "3 hours elapsed left", 24 * 60 + 240, 24 * 60 + 390),
    ]


def test_another_owner_in_a_pause_does_not_bring_the_due_instant_forward() -> None:
    days = (Target(Limit(LimitUnit.WORKING_DAYS, 1, "1 working_days"), "office"),)
    pausing = Pausing(event_is("lead.updated"), event_is("lead.created"))
    handing_on = Reassignment(Inheritance.REMAINING)
    agreement = policy(duty(targets=days, warn_at=(), pausing=pausing, on_reassign=handing_on))
    # Due on Friday at 09:00 in Munich, when the office opens: after Thursday's closing no working time is left.
    steps = [assigned(-90), updated(480), assigned(540, "ben"), event("lead.created", 600), tick(23 * 60)]
    assert told(said(steps, agreement)) == [
        ("paused", "1", 480, 23 * 60), ("reassigned", "1", 540, 23 * 60), ("resumed", "1", 600, 23 * 60),
        ("breached", "", 23 * 60, 23 * 60),
    ]  # fmt: skip


def test_a_first_owner_is_no_new_owner_and_neither_is_the_same_one() -> None:
    started: Duty = duty(starts=event_is("lead.handed_off"), warn_at=())
    steps = [event("lead.handed_off", 0), assigned(5), assigned(10), assigned(15, "ben"), assigned(20, "")]
    assert told(said(steps, policy(started))) == [("reassigned", "1", 15, 60)]


def test_a_lead_that_is_passed_around_is_told_once() -> None:
    agreement = policy(duty(warn_at=(), on_reassign=Reassignment(at_most=1)))
    steps = [assigned(n, owner) for n, owner in enumerate(["ana", "ben", "cem", "dan"])]
    assert [kind for kind, *_ in told(said(steps, agreement))] == [
        "reassigned", "reassigned", "passed_around", "reassigned",
    ]  # fmt: skip


def test_met_wins_over_cancelled_over_reset_over_a_pause() -> None:
    update = event_is("lead.updated")
    every = duty(
        warn_at=(), met_by=(Match(frozenset({"lead.updated"}), when=parse("score >= 4")),),
        cancelled_by=(Match(frozenset({"lead.updated"}), when=parse("score >= 3")),),
        reset_by=(Match(frozenset({"lead.updated"}), when=parse("score >= 2")),),
        pausing=Pausing(update, (Match(frozenset({"lead.updated"}), when=parse("score >= 0")),)),
    )  # fmt: skip
    kinds = {
        score: said([assigned(0), event("lead.updated", 9, score=score)], policy(every))[0].kind
        for score in range(1, 5)
    }
    assert kinds == {1: Kind.PAUSED, 2: Kind.RESET, 3: Kind.CANCELLED, 4: Kind.MET}


def test_an_owner_is_meant_unless_the_event_says_that_somebody_else_acted() -> None:
    by_owner = Match(frozenset({"activity.logged"}), actor="owner")
    agreement = policy(duty(warn_at=(), met_by=(by_owner,)))

    def met(**data: str) -> bool:
        act = event("activity.logged", 5, channel="call", direction="outbound", **data)
        return bool(said([assigned(0), act], agreement))

    assert met(actor="person")
    assert met(actor="person", actor_id="ana")
    assert not met(actor="person", actor_id="ben")
    assert not met(actor="automation", actor_id="ana")


def test_called_in_the_language_of_these_tests_is_a_touch() -> None:
    assert told(said([assigned(0), called(5)], RESET)) == [("met", "", 5, 60)]


def test_of_several_targets_that_fit_the_first_applies() -> None:
    overlapping = (
        Target(elapsed(10), None, parse('grade == "A"')), Target(elapsed(20), None, parse("score >= 50")),
        Target(elapsed(60), None),
    )  # fmt: skip
    steps = [assigned(0, grade="A", score=80)]
    (started,) = run(steps, policy(duty(warn_at=(), targets=overlapping)))[0].outcomes
    assert started.limit == "10 minutes elapsed"
