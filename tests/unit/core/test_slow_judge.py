"""The slow judge is right itself: examples worked out by hand, minutes after Thursday 10:00 in Munich."""

from monitor.core.backwards import before
from monitor.core.event import Event, Scalar
from monitor.core.limit import Limit, LimitUnit
from monitor.core.outcome import Kind, Reason
from monitor.core.policy import (
    Attempts,
    CalendarChoice,
    Duty,
    Inheritance,
    Match,
    Pausing,
    Reassignment,
    Rhythm,
    Target,
)
from monitor.core.predicate import parse
from tests.support.agreement import DAY, HOUR, MINUTE, TOUCH, duty, elapsed, event_is, policy
from tests.support.history import START, assigned, at, called, event
from tests.support.slow_clock import Verdict
from tests.support.slow_judge import judge

Line = tuple[str, float, float]
"""Kind with level, minute, due minute."""

OFFICE_4H = (Target(Limit(LimitUnit.WORKING_TIME, 4 * HOUR, "4 working_hours"), "office"),)
OWNER = Match(frozenset({"activity.logged"}), actor="owner")
HOUR_60 = duty(warn_at=())
CADENCE = duty(
    met_by=(),
    warn_at=(),
    targets=(Target(elapsed(600), None),),
    attempts=Attempts(
        at_least=3,
        counts=(TOUCH,),
        channels={"call": 2},
        spacing_us=HOUR,
        call_s_min=20,
        until=(Match(frozenset({"activity.logged"}), outcomes=frozenset({"connected"})),),
    ),
)


def call(minute: float, **data: Scalar) -> Event:
    """An outbound call by a person, of a minute unless it says otherwise."""
    return called(minute)._replace(
        data={"channel": "call", "direction": "outbound", "actor": "person", "duration_s": 60, **data}
    )


def waits(minute: float, on: str) -> Event:
    """What the lead waits for changes."""
    return event("lead.updated", minute, waiting_on=on)


def all_of(rule: Duty, *events: Event, days: int = 30) -> list[Verdict]:
    """Everything but the first start, in order."""
    found = judge(events, policy(rule), START + days * DAY)
    found = {v for v in found if (v.kind, v.cycle) != (Kind.ACTIVATED, 1)}
    return sorted(found, key=lambda v: (v.at, v.cycle, tuple(Kind).index(v.kind), v.level))


def stands(rule: Duty, *events: Event) -> list[Line]:
    """The same, short."""
    return [
        (f"{v.kind} {v.level}".strip(), (v.at - START) / MINUTE, (v.due_at - START) / MINUTE)
        for v in all_of(rule, *events)
    ]


def test_an_act_at_the_very_deadline_is_in_time_and_one_behind_it_is_late() -> None:
    assert stands(HOUR_60, assigned(0), called(60)) == [("met", 60, 60)]
    assert stands(HOUR_60, assigned(0), called(61)) == [("breached", 60, 60), ("fulfilled_late", 61, 60)]
    assert stands(HOUR_60, assigned(0)) == [("breached", 60, 60)]


def test_order_of_arrival_and_repeats_are_nothing_to_it() -> None:
    assert stands(HOUR_60, called(50), assigned(0), called(50), assigned(0)) == [("met", 50, 60)]


def test_a_cancelled_clock_has_no_verdict_and_one_cancelled_late_stays_breached() -> None:
    assert stands(HOUR_60, assigned(0), event("lead.recycled", 20)) == [("cancelled", 20, 60)]
    assert stands(HOUR_60, assigned(0), event("lead.recycled", 70), called(80)) == [("breached", 60, 60)]


def test_a_lead_that_was_recycled_begins_its_next_cycle() -> None:
    again = assigned(30)
    history = (assigned(0), called(10), event("lead.recycled", 20), again, assigned(40))
    assert stands(HOUR_60, *history) == [("met", 10, 60), ("activated", 30, 90), ("breached", 90, 90)]


def test_warnings_are_shares_of_the_limit_or_time_that_is_left() -> None:
    limit = (50, Limit(LimitUnit.ELAPSED, 10 * MINUTE, "10 minutes elapsed"), elapsed(60))
    assert stands(duty(warn_at=limit), assigned(0)) == [
        ("warned 50", 30, 60),
        ("warned 10 minutes elapsed left", 50, 60),
        ("breached", 60, 60),
    ]
    assert stands(duty(warn_at=limit), assigned(0), called(50)) == [("warned 50", 30, 60), ("met", 50, 60)]


