"""When a channel may send: pace, pauses, breaker; no clock, no network."""

import pytest

from monitor.notify.gate import Gate, Rules
from monitor.ports import ChannelState, Delivery

OK = Delivery(True, False, "ok")
FAILS = Delivery(False, True, "http_5xx")
REFUSES = Delivery(False, False, "http_4xx")
GONE = Delivery(False, False, "gone")
ROBUST = Rules(failures_max=1_000_000)
"""Rules without a breaker."""
NEVER = float("inf")


def throttled(retry_after_s: float | None = None) -> Delivery:
    return Delivery(False, True, "throttled", retry_after_s)


def tried(gate: Gate, delivery: Delivery, now_s: float = 0.0, attempts: int = 1, share: float = 1.0) -> float | None:
    assert gate.free_at_s(now_s) == now_s
    gate.begin(now_s)
    return gate.answered(delivery, attempts, now_s, share)


def test_pauses_double_up_to_their_limit() -> None:
    pauses = [tried(Gate(ROBUST), FAILS, attempts=n) for n in range(1, 13)]
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]


def test_each_pause_is_a_random_share_so_that_failures_do_not_come_back_together() -> None:
    assert [tried(Gate(ROBUST), FAILS, attempts=n, share=0.5) for n in (1, 2, 3)] == [0.5, 1.0, 2.0]


@pytest.mark.parametrize("delivery", [OK, REFUSES, GONE, Delivery(False, False, "redirect")])
def test_what_arrived_or_is_refused_for_good_is_not_tried_again(delivery: Delivery) -> None:
    assert tried(Gate(Rules()), delivery) is None


@pytest.mark.parametrize("delivery", [throttled(90), Delivery(False, True, "http_5xx", 90)])
def test_a_pause_that_the_far_end_asks_for_is_kept_by_the_whole_channel(delivery: Delivery) -> None:
    gate = Gate(Rules())
    assert tried(gate, delivery) == 90
    assert gate.free_at_s(0) == 90


def test_a_far_end_that_throttles_is_left_alone_longer_each_time() -> None:
    gate, now_s, began = Gate(Rules()), 0.0, []
    while len(began) < 6:
        began.append(now_s)
        tried(gate, throttled(), now_s)
        now_s = gate.free_at_s(now_s)
    assert began == [0, 1, 3, 7, 15, 31]


def test_attempts_keep_their_distance() -> None:
    gate = Gate(Rules(interval_s=1.0))
    tried(gate, OK)
    assert gate.free_at_s(0.3) == 1.0


def test_no_more_attempts_at_a_time_than_allowed() -> None:
    gate = Gate(Rules(in_flight_max=2))
    gate.begin(0)
    gate.begin(0)
    assert gate.free_at_s(0) == NEVER
    gate.answered(OK, 1, 0, 1.0)
    assert gate.free_at_s(0) == 0


def test_five_failures_in_a_row_open_the_breaker_and_one_at_a_time_is_tried_until_it_closes() -> None:
    gate = Gate(Rules())
    for _ in range(5):
        assert gate.state is ChannelState.CLOSED
        tried(gate, FAILS, share=0.0)
    assert (gate.state, gate.free_at_s(0)) == (ChannelState.OPEN, 30)
    gate.begin(30)
    assert (gate.state, gate.free_at_s(30)) == (ChannelState.HALF_OPEN, NEVER)
    gate.answered(FAILS, 1, 30, 0.0)
    assert (gate.state, gate.free_at_s(30)) == (ChannelState.OPEN, 90)
    tried(gate, OK, 90)
    assert (gate.state, gate.free_at_s(90)) == (ChannelState.CLOSED, 90)


def test_what_was_begun_before_the_breaker_opened_does_not_prolong_it() -> None:
    gate = Gate(Rules(failures_max=1))
    gate.begin(0)
    gate.begin(0)
    gate.answered(FAILS, 1, 0, 0.0)
    gate.answered(FAILS, 1, 20, 0.0)
    assert gate.free_at_s(20) == 30


@pytest.mark.parametrize("alive", [OK, REFUSES, throttled(), Delivery(False, False, "redirect")])
def test_whoever_answers_that_much_is_alive(alive: Delivery) -> None:
    gate = Gate(Rules())
    for number in range(8):
        tried(gate, alive if number % 4 == 3 else FAILS, 1000.0 * number, share=0.0)
    assert gate.state is ChannelState.CLOSED


def test_a_far_end_that_is_gone_disables_the_channel_for_good() -> None:
    gate = Gate(Rules())
    gate.begin(0)
    tried(gate, GONE)
    assert (gate.state, gate.free_at_s(1e9)) == (ChannelState.DISABLED, NEVER)
    gate.answered(OK, 1, 1, 0.5)
    assert gate.state is ChannelState.DISABLED
