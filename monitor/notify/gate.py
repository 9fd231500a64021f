"""When a channel may send: its pace, its pauses and its breaker; no clock, no network."""

from typing import Final, NamedTuple

from monitor.ports import ABANDONED, ChannelState, Delivery

DAY_S: Final = 86_400.0
# Keeps the exponent finite; the pause has reached its maximum long before.
_DOUBLINGS_MAX: Final = 30
GAVE_UP, DISABLED = ABANDONED


class Rules(NamedTuple):
    """How hard a channel is tried; seconds."""

    give_up_s: float = DAY_S
    """A notice is given up when its next attempt would be so long after the first instant that it could leave."""
    first_s: float = 1.0
    pause_s_max: float = 300.0
    """Pauses between attempts double from the first to this."""
    interval_s: float = 0.0
    """Least time between the beginnings of two attempts, whatever they carry."""
    in_flight_max: int = 8
    """Attempts at the same time, each for other leads; as many as a worker has partitions by default."""
    failures_max: int = 5
    """So many failures in a row, and nothing is sent for a while."""
    open_s: float = 30.0
    """That while; it doubles up to `pause_s_max` as long as the far end goes on failing."""


class Gate:
    """One channel's; `now_s` is monotonic and never decreases."""

    def __init__(self, rules: Rules) -> None:
        self.state = ChannelState.CLOSED
        self.rules = rules
        self._in_flight = 0
        self._not_before_s = 0.0
        self._failures = 0
        self._throttles = 0
        self._open_until_s = 0.0

    def free_at_s(self, now_s: float) -> float:
        """When the next attempt may begin; infinity while only an answer can change that."""
        busy = self._in_flight >= (self.rules.in_flight_max if self.state is ChannelState.CLOSED else 1)
        if busy or self.state in (ChannelState.DISABLED, ChannelState.HALF_OPEN):
            return float("inf")
        return max(now_s, self._not_before_s, self._open_until_s if self.state is ChannelState.OPEN else 0.0)

    def begin(self, now_s: float) -> None:
        """An attempt begins."""
        if self.state is ChannelState.OPEN:
            self.state = ChannelState.HALF_OPEN
        self._in_flight += 1
        self._not_before_s = now_s + self.rules.interval_s

    def answered(self, delivery: Delivery, attempts: int, now_s: float, share: float) -> float | None:
        """An attempt ended, the `attempts`-th of its message: the pause before the next, None when there is none.

        `share`: a random number in [0, 1): full jitter, so that what failed together does not come back together
        (aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter).
        """
        self._in_flight -= 1
        if delivery.reason == "gone":
            self.state = ChannelState.DISABLED
            return None
        pause_s = self._pause_s(delivery, attempts, share)
        self._judge_far_end(delivery, now_s)
        if delivery.delivered or not delivery.retryable:
            return None
        if delivery.reason == "throttled" or delivery.retry_after_s:
            self._not_before_s = max(self._not_before_s, now_s + pause_s)
        return pause_s

    def _pause_s(self, delivery: Delivery, attempts: int, share: float) -> float:
        """Where the far end throttles, the pause grows with every time in a row."""
        self._throttles = self._throttles + 1 if delivery.reason == "throttled" else 0
        doublings = min(max(attempts, self._throttles) - 1, _DOUBLINGS_MAX)
        return max(
            share * min(self.rules.pause_s_max, self.rules.first_s * 2.0**doublings), delivery.retry_after_s or 0
        )

    def _judge_far_end(self, delivery: Delivery, now_s: float) -> None:
        """Open or close the breaker.

        Whoever refuses or asks for a pause is there and works. What a far end answers to another attempt of before the
        breaker opened does not prolong it.
        """
        if self.state is ChannelState.DISABLED:
            return
        if delivery.delivered or not delivery.retryable or delivery.reason == "throttled":
            self._failures, self.state = 0, ChannelState.CLOSED
            return
        self._failures += 1
        if self._failures < self.rules.failures_max or self.state is ChannelState.OPEN:
            return
        rounds = min(self._failures - self.rules.failures_max, _DOUBLINGS_MAX)
        self._open_until_s = now_s + min(self.rules.pause_s_max, self.rules.open_s * 2.0**rounds)
        self.state = ChannelState.OPEN
