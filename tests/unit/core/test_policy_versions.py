"""Several versions of one agreement: which of them starts a clock, and which one judges it."""

import pytest

from monitor.core.policy import Applies, Policy
from tests.support.agreement import DAY, policy

FIRST = policy(version="1")._replace(effective_at=10 * DAY, applies_from=10 * DAY)
SECOND = policy(version="2")._replace(effective_at=20 * DAY, applies_from=20 * DAY)
THIRD = policy(version="3")._replace(effective_at=30 * DAY, applies_from=15 * DAY, applies_to=Applies.SINCE)
BOTH = SECOND._replace(earlier=(FIRST,))
ALL = THIRD._replace(earlier=(FIRST, SECOND))


@pytest.mark.parametrize(
    ("at", "version"), [(0, "1"), (10 * DAY, "1"), (20 * DAY - 1, "1"), (20 * DAY, "2"), (99 * DAY, "2")]
)
def test_a_clock_starts_by_the_newest_version_then_in_force_and_by_the_oldest_before_all(at: int, version: str) -> None:
    assert BOTH.in_force(at).version == version


def test_one_version_alone_is_in_force_at_any_time() -> None:
    assert FIRST.in_force(0) is FIRST
    assert FIRST.of("1") is FIRST


def test_a_version_is_known_by_its_name_as_long_as_it_is_loaded() -> None:
    assert BOTH.of("1") is FIRST
    assert BOTH.of("2") is BOTH
    assert BOTH.of("3") is None


@pytest.mark.parametrize(("at", "version"), [(15 * DAY - 1, "1"), (15 * DAY, "3"), (25 * DAY, "3"), (30 * DAY, "3")])
def test_a_version_that_applies_since_a_date_judges_what_started_then(at: int, version: str) -> None:
    assert ALL.in_force(at).version == version


@pytest.mark.parametrize(("started", "version"), [(16, "1"), (25, "2"), (30, "3")])
def test_it_reaches_back_only_once_it_is_in_force(started: int, version: str) -> None:
    def judged_at(at: int) -> Policy:
        return ALL.as_of(at).in_force(started * DAY)

    assert judged_at(30 * DAY - 1).version == version
    assert judged_at(30 * DAY).version == "3"
    assert ALL.as_of(30 * DAY) is ALL
