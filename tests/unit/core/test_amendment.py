"""A new version of the agreement: which clocks it takes over, from when, and what is said of that."""

from collections.abc import Sequence
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.advance import TimeAdvanced, advance
from monitor.core.amendment import amended_at, next_tick_at
from monitor.core.event import Event
from monitor.core.lead import Lead
from monitor.core.outcome import Kind, Outcome, Reason
from monitor.core.policy import Applies, Attempts, Duty, Inheritance, Pausing, Policy, Reassignment, Target
from monitor.core.tables import ClockState
from tests.support.agreement import DAY, HOUR, MINUTE, TOUCH, duty, elapsed, event_is, policy

BEGUN = 100 * DAY
"""When the newer version comes into force."""


def version(
    name: str, minutes: int, at: int = 0, applies_to: Applies = Applies.NEW, since: int | None = None
) -> Policy:
    """First touch within so many minutes."""
    touch = duty(targets=(Target(elapsed(minutes), None),), warn_at=(50,))
    applies_from = at if since is None else since
    agreed = policy(touch, version=name)
    return agreed._replace(effective_at=at, applies_to=applies_to, applies_from=applies_from)


OLD = version("1", 60)


def agreed(minutes: int, applies_to: Applies = Applies.OPEN, since: int | None = None) -> Policy:
    """Sixty minutes at first, then so many."""
    return version("2", minutes, BEGUN, applies_to, since)._replace(earlier=(OLD,))


def assigned(at: int, owner: str = "ana") -> Event:
    return Event("L", f"a{at}-{owner}", "lead.assigned", at, "crm", {"owner": owner})


def touched(at: int) -> Event:
    data = {"channel": "call", "direction": "outbound", "actor": "person"}
    return Event("L", f"t{at}", "activity.logged", at, "dialler", data)


def run(policy: Policy, *steps: Event | int) -> tuple[Lead, list[Outcome]]:
    """Events, and ticks at an instant; and all that is said."""
    lead: Lead | None = None
    said: list[Outcome] = []
    for step in steps:
        done = advance(lead, TimeAdvanced(step) if isinstance(step, int) else step, policy)
        lead = done.lead
        said += done.outcomes
    assert lead is not None
    return lead, said


def _at(step: Event | int) -> int:
    return step if isinstance(step, int) else step.at


def kinds(said: Sequence[Outcome]) -> list[tuple[Kind, str]]:
    return [(outcome.kind, outcome.policy_version) for outcome in said]


def test_new_moves_no_clock_that_runs_and_judges_those_that_start_then() -> None:
    policy = agreed(10, Applies.NEW)
    lead, said = run(policy, assigned(BEGUN - 30 * MINUTE), BEGUN, BEGUN + 29 * MINUTE)
    (clock,) = lead.fold.clocks
    assert (clock.due_at, clock.policy_version) == (BEGUN + 30 * MINUTE, "1")
    assert Kind.AMENDED not in {outcome.kind for outcome in said}
    lead, _ = run(policy, assigned(BEGUN))
    (clock,) = lead.fold.clocks
    assert (clock.due_at, clock.policy_version) == (BEGUN + 10 * MINUTE, "2")


def test_open_moves_a_running_clock_to_the_new_limit_counted_from_its_start_and_says_so_once() -> None:
    lead, said = run(agreed(120), assigned(BEGUN - 20 * MINUTE), BEGUN - 1, BEGUN)
    (clock,) = lead.fold.clocks
    assert (clock.due_at, clock.policy_version) == (BEGUN + 100 * MINUTE, "2")
    assert kinds(said) == [(Kind.ACTIVATED, "1"), (Kind.AMENDED, "2")]
    amended = said[-1]
    assert (amended.kind, amended.at, amended.due_at) == (Kind.AMENDED, BEGUN, BEGUN + 100 * MINUTE)
    assert (amended.reason, amended.limit) == (Reason.NEW_VERSION, "120 minutes elapsed")
    _, later = run(agreed(120), assigned(BEGUN - 20 * MINUTE), BEGUN - 1, BEGUN, BEGUN + MINUTE, touched(BEGUN + HOUR))
    assert [outcome.kind for outcome in later[len(said) :]] == [Kind.WARNED, Kind.MET]


