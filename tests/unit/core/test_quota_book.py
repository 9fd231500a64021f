"""The books of the quotas: the same figures in any order, verdicts when they are due, corrections as what they are."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.account import Sum
from monitor.core.claim import Status
from monitor.core.fact import Fact
from monitor.core.outcome import Kind, Outcome, Reason
from monitor.core.quota import UNIT
from monitor.core.quota_book import TERMS_KEPT, QuotaBook, Standing
from monitor.core.replay import Replay
from monitor.core.sentence import sentence
from monitor.wire.outcome import decode_outcome, encode_outcome
from tests.support.agreement import DAY, HOUR
from tests.support.quotas import MONDAY, NEXT_MONDAY, Leads, agreement, quota

POLICY = agreement()
ENTERPRISE = quota(per=(), targets={(): 2000}, final_after_us=DAY)


def fact(lead: str, at: int, status: Status = Status.CREDITED, **changes: object) -> Fact:
    standard = Fact(f"fact_{lead}", "qualified-leads", "2026-W41", (), at, UNIT, status, None, "1")
    return standard._replace(**changes)


def book(first_at: int = MONDAY, **changes: object) -> QuotaBook:
    opened = QuotaBook(agreement(ENTERPRISE._replace(**changes)))
    assert list(opened.pass_time(first_at)) == []
    return opened


def told(outcomes: Iterable[Outcome]) -> list[tuple[Kind, str, int, int]]:
    """Of the first week: kind, level, revision and instant."""
    first = [o for o in outcomes if o.delivery is not None and o.delivery.term == "2026-W41"]
    return [(o.kind, o.level, o.revision, o.at) for o in first]


def delivered(book: QuotaBook, term: str = "2026-W41") -> Sum:
    (standing,) = [each for each in book.standings() if each.term == term]
    return standing.figures.delivered


def test_a_quota_is_met_at_the_instant_at_which_the_last_lead_that_it_took_came_in() -> None:
    books = book()
    for n, lead in enumerate("CAB", 1):
        books.take(fact(lead, MONDAY + n * HOUR), n)
    assert told(books.pass_time(MONDAY + 4 * HOUR)) == [(Kind.MET, "", 0, MONDAY + 2 * HOUR)]
    assert told(books.pass_time(MONDAY + 5 * HOUR)) == []


def test_a_quota_of_which_nothing_came_is_missed_at_the_end_of_its_term() -> None:
    outcomes = list(book().pass_time(NEXT_MONDAY))
    assert told(outcomes) == [(Kind.BREACHED, "", 0, NEXT_MONDAY)]
    assert (outcomes[0].team, outcomes[0].reason, outcomes[0].lead) == ("marketing", Reason.TARGET_MISSED, "")


def test_the_last_instant_of_a_term_counts_for_it_and_the_next_one_does_not() -> None:
    books = book()
    books.take(fact("A", MONDAY), 1)
    books.take(fact("B", NEXT_MONDAY - 1), 2)
    assert told(books.pass_time(NEXT_MONDAY)) == [(Kind.MET, "", 0, NEXT_MONDAY - 1)]


def test_what_is_taken_back_takes_back_what_was_reached_and_may_be_reached_again() -> None:
    books = book()
    books.take(fact("A", MONDAY + 1, Status.PENDING, settles_at=MONDAY + DAY), 1)
    books.take(fact("B", MONDAY + 2), 2)
    assert told(books.pass_time(MONDAY + HOUR)) == [(Kind.MET, "", 0, MONDAY + 2)]
    books.take(fact("A", MONDAY + 1, Status.CLAWED_BACK), 3)
    assert told(books.pass_time(MONDAY + 2 * HOUR)) == [(Kind.WITHDRAWN, "met", 0, MONDAY + 2)]
    books.take(fact("C", MONDAY + 3 * HOUR), 4)
    assert told(books.pass_time(MONDAY + 4 * HOUR)) == [(Kind.MET, "", 1, MONDAY + 3 * HOUR)]


def test_what_comes_late_but_before_the_term_is_final_counts_for_its_own_term() -> None:
    books = book()
    books.take(fact("A", MONDAY), 1)
    assert told(books.pass_time(NEXT_MONDAY)) == [(Kind.BREACHED, "", 0, NEXT_MONDAY)]
    books.take(fact("B", NEXT_MONDAY - 1), 2)
    assert told(books.pass_time(NEXT_MONDAY + 1)) == [
        (Kind.WITHDRAWN, "breached", 0, NEXT_MONDAY),
        (Kind.MET, "", 0, NEXT_MONDAY - 1),
    ]
    assert told(books.pass_time(NEXT_MONDAY + 3 * DAY)) == [(Kind.FINALISED, "", 0, NEXT_MONDAY + DAY)]


def test_a_correction_after_that_is_an_outcome_of_its_own() -> None:
    books = book()
    assert [kind for kind, *_ in told(books.pass_time(NEXT_MONDAY + 2 * DAY))] == [Kind.BREACHED, Kind.FINALISED]
    books.take(fact("A", MONDAY), 1)
    assert told(books.pass_time(NEXT_MONDAY + 3 * DAY))[:1] == [(Kind.CORRECTED, "breached", 0, NEXT_MONDAY + 3 * DAY)]
    books.take(fact("B", MONDAY), 2)
    later = NEXT_MONDAY + 3 * DAY + HOUR
    assert told(books.pass_time(later)) == [(Kind.CORRECTED, "met", 0, later)]
    assert told(books.pass_time(later + DAY)) == []


def test_a_term_is_not_final_while_something_of_it_may_be_taken_back() -> None:
    books = book()
    books.take(fact("A", MONDAY, Status.PENDING, settles_at=NEXT_MONDAY + 3 * DAY), 1)
    kinds = [kind for kind, *_ in told(books.pass_time(NEXT_MONDAY + 3 * DAY))]
    assert kinds == [Kind.BREACHED]
    assert [kind for kind, *_ in told(books.pass_time(NEXT_MONDAY + 5 * DAY))] == [Kind.FINALISED]


def test_a_fact_that_is_known_or_older_changes_nothing() -> None:
    books = book()
    books.take(fact("A", MONDAY, Status.CLAWED_BACK), 5)
    books.take(fact("A", MONDAY), 5)
    books.take(fact("A", MONDAY), 4)
    assert delivered(books) == Sum(0, 0)
    books.take(fact("A", MONDAY), 6)
    assert delivered(books) == Sum(1, 1000)


def test_an_alert_comes_once_a_crossing_and_not_once_a_lead() -> None:
    books = book(pace_alert=90, targets={(): 10_000}, calendar=None)
    outcomes: list[Outcome] = []
    number = 0
    for day, leads in enumerate([1, 0, 1, 8, 0, 0, 0]):
        for n in range(leads):
            number += 1
            books.take(fact(f"{day}-{n}", MONDAY + day * DAY + n), number)
            outcomes += books.pass_time(MONDAY + day * DAY + n + 1)
        outcomes += books.pass_time(MONDAY + (day + 1) * DAY)
    (at_risk,) = [o for o in outcomes if o.kind is Kind.AT_RISK and o.at < NEXT_MONDAY]
    assert (at_risk.level, at_risk.at) == ("1", MONDAY + 2 * DAY)
    assert at_risk.delivery is not None
    assert at_risk.delivery.forecast == 3500


def test_an_alert_comes_again_after_the_forecast_has_recovered() -> None:
    books = book(pace_alert=90, targets={(): 200_000}, calendar=None)
    outcomes: list[Outcome] = []
    for day, leads in enumerate([1, 1, 80, 0, 0, 0, 0]):
        for n in range(leads):
            books.take(fact(f"{day}-{n}", MONDAY + day * DAY + n), day * 100 + n)
        outcomes += books.pass_time(MONDAY + (day + 1) * DAY)
    assert [o.level for o in outcomes if o.kind is Kind.AT_RISK and o.at < NEXT_MONDAY] == ["1", "2"]


def test_every_line_of_the_agreement_has_an_account_and_what_fits_none_is_seen_too() -> None:
    make = Leads()
    replay = Replay(POLICY)
    list(replay.run([make.qualified("L", MONDAY + HOUR, "start-up")], MONDAY + DAY))
    assert replay.book is not None
    seen = {(each.dims, each.target): each.figures.delivered.leads for each in replay.book.standings()}
    assert seen == {(("enterprise",), 2000): 0, (("smb",), 1000): 0, (("other",), None): 1}


def test_a_history_that_begins_with_a_term_is_not_judged_for_the_one_before() -> None:
    outcomes = list(Replay(POLICY).run([Leads().qualified("L", MONDAY)], MONDAY + HOUR))
    assert outcomes == []


def test_nobody_is_blamed_for_a_term_that_was_over_before_the_books_were_opened() -> None:
    books = book(NEXT_MONDAY)
    books.take(fact("A", MONDAY), 1)
    assert told(books.pass_time(NEXT_MONDAY + DAY)) == []
    assert delivered(books) == Sum(1, 1000)


def test_old_terms_are_let_go() -> None:
    books = book()
    list(books.pass_time(MONDAY + 30 * 7 * DAY))
    assert len(list(books.standings())) == TERMS_KEPT
    books.take(fact("A", MONDAY), 1)
    assert len(list(books.standings())) == TERMS_KEPT


def test_only_quotas_that_belong_here_are_kept() -> None:
    books = QuotaBook(POLICY, lambda quota: quota == "others")
    list(books.pass_time(MONDAY))
    books.take(fact("A", MONDAY, dims=("enterprise",)), 1)
    assert list(books.standings()) == []


def test_every_verdict_has_an_id_of_its_own_and_is_written_and_read() -> None:
    make = Leads()
    replay = Replay(agreement(quota(pace_alert=90)))
    outcomes = list(replay.run([make.qualified("L", MONDAY + HOUR), make.rejected("L", MONDAY + DAY)], NEXT_MONDAY))
    of_quota = [o for o in outcomes if o.delivery is not None]
    assert {o.kind for o in of_quota} == {Kind.BREACHED, Kind.AT_RISK}
    assert len({o.outcome_id for o in of_quota}) == len(of_quota)
    assert [decode_outcome(encode_outcome(o)) for o in of_quota] == of_quota
    assert all(sentence(o).startswith("qualified-leads 2026-W41, segment ") for o in of_quota)


facts = st.lists(
    st.tuples(
        st.sampled_from("ABCDE"),
        st.integers(0, 13),
        st.sampled_from(Status),
        st.sampled_from([1000, 1500, 333]),
        st.none() | st.integers(0, 16),
    ),
    min_size=1,
    max_size=14,
)


def made(number: int, one: tuple[str, int, Status, int, int | None]) -> Fact:
    lead, half_days, status, weight, settles = one
    settles_at = None if settles is None else MONDAY + settles * DAY
    return fact(lead, MONDAY + half_days * 12 * HOUR, status, weight=weight, settles_at=settles_at)


def entered(order: list[tuple[int, Fact]], ticks: list[int]) -> tuple[list[Standing], dict[tuple[Kind, str], int]]:
    """Figures at the end, and which verdicts stand then."""
    books = book(final_after_us=30 * DAY)
    outcomes: list[Outcome] = []
    for place, (sequence, each) in enumerate(order):
        books.take(each, sequence)
        outcomes += books.pass_time(max(MONDAY, *ticks[: place + 1]))
    outcomes += books.pass_time(NEXT_MONDAY + 17 * DAY)
    standing: dict[tuple[Kind, str], int] = {}
    for o in outcomes:
        assert o.delivery is not None
        if o.delivery.term == "2026-W41" and o.kind is Kind.WITHDRAWN:
            del standing[Kind(o.level), ""]
        elif o.delivery.term == "2026-W41":
            standing[o.kind, o.level] = o.at
    return list(books.standings()), standing


@given(facts, st.data())
@settings(max_examples=80, deadline=None)
def test_any_order_with_any_repetition_ends_in_the_same_figures_and_verdicts(
    history: list[tuple[str, int, Status, int, int | None]], data: st.DataObject
) -> None:
    numbered = [(n, made(n, one)) for n, one in enumerate(history)]
    shuffled = data.draw(st.permutations(numbered + numbered[: len(numbered) // 2]))
    ticks = data.draw(st.lists(st.integers(MONDAY, NEXT_MONDAY + DAY), min_size=len(shuffled), max_size=len(shuffled)))
    assert entered(shuffled, ticks) == entered(numbered, [MONDAY] * len(numbered))


@given(facts)
@settings(max_examples=100, deadline=None)
def test_figures_are_what_the_newest_facts_add_up_to(history: list[tuple[str, int, Status, int, int | None]]) -> None:
    newest = {one[0]: one for one in history}
    counting = [weight for _, _, status, weight, _ in newest.values() if status in (Status.PENDING, Status.CREDITED)]
    books = book()
    for n, one in enumerate(history):
        books.take(made(n, one), n)
    assert delivered(books) == Sum(len(counting), sum(counting))


@pytest.mark.parametrize("target", [0.001, 1.0])
def test_a_target_is_reached_by_exactly_what_it_asks_for(target: float) -> None:
    books = book(targets={(): round(target * UNIT)})
    books.take(fact("A", MONDAY, weight=round(target * UNIT)), 1)
    assert [kind for kind, *_ in told(books.pass_time(MONDAY + 1))] == [Kind.MET]


def test_a_target_that_is_reached_in_a_moment_is_told_then() -> None:
    books = book(targets={(): UNIT})
    books.take(fact("A", MONDAY + HOUR), 1)
    assert told(books.pass_time(MONDAY + HOUR - 1)) == []
    assert books.next_at == MONDAY + HOUR
    assert told(books.pass_time(MONDAY + HOUR)) == [(Kind.MET, "", 0, MONDAY + HOUR)]
    assert books.next_at == MONDAY + DAY
