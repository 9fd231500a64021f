"""What waits for one channel: in which order it goes, when, and when it is given up; no clock, no network."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Final, NamedTuple

from monitor.ports import ABANDONED, ChannelState, Delivery, Notice

DAY_S: Final = 86_400.0
# Keeps the exponent finite; the pause has reached its maximum long before.
_DOUBLINGS_MAX: Final = 30
GAVE_UP, DISABLED = ABANDONED


class Rules(NamedTuple):
    """How hard a channel is tried; seconds."""

    give_up_s: float = DAY_S
    """A notice is given up when its next attempt would be later than this after the outcome was told."""
    first_s: float = 1.0
    pause_s_max: float = 300.0
    """Pauses between attempts double from the first to this."""
    interval_s: float = 0.0
    """Least time between the beginnings of two attempts, whatever they carry."""
    in_flight_max: int = 8
    """Attempts at the same time, each for another lead; as many as a worker has partitions by default."""
    failures_max: int = 5
    """So many failures in a row, and nothing is sent for a while."""
    open_s: float = 30.0
    """That while; it doubles up to `pause_s_max` as long as the far end goes on failing."""


@dataclass(slots=True, eq=False)
class Waiting:
    """One notice on its way over this channel."""

    notice: Notice
    until_s: float
    """When it is given up, unless it has never been tried and can be."""
    attempts: int = 0
    last: str = ""
    """How the last attempt ended."""
    in_flight: bool = False
    wanted: bool = field(default=True)
    """False once whoever waited for it does so no more."""


class Ended(NamedTuple):
    """How the way of one notice over this channel ended."""

    waiting: Waiting
    result: str
    """`ok`; the reason of a refusal for good; GAVE_UP; DISABLED."""
    answer: str = ""


class Line:
    """The notices of one channel; `now_s` is monotonic and never decreases.

    A lead's notices go one after the other, in the order in which they came; leads do not wait for each other.
    """

    def __init__(self, rules: Rules) -> None:
        self.state = ChannelState.CLOSED
        self._rules = rules
        self._leads: dict[str, deque[Waiting]] = {}
        self._due: list[tuple[float, int, Waiting]] = []
        self._count = 0
        self._in_flight = 0
        self._not_before_s = 0.0
        self._failures = 0
        self._throttles = 0
        self._open_until_s = 0.0

    def __bool__(self) -> bool:
        """Whether anything waits or is under way."""
        return bool(self._leads)

    def waiting(self, now_s: float) -> tuple[int, float]:
        """How many notices wait or are under way, and how long ago the oldest one's outcome was told."""
        untils = [waiting.until_s for waiting in self._all()]
        return len(untils), now_s + self._rules.give_up_s - min(untils) if untils else 0.0

    def add(self, notice: Notice, now_s: float, age_s: float) -> Waiting:
        """Queue a notice whose outcome was told `age_s` ago."""
        waiting = Waiting(notice, now_s + self._rules.give_up_s - age_s)
        line = self._leads.setdefault(notice.outcome.lead, deque())
        line.append(waiting)
        if len(line) == 1:
            self._schedule(waiting, now_s)
        return waiting

    def take(self, now_s: float) -> Waiting | None:
        """The next notice to send now, None when there is nothing to be sent yet."""
        if self._free_at_s(now_s) > now_s:
            return None
        while self._due and self._due[0][0] <= now_s:
            _, _, waiting = heappop(self._due)
            if not waiting.wanted:
                continue
            if self.state is ChannelState.OPEN:
                self.state = ChannelState.HALF_OPEN
            waiting.in_flight = True
            waiting.attempts += 1
            self._in_flight += 1
            self._not_before_s = now_s + self._rules.interval_s
            return waiting
        return None

    def wake_s(self, now_s: float) -> float | None:
        """When to ask again unless an answer comes before; None when only that, or another notice, changes anything."""
        while self._due and not self._due[0][2].wanted:
            heappop(self._due)
        free_s = self._free_at_s(now_s)
        return None if not self._due or free_s == float("inf") else max(self._due[0][0], free_s)

    def answered(self, waiting: Waiting, delivery: Delivery, now_s: float, share: float) -> list[Ended]:
        """An attempt ended; the notices whose way ends with it. `share`: a random number in [0, 1).

        Full jitter, so that notices which failed together do not come back together
        (aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter).
        """
        waiting.last = delivery.reason
        self._in_flight -= 1
        if delivery.reason == "gone":
            self.state = ChannelState.DISABLED
            return [self._end(waiting, "gone", delivery.answer), *self._end_all(DISABLED)]
        pause_s = self._pause_s(delivery, waiting.attempts, share)
        ended = self._judge_far_end(delivery, now_s)
        waiting.in_flight = False
        if delivery.delivered or not delivery.retryable or not waiting.wanted:
            return [self._end(waiting, delivery.reason, delivery.answer, now_s), *ended]
        if self.state is ChannelState.DISABLED:
            return [self._end(waiting, DISABLED, delivery.answer)]
        if now_s + pause_s > waiting.until_s:
            return [self._end(waiting, GAVE_UP, delivery.answer, now_s), *ended]
        if delivery.reason == "throttled" or delivery.retry_after_s:
            self._not_before_s = max(self._not_before_s, now_s + pause_s)
        self._schedule(waiting, now_s + pause_s)
        return ended

    def drop(self, waiting: Waiting, now_s: float) -> None:
        """Nobody waits for it any more; an attempt that is under way goes on."""
        waiting.wanted = False
        if not waiting.in_flight and waiting in self._leads.get(waiting.notice.outcome.lead, ()):
            self._remove(waiting, now_s)

    def _pause_s(self, delivery: Delivery, attempts: int, share: float) -> float:
        """The pause before the next attempt; where the far end throttles, it grows with every time in a row."""
        self._throttles = self._throttles + 1 if delivery.reason == "throttled" else 0
        doublings = min(max(attempts, self._throttles) - 1, _DOUBLINGS_MAX)
        return max(
            share * min(self._rules.pause_s_max, self._rules.first_s * 2.0**doublings), delivery.retry_after_s or 0
        )

    def _judge_far_end(self, delivery: Delivery, now_s: float) -> list[Ended]:
        """Open or close the breaker; what has waited too long by then is given up.

        Whoever refuses or asks for a pause is there and works. What a far end answers to another attempt of before the
        breaker opened does not prolong it.
        """
        if self.state is ChannelState.DISABLED:
            return []
        if delivery.delivered or not delivery.retryable or delivery.reason == "throttled":
            self._failures, self.state = 0, ChannelState.CLOSED
            return []
        self._failures += 1
        if self._failures < self._rules.failures_max or self.state is ChannelState.OPEN:
            return []
        rounds = min(self._failures - self._rules.failures_max, _DOUBLINGS_MAX)
        self._open_until_s = now_s + min(self._rules.pause_s_max, self._rules.open_s * 2.0**rounds)
        self.state = ChannelState.OPEN
        late = [waiting for waiting in self._all() if not waiting.in_flight and waiting.until_s < now_s]
        return [self._end(waiting, GAVE_UP, "", now_s) for waiting in late]

    def _free_at_s(self, now_s: float) -> float:
        """When the channel as a whole may send again; infinity while only an answer can change that."""
        busy = self._in_flight >= (self._rules.in_flight_max if self.state is ChannelState.CLOSED else 1)
        if busy or self.state in (ChannelState.DISABLED, ChannelState.HALF_OPEN):
            return float("inf")
        return max(now_s, self._not_before_s, self._open_until_s if self.state is ChannelState.OPEN else 0.0)

    def _all(self) -> Iterable[Waiting]:
        return [waiting for line in self._leads.values() for waiting in line]

    def _schedule(self, waiting: Waiting, at_s: float) -> None:
        self._count += 1
        heappush(self._due, (at_s, self._count, waiting))

    def _end(self, waiting: Waiting, result: str, answer: str, now_s: float = 0.0) -> Ended:
        self._remove(waiting, now_s)
        return Ended(waiting, result, answer)

    def _end_all(self, result: str) -> list[Ended]:
        return [self._end(waiting, result, "") for waiting in self._all() if not waiting.in_flight]

    def _remove(self, waiting: Waiting, now_s: float) -> None:
        """Take it out; the next of its lead may go."""
        waiting.wanted = False
        lead = waiting.notice.outcome.lead
        line = self._leads[lead]
        first = line[0] is waiting
        line.remove(waiting)
        if not line:
            del self._leads[lead]
        elif first:
            self._schedule(line[0], now_s)
