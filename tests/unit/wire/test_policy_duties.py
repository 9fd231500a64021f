"""Every key of a duty becomes the value that the core judges by."""

from pathlib import Path

import pytest

from monitor.core import event as ev
from monitor.core.event import Scalar
from monitor.core.limit import Limit, LimitUnit
from monitor.core.policy import (
    Attempts,
    CalendarChoice,
    Duty,
    Inheritance,
    Match,
    Objective,
    Pausing,
    Policy,
    Reassignment,
    Rhythm,
    Target,
)
from monitor.core.predicate import holds, parse
from monitor.wire.policy import load_policy, read_policy

RIGHT = Path(__file__).parents[2] / "contract" / "policies" / "right"
MINUTE = 60_000_000
HOUR, DAY = 60 * MINUTE, 1440 * MINUTE
ACTIVITY = frozenset({ev.ACTIVITY_LOGGED})
HEAD = """\
agreement: {name: Test, version: v1, effective_from: 2026-01-01}
timezone: UTC
calendars:
  munich: {hours: {mon-fri: 09:00-17:00}}
  denver: {timezone: America/Denver, hours: {mon-fri: 08:00-16:00}}
follow_up:
"""
FIRST_TOUCH = "starts: lead.assigned, met_by: {activity: call}"


def duty(body: str) -> Duty:
    (read,) = read_policy(f"{HEAD}  - {{duty: a, {body}}}\n", "a.yaml").duties
    return read


def touch(body: str) -> Duty:
    """A first touch within 8 working hours, and what the body adds."""
    return duty(f"{FIRST_TOUCH}, within: 8 working_hours, calendar: munich, {body}")


@pytest.fixture(scope="module")
def every() -> Policy:
    return load_policy(RIGHT / "every-duty.yaml")


def named(policy: Policy, name: str) -> Duty:
    found = policy.duty(name)
    assert found is not None
    return found


def test_what_was_sketched_is_read_as_it_was_meant() -> None:
    touched, persistence, acceptance = load_policy(RIGHT / "sketch.yaml").duties
    assert touched.pausing == Pausing(during=parse('waiting_on == "prospect"'))
    least = Limit(LimitUnit.WORKING_TIME, 30 * MINUTE, "30 working_minutes")
    assert touched.on_reassign == Reassignment(Inheritance.REMAINING, least)
    assert touched.objective == Objective(95.0, "quarter")
    assert persistence.attempts == Attempts(
        at_least=6,
        counts=(Match(ACTIVITY, direction="outbound", actor="owner"),),
        channels={"call": 3},
        spacing_us=2 * HOUR,
        until=(Match(ACTIVITY, actor="owner", outcomes=frozenset({"connected"})),),
    )
    assert persistence.targets == (Target(Limit(LimitUnit.WORKING_DAYS, 10, "10 working_days"), "munich"),)
    agreed = parse('reason in ["bad-data", "wrong-persona", "no-budget", "duplicate", "competitor"]')
    assert acceptance.met_by == (
        Match(frozenset({ev.LEAD_ACCEPTED})),
        Match(frozenset({ev.LEAD_REJECTED}), when=agreed),
    )
    assert acceptance.silence_accepts


@pytest.mark.parametrize(
    ("by", "actor"),
    [("", "owner"), (", by: owner", "owner"), (", by: person", "person"), (", by: automation", "automation"),
     (", by: anyone", None)],
)  # fmt: skip
def test_an_activity_meets_when_it_is_the_owners_unless_the_agreement_says_otherwise(by: str, actor: str) -> None:
    within = "within: 1 hours elapsed"
    assert duty(f"starts: lead.assigned, met_by: {{activity: call{by}}}, {within}").met_by[0].actor == actor
    counted = duty(f"starts: lead.assigned, attempts: {{at_least: 2, of: {{activity: call{by}}}}}, {within}").attempts
    assert counted is not None
    assert counted.counts[0].actor == actor


