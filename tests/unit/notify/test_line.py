"""The order in which one channel's notices go, when they go again, and when they are given up: no clock, no network."""

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.notify.line import DISABLED, GAVE_UP, Ended, Line, Rules, Waiting
from monitor.ports import ChannelState, Delivery
from tests.support.notices import notice

OK = Delivery(True, False, "ok")
FAILS = Delivery(False, True, "http_5xx")
REFUSES = Delivery(False, False, "http_4xx")
GONE = Delivery(False, False, "gone")
ROBUST = Rules(failures_max=1_000_000)
"""Rules without a breaker."""


def throttled(retry_after_s: float | None = None) -> Delivery:
    return Delivery(False, True, "throttled", retry_after_s)


def add(line: Line, *leads: str, at_s: float = 0.0, age_s: float = 0.0) -> list[Waiting]:
    return [line.add(notice(lead=lead, cycle=n), at_s, age_s) for n, lead in enumerate(leads, 1)]


def taken(line: Line, now_s: float) -> Waiting:
    waiting = line.take(now_s)
    assert waiting is not None
    return waiting


def attempts(line: Line, answer: Callable[[float], Delivery], until_s: float, share: float = 1.0) -> list[float]:
    """Run the line as a courier whose attempts take no time; the instants at which they began."""
    now_s, began = line.wake_s(0.0) or 0.0, []
    while now_s <= until_s:
        while waiting := line.take(now_s):
            began.append(now_s)
            line.answered(waiting, answer(now_s), now_s, share)
        wake_s = line.wake_s(now_s)
        if wake_s is None:
            break
        now_s = wake_s
    return began


def test_what_arrives_is_done() -> None:
    line = Line(Rules())
    (waiting,) = add(line, "a")
    assert taken(line, 0) is waiting
    assert line.take(0) is None
    assert line.answered(waiting, OK, 1, 0.5) == [Ended(waiting, "ok")]
    assert not line


def test_a_leads_notices_go_one_after_the_other_and_leads_do_not_wait_for_each_other() -> None:
    line = Line(ROBUST)
    first, second, other = add(line, "a", "a", "b")
    assert [taken(line, 0), taken(line, 0), line.take(0)] == [first, other, None]
    line.answered(first, FAILS, 0, 1.0)
    line.answered(other, OK, 0, 1.0)
    assert line.take(0.9) is None
    assert taken(line, 1.0) is first
    line.answered(first, OK, 1.0, 1.0)
    assert taken(line, 1.0) is second


def test_what_is_refused_for_good_lets_the_next_go() -> None:
    line = Line(Rules())
    first, second = add(line, "a", "a")
    assert line.answered(taken(line, 0), REFUSES, 0, 1.0) == [Ended(first, "http_4xx")]
    assert taken(line, 0) is second


def test_pauses_double_up_to_their_limit() -> None:
    line = Line(ROBUST)
    add(line, "a")
    assert attempts(line, lambda _: FAILS, 1300) == [0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 811, 1111]


def test_each_pause_is_a_random_share_so_that_failures_do_not_come_back_together() -> None:
    line = Line(ROBUST)
    add(line, "a")
    assert attempts(line, lambda _: FAILS, 8, share=0.5) == [0, 0.5, 1.5, 3.5, 7.5]


def test_a_notice_is_given_up_a_day_after_its_outcome_was_told_whenever_the_worker_began() -> None:
    line = Line(ROBUST)
    (waiting,) = add(line, "a", age_s=86_400 - 2)
    assert line.answered(taken(line, 0), FAILS, 0, 1.0) == []
    assert line.answered(taken(line, 1), FAILS, 1, 1.0) == [Ended(waiting, GAVE_UP)]


def test_what_is_older_than_that_is_tried_once() -> None:
    line = Line(ROBUST)
    (waiting,) = add(line, "a", age_s=1_000_000)
    assert line.answered(taken(line, 0), FAILS, 0, 0.5) == [Ended(waiting, GAVE_UP)]


@pytest.mark.parametrize("delivery", [throttled(90), Delivery(False, True, "http_5xx", 90)])
def test_a_pause_that_the_far_end_asks_for_is_kept_by_the_whole_channel(delivery: Delivery) -> None:
    line = Line(Rules())
    first, _ = add(line, "a", "b")
    line.answered(taken(line, 0), delivery, 0, 1.0)
    assert line.take(89.9) is None
    assert line.wake_s(0) == 90
    assert {taken(line, 90).notice.outcome.lead, taken(line, 90).notice.outcome.lead} == {"a", "b"}
    assert first.attempts == 2


def test_a_far_end_that_throttles_is_left_alone_longer_each_time() -> None:
    line = Line(Rules(in_flight_max=1))
    add(line, *"abcdef")
    assert attempts(line, lambda _: throttled(), 60) == [0, 1, 3, 7, 15, 31]


def test_attempts_keep_their_distance() -> None:
    line = Line(Rules(interval_s=1.0))
    add(line, *"abcd")
    assert attempts(line, lambda _: OK, 100) == [0, 1, 2, 3]


def test_no_more_attempts_at_a_time_than_allowed() -> None:
    line = Line(Rules(in_flight_max=2))
    add(line, *"abc")
    first = taken(line, 0)
    taken(line, 0)
    assert (line.take(0), line.wake_s(0)) == (None, None)
    line.answered(first, OK, 0, 1.0)
    assert taken(line, 0).notice.outcome.lead == "c"


