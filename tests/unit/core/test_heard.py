"""Outcomes heard in any order: which stand, when each was first said, and what the record tells of that."""

import random

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.attainment import Verdicts
from monitor.core.closing import as_of
from monitor.core.heard import Heard, Said, once, presumed
from monitor.core.outcome import Kind, Outcome, Reason
from tests.support.agreement import MINUTE, duty, policy
from tests.support.history import assigned, at, called, event, run, tick

HELD = policy(duty(hold_us=5 * MINUTE, warn_at=()))
# Announced, disproved, disproved again by an earlier call, ended before it began to count, and started once more.
STORY = [
    assigned(0), tick(66), called(59), called(50), event("lead.disqualified", 40), tick(200),
    assigned(300, "ben")._replace(id="again"), tick(400), called(420),
]  # fmt: skip


def told(agreement: object = HELD) -> list[Outcome]:
    return [outcome for step in run(STORY, agreement) for outcome in step.outcomes]  # type: ignore[arg-type]


def of_kind(kind: Kind) -> Outcome:
    return next(outcome for outcome in told() if outcome.kind is kind)


@given(st.randoms(use_true_random=False), st.integers(0, 30))
def test_what_stands_is_the_same_for_every_order_and_number_of_repetitions(rng: random.Random, repeated: int) -> None:
    said = told()
    expected, found = Heard(), Heard()
    for outcome in said:
        expected.hear(outcome)
    shuffled = said + rng.choices(said, k=repeated)
    rng.shuffle(shuffled)
    for outcome in shuffled:
        found.hear(outcome)
    assert list(found.standing()) == list(expected.standing())


def test_what_was_taken_back_stands_again_only_with_the_next_revision() -> None:
    breached = of_kind(Kind.BREACHED)
    taken_back = breached._replace(kind=Kind.WITHDRAWN, level="breached", reason=Reason.LATE_EVIDENCE)
    heard = Heard()
    for outcome in (taken_back, breached):
        heard.hear(outcome)
    assert list(heard.standing()) == []
    heard.hear(breached._replace(revision=1))
    assert [outcome.revision for _, outcome in heard.standing()] == [1]


def test_an_outcome_was_said_when_its_first_record_was_written() -> None:
    breached = of_kind(Kind.BREACHED)
    assert once([Said(breached, 7), Said(breached, 3), Said(breached, 5)])[breached.outcome_id].at == 3


def test_two_records_that_contradict_each_other_are_told_the_same_way_round_in_every_order() -> None:
    one = Said(of_kind(Kind.BREACHED), 3)
    other = Said(one.outcome._replace(team="other"), 3)
    assert once([one, other]) == once([other, one])
    heard = [Heard(), Heard()]
    for outcome in (one.outcome, other.outcome):
        heard[0].hear(outcome)
    for outcome in (other.outcome, one.outcome):
        heard[1].hear(outcome)
    assert list(heard[0].standing()) == list(heard[1].standing())


def test_a_breach_was_not_said_before_the_wait_for_stragglers_was_over_and_what_takes_it_back_neither() -> None:
    breached, met = of_kind(Kind.BREACHED), of_kind(Kind.MET)
    assert presumed(breached) == Said(breached, at(65), sure=True)
    assert presumed(met) == Said(met, met.at, sure=True)
    taken_back = of_kind(Kind.WITHDRAWN)
    assert (taken_back.level, taken_back.evidence_at) == ("breached", at(59))
    assert presumed(taken_back) == Said(taken_back, at(65), sure=False)
    late = taken_back._replace(evidence_at=at(90))
    assert presumed(late).at == at(90)
    assert not presumed(met._replace(revision=1)).sure


def test_what_had_been_said_by_an_instant_is_told_from_what_came_after_it() -> None:
    said = [presumed(outcome) for outcome in told() if outcome.lead and outcome.cycle == 1]
    said = [each for each in said if each.sure]
    before, after = as_of(said, at(64)), as_of(said, at(65))
    assert Kind.BREACHED not in {outcome.kind for outcome in before.outcomes}
    assert Kind.BREACHED in {outcome.kind for outcome in after.outcomes}
    assert before.uncertain == after.uncertain == frozenset()


def test_what_was_revised_is_uncertain_until_it_was_final() -> None:
    breached = of_kind(Kind.BREACHED)
    again = breached._replace(revision=1)
    clock = frozenset({("L", breached.duty, breached.cycle)})
    final = breached._replace(kind=Kind.FINALISED, at=at(80))
    said = [presumed(outcome) for outcome in (breached, again, final)]
    early, late = as_of(said, at(70)), as_of(said, at(80))
    assert (early.outcomes, early.uncertain) == ((), clock)
    assert (set(late.outcomes), late.uncertain) == ({breached, again, final}, frozenset())


def test_a_revised_warning_leaves_the_verdict_certain() -> None:
    breached = of_kind(Kind.BREACHED)
    warned = breached._replace(kind=Kind.WITHDRAWN, level="warned:80", revision=3)
    assert as_of([presumed(breached), presumed(warned)], at(70)).outcomes == (breached,)


def test_clocks_that_neither_ended_nor_were_cancelled_are_open() -> None:
    def open_after(*steps: object) -> list[str]:
        verdicts = Verdicts()
        for step in run(steps):  # type: ignore[arg-type]
            for outcome in step.outcomes:
                verdicts.hear(outcome)
        return [outcome.duty for outcome in verdicts.open()]

    assert open_after(assigned(0)) == ["first-touch"]
    assert open_after(assigned(0), called(5)) == []
    assert open_after(assigned(0), tick(60)) == []
    assert open_after(assigned(0), event("lead.disqualified", 5)) == []
