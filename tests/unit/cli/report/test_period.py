"""The period of a report: two dates or instants, and what it is called."""

from zoneinfo import ZoneInfo

import pytest

from monitor.cli.failure import Failure
from monitor.cli.report.period import Period, period_between
from monitor.core.instant import to_rfc3339
from monitor.core.term import Every

BERLIN = ZoneInfo("Europe/Berlin")


def period(from_: str, to: str) -> Period:
    return period_between(from_, to, BERLIN)


@pytest.mark.parametrize(
    ("from_", "to", "key", "every"),
    [
        ("2026-10-01", "2026-12-31", "2026-Q4", Every.QUARTER),
        ("2026-10-01", "2026-10-31", "2026-10", Every.MONTH),
        ("2026-10-05", "2026-10-11", "2026-W41", Every.WEEK),
        ("2026-10-25", "2026-10-25", "2026-10-25", Every.DAY),
        ("2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z", "2026-10", Every.MONTH),
        ("2026-10-01T00:00:00+02:00", "2026-10-31", "2026-10", Every.MONTH),
        ("2026-10-01", "2026-10-30", "2026-09-30T22:00:00.000000Z/2026-10-30T23:00:00.000000Z", None),
    ],
)
def test_a_date_means_the_whole_day_where_the_agreement_is(from_: str, to: str, key: str, every: Every | None) -> None:
    found = period(from_, to)
    assert (found.term.key, found.every) == (key, every)


def test_a_month_in_which_clocks_change_ends_at_its_own_midnight() -> None:
    october = period("2026-10-01", "2026-10-31").term
    assert (to_rfc3339(october.start_at)[:19], to_rfc3339(october.end_at)[:19]) == (
        "2026-09-30T22:00:00", "2026-10-31T23:00:00",
    )  # fmt: skip
    assert october.holds(october.start_at)
    assert not october.holds(october.end_at)


@pytest.mark.parametrize(
    ("from_", "to", "named"),
    [
        ("yesterday", "2026-10-31", "--from yesterday"),
        ("2026-10-01", "2026-02-30", "--to 2026-02-30"),
        ("2026-10-01T00:00:00", "2026-10-31", "--from 2026-10-01T00:00:00"),
        ("9999-12-31", "9999-12-31", "--to 9999-12-31"),
        ("2026-10-02", "2026-10-01", "--to 2026-10-01 is not after --from 2026-10-02"),
        ("2026-10-02T00:00:00Z", "2026-10-02T00:00:00Z", "is not after"),
        ("2026-10-01", "2062-10-01", "more than 10 years after --from"),
    ],
)
def test_what_is_no_period_is_named(from_: str, to: str, named: str) -> None:
    with pytest.raises(Failure, match=named.replace("+", r"\+")):
        period(from_, to)
