"""RFC 3339 and microseconds since the epoch are two ways to write the same instant."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.instant import InstantWithoutOffset, NotAnInstant, from_rfc3339, legible, to_rfc3339

FIRST = from_rfc3339("0001-01-01T00:00:00Z")
LAST = from_rfc3339("9999-12-31T23:59:59.999999Z")


@given(at=st.integers(FIRST, LAST))
def test_an_instant_survives_being_written_and_read(at: int) -> None:
    assert from_rfc3339(to_rfc3339(at)) == at


@given(moment=st.datetimes(timezones=st.timezones()))
def test_an_instant_is_the_same_in_every_zone(moment: datetime) -> None:
    offset = moment.utcoffset()
    if offset is None or offset.total_seconds() % 60:
        return  # before standard time, zones had offsets with seconds, which RFC 3339 cannot write
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    assert from_rfc3339(moment.isoformat()) == (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def test_order_of_instants_is_order_of_text() -> None:
    assert to_rfc3339(0) == "1970-01-01T00:00:00.000000Z"
    assert to_rfc3339(-1) == "1969-12-31T23:59:59.999999Z"


def test_the_ends_of_the_calendar_have_offsets_too() -> None:
    assert from_rfc3339("0001-01-01T00:00:00+23:59") < FIRST
    assert from_rfc3339("9999-12-31T23:59:59-23:59") > LAST


def test_digits_behind_the_microsecond_are_cut_off_not_rounded() -> None:
    assert from_rfc3339("1970-01-01T00:00:00.0000019999999999Z") == 1
    assert from_rfc3339("1970-01-01T00:00:00.1Z") == 100_000


def test_a_local_time_is_told_apart_from_nonsense() -> None:
    with pytest.raises(InstantWithoutOffset):
        from_rfc3339("2026-10-01T08:15:00.5")


@pytest.mark.parametrize(
    "text",
    [
        "", "null", "1790842500", "2026-10-01", "2026-10-01T08:15Z", "2026-10-01 08:15:00Z", "2026-10-01T24:00:00Z",
        "2026-10-01T08:15:60Z", "2026-10-01T08:15:00+0200", "2026-10-01T08:15:00.Z", "2026-02-29T08:15:00Z",
        "0000-01-01T00:00:00Z", "2026-W40-4T08:15:00Z", "\uff12026-10-01T08:15:00Z", "2026-10-01T08:15:00Z\n",
        "2026-10-01T08:15:00+24:00",
    ],
)  # fmt: skip
def test_what_is_not_rfc_3339_is_refused(text: str) -> None:
    with pytest.raises(NotAnInstant) as refused:
        from_rfc3339(text)
    assert not isinstance(refused.value, InstantWithoutOffset)


def test_an_instant_outside_the_calendar_cannot_be_written() -> None:
    with pytest.raises(OverflowError):
        to_rfc3339(LAST + 1)
    assert legible(LAST + 1) == f"{LAST + 1} microseconds since 1970"
    assert legible(LAST) == to_rfc3339(LAST)