def test_a_pause_keeps_what_is_left_and_warnings_keep_their_distance() -> None:
    rule = duty(warn_at=(50,), pausing=Pausing(event_is("lead.handed_off"), event_is("lead.accepted")))
    history = (assigned(0), event("lead.handed_off", 20), event("lead.accepted", 500))
    assert stands(rule, *history) == [
        ("paused 1", 20, 60),
        ("resumed 1", 500, 540),
        ("warned 50", 510, 540),
        ("breached", 540, 540),
    ]
    assert stands(rule, *history[:2], called(400)) == [("paused 1", 20, 60), ("met", 400, 60)]
    at_due = (assigned(0), event("lead.handed_off", 60), event("lead.accepted", 500))
    assert stands(rule, *at_due) == [("warned 50", 30, 60), ("breached", 60, 60)]


def test_a_pause_over_a_night_counts_working_time_only() -> None:
    rule = duty(
        warn_at=(50,),
        targets=OFFICE_4H,
        pausing=Pausing(event_is("lead.handed_off"), event_is("lead.accepted")),
    )
    # 10:00 to 11:00 is an hour; resumed at 16:00 the second hour ends at 17:00, two more on Friday: 11:00.
    history = (assigned(0), event("lead.handed_off", 60), event("lead.accepted", 360))
    # Half, two hours before the due instant: the last instant from which they are to come is Friday's opening.
    assert before(policy().calendars["office"], at(1500), OFFICE_4H[0].limit._replace(amount=2 * HOUR)) == at(1380)
    assert stands(rule, *history) == [
        ("paused 1", 60, 300),
        ("resumed 1", 360, 1500),
        ("warned 50", 1380, 1500),
        ("breached", 1500, 1500),
    ]


def test_a_clock_that_starts_while_it_is_to_pause_starts_paused_and_stalls_once_a_pause() -> None:
    rule = duty(warn_at=(), pausing=Pausing(during=parse('waiting_on == "prospect"'), longest=elapsed(100)))
    history = [waits(0, "prospect"), assigned(5), waits(205, "us"), waits(210, "prospect")]
    assert stands(rule, *history) == [
        ("paused 1", 5, 65),
        ("stalled 1", 105, 65),
        ("resumed 1", 205, 265),
        ("paused 2", 210, 265),
        ("stalled 2", 310, 265),
    ]
    assert stands(rule, *history[:2], waits(105, "us"), called(110)) == [
        ("paused 1", 5, 65),
        ("resumed 1", 105, 165),
        ("met", 110, 165),
    ]


def test_a_reset_gives_the_whole_limit_and_ends_a_pause() -> None:
    rule = duty(
        warn_at=(50,),
        reset_by=event_is("lead.created"),
        pausing=Pausing(event_is("lead.handed_off"), event_is("lead.accepted")),
    )
    assert stands(rule, assigned(0), event("lead.created", 60)) == [
        ("warned 50", 30, 60),
        ("reset 1", 60, 120),
        ("breached", 120, 120),
    ]
    assert stands(rule, assigned(0), event("lead.created", 61)) == [("warned 50", 30, 60), ("breached", 60, 60)]
    paused = (assigned(0), event("lead.handed_off", 20), event("lead.created", 100), called(110))
    assert stands(rule, *paused) == [("paused 1", 20, 60), ("reset 1", 100, 160), ("met", 110, 160)]


def test_a_new_owner_inherits_the_time_or_has_it_fresh_or_what_remains() -> None:
    history = (assigned(0), assigned(50, "ben"))
    assert stands(HOUR_60, *history) == [("reassigned 1", 50, 60), ("breached", 60, 60)]
    fresh = duty(warn_at=(), on_reassign=Reassignment(Inheritance.FRESH))
    assert stands(fresh, *history) == [("reassigned 1", 50, 110), ("breached", 110, 110)]
    assert stands(fresh, assigned(0), assigned(50, "ben", grade="A")) == [
        ("reassigned 1", 50, 60),
        ("breached", 60, 60),
    ]
    remaining = duty(warn_at=(), on_reassign=Reassignment(Inheritance.REMAINING, elapsed(30)))
    assert stands(remaining, *history) == [("reassigned 1", 50, 80), ("breached", 80, 80)]
    assert stands(remaining, assigned(0), assigned(10, "ben"), called(60)) == [
        ("reassigned 1", 10, 60),
        ("met", 60, 60),
    ]
    assert stands(remaining, assigned(0), assigned(61, "ben")) == [("breached", 60, 60)]
    assert stands(remaining, assigned(0, ""), assigned(50, "ben")) == [("breached", 60, 60)]


