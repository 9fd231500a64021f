"""The tables are whole: every move is reached by an example, no state leads out of them."""

from collections.abc import Mapping

import pytest

from monitor.core.advance import TimeAdvanced
from monitor.core.ending import clock_on
from monitor.core.event import EVENT_TYPES, Event
from monitor.core.lead import Clock
from monitor.core.policy import DEFAULT_STAGES, Pausing
from monitor.core.predicate import parse
from monitor.core.tables import (
    CLOCK_TRANSITIONS,
    LATE_STATES,
    OPEN_STATES,
    RESTING_STAGES,
    STAGE_OF_EVENT,
    ClockInput,
    ClockState,
)
from tests.support.agreement import duty, policy
from tests.support.history import assigned, called, event, run, tick

Move = tuple[ClockState, ClockInput]
RUNNING, BREACHED, PAUSED = ClockState.RUNNING, ClockState.BREACHED, ClockState.PAUSED
WAITING = event("lead.updated", 10, waiting_on="prospect")
PAUSABLE = policy(duty(warn_at=(), pausing=Pausing(during=parse('waiting_on == "prospect"'))))

# What makes each move, after an assignment at minute 0 that is due at minute 60.
EXAMPLES: Mapping[Move, list[Event | TimeAdvanced]] = {
    (RUNNING, ClockInput.MET_IN_TIME): [called(60)],
    (RUNNING, ClockInput.MET_LATE): [called(61)],
    (RUNNING, ClockInput.CANCELLED_IN_TIME): [event("lead.recycled", 60)],
    (RUNNING, ClockInput.CANCELLED_LATE): [event("lead.recycled", 61)],
    (RUNNING, ClockInput.DUE_PASSED): [tick(60)],
    (BREACHED, ClockInput.MET_IN_TIME): [tick(60), called(60)],
    (BREACHED, ClockInput.MET_LATE): [tick(60), called(61)],
    (BREACHED, ClockInput.CANCELLED_IN_TIME): [tick(60), event("lead.recycled", 59)],
    (BREACHED, ClockInput.CANCELLED_LATE): [tick(60), event("lead.recycled", 61)],
    (RUNNING, ClockInput.PAUSED): [WAITING],
    (PAUSED, ClockInput.RESUMED): [WAITING, event("lead.updated", 90, waiting_on="sales")],
    (PAUSED, ClockInput.MET_IN_TIME): [WAITING, tick(500), called(501)],
    (PAUSED, ClockInput.CANCELLED_IN_TIME): [WAITING, tick(500), event("lead.recycled", 501)],
}


def clock_after(steps: list[Event | TimeAdvanced]) -> Clock:
    (clock,) = run([assigned(0), *steps], PAUSABLE)[-1].lead.fold.clocks
    return clock


def test_every_move_of_the_table_has_an_example() -> None:
    assert set(EXAMPLES) == set(CLOCK_TRANSITIONS)


@pytest.mark.parametrize("move", EXAMPLES, ids=lambda move: f"{move[0]}, {move[1]}")
def test_a_history_reaches_the_state_that_the_table_names(move: Move) -> None:
    *before, last = EXAMPLES[move]
    assert clock_after(before).state is move[0]
    assert clock_after([*before, last]).state is CLOCK_TRANSITIONS[move]


def test_states_are_closed_under_the_table_and_all_are_reached_from_running() -> None:
    assert {*CLOCK_TRANSITIONS.values(), RUNNING} == set(ClockState)
    assert {state for state, _ in CLOCK_TRANSITIONS} == set(OPEN_STATES)


@pytest.mark.parametrize("state", sorted(set(ClockState) - OPEN_STATES))
@pytest.mark.parametrize("given", list(ClockInput))
def test_nothing_leads_out_of_a_state_that_is_not_open(state: ClockState, given: ClockInput) -> None:
    clock = clock_after([])._replace(state=state)
    assert clock_on(clock, given, clock.due_at, "x") is clock


@pytest.mark.parametrize("given", list(ClockInput))
def test_a_final_breach_takes_only_its_lateness(given: ClockInput) -> None:
    clock = clock_after([tick(60)])._replace(final=True)
    after = clock_on(clock, given, clock.due_at + 1, "x")
    assert (after is not clock) == (given in (ClockInput.MET_LATE, ClockInput.CANCELLED_LATE))


def test_only_an_end_is_stamped_with_its_instant_and_event() -> None:
    running = clock_after([])
    breached = clock_on(running, ClockInput.DUE_PASSED, running.due_at, "")
    assert (breached.ended_at, breached.ended_by) == (None, "")
    late = clock_on(breached, ClockInput.MET_LATE, running.due_at + 5, "x")
    assert (late.ended_at, late.ended_by) == (running.due_at + 5, "x")


def test_late_states_are_those_that_a_passed_due_leads_to() -> None:
    late = (ClockInput.DUE_PASSED, ClockInput.MET_LATE, ClockInput.CANCELLED_LATE)
    assert {state for (_, given), state in CLOCK_TRANSITIONS.items() if given in late} == LATE_STATES


def test_the_stages_of_events_and_the_resting_ones_are_in_the_default_funnel() -> None:
    assert set(STAGE_OF_EVENT) <= set(EVENT_TYPES)
    assert {*STAGE_OF_EVENT.values(), *RESTING_STAGES} <= set(DEFAULT_STAGES)
    assert {following for stage in DEFAULT_STAGES.values() for following in stage.next} <= set(DEFAULT_STAGES)


@pytest.mark.parametrize("type_", STAGE_OF_EVENT)
def test_an_event_moves_the_lead_into_the_stage_of_the_table(type_: str) -> None:
    assert run([event(type_, 0)])[-1].lead.fold.stage == STAGE_OF_EVENT[type_]


def test_an_event_that_names_a_stage_wins_over_the_table() -> None:
    assert run([event("lead.created", 0, stage="mql")])[-1].lead.fold.stage == "mql"


@pytest.mark.parametrize("rest", sorted(RESTING_STAGES))
def test_a_lead_that_rested_begins_a_new_round(rest: str) -> None:
    steps = [assigned(0), called(1), event("lead.stage_changed", 2, stage=rest), assigned(3)]
    assert [clock.cycle for clock in run(steps)[-1].lead.fold.clocks] == [1, 2]