def test_activities_by_name_of_their_event_are_the_owners_too() -> None:
    within = "within: 1 hours elapsed"
    assert duty(f"starts: lead.assigned, met_by: activity.logged, {within}").met_by == (Match(ACTIVITY, actor="owner"),)
    (match,) = duty(f"starts: lead.assigned, met_by: {{event: activity.logged}}, {within}").met_by
    assert match.actor == "owner"
    (mixed,) = duty(f"starts: lead.assigned, met_by: {{event: [activity.logged, lead.accepted]}}, {within}").met_by
    assert mixed.actor is None


@pytest.mark.parametrize("key", ["starts", "cancelled_by", "reset_by", "paused_by", "resumed_by"])
def test_who_acts_does_not_matter_where_nothing_is_fulfilled(key: str) -> None:
    conditions = {"starts": "lead.assigned", "paused_by": "lead.updated", "resumed_by": "lead.updated"}
    conditions[key] = "{activity: [email, form], direction: inbound}"
    written = ", ".join(f"{name}: {condition}" for name, condition in conditions.items())
    read = duty(f"{written}, met_by: {{activity: call}}, within: 1 hours elapsed, pause_at_most: 2 days elapsed")
    pausing = read.pausing
    assert pausing is not None
    match = {
        "starts": read.starts, "cancelled_by": read.cancelled_by, "reset_by": read.reset_by,
        "paused_by": pausing.begins, "resumed_by": pausing.ends,
    }[key]  # fmt: skip
    assert match == (Match(ACTIVITY, channels=frozenset({"email", "form"}), direction="inbound"),)


def test_events_begin_and_end_a_pause_which_may_last_so_long() -> None:
    read = touch("paused_by: lead.recycled, resumed_by: lead.assigned, pause_at_most: 5 working_days")
    assert read.pausing == Pausing(
        begins=(Match(frozenset({ev.LEAD_RECYCLED})),),
        ends=(Match(frozenset({ev.LEAD_ASSIGNED})),),
        longest=Limit(LimitUnit.WORKING_DAYS, 5, "5 working_days"),
    )


@pytest.mark.parametrize(
    ("written", "reads"),
    [
        ("'grade == \"A\" or score > 5'", 'grade == "A" or score > 5'),
        ("{waiting_on: prospect}", 'waiting_on == "prospect"'),
        ("{waiting_on: [prospect, partner], score: 50}", 'waiting_on in ["prospect", "partner"] and score == 50'),
        ("{waiting_on: 'the \"board\"'}", "waiting_on == 'the \"board\"'"),
        ("{waiting_on: \"'17'\"}", "waiting_on == \"'17'\""),
        ('{campaign: "17"}', 'campaign == "17"'),
        ("{campaign: TRUE}", "campaign == true"),
    ],
)
def test_a_pause_lasts_while_something_is_known_of_the_lead(written: str, reads: str) -> None:
    pausing = touch(f"paused_while: {written}, pause_at_most: 5 working_days").pausing
    assert pausing is not None
    assert (pausing.during, pausing.begins, pausing.ends) == (parse(reads), (), ())


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("inherit", Reassignment(Inheritance.INHERIT)),
        ("fresh", Reassignment(Inheritance.FRESH)),
        ("remaining", Reassignment(Inheritance.REMAINING)),
        (
            '"remaining, at least 1 hours elapsed"',
            Reassignment(Inheritance.REMAINING, Limit(LimitUnit.ELAPSED, HOUR, "1 hours elapsed")),
        ),
    ],
)
def test_a_new_owner_has_the_time_that_is_agreed(written: str, means: Reassignment) -> None:
    assert touch(f"on_reassign: {written}").on_reassign == means
    assert touch(f"on_reassign: {written}, reassigned_at_most: 3").on_reassign == means._replace(at_most=3)


def test_without_a_word_on_new_owners_the_due_instant_stays() -> None:
    assert touch("hold: 1 seconds").on_reassign == Reassignment()
    assert touch("reassigned_at_most: 0").on_reassign == Reassignment(at_most=0)


