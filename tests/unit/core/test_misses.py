"""Missed duties by reason, by what was lacking, by delay, and by what their leads waited for longest."""

from datetime import date

import pytest

from monitor.core.attainment import Verdict, Verdicts
from monitor.core.misses import by_delay, by_missing, by_reason
from monitor.core.outcome import Kind, Reason
from monitor.core.policy import Policy
from monitor.core.replay import Replay
from monitor.core.spans import Step
from monitor.core.term import Term
from monitor.core.waits import longest, took
from tests.support.agreement import MINUTE, duty, policy
from tests.support.history import Input, assigned, at, called, event

AGREEMENT = policy(duty(warn_at=()))


def judged(history: list[Input], until: float, agreement: Policy = AGREEMENT) -> tuple[Replay, list[Verdict]]:
    replay, verdicts = Replay(agreement), Verdicts()
    for outcome in replay.run(history, at(until)):  # type: ignore[arg-type]
        verdicts.hear(outcome)
    return replay, verdicts.standing()


@pytest.mark.parametrize(
    ("minutes_late", "span"),
    [
        (1, "15_min"), (15, "15_min"), (16, "1_h"), (60, "1_h"), (61, "4_h"), (24 * 60, "1_d"), (24 * 60 + 1, "3_d"),
        (7 * 24 * 60, "1_w"), (7 * 24 * 60 + 1, "longer"), (None, "not_yet"),
    ],
)  # fmt: skip
def test_a_delay_belongs_to_the_span_that_ends_with_it_or_after_it(minutes_late: int | None, span: str) -> None:
    history = [assigned(0)] if minutes_late is None else [assigned(0), called(60 + minutes_late)]
    _, verdicts = judged(history, 20 * 24 * 60)
    assert {name for name, count in by_delay(verdicts) if count} == {span}


def test_duties_that_were_met_are_not_missed() -> None:
    _, verdicts = judged([assigned(0), called(60)], 100)
    assert (by_reason(verdicts), [count for _, count in by_delay(verdicts) if count]) == ([], [])


def test_misses_are_counted_by_reason_and_by_each_thing_that_was_lacking() -> None:
    _, (verdict,) = judged([assigned(0)], 100)
    refused = verdict.outcome._replace(reason=Reason.DEFINITION_NOT_MET, missing="without source; not score >= 60")
    missed = [verdict, verdict._replace(outcome=refused), verdict._replace(outcome=refused._replace(missing="x"))]
    assert by_reason(missed) == [("definition_not_met", 2), ("no_evidence_by_due", 1)]
    assert by_missing(missed) == [("not score >= 60", 1), ("without source", 1), ("x", 1)]
    met = verdict._replace(outcome=refused._replace(kind=Kind.MET))
    assert by_reason([met]) == by_missing([met]) == []


def waited_longest(*history: Input, until: float) -> tuple[Step, str] | None:
    replay, (verdict,) = judged(list(history), until)
    return longest(verdict, replay.leads["L"], AGREEMENT)


def test_a_missed_lead_waited_longest_for_what_took_longest() -> None:
    slow_to_assign = event("lead.stage_changed", 0, stage="mql"), assigned(500), called(600)
    assert waited_longest(*slow_to_assign, until=700) == (Step.ASSIGN, "marketing")
    slow_to_call = event("lead.stage_changed", 0, stage="mql"), assigned(20), called(600)
    assert waited_longest(*slow_to_call, until=700) == (Step.TOUCH, "sales")


def test_a_lead_that_was_given_back_untouched_waited_for_that_until_then() -> None:
    history = event("lead.stage_changed", 0, stage="mql"), assigned(20), event("lead.rejected", 600, reason="late")
    assert waited_longest(*history, until=700) == (Step.TOUCH, "sales")


def test_of_a_clock_that_is_forgotten_it_is_not_known_what_its_lead_waited_for() -> None:
    replay, (verdict,) = judged([assigned(0)], 100)
    lead = replay.leads["L"]
    assert longest(verdict, lead.but(fold=lead.fold.but(clocks=())), AGREEMENT) is None


def test_waits_count_in_the_term_in_which_they_ended() -> None:
    replay, _ = judged([assigned(0), called(90)], 100)

    def waits(term: Term | None) -> list[tuple[Step, int]]:
        return [(each.step, each.median_us) for each in took(replay.leads.values(), AGREEMENT, term)]

    assert (Step.TOUCH, 90 * MINUTE) in waits(None)
    day = date(2026, 10, 1)
    first_hour = Term("", day, day, at(-60), at(60))
    assert [step for step, _ in waits(first_hour)] == [Step.ASSIGN]
