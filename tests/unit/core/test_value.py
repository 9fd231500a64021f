"""Values are what their fields are, and what is made of them by position is what it would be by name."""

from monitor.core.clock import Clock
from monitor.core.lead import EMPTY_FOLD, Fold, new_lead
from monitor.core.tables import ClockState

CLOCK = Clock(*[f"field {n}" for n in range(len(Clock._fields))])  # type: ignore[arg-type]


def test_values_are_equal_where_all_fields_are() -> None:
    assert Fold("", 0, 0, {}, ()) == EMPTY_FOLD
    assert Fold("", 0, 1, {}, ()) != EMPTY_FOLD
    assert new_lead("L") != EMPTY_FOLD
    assert EMPTY_FOLD != ("", 0, 0, {}, (), ())


def test_a_value_shows_its_fields() -> None:
    assert repr(EMPTY_FOLD) == "Fold('', 0, 0, {}, (), ())"


def test_what_is_not_named_stays_as_it_was() -> None:
    lead = new_lead("L")
    assert lead.but() == lead
    assert lead.but(known_until=5).fields() == ("L", 5, *lead.fields()[2:])
    assert EMPTY_FOLD.but(clocks=[CLOCK]).fields() == ("", 0, 0, {}, [CLOCK], ())


def test_a_clock_that_is_over_or_final_differs_in_that_alone() -> None:
    ended = CLOCK._replace(state=ClockState.MET, ended_at=7, ended_by="e")
    assert CLOCK.over(ClockState.MET, 7, "e") == ended
    assert CLOCK.settled() == CLOCK._replace(final=True)
    assert isinstance(CLOCK.settled(), Clock)