def test_a_cadence_counts_attempts(every: Policy) -> None:
    persistence = named(every, "persistence")
    assert persistence.attempts == Attempts(
        at_least=4,
        counts=(
            Match(ACTIVITY, channels=frozenset({"call", "email", "social"}), direction="outbound", actor="person"),
        ),
        channels={"call": 3, "email": 2},
        spacing_us=2 * HOUR,
        call_s_min=20,
        until=(Match(ACTIVITY, actor="owner", outcomes=frozenset({"connected", "meeting booked"})),),
    )
    assert (persistence.met_by, persistence.repeats) == ((), True)
    assert [target.calendar for target in persistence.targets] == ["munich", "denver"]


@pytest.mark.parametrize(
    ("until", "means"),
    [
        ("{event: lead.accepted}", Match(frozenset({ev.LEAD_ACCEPTED}))),
        ("{activity: call, outcome: connected}",
         Match(ACTIVITY, channels=frozenset({"call"}), actor="owner", outcomes=frozenset({"connected"}))),
        ("{activity: call, by: anyone}", Match(ACTIVITY, channels=frozenset({"call"}))),
    ],
)  # fmt: skip
def test_a_cadence_may_end_with_any_condition(until: str, means: Match) -> None:
    read = duty(f"starts: lead.assigned, attempts: {{at_least: 2, until: {until}}}, within: 1 hours elapsed").attempts
    assert read is not None
    assert read.until == (means,)


def test_the_limit_of_a_cadence_may_stand_in_it_beside_it_or_in_targets() -> None:
    inside = duty("starts: lead.assigned, attempts: {at_least: 2, within: 2 hours elapsed}")
    beside = duty("starts: lead.assigned, attempts: {at_least: 2}, within: 2 hours elapsed")
    listed = duty("starts: lead.assigned, attempts: {at_least: 2}, targets: [{within: 2 hours elapsed}]")
    assert inside == beside == listed


@pytest.mark.parametrize(
    "written",
    [
        "attempts: {at_least: 3, spacing: 60 minutes}, within: 2 hours elapsed",
        # From Friday evening two working days last until Wednesday morning.
        "attempts: {at_least: 3, spacing: 2 days}, within: 2 working_days, calendar: munich",
        "attempts: {at_least: 3, spacing: 2 days}, within: 2 working_days,"
        " calendar: {by: owner, a: munich, otherwise: denver}",
    ],
)  # fmt: skip
def test_attempts_may_be_as_far_apart_as_just_fits_into_the_limit(written: str) -> None:
    assert duty(f"starts: lead.assigned, {written}").attempts is not None


def test_a_stage_is_left_as_often_as_it_is_entered() -> None:
    read = duty("stage: sal, within: 10 working_days, calendar: munich")
    assert read.starts == (Match(frozenset(ev.EVENT_TYPES), stages=frozenset({"sal"})),)
    others = {"inquiry", "mql", "sql", "opportunity", "customer", "recycled", "disqualified"}
    assert read.met_by == (Match(frozenset(ev.EVENT_TYPES), stages=frozenset(others)),)
    assert (read.repeats, read.rhythm) == (True, None)


def test_the_next_touch_is_due_every_so_often() -> None:
    read = duty(f"{FIRST_TOUCH}, every: 3 working_days, calendar: munich")
    assert (read.rhythm, read.repeats) == (Rhythm.SEQUENTIAL, True)
    assert read.targets == (Target(Limit(LimitUnit.WORKING_DAYS, 3, "3 working_days"), "munich"),)
    assert read == duty(f"{FIRST_TOUCH}, every: 3 working_days, calendar: munich, rhythm: sequential")


def test_a_rhythm_may_differ_by_target() -> None:
    read = duty(f"{FIRST_TOUCH}, rhythm: independent, targets: [{{within: 3 days elapsed}}]")
    assert (read.rhythm, read.repeats) == (Rhythm.INDEPENDENT, True)
    assert read.targets[0].limit.amount == 3 * DAY