def test_what_remains_is_counted_on_the_calendar_of_the_new_owner() -> None:
    target = OFFICE_4H[0]._replace(calendar="office", chosen=CalendarChoice("owner", {"ben": "night"}))
    rule = duty(warn_at=(), targets=(target,), on_reassign=Reassignment(Inheritance.REMAINING))
    agreement = policy(rule)
    office = agreement.calendars["office"]
    night = type(office)("night", office.zone, (((1080, 1440),),) * 7)
    agreement = agreement._replace(calendars={"office": office, "night": night})
    found = judge([assigned(0), assigned(60, "ben")], type(agreement)(*agreement), START + 30 * DAY)
    # An hour used by 11:00; three are left, on a calendar that opens at 18:00: due at 21:00, eleven hours after START.
    assert {v.due_at for v in found if v.kind is Kind.BREACHED} == {at(660)}


def test_a_lead_that_is_passed_around_is_told_once() -> None:
    rule = duty(warn_at=(), on_reassign=Reassignment(at_most=1))
    history = [assigned(minute, name) for minute, name in ((0, "ana"), (10, "ben"), (20, "cem"), (30, "ana"))]
    assert stands(rule, *history, called(40)) == [
        ("reassigned 1", 10, 60),
        ("reassigned 2", 20, 60),
        ("passed_around", 20, 60),
        ("reassigned 3", 30, 60),
        ("met", 40, 60),
    ]


def test_an_act_of_somebody_else_does_not_count_where_it_is_the_owner_s() -> None:
    rule = duty(warn_at=(), met_by=(OWNER,))
    assert stands(rule, assigned(0), call(10, actor_id="ben"))[0] == ("breached", 60, 60)
    assert stands(rule, assigned(0), call(10, actor_id="ana")) == [("met", 10, 60)]
    assert stands(rule, assigned(0), call(10)) == [("met", 10, 60)]
    assert stands(rule, assigned(0), call(10, actor="automation"))[0] == ("breached", 60, 60)


def test_a_cadence_counts_acts_that_are_far_enough_apart_and_long_enough() -> None:
    email = call(100, channel="email")._replace(id="mail")
    verdicts = all_of(CADENCE, assigned(0), call(10), call(60), email, call(165, duration_s=19), call(170))
    assert [(v.kind, v.reason, v.at) for v in verdicts] == [(Kind.MET, Reason.ATTEMPTS_MADE, at(170))]
    assert verdicts[0].evidence_ids == (call(10).id, "mail", call(170).id)


def test_a_cadence_needs_its_minimum_of_each_channel() -> None:
    mails = [call(minute, channel="email") for minute in (10, 80, 150, 220)]
    assert stands(CADENCE, assigned(0), *mails, call(300), call(370)) == [("met", 370, 600)]


def test_a_connect_meets_a_cadence_early_even_when_the_act_itself_does_not_count() -> None:
    verdicts = all_of(CADENCE, assigned(0), call(10), call(20, outcome="connected"))
    assert [(v.kind, v.reason, v.at) for v in verdicts] == [(Kind.MET, Reason.CONNECTED, at(20))]
    assert verdicts[0].evidence_ids == (call(10).id, call(20).id)


def test_a_cadence_is_breached_when_it_gets_out_of_reach() -> None:
    # Two are still needed after the first; the last but one has to be made by 540.
    verdicts = all_of(CADENCE, assigned(0), call(10), call(550), call(615))
    assert [(v.kind, v.reason, v.at, v.due_at) for v in verdicts] == [
        (Kind.BREACHED, Reason.OUT_OF_REACH, at(540), at(600)),
        (Kind.FULFILLED_LATE, Reason.AFTER_DUE, at(615), at(600)),
    ]
    verdicts = all_of(CADENCE, assigned(0), call(10), call(540))
    assert [(v.kind, v.reason, v.at) for v in verdicts] == [(Kind.BREACHED, Reason.TOO_FEW_ATTEMPTS, at(600))]


def test_a_sequential_rhythm_starts_anew_with_each_touch() -> None:
    rule = duty(warn_at=(), repeats=True, rhythm=Rhythm.SEQUENTIAL)
    assert stands(rule, called(-5), assigned(0), called(30), called(100)) == [
        ("met", 30, 60),
        ("activated", 30, 90),
        ("breached", 90, 90),
        ("fulfilled_late", 100, 90),
        ("activated", 100, 160),
        ("breached", 160, 160),
    ]


def test_an_independent_rhythm_starts_anew_whenever_it_is_due_until_the_lead_leaves() -> None:
    rule = duty(warn_at=(), repeats=True, rhythm=Rhythm.INDEPENDENT)
    assert stands(rule, assigned(0), called(30), event("lead.recycled", 130)) == [
        ("met", 30, 60),
        ("activated", 60, 120),
        ("breached", 120, 120),
        ("activated", 120, 180),
        ("cancelled", 130, 180),
    ]


