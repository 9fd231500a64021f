"""What a tick that came back tells of our clock; the brokers' is the one that counts."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.instant import from_rfc3339
from monitor.stream.partition_judge import ReadTick
from monitor.stream.skew import Skew

NOW = from_rfc3339("2026-10-01T08:00:00Z")
SECOND, HOUR = 1_000_000, 3_600_000_000


def come_back(skew: Skew, ours_ahead_us: int, took_us: int = 20_000, read_after_us: int = 30_000) -> int:
    """One tick, sent by a clock so far ahead of the brokers', taken and read after these times."""
    sent_at = NOW + ours_ahead_us + skew.us
    stamped_ms = (NOW + took_us) // 1_000
    return skew.learn(ReadTick(sent_at, stamped_ms * 1_000 + 999), NOW + took_us + read_after_us + ours_ahead_us)


def test_clocks_that_agree_are_left_alone() -> None:
    skew = Skew()
    assert come_back(skew, 0) == 0
    assert skew.us == 0


def test_a_clock_that_is_an_hour_fast_is_turned_back() -> None:
    skew = Skew()
    come_back(skew, HOUR)
    assert abs(skew.us + HOUR) < SECOND
    assert come_back(skew, HOUR) == 0


def test_a_clock_that_is_an_hour_slow_is_turned_on() -> None:
    skew = Skew()
    come_back(skew, -HOUR)
    assert abs(skew.us - HOUR) < SECOND
    assert come_back(skew, -HOUR) == 0


def test_a_clock_that_was_set_right_is_followed() -> None:
    skew = Skew()
    come_back(skew, HOUR)
    come_back(skew, 0)
    assert abs(skew.us) < SECOND


def test_without_the_brokers_stamp_nothing_is_learnt() -> None:
    skew = Skew()
    assert skew.learn(ReadTick(NOW + HOUR, None), NOW) == 0
    assert skew.us == 0


@given(st.integers(-10 * HOUR, 10 * HOUR), st.integers(0, 5 * SECOND), st.integers(0, 5 * SECOND))
def test_one_tick_brings_the_clocks_within_its_own_time(ahead_us: int, took_us: int, read_after_us: int) -> None:
    skew = Skew()
    come_back(skew, ahead_us, took_us, read_after_us)
    assert abs(skew.us + ahead_us) <= took_us + read_after_us + 1_000
