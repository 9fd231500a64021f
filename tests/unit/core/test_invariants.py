"""The invariants of DESIGN.md over every rule that an agreement can have; test_two_judges.py has order and ticks."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.core.advance import TimeAdvanced, advance
from monitor.core.event import Event
from monitor.core.lead import Lead
from monitor.core.outcome import Kind, Outcome
from monitor.core.policy import Policy
from monitor.core.tellings import next_instant
from tests.support.agreement import HOUR, MINUTE
from tests.support.stories import FAMILIES, START, histories, policies

SOME = settings(max_examples=40, suppress_health_check=list(HealthCheck))
Log = list[Event | TimeAdvanced]


@st.composite
def logs(draw: st.DrawFn) -> Log:
    """A history in any order, with ticks in between; an event comes first, and a tick last that no other is after."""
    log: Log = []
    for event in draw(st.permutations(draw(histories))):
        log.append(event)
        if draw(st.booleans()):
            log.append(TimeAdvanced(START + draw(st.integers(0, 12 * 24)) * 30 * MINUTE))
    last_at = max((entry.at for entry in log if isinstance(entry, TimeAdvanced)), default=START)
    return [*log, TimeAdvanced(last_at + draw(st.integers(0, 48)) * 30 * MINUTE)]


@st.composite
def agreements(draw: st.DrawFn) -> Policy:
    """Of any family, with verdicts that become final soon, or late."""
    policy = draw(policies(draw(st.sampled_from(sorted(FAMILIES)))))
    wait_us = draw(st.sampled_from([HOUR, 400 * 24 * HOUR]))
    return Policy(
        *policy._replace(duties=tuple(duty._replace(final_after={"default": wait_us}) for duty in policy.duties))
    )


def run(log: Log, policy: Policy, lead: Lead | None = None) -> tuple[Lead, list[Outcome]]:
    said: list[Outcome] = []
    for entry in log:
        step = advance(lead, entry, policy)
        lead = step.lead
        said += step.outcomes
    assert lead is not None
    return lead, said


@given(agreements(), logs(), st.data())
@SOME
def test_any_suffix_of_the_log_read_again_changes_nothing_and_says_nothing(
    policy: Policy, log: Log, data: st.DataObject
) -> None:
    lead, _ = run(log, policy)
    again, said = run(log[data.draw(st.integers(0, len(log) - 1)) :], policy, lead)
    assert said == []
    assert again == lead


@given(agreements(), logs())
@SOME
def test_what_is_remembered_is_what_was_told_and_each_outcome_has_an_id_of_its_own(policy: Policy, log: Log) -> None:
    lead, said = run(log, policy)
    held: set[tuple[str, int, str, str]] = set()
    for outcome in said:
        if outcome.kind is Kind.WITHDRAWN:
            kind, _, level = outcome.level.partition(":")
            held.remove((outcome.duty, outcome.cycle, kind, level))
        else:
            held.add((outcome.duty, outcome.cycle, outcome.kind, outcome.level))
    assert held == {(told.duty, told.cycle, told.kind, told.level) for told in lead.told if told.standing}
    ids = [outcome.outcome_id for outcome in said]
    assert len(ids) == len(set(ids))


@given(agreements(), logs())
@SOME
def test_a_step_that_was_told_but_not_remembered_is_told_again_with_the_same_ids(policy: Policy, log: Log) -> None:
    lead: Lead | None = None
    for entry in log:
        step, again = advance(lead, entry, policy), advance(lead, entry, policy)
        assert [o.outcome_id for o in again.outcomes] == [o.outcome_id for o in step.outcomes]
        assert again == step
        lead = step.lead


@given(agreements(), logs(), st.lists(st.integers(0, 400), min_size=1, max_size=8))
@SOME
def test_a_tick_leaves_nothing_pending_at_or_before_it(policy: Policy, log: Log, half_hours: list[int]) -> None:
    lead, _ = run(log, policy)
    for half_hour in sorted(half_hours):
        at = START + half_hour * 30 * MINUTE
        lead = advance(lead, TimeAdvanced(at), policy).lead
        pending = next_instant(lead)
        assert pending is None or pending > at
