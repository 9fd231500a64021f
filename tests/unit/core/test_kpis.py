"""KPIs: each formula at its edges; the quarter of examples/ shows them all at work."""

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core import kpis
from monitor.core.event import Event, Scalar
from monitor.core.journal import Journal, journal_of
from monitor.core.money import Finance, Money, Sum, added_up
from monitor.core.replay import Replay
from monitor.core.term import Every, term_on
from tests.support.agreement import DAY, HOUR, policy
from tests.support.quotas import Leads

POLICY = policy()
OCTOBER = term_on(Every.MONTH, ZoneInfo("Europe/Berlin"), date(2026, 10, 1))
QUARTER = term_on(Every.QUARTER, ZoneInfo("Europe/Berlin"), date(2026, 10, 1))
EUR = Finance("EUR", {"EUR": Decimal(1), "USD": Decimal("0.9")}, {Every.MONTH: Decimal(100)}, Decimal(60), Decimal(2))
START = OCTOBER.start_at


def won(make: Leads, lead: str, at: int, amount: str, currency: str = "EUR") -> Event:
    return make.happened(lead, at, "deal.won", amount=amount, currency=currency)


def moved(make: Leads, lead: str, at: int, stage: str) -> Event:
    return make.happened(lead, at, "lead.stage_changed", stage=stage)


def called(make: Leads, lead: str, at: int, outcome: str = "no-answer", **data: Scalar) -> Event:
    act: dict[str, Scalar] = {"channel": "call", "direction": "outbound", "actor": "person", "outcome": outcome}
    return make.happened(lead, at, "activity.logged", **(act | data))


def journal(*events: Event) -> Journal:
    return journal_of(events, POLICY)


def test_currencies_without_a_rate_are_never_added_to_others() -> None:
    amounts = [Money(Decimal("0.1"), "EUR"), Money(Decimal("0.2"), "EUR"), Money(Decimal(10), "USD")]
    amounts.append(Money(Decimal(7), "CHF"))
    assert added_up(amounts, EUR) == {"EUR": Sum(Decimal("9.3"), 3), "CHF": Sum(Decimal(7), 1)}
    assert added_up(amounts, None) == {
        "EUR": Sum(Decimal("0.3"), 2),
        "USD": Sum(Decimal(10), 1),
        "CHF": Sum(Decimal(7), 1),
    }


@given(
    st.lists(st.tuples(st.decimals(-(10**9), 10**9, places=4), st.sampled_from(["EUR", "USD", "CHF"])), max_size=8),
    st.data(),
)
def test_a_sum_is_the_same_in_any_order(amounts: list[tuple[Decimal, str]], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(amounts))
    first, second = (added_up((Money(*each) for each in of), EUR) for of in (amounts, shuffled))
    assert dict(first) == dict(second)


def test_a_deal_counts_for_the_term_in_which_it_was_won() -> None:
    make = Leads()
    deals = journal(won(make, "A", START - 1, "1"), won(make, "B", START, "2"), won(make, "C", OCTOBER.end_at, "4"))
    assert kpis.sales_goal(deals, EUR, Every.MONTH, OCTOBER) == ({"EUR": (Decimal(2), 1)}, Decimal(100))
    assert kpis.sales_goal(deals, EUR, Every.QUARTER, QUARTER).target is None
    assert kpis.deal_size(deals, EUR, QUARTER) == {"EUR": Decimal(3)}
    assert kpis.deal_size(journal(), EUR, QUARTER) == {}


def test_only_what_has_a_rate_counts_towards_the_goal() -> None:
    make = Leads()
    deals = journal(won(make, "A", START, "10", "USD"), won(make, "B", START, "10", "CHF"))
    assert kpis.won_in(kpis.sales_goal(deals, EUR, Every.MONTH, OCTOBER), EUR) == 9
    assert kpis.won_in(kpis.sales_goal(deals, None, Every.MONTH, OCTOBER), None) == 0


def test_a_lead_is_in_the_stage_that_it_entered_last_by_then() -> None:
    make = Leads()
    moves = journal(
        moved(make, "A", START, "mql"), moved(make, "A", START + DAY, "sql"), moved(make, "B", START, "mql")
    )
    assert kpis.leads_in_funnel(moves, START) == {"mql": 2}
    assert kpis.leads_in_funnel(moves, START + DAY) == {"sql": 1, "mql": 1}


def test_an_act_counts_when_a_person_made_it_towards_the_lead() -> None:
    make = Leads()
    acts = [called(make, "A", START, actor="automation"), called(make, "A", START, direction="inbound")]
    assert kpis.follow_up_attempts(journal(*acts), OCTOBER) == (0, 0, ())


