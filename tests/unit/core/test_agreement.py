"""The agreement has outcomes of its own: each is said once, whenever time is looked at."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.agreement import advance_agreement, agreement_next_at
from monitor.core.lead import Lead
from monitor.core.outcome import Kind, Outcome, Reason
from monitor.core.policy import Policy
from monitor.core.sentence import sentence
from tests.support.agreement import DAY, policy

FIRST = policy(version="1")._replace(effective_at=10 * DAY, applies_from=10 * DAY, review_at=40 * DAY)
FIRST = FIRST._replace(review_notice_us=14 * DAY)
SECOND = FIRST._replace(
    version="2", effective_at=50 * DAY, applies_from=50 * DAY, review_at=90 * DAY,
    changes=("duty answer, within: 30 minutes elapsed instead of 1 hours elapsed",),
)  # fmt: skip
BOTH = SECOND._replace(earlier=(FIRST,))


def said(policy: Policy, *instants: int, known: Lead | None = None) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for at in instants:
        step = advance_agreement(known, at, policy)
        known = step.lead
        outcomes += step.outcomes
    return outcomes


def test_the_version_that_is_found_first_was_in_force_before_and_is_not_news() -> None:
    assert said(BOTH, 20 * DAY) == []
    assert [outcome.kind for outcome in said(BOTH, 60 * DAY)] == []


def test_a_new_version_is_said_once_with_what_changes() -> None:
    (amended,) = said(BOTH, 20 * DAY, 25 * DAY, 50 * DAY, 51 * DAY)[-1:]
    assert (amended.kind, amended.at, amended.policy_version) == (Kind.AMENDED, 50 * DAY, "2")
    assert (amended.lead, amended.duty, amended.reason) == ("", "agreement", Reason.NEW_VERSION)
    assert amended.changes == SECOND.changes
    assert sentence(amended) == (
        "version 2 of the agreement is in force since 1970-02-20T00:00:00Z: "
        "duty answer, within: 30 minutes elapsed instead of 1 hours elapsed."
    )


def test_a_version_that_takes_the_place_of_a_file_is_said_too() -> None:
    known = advance_agreement(None, 20 * DAY, FIRST).lead
    (amended,) = said(SECOND._replace(changes=()), 51 * DAY, known=known)
    assert (amended.kind, amended.policy_version, amended.changes) == (Kind.AMENDED, "2", ())


def test_going_back_to_an_earlier_version_is_another_outcome() -> None:
    known = advance_agreement(None, 60 * DAY, FIRST).lead
    known = advance_agreement(known, 61 * DAY, BOTH).lead
    back, *_ = said(FIRST, 62 * DAY, known=known)
    again, *_ = said(BOTH, 63 * DAY, known=advance_agreement(known, 62 * DAY, FIRST).lead)
    assert (back.policy_version, again.policy_version) == ("1", "2")
    assert len({back.outcome_id, again.outcome_id}) == 2
    assert {back.cycle, again.cycle} == {3, 4}


def test_a_review_is_announced_before_and_missed_after_it_was_due() -> None:
    near, overdue = said(FIRST, 20 * DAY, 26 * DAY - 1, 26 * DAY, 30 * DAY, 40 * DAY, 41 * DAY)
    assert (near.kind, near.at, near.due_at) == (Kind.REVIEW_DUE, 26 * DAY, 40 * DAY)
    assert (overdue.kind, overdue.at) == (Kind.REVIEW_OVERDUE, 40 * DAY)
    assert sentence(near) == "version 1 of the agreement is to be reviewed by 1970-02-10T00:00:00Z."
    assert sentence(overdue).endswith("was to be reviewed by 1970-02-10T00:00:00Z, and no newer one is in force.")


def test_a_newer_version_in_force_makes_the_review_of_the_old_one_needless() -> None:
    early = BOTH._replace(effective_at=39 * DAY, applies_from=39 * DAY)
    assert [outcome.kind for outcome in said(early, 26 * DAY, 39 * DAY, 45 * DAY)] == [Kind.REVIEW_DUE, Kind.AMENDED]


def test_another_day_for_the_review_is_announced_anew() -> None:
    known = advance_agreement(None, 26 * DAY, FIRST).lead
    later = FIRST._replace(review_at=60 * DAY)
    assert [outcome.at for outcome in said(later, 45 * DAY, 46 * DAY, known=known)] == [46 * DAY]


def test_a_tick_is_asked_for_when_there_is_something_to_say() -> None:
    known = advance_agreement(None, 20 * DAY, BOTH).lead
    instants = []
    while (at := agreement_next_at(known, BOTH)) is not None:
        instants.append(at)
        known = advance_agreement(known, at, BOTH).lead
    assert instants == [26 * DAY, 40 * DAY, 50 * DAY, 76 * DAY, 90 * DAY]


@given(st.lists(st.integers(0, 120).map(lambda day: day * DAY)))
def test_what_is_said_in_the_end_does_not_depend_on_how_often_time_was_looked_at(instants: list[int]) -> None:
    outcomes = said(BOTH, 0, *sorted(instants), 120 * DAY)
    assert len({outcome.outcome_id for outcome in outcomes}) == len(outcomes)
    assert [(o.kind, o.policy_version) for o in outcomes[-3:]] == [
        (Kind.AMENDED, "2"), (Kind.REVIEW_DUE, "2"), (Kind.REVIEW_OVERDUE, "2"),
    ]  # fmt: skip