def test_five_failures_in_a_row_open_the_breaker_and_one_notice_at_a_time_is_tried_until_it_closes() -> None:
    line = Line(Rules(in_flight_max=1))
    add(line, *"abcdefgh")
    for _ in range(5):
        assert line.state is ChannelState.CLOSED
        line.answered(taken(line, 0), FAILS, 0, 0.0)
    assert (line.state, line.take(29.9), line.wake_s(0)) == (ChannelState.OPEN, None, 30)
    probe = taken(line, 30)
    assert (line.state, line.take(30), line.wake_s(30)) == (ChannelState.HALF_OPEN, None, None)
    line.answered(probe, FAILS, 30, 0.0)
    assert (line.state, line.wake_s(30)) == (ChannelState.OPEN, 90)
    line.answered(taken(line, 90), OK, 90, 0.0)
    assert line.state is ChannelState.CLOSED
    assert attempts(line, lambda _: OK, 200) == [90] * 7


@pytest.mark.parametrize("alive", [OK, REFUSES, throttled(), Delivery(False, False, "redirect")])
def test_whoever_answers_that_much_is_alive(alive: Delivery) -> None:
    line = Line(Rules(in_flight_max=1))
    add(line, *"abcdefghij")
    for number in range(8):
        now_s = 100.0 * number
        line.answered(taken(line, now_s), alive if number % 4 == 3 else FAILS, now_s, 0.0)
    assert line.state is ChannelState.CLOSED


def test_while_the_breaker_is_open_what_has_waited_too_long_is_given_up() -> None:
    line = Line(Rules(in_flight_max=1, failures_max=1, give_up_s=45.0))
    probe, _, old = add(line, "a", "b", "b")
    (young,) = add(line, "c", at_s=20)
    line.answered(taken(line, 0), FAILS, 0, 0.0)
    assert [ended.waiting for ended in line.answered(taken(line, 30), FAILS, 30, 0.0)] == []
    ended = line.answered(taken(line, 90), FAILS, 90, 0.0)
    assert {each.result for each in ended} == {GAVE_UP}
    assert {id(each.waiting) for each in ended} >= {id(probe), id(old), id(young)}
    assert not line


def test_a_far_end_that_is_gone_disables_the_channel_for_all_that_wait() -> None:
    line = Line(Rules())
    first, second, other = add(line, "a", "a", "b")
    taken(line, 0)
    assert taken(line, 0) is other
    assert line.answered(first, GONE, 0, 0.5) == [Ended(first, "gone"), Ended(second, DISABLED)]
    assert (line.state, line.take(1e9), line.wake_s(1e9)) == (ChannelState.DISABLED, None, None)
    assert line.answered(other, FAILS, 1, 0.5) == [Ended(other, DISABLED)]
    assert line.state is ChannelState.DISABLED


def test_what_nobody_waits_for_any_more_is_not_sent() -> None:
    line = Line(Rules())
    first, second = add(line, "a", "a")
    line.drop(first, 0)
    assert taken(line, 0) is second
    line.drop(second, 0)
    assert line.answered(second, FAILS, 0, 0.5) == [Ended(second, "http_5xx")]
    assert not line
    line.drop(second, 1)


def test_how_many_wait_and_since_when() -> None:
    line = Line(Rules())
    assert line.waiting(7) == (0, 0.0)
    add(line, "a", "b", age_s=10)
    assert line.waiting(5) == (2, 15.0)


def test_an_hour_of_failures_is_a_few_attempts_and_nothing_is_lost() -> None:
    line = Line(Rules())
    add(line, *(f"lead-{n % 50}" for n in range(200)))
    arrived: Counter[float] = Counter()

    def answer(now_s: float) -> Delivery:
        return FAILS if now_s < 3600 else OK

    arrived.update(attempts(line, answer, 86_400))
    during = sum(count for at_s, count in arrived.items() if at_s < 3600)
    assert during < 30
    assert arrived.total() == during + 200
    assert max(arrived) < 3600 + 300 + 300
    assert not line


answers = st.sampled_from([OK, FAILS, REFUSES, throttled(), throttled(5), Delivery(False, True, "timeout")])


@settings(max_examples=200)
@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=20), st.lists(answers, max_size=60), st.floats(0, 0.99))
def test_every_notice_ends_once_and_a_leads_in_order(leads: list[str], given: list[Delivery], share: float) -> None:
    line, rest, now_s = Line(Rules(failures_max=2, interval_s=0.5)), iter(given), 0.0
    waiting = add(line, *leads)
    ended: list[Waiting] = []
    while line:
        assert now_s < 1e6
        taken_now = line.take(now_s)
        if taken_now is not None:
            ended += [each.waiting for each in line.answered(taken_now, next(rest, OK), now_s, share)]
            continue
        wake_s = line.wake_s(now_s)
        assert wake_s is not None
        now_s = wake_s
    assert Counter(map(id, ended)) == Counter(map(id, waiting))
    for lead in "abc":
        mine = [each.notice.outcome.cycle for each in ended if each.notice.outcome.lead == lead]
        assert mine == sorted(mine)