def test_open_leaves_no_less_time_than_until_it_is_in_force() -> None:
    lead, said = run(agreed(10), assigned(BEGUN - 30 * MINUTE), BEGUN)
    assert lead.fold.clocks[0].due_at == BEGUN
    assert said[-1].kind is Kind.BREACHED
    in_time, said = run(agreed(10), assigned(BEGUN - 30 * MINUTE), touched(BEGUN), BEGUN + 1)
    assert (in_time.fold.clocks[0].state, in_time.fold.clocks[0].policy_version) == (ClockState.MET, "2")


def test_a_clock_that_ended_before_is_left_alone() -> None:
    lead, _ = run(OLD, assigned(BEGUN - 30 * MINUTE), touched(BEGUN - MINUTE))
    assert amended_at(lead.fold.clocks, agreed(120)) is None


def test_a_start_that_arrives_late_is_judged_at_once_by_the_version_that_took_such_clocks_over() -> None:
    lead, _ = run(agreed(120), touched(BEGUN - HOUR), BEGUN, assigned(BEGUN - 30 * MINUTE))
    assert (lead.fold.clocks[0].policy_version, lead.fold.clocks[0].due_at) == ("2", BEGUN + 90 * MINUTE)


def test_a_breach_that_was_there_before_stays_one() -> None:
    lead, said = run(agreed(600), assigned(BEGUN - 70 * MINUTE), BEGUN - 10 * MINUTE, BEGUN)
    (clock,) = lead.fold.clocks
    assert (clock.state, clock.policy_version) == (ClockState.BREACHED, "1")
    assert kinds(said)[-1] == (Kind.BREACHED, "1")


def test_a_clock_whose_duty_the_open_version_no_longer_has_is_cancelled() -> None:
    without = agreed(10)._replace(duties=(duty("other"),))
    lead, said = run(without, assigned(BEGUN - 30 * MINUTE), BEGUN)
    assert lead.fold.clocks[0].state is ClockState.CANCELLED
    (cancelled,) = [outcome for outcome in said if outcome.kind is Kind.CANCELLED]
    assert (cancelled.at, cancelled.reason) == (BEGUN, Reason.DUTY_REMOVED)


@pytest.mark.parametrize(("minutes", "due_at"), [(120, BEGUN + 90 * MINUTE), (10, BEGUN)])
def test_a_version_that_is_not_loaded_any_more_is_taken_over_just_the_same(minutes: int, due_at: int) -> None:
    lead, _ = run(OLD, assigned(BEGUN - 30 * MINUTE))
    alone = version("2", minutes, BEGUN, Applies.OPEN)
    assert amended_at(lead.fold.clocks, alone) == BEGUN
    moved = advance(lead, TimeAdvanced(BEGUN), alone).lead
    assert moved.fold.clocks[0].due_at == due_at
    # Evidence out of order has the clock judged from its start again: with the same end.
    again = advance(moved, assigned(BEGUN - 40 * MINUTE, "bob")._replace(type="lead.updated"), alone)
    assert again.lead.fold.clocks[0].due_at == due_at
    assert again.lead.fold.clocks[0].policy_version == "2"


def test_a_version_that_is_not_loaded_any_more_keeps_its_clocks_where_the_new_one_is_for_new_ones() -> None:
    lead, _ = run(OLD, assigned(BEGUN - 30 * MINUTE))
    alone = version("2", 120, BEGUN)
    assert amended_at(lead.fold.clocks, alone) is None
    late = advance(lead, assigned(BEGUN - 40 * MINUTE, "bob")._replace(type="lead.updated"), alone).lead
    assert (late.fold.clocks[0].due_at, late.fold.clocks[0].policy_version) == (BEGUN + 30 * MINUTE, "1")


