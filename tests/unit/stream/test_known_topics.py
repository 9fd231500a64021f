"""Whoever hands out partitions waits until the brokers name all topics, but not for ever."""

from monitor.stream.engine.known_topics import ASK_EVERY_S, until_known


class Brokers:
    """They name the last topic after so many questions."""

    def __init__(self, questions: int) -> None:
        self.left = questions
        self.asked = 0

    def unknown(self) -> set[str]:
        return {"changelog"} if self.left else set()

    async def ask(self) -> None:
        self.asked += 1
        self.left = max(0, self.left - 1)


async def test_nobody_is_asked_when_all_topics_are_known() -> None:
    brokers = Brokers(0)
    assert await until_known(brokers.unknown, brokers.ask, 1.0) == set()
    assert brokers.asked == 0


async def test_the_brokers_are_asked_until_they_know() -> None:
    brokers = Brokers(2)
    assert await until_known(brokers.unknown, brokers.ask, 1.0) == set()
    assert brokers.asked == 2


async def test_what_they_do_not_know_in_the_end_is_named() -> None:
    brokers = Brokers(1000)
    assert await until_known(brokers.unknown, brokers.ask, 3 * ASK_EVERY_S) == {"changelog"}
    assert brokers.asked == 3