@pytest.mark.parametrize("written", ["true", "True"])
def test_a_duty_comes_back_when_it_says_so(written: str) -> None:
    assert touch(f"repeats: {written}").repeats
    assert not touch("repeats: false").repeats
    assert not touch("hold: 1 seconds").repeats


@pytest.mark.parametrize("key", ["reasons: [bad-data]", "on_silence: breach", "on_silence: accept"])
def test_an_acceptance_need_not_say_what_meets_it(key: str) -> None:
    read = duty(f"starts: lead.handed_off, within: 1 days elapsed, {key}")
    assert [match.types for match in read.met_by] == [{ev.LEAD_ACCEPTED}, {ev.LEAD_REJECTED}]
    assert read.silence_accepts is (key == "on_silence: accept")


def test_reasons_are_asked_of_rejections_alone(every: Policy) -> None:
    accepted, rejected, moved, moved_by_rejection = named(every, "acceptance").met_by
    assert accepted == Match(frozenset({ev.LEAD_ACCEPTED}), when=parse("score > 10"))
    assert rejected.types == moved_by_rejection.types == {ev.LEAD_REJECTED}
    assert ev.LEAD_REJECTED not in moved.types
    assert moved.stages == moved_by_rejection.stages == {"sql"}
    assert rejected.when is not None
    for score, reason, meets in [(11, "bad-data", True), (11, 'no "real" need', True), (11, "other", False),
                                 (9, "bad-data", False)]:  # fmt: skip
        assert holds(rejected.when, {"score": score, "reason": reason}) is meets
    assert not holds(rejected.when, {"score": 11})


def test_warnings_are_shares_or_times_left(every: Policy) -> None:
    left = Limit(LimitUnit.ELAPSED, 10 * MINUTE, "10 minutes elapsed")
    assert named(every, "first-touch").warn_at == (50, left, 80)
    assert named(every, "persistence").warn_at == (Limit(LimitUnit.WORKING_DAYS, 2, "2 working_days"),)


def test_an_objective_is_a_share_over_a_period(every: Policy) -> None:
    assert named(every, "first-touch").objective == Objective(97.5, "month")
    assert touch("objective: 100% per week").objective == Objective(100.0, "week")


def test_a_calendar_may_go_by_what_is_known_of_the_lead(every: Policy) -> None:
    choice = CalendarChoice("owner", {"ana": "munich", "bob smith": "denver"})
    elapsed, own, chosen = named(every, "first-touch").targets
    assert (elapsed.calendar, elapsed.chosen) == (None, None)
    assert (own.calendar, own.chosen) == ("denver", None)
    assert (chosen.calendar, chosen.chosen) == ("munich", choice)
    read = duty(f"{FIRST_TOUCH}, every: 3 working_days, calendar: {{by: team, emea: munich, otherwise: denver}}")
    assert read.targets[0][1:] == ("denver", None, CalendarChoice("team", {"emea": "munich"}))


def test_the_only_calendar_need_not_be_named() -> None:
    text = f"{HEAD}  - {{duty: a, {FIRST_TOUCH}, within: 8 working_hours}}\n".replace("  denver", "#")
    (read,) = read_policy(text, "a.yaml").duties
    assert read.targets[0].calendar == "munich"


@pytest.mark.parametrize(
    ("fields", "applies"),
    [
        ({"grade": "A", "score": 60}, True), ({"grade": "A", "persona": "founder"}, True), ({"grade": "A"}, False),
        ({"score": 60, "persona": "founder"}, False), ({"grade": "A", "score": 60, "country": "US"}, False),
    ],
)  # fmt: skip
def test_a_condition_may_be_a_tree_of_all_any_and_not(fields: dict[str, Scalar], applies: bool) -> None:
    tree = """{all: ['grade == "A"', {any: ['score >= 60', 'persona == "founder"']}], not: 'country == "US"'}"""
    within = "within: 5 minutes elapsed"
    (match,) = duty(f"starts: {{event: lead.assigned, when: {tree}}}, met_by: lead.accepted, {within}").starts
    assert match.when is not None
    assert holds(match.when, fields) is applies
