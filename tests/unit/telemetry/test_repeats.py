"""An outage of a broker is a handful of lines, not thousands."""

import logging

from monitor.telemetry.logs import REPEATED_S, Repeats


def record(message: str, at_s: float, name: str = "aiokafka", *args: object) -> logging.LogRecord:
    made = logging.LogRecord(name, logging.ERROR, __file__, 1, message, args, None)
    made.created = at_s
    return made


def test_the_same_line_is_shown_once_in_a_while() -> None:
    repeats = Repeats()
    assert [repeats.filter(record("node %s is away", at_s, "aiokafka", 1)) for at_s in (0.0, 0.1, 5.0)] == [
        True, False, False,
    ]  # fmt: skip


def test_the_next_one_that_is_shown_says_how_many_were_held_back() -> None:
    repeats = Repeats()
    for at_s in (0.0, 0.1, 0.2):
        repeats.filter(record("node %s is away", at_s, "aiokafka", 1))
    again = record("node %s is away", REPEATED_S, "aiokafka", 2)
    assert repeats.filter(again)
    assert again.getMessage() == "node 2 is away (and 2 more like it)"


def test_other_lines_are_shown() -> None:
    repeats = Repeats()
    assert repeats.filter(record("node is away", 0.0))
    assert repeats.filter(record("node is back", 0.1))
    assert repeats.filter(record("node is away", 0.2, "aiokafka.client"))


def test_what_the_monitor_itself_says_is_always_shown() -> None:
    repeats = Repeats()
    assert all(repeats.filter(record("judging", 0.0, "monitor.stream.worker")) for _ in range(3))