def test_since_judges_again_what_started_then_and_takes_back_what_no_longer_holds() -> None:
    start = BEGUN - 2 * HOUR
    policy = agreed(600, Applies.SINCE, start)
    policy = policy._replace(duties=(policy.duties[0]._replace(final_after={"default": 10 * DAY}),))
    old = OLD._replace(duties=(OLD.duties[0]._replace(final_after={"default": 10 * DAY}),))
    lead, said = run(policy._replace(earlier=(old,)), assigned(start), BEGUN - HOUR, BEGUN - 1, BEGUN)
    assert (lead.fold.clocks[0].due_at, lead.fold.clocks[0].policy_version) == (start + 600 * MINUTE, "2")
    by_id = {outcome.outcome_id: outcome for outcome in said}
    breach = next(outcome for outcome in said if outcome.kind is Kind.BREACHED)
    (withdrawn,) = [outcome for outcome in said if outcome.level == "breached"]
    assert breach.policy_version == "1"
    assert (withdrawn.supersedes, withdrawn.reason) == (breach.outcome_id, Reason.NEW_VERSION)
    assert len(by_id) == len(said)
    # What is said anew replaces what was really said, under the version of then.
    assert {outcome.supersedes for outcome in said if outcome.supersedes} <= set(by_id)


def test_since_says_nothing_of_the_past_before_it_is_in_force() -> None:
    policy = agreed(600, Applies.SINCE, BEGUN - 5 * HOUR)
    lead, _ = run(policy, assigned(BEGUN - 30 * MINUTE), BEGUN - 20 * MINUTE, assigned(BEGUN - 40 * MINUTE, "bob"))
    assert (lead.fold.clocks[0].policy_version, lead.fold.clocks[0].started_at) == ("1", BEGUN - 40 * MINUTE)


def test_a_clock_that_started_before_its_version_was_loaded_is_judged_by_it_once_it_is() -> None:
    lead, _ = run(OLD, assigned(BEGUN + MINUTE))
    both = agreed(10, Applies.NEW)
    assert amended_at(lead.fold.clocks, both) == BEGUN
    judged = advance(lead, TimeAdvanced(BEGUN + 2 * MINUTE), both).lead
    assert (judged.fold.clocks[0].policy_version, judged.fold.clocks[0].due_at) == ("2", BEGUN + 11 * MINUTE)


def test_a_clock_that_starts_after_the_tick_is_judged_again_by_it_too() -> None:
    lead, _ = run(OLD, assigned(BEGUN + 10 * MINUTE), touched(BEGUN + 20 * MINUTE))
    judged = advance(lead, TimeAdvanced(BEGUN), agreed(5, Applies.NEW)).lead
    assert judged.fold.clocks[0].state is ClockState.FULFILLED_LATE


def test_since_leaves_alone_what_started_before_and_what_is_final() -> None:
    before, _ = run(agreed(600, Applies.SINCE, BEGUN - HOUR), assigned(BEGUN - 2 * HOUR), BEGUN)
    assert before.fold.clocks[0].policy_version == "1"
    final, said = run(agreed(600, Applies.SINCE, BEGUN - DAY), assigned(BEGUN - 12 * HOUR), BEGUN - 2 * HOUR, BEGUN)
    assert final.fold.clocks[0].final
    assert kinds(said)[-1] == (Kind.FINALISED, "1")


def test_a_tick_is_asked_for_at_the_instant_when_a_version_takes_a_clock_over() -> None:
    lead, _ = run(agreed(120), assigned(BEGUN - 20 * MINUTE))
    assert next_tick_at(lead, agreed(120)) == BEGUN
    assert next_tick_at(lead, agreed(120, Applies.NEW)) == BEGUN + 10 * MINUTE
    ticked, _ = run(agreed(120), assigned(BEGUN - 20 * MINUTE), BEGUN)
    assert next_tick_at(ticked, agreed(120)) == BEGUN + 40 * MINUTE


PAUSABLE = duty(
    targets=(Target(elapsed(60), None),),
    warn_at=(50,),
    pausing=Pausing(begins=event_is("lead.updated"), ends=event_is("lead.handed_off")),
)