def test_a_stage_may_be_entered_again_where_the_duty_repeats() -> None:
    def moved(minute: float, stage: str) -> Event:
        return event("lead.stage_changed", minute, stage=stage)

    stages = frozenset(policy().stages)
    rule = duty(
        warn_at=(),
        starts=(event_is("lead.stage_changed")[0]._replace(stages=frozenset({"sal"})),),
        met_by=(event_is("lead.stage_changed")[0]._replace(stages=stages - {"sal"}),),
        repeats=True,
    )
    assert stands(rule, moved(0, "sal"), moved(20, "sql"), moved(30, "sal"), moved(40, "sal")) == [
        ("met", 20, 60),
        ("activated", 30, 90),
        ("breached", 90, 90),
    ]
    assert stands(rule._replace(repeats=False), moved(0, "sal"), moved(20, "sql"), moved(30, "sal")) == [
        ("met", 20, 60),
    ]


def test_silence_accepts_and_moves_the_lead_and_a_rejection_in_time_does_not() -> None:
    rule = duty(
        warn_at=(),
        starts=event_is("lead.handed_off"),
        met_by=event_is("lead.accepted", "lead.rejected"),
        silence_accepts=True,
    )
    next_one = duty("second", warn_at=(), starts=event_is("lead.accepted"), cancelled_by=())
    agreement = policy(rule, next_one)

    def kinds(*events: Event) -> set[tuple[str, Kind, Reason, int]]:
        return {(v.duty, v.kind, v.reason, v.at) for v in judge(events, agreement, START + DAY)}

    assert kinds(event("lead.handed_off", 0)) == {
        ("first-touch", Kind.ACTIVATED, Reason.STARTED, at(0)),
        ("first-touch", Kind.MET, Reason.SILENCE_ACCEPTED, at(60)),
        ("second", Kind.ACTIVATED, Reason.STARTED, at(60)),
        ("second", Kind.BREACHED, Reason.NO_EVIDENCE, at(120)),
    }
    assert kinds(event("lead.handed_off", 0), event("lead.rejected", 60)) == {
        ("first-touch", Kind.ACTIVATED, Reason.STARTED, at(0)),
        ("first-touch", Kind.MET, Reason.REJECTED, at(60)),
    }


def test_nobody_is_warned_at_the_very_instant_of_a_silence() -> None:
    days = Target(Limit(LimitUnit.WORKING_DAYS, 1, "1 working_days"), "office")
    rule = duty(
        starts=event_is("lead.handed_off"),
        met_by=event_is("lead.accepted"),
        targets=(days._replace(chosen=CalendarChoice("owner", {"ben": "night"})),),
        warn_at=(elapsed(60),),
        on_reassign=Reassignment(Inheritance.REMAINING),
        silence_accepts=True,
    )
    agreement = policy(rule)
    office = agreement.calendars["office"]
    night = type(office)("night", office.zone, (((1080, 1440),),) * 7)
    agreement = agreement._replace(calendars={"office": office, "night": night})
    # Due on Friday when the office opens; on Thursday evening no time is left, on whichever calendar.
    history = [event("lead.handed_off", -90, owner="ana"), assigned(540, "ben")]
    found = judge(history, type(agreement)(*agreement), START + DAY)
    assert {(v.kind, v.at, v.due_at) for v in found if v.kind is not Kind.ACTIVATED} == {
        (Kind.REASSIGNED, at(540), at(540)),
        (Kind.MET, at(540), at(540)),
    }


def test_met_goes_before_cancelled_and_cancelled_before_a_move() -> None:
    both = event_is("lead.recycled")
    assert stands(duty(warn_at=(), met_by=both), assigned(0), event("lead.recycled", 9)) == [("met", 9, 60)]
    rule = duty(warn_at=(), reset_by=both)
    assert stands(rule, assigned(0), event("lead.recycled", 9)) == [("cancelled", 9, 60)]


def test_what_time_decides_waits_for_the_hold() -> None:
    rule = duty(warn_at=(50,), hold_us=5 * MINUTE)
    for minute, kinds in ((34, []), (35, [Kind.WARNED]), (64, [Kind.WARNED]), (65, [Kind.WARNED, Kind.BREACHED])):
        found = judge([assigned(0)], policy(rule), at(minute))
        assert sorted(v.kind for v in found - judge([assigned(0)], policy(rule), at(0))) == sorted(kinds), minute


def test_the_owner_of_a_verdict_is_the_one_at_its_instant() -> None:
    verdicts = all_of(HOUR_60, assigned(0), assigned(60, "ben"), assigned(61, "cem"), called(70))
    assert [(v.kind, v.owner) for v in verdicts] == [
        (Kind.REASSIGNED, "ben"),
        (Kind.BREACHED, "ben"),
        (Kind.FULFILLED_LATE, "cem"),
    ]
