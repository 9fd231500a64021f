"""What outcomes add up to: met and judged, by duty and period; who breached most; how late."""

from zoneinfo import ZoneInfo

import pytest

from monitor.core.attainment import TOP_MAX, Attainment, DutyReport, Verdicts, period_of, quantile
from monitor.core.instant import from_rfc3339
from monitor.core.outcome import Outcome
from monitor.core.policy import Objective, Policy
from monitor.core.replay import Replay
from tests.support.agreement import MINUTE, duty, policy
from tests.support.history import Input, assigned, at, called, event, run, tick

QUARTER = Objective(95, "quarter")
AGREEMENT = policy(duty(objective=QUARTER), duty("other"))


def heard(outcomes: list[Outcome]) -> Verdicts:
    verdicts = Verdicts()
    for outcome in outcomes:
        verdicts.hear(outcome)
    return verdicts


def said(steps: list[Input], agreement: Policy = AGREEMENT) -> Verdicts:
    """As it was said while it happened, withdrawals included."""
    return heard([outcome for step in run(steps, agreement) for outcome in step.outcomes])


def first(verdicts: Verdicts, agreement: Policy = AGREEMENT) -> DutyReport:
    return verdicts.by_duty(agreement)[0]


@pytest.mark.parametrize(
    ("steps", "attained"),
    [
        ([assigned(0), called(60)], Attainment(1, 1)),
        ([assigned(0), tick(60)], Attainment(0, 1)),
        ([assigned(0), tick(60), called(61)], Attainment(0, 1)),
        ([assigned(0), tick(59)], Attainment(0, 0)),
        ([assigned(0), event("lead.disqualified", 60)], Attainment(0, 0)),
        ([assigned(0), tick(60), event("lead.disqualified", 61)], Attainment(0, 1)),
        ([assigned(0), tick(60), called(59)], Attainment(1, 1)),
        ([assigned(0), tick(60), event("lead.disqualified", 59)], Attainment(0, 0)),
        ([assigned(0), called(60), event("lead.recycled", 10)], Attainment(0, 0)),
        ([assigned(0), called(60), called(50)], Attainment(1, 1)),
    ],
)
def test_only_verdicts_that_stand_are_judged(steps: list[Input], attained: Attainment) -> None:
    assert first(said(steps)).attainment == attained


def test_the_lateness_that_stands_counts() -> None:
    late = first(said([assigned(0), tick(60), called(90)]))
    assert (late.late, late.late_elapsed_us, late.late_working_us) == (1, 30 * MINUTE, None)
    earlier = first(said([assigned(0), tick(60), called(90), called(70)]))
    assert (earlier.late, earlier.late_elapsed_us) == (1, 10 * MINUTE)
    lapsed = first(said([assigned(0), tick(60), called(90), event("lead.disqualified", 70)]))
    assert (lapsed.attainment, lapsed.late, lapsed.late_elapsed_us) == (Attainment(0, 1), 0, None)
    in_time = first(said([assigned(0), tick(60), called(90), called(50)]))
    assert (in_time.late, in_time.late_elapsed_us) == (0, None)


def test_every_duty_of_the_agreement_is_reported_in_its_order_and_then_those_it_has_no_more() -> None:
    verdicts = said([assigned(0), called(5)])
    assert [report.duty for report in verdicts.by_duty(AGREEMENT)] == ["first-touch", "other"]
    assert [report.duty for report in verdicts.by_duty(policy(duty("other")))] == ["other", "first-touch"]
    assert [report.attainment for report in Verdicts().by_duty(AGREEMENT)] == [Attainment(), Attainment()]


def test_an_objective_is_held_against_each_period_in_which_there_are_verdicts() -> None:
    days = [0, 1, 120]  # October, October, January
    history = [assigned(day * 1440)._replace(lead=f"L-{day}") for day in days]
    history += [called(day * 1440 + 5)._replace(lead=f"L-{day}") for day in days[1:]]
    verdicts = heard(list(Replay(AGREEMENT).run(history, at(121 * 1440))))
    periods = first(verdicts).periods
    assert periods == (("2026-Q4", Attainment(1, 2)), ("2027-Q1", Attainment(1, 1)))
    assert [attained.reaches(QUARTER) for _, attained in periods] == [False, True]
    assert verdicts.by_duty(AGREEMENT)[1].periods == ()


def test_an_objective_that_is_exactly_reached_is_reached() -> None:
    assert Attainment(19, 20).reaches(QUARTER)
    assert not Attainment(94, 99).reaches(QUARTER)
    assert Attainment(199, 200).reaches(Objective(99.5, "week"))


@pytest.mark.parametrize(
    ("instant", "every", "name"),
    [
        ("2026-12-31T22:59:59Z", "quarter", "2026-Q4"),
        ("2026-12-31T23:00:00Z", "quarter", "2027-Q1"),
        ("2026-06-30T22:00:00Z", "month", "2026-07"),
        ("2027-01-03T12:00:00Z", "week", "2026-W53"),
        ("2027-01-03T23:00:00Z", "week", "2027-W01"),
    ],
)
def test_a_period_ends_at_midnight_where_the_agreement_is(instant: str, every: str, name: str) -> None:
    assert period_of(ZoneInfo("Europe/Berlin"), from_rfc3339(instant), every) == name


def test_those_with_the_most_breaches_are_named_and_ties_by_name() -> None:
    owners = [*"ggg", *"bb", *"aa", *"cc", *"dd", "e"]
    history = [assigned(n, owner)._replace(lead=f"L-{n:02}") for n, owner in enumerate(owners)]
    verdicts = heard(list(Replay(policy(duty())).run(history, at(900))))
    top = verdicts.most_breached()
    assert top["owner"] == [("g", 3), ("a", 2), ("b", 2), ("c", 2), ("d", 2)]
    assert len(top["owner"]) == TOP_MAX
    assert (top["team"], top["segment"]) == ([("sales", 12)], [("", 12)])


@pytest.mark.parametrize(
    ("share", "values", "found"),
    [(0.5, [3, 1, 2], 2), (0.5, [4, 1, 2, 3], 2), (0.9, list(range(1, 11)), 9), (0.9, [7], 7), (0.5, [], None)],
)
def test_a_quantile_is_one_of_the_values(share: float, values: list[int], found: int | None) -> None:
    assert quantile(values, share) == found