@pytest.mark.parametrize(("resumed", "due"), [(BEGUN - 10 * MINUTE, 100), (BEGUN + 10 * MINUTE, 120)])
def test_open_counts_the_new_limit_through_the_pauses_of_the_clock(resumed: int, due: int) -> None:
    old = OLD._replace(duties=(PAUSABLE,))
    new = agreed(120)._replace(duties=(PAUSABLE._replace(targets=(Target(elapsed(120), None),)),), earlier=(old,))
    pause = assigned(BEGUN - 20 * MINUTE)._replace(type="lead.updated")
    resume = assigned(resumed)._replace(type="lead.handed_off")
    lead, said = run(new, assigned(BEGUN - 30 * MINUTE), pause, *sorted([resume, BEGUN], key=_at), BEGUN + 11 * MINUTE)
    (clock,) = lead.fold.clocks
    assert (clock.due_at, clock.state) == (BEGUN - 30 * MINUTE + (due + 30) * MINUTE, ClockState.RUNNING)
    assert [outcome.due_at for outcome in said if outcome.kind is Kind.AMENDED] == [
        clock.due_at if resumed < BEGUN else BEGUN + 90 * MINUTE
    ]


def test_a_version_without_pauses_lets_a_paused_clock_go_on() -> None:
    old = OLD._replace(duties=(PAUSABLE,))
    pause = assigned(BEGUN - 20 * MINUTE)._replace(type="lead.updated")
    lead, said = run(agreed(60)._replace(earlier=(old,)), assigned(BEGUN - 30 * MINUTE), pause, BEGUN)
    (clock,) = lead.fold.clocks
    assert (clock.state, clock.due_at) == (ClockState.RUNNING, BEGUN + 50 * MINUTE)
    assert [outcome.kind for outcome in said[-2:]] == [Kind.RESUMED, Kind.AMENDED]


def test_a_clock_that_stands_still_for_good_is_taken_over_too() -> None:
    old = OLD._replace(duties=(PAUSABLE,))
    new = agreed(60)._replace(earlier=(old,))
    pause = assigned(BEGUN - 20 * MINUTE)._replace(type="lead.updated")
    lead, _ = run(new, assigned(BEGUN - 30 * MINUTE), pause, BEGUN - 10 * MINUTE)
    assert next_tick_at(lead, new) == BEGUN
    assert next_tick_at(lead, agreed(60, Applies.NEW)._replace(earlier=(old,))) is None
    assert next_tick_at(lead, old) is None


@pytest.mark.parametrize(("longest", "stalled"), [(10, -70), (90, 10)])
def test_that_a_pause_lasts_too_long_is_told_once_whoever_gets_the_lead_and_whatever_is_agreed(
    longest: int, stalled: int
) -> None:
    def pausable(longest: int) -> Duty:
        pausing = PAUSABLE.pausing and PAUSABLE.pausing._replace(longest=elapsed(longest))
        return PAUSABLE._replace(pausing=pausing, on_reassign=Reassignment(Inheritance.REMAINING))

    old = OLD._replace(duties=(pausable(longest),))
    new = agreed(60)._replace(duties=(pausable(90),), earlier=(old,))
    pause = assigned(BEGUN - 80 * MINUTE)._replace(type="lead.updated")
    ticks = [BEGUN + minute * MINUTE for minute in (0, 5, 10, 60, 70)]
    _, said = run(new, assigned(BEGUN - 90 * MINUTE), pause, assigned(BEGUN - 30 * MINUTE, "ben"), *ticks)
    assert [outcome.at for outcome in said if outcome.kind is Kind.STALLED] == [BEGUN + stalled * MINUTE]


