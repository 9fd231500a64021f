"""A lead with more events than are kept loses no verdict."""

from monitor.core.advance import TimeAdvanced
from monitor.core.event import Event
from monitor.core.lead import EVIDENCE_MAX, Lead
from monitor.core.outcome import Kind, Outcome
from monitor.core.policy import Policy
from tests.support.agreement import duty, policy
from tests.support.history import assigned, event, run, tick


def lived(steps: list[Event | TimeAdvanced], agreement: Policy) -> tuple[Lead, list[Outcome]]:
    done = run(steps, agreement)
    return done[-1].lead, [outcome for step in done for outcome in step.outcomes]


def breaches(outcomes: list[Outcome]) -> list[tuple[int, int]]:
    return [(outcome.cycle, outcome.at) for outcome in outcomes if outcome.kind is Kind.BREACHED]


def noise(first_minute: int) -> list[Event]:
    """More updates than are kept."""
    return [event("lead.updated", first_minute + n) for n in range(EVIDENCE_MAX + 20)]


def test_a_breach_that_waits_for_its_tick_outlives_the_evidence() -> None:
    """Late, closed and of an older cycle by the time the first tick comes, as after an outage."""
    agreement = policy(duty(warn_at=()))
    steps: list[Event | TimeAdvanced] = [assigned(0), event("lead.recycled", 90), assigned(100), *noise(101), tick(300)]
    _, outcomes = lived(steps, agreement)
    assert [cycle for cycle, _ in breaches(outcomes)] == [1, 2]


def test_an_open_clock_of_an_older_cycle_outlives_the_evidence() -> None:
    """Its duty is not ended by recycling: both cycles run on."""
    agreement = policy(duty(warn_at=(), cancelled_by=()))
    steps: list[Event | TimeAdvanced] = [assigned(0), event("lead.recycled", 1), assigned(2), *noise(3), tick(300)]
    lead, outcomes = lived(steps, agreement)
    assert [cycle for cycle, _ in breaches(outcomes)] == [1, 2]
    assert len(lead.evidence) <= EVIDENCE_MAX


def test_closed_clocks_of_older_cycles_go_with_their_evidence() -> None:
    agreement = policy(duty(warn_at=()))
    steps: list[Event | TimeAdvanced] = []
    for round_ in range(30):
        steps += [assigned(round_ * 10), event("lead.recycled", round_ * 10 + 5)]
    lead, outcomes = lived([*steps, *noise(300), tick(2_000)], agreement)
    assert breaches(outcomes) == []
    assert len(lead.fold.clocks) < 30
    assert lead.fold.clocks[-1].cycle == 30