def test_attempts_until_first_reached_count_from_the_first_of_all() -> None:
    make = Leads()
    acts = [
        called(make, "A", START - 1), called(make, "A", START, "connected"), called(make, "A", START + 1, "connected"),
        called(make, "B", START - 1, "connected"), called(make, "B", START, "connected"), called(make, "C", START),
    ]  # fmt: skip
    assert kpis.follow_up_attempts(journal(*acts), OCTOBER) == (4, 3, (2,))


def test_a_cohort_is_of_first_entries_and_converts_whenever() -> None:
    make = Leads()
    moves = journal(
        moved(make, "A", START, "mql"), moved(make, "A", OCTOBER.end_at, "sql"),
        moved(make, "B", START - 1, "mql"), moved(make, "B", START + 1, "sql"),
        moved(make, "B", START + 2, "mql"), moved(make, "C", START, "sql"), moved(make, "C", START + 1, "mql"),
    )  # fmt: skip
    assert kpis.conversion(moves, "mql", "sql", OCTOBER) == (2, 1, 3, 2)


def test_a_sales_cycle_ends_with_the_first_deal() -> None:
    make = Leads()
    deals = [won(make, "A", START + 3 * DAY, "1"), won(make, "A", START + 9 * DAY, "1"), won(make, "B", START, "1")]
    history = journal(make.happened("A", START - DAY, "lead.created"), *deals)
    assert kpis.sales_cycle(history, OCTOBER) == (0, 4 * DAY)
    assert kpis.sales_cycle(history, term_on(Every.MONTH, ZoneInfo("Europe/Berlin"), date(2026, 11, 1))) == ()


@pytest.mark.parametrize(("percent", "value"), [(0, 1), (25, 1), (26, 2), (50, 2), (75, 3), (100, 4)])
def test_percentiles_are_by_nearest_rank(percent: int, value: int) -> None:
    assert kpis.percentile([1, 2, 3, 4], percent) == value


def test_nothing_has_no_percentile_and_no_ratio() -> None:
    assert kpis.percentile([], 50) is None
    assert kpis.ratio(1, 0) is None


def test_acquisition_cost_is_that_of_new_customers() -> None:
    make = Leads()
    spend = make.happened("fair", START, "spend.recorded", amount="100", currency="EUR", team="marketing")
    deals = [won(make, "A", START - 1, "1"), won(make, "A", START, "1"), won(make, "B", START, "1")]
    assert kpis.acquisition_cost(journal(spend, *deals), EUR, OCTOBER) == {"EUR": Decimal(100)}
    assert kpis.acquisition_cost(journal(spend), EUR, OCTOBER) is None


def test_a_lifetime_is_as_long_as_churn_lets_it_be() -> None:
    make = Leads()
    paid = [
        make.happened(lead, START + n, "revenue.recorded", amount="30", currency="EUR") for n, lead in enumerate("AAB")
    ]
    assert kpis.lifetime_value(journal(*paid), EUR, Every.QUARTER, QUARTER) == {"EUR": Decimal(450)}
    assert kpis.lifetime_value(journal(*paid), EUR._replace(churn=None), Every.QUARTER, QUARTER) is None
    assert kpis.lifetime_value(journal(*paid), EUR, Every.WEEK, QUARTER) is None
    assert kpis.lifetime_value(journal(), EUR, Every.QUARTER, QUARTER) is None


def test_events_in_any_order_and_twice_make_the_same_journal() -> None:
    make = Leads()
    events = [moved(make, "A", START, "mql"), won(make, "A", START + HOUR, "1"), called(make, "A", START + 1)]
    assert journal(*reversed(events), *events) == journal(*events)


def test_a_merged_lead_goes_by_the_name_of_the_other_also_over_several_and_in_a_circle() -> None:
    make = Leads()
    chain = [
        make.happened(*of, "lead.merged", into=into) for of, into in ((("A", START), "B"), (("B", START + 1), "C"))
    ]
    assert set(journal(moved(make, "A", START - 1, "mql"), *chain).first_at) == {"C"}
    circle = [*chain, make.happened("C", START + 2, "lead.merged", into="A")]
    assert set(journal(*circle).first_at) == {"A"}


def test_the_first_of_several_merges_counts() -> None:
    make = Leads()
    merges = [make.happened("A", START + n, "lead.merged", into=into) for n, into in enumerate(("A", "B", "C"))]
    for told in (merges, merges[::-1]):
        assert set(journal(moved(make, "A", START - 1, "mql"), *told).first_at) == {"B"}


def test_spend_and_revenue_make_no_lead() -> None:
    make = Leads()
    replay = Replay(POLICY)
    paid = make.happened("fair", START, "spend.recorded", amount="100", currency="EUR", team="marketing")
    assert list(replay.run([paid])) == []
    assert replay.leads == {}
    assert journal(paid).first_at == {}


def test_a_deal_that_is_won_makes_a_customer() -> None:
    make = Leads()
    assert [entry.stage for entry in journal(won(make, "A", START, "1")).entries] == ["customer"]
