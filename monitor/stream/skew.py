"""How far the clock of this worker is from that of the brokers, as far as a tick that came back can tell.

The brokers' clock is the one that counts: it stamps what all workers write, and there is one for each partition.
"""

from monitor.stream.judged import ReadTick


class Skew:
    """To be added to our own time; zero while the two may agree."""

    def __init__(self) -> None:
        self.us = 0

    def learn(self, tick: ReadTick, now_at: int) -> int:
        """`tick` was sent with our time and what is known of the skew, and is read at `now_at`, our time.

        The broker took it in between. Returns by how many microseconds the skew has changed.
        """
        if tick.appended_at is None:
            return 0
        sent_at, read_at = tick.at, now_at + self.us
        # Behind us even when it was sent, or ahead of us even now: by so much at least.
        changed_us = min(0, tick.appended_at - sent_at) or max(0, tick.appended_at - 999 - read_at)
        self.us += changed_us
        return changed_us
