"""Forecasts: what a term will have brought, by the shape and the trend of those before it."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.forecast import Brought, expected_by, forecast

FIRST = date(2026, 1, 5)


def weeks(*amounts: float) -> list[Brought]:
    """Weeks of five working days that bring so much each, twice as much on Friday as on any other day."""
    return [week(n, [amount / 6] * 4 + [amount / 3]) for n, amount in enumerate(amounts)]


def week(number: int, amounts: list[float]) -> Brought:
    days = [FIRST + timedelta(days=7 * number + day) for day in range(5)]
    return Brought(days, dict(zip(days, amounts, strict=False)))


def test_days_that_bring_more_are_still_to_come() -> None:
    term = week(8, [10, 10])
    foreseen = forecast(weeks(*[60] * 8), term, term.days[2])
    assert foreseen is not None
    assert 56 < foreseen.expected < 62  # a straight line would say 50


def test_a_term_that_does_better_than_those_before_goes_on_so() -> None:
    term = week(8, [20, 20, 20])
    foreseen = forecast(weeks(*[60] * 8), term, term.days[3])
    assert foreseen is not None
    assert 95 < foreseen.expected <= 125


def test_a_trend_goes_on_but_not_for_ever() -> None:
    term = week(8, [])
    foreseen = forecast(weeks(*range(20, 180, 20)), term, term.days[0])
    assert foreseen is not None
    assert 150 < foreseen.expected < 180


def test_alone_a_term_goes_on_as_it_began_once_it_has_begun() -> None:
    term = week(0, [5, 5])
    assert forecast([], term, term.days[1]) is None
    foreseen = forecast([], term, term.days[2])
    assert foreseen is not None
    assert foreseen.expected == 25


def test_at_its_end_a_term_brings_what_it_has_brought() -> None:
    term = week(8, [1, 2, 3, 4, 5])
    foreseen = forecast(weeks(60, 70, 60), term, term.days[4] + timedelta(days=1))
    assert foreseen == (15, 15, 15)


def test_what_is_expected_by_now_counts_working_days() -> None:
    term = week(0, [])
    assert expected_by(40, term.days, term.days[0]) == 0
    assert expected_by(40, term.days, term.days[2]) == 16
    assert expected_by(40, [], FIRST) == 0


@given(
    st.lists(st.lists(st.integers(0, 50), min_size=5, max_size=5), max_size=6),
    st.lists(st.integers(0, 50), max_size=5),
    st.floats(0.1, 1000),
)
def test_a_forecast_lies_within_its_interval_and_never_below_what_is_there(
    before: list[list[int]], now: list[int], worth: float
) -> None:
    term = week(len(before), [amount * worth for amount in now])
    past = [week(n, [amount * worth for amount in amounts]) for n, amounts in enumerate(before)]
    foreseen = forecast(past, term, FIRST + timedelta(days=7 * len(before) + len(now)), worth)
    if foreseen is not None:
        assert sum(now) * worth - 1e-6 <= foreseen.low <= foreseen.expected + 1e-6
        assert foreseen.expected <= foreseen.high