def test_a_cadence_goes_on_with_the_attempts_that_were_made() -> None:
    def cadence(at_least: int) -> Duty:
        attempts = Attempts(at_least, (TOUCH,), {})
        return duty(met_by=(), targets=(Target(elapsed(60), None),), warn_at=(), attempts=attempts)

    old = OLD._replace(duties=(cadence(3),))
    steps = (assigned(BEGUN - 30 * MINUTE), touched(BEGUN - 20 * MINUTE), touched(BEGUN - 10 * MINUTE), BEGUN)
    fewer, said = run(agreed(60)._replace(duties=(cadence(2),), earlier=(old,)), *steps)
    assert (fewer.fold.clocks[0].state, fewer.fold.clocks[0].ended_at) == (ClockState.MET, BEGUN)
    assert (said[-1].kind, said[-1].reason) == (Kind.MET, Reason.ATTEMPTS_MADE)
    more, _ = run(agreed(60)._replace(duties=(cadence(5),), earlier=(old,)), *steps)
    assert (more.fold.clocks[0].needed, len(more.fold.clocks[0].attempts)) == (3, 2)


def test_warnings_that_have_passed_stay_and_the_others_follow_the_new_limit() -> None:
    levels = (10, 50, 80)
    old = OLD._replace(duties=(OLD.duties[0]._replace(warn_at=levels),))
    new = agreed(40)
    new = new._replace(duties=(new.duties[0]._replace(warn_at=levels),), earlier=(old,))
    lead, _ = run(new, assigned(BEGUN - 25 * MINUTE), BEGUN)
    # 10 % had passed after 6 minutes; 50 % has passed by now, as it is after 20; 80 % comes after 32.
    assert lead.fold.clocks[0].warn_ats == ((10, BEGUN - 19 * MINUTE), (50, BEGUN), (80, BEGUN + 7 * MINUTE))


TIMES = [BEGUN - 50 * MINUTE, BEGUN - 20 * MINUTE, BEGUN, BEGUN + 15 * MINUTE, BEGUN + 50 * MINUTE]
EVENTS = [assigned(at) for at in TIMES] + [touched(at + MINUTE) for at in TIMES]
RECYCLED = [Event("L", f"r{at}", "lead.recycled", at + 5 * MINUTE, "crm", {}) for at in TIMES]
LATER = BEGUN + 3 * DAY


def verdicts(lead: Lead) -> set[tuple[object, ...]]:
    return {
        (clock.duty, clock.cycle, clock.state, clock.started_at, clock.due_at, clock.ended_at, clock.policy_version)
        for clock in lead.fold.clocks
    }


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_two_versions_give_the_same_verdicts_whatever_the_order_and_the_ticks(data: st.DataObject) -> None:
    applies_to = data.draw(st.sampled_from(list(Applies)))
    minutes = data.draw(st.sampled_from([5, 30, 90]))
    since = BEGUN - 30 * MINUTE if applies_to is Applies.SINCE else None
    patient = {"default": DAY}
    old = OLD._replace(duties=(OLD.duties[0]._replace(final_after=patient),))
    new = version("2", minutes, BEGUN, applies_to, since)
    new = new._replace(duties=(new.duties[0]._replace(final_after=patient),), earlier=(old,))
    events = data.draw(st.lists(st.sampled_from(EVENTS + RECYCLED), min_size=1, max_size=7, unique_by=lambda e: e.id))
    in_order, _ = run(new, *sorted(events, key=lambda event: event.at), LATER)
    shuffled: list[Event | int] = []
    now = 0
    for event in data.draw(st.permutations(events)):
        shuffled.append(event)
        now = data.draw(st.integers(now, BEGUN + 5 * HOUR)) if data.draw(st.booleans()) else now
        if now:
            shuffled.append(now)
    lead, said = run(new, *shuffled, LATER)
    assert verdicts(lead) == verdicts(in_order)
    assert len({outcome.outcome_id for outcome in said}) == len(said)
    replaced = [outcome.supersedes for outcome in said if outcome.supersedes]
    assert set(replaced) <= {outcome.outcome_id for outcome in said}


def test_three_events_in_every_order_end_alike_under_a_version_for_open_clocks() -> None:
    events = [assigned(BEGUN - 20 * MINUTE), touched(BEGUN + 50 * MINUTE), RECYCLED[4]]
    ends = {frozenset(verdicts(run(agreed(90), *order, LATER)[0])) for order in permutations(events)}
    assert len(ends) == 1
