"""The one place that asks what time it is."""

import time


class SystemTime:
    """TimeSource over the machine's clocks."""

    def now_at(self) -> int:
        """Wall-clock instant, microseconds since the epoch, UTC."""
        return time.time_ns() // 1_000

    def elapsed_s(self) -> float:
        """Monotonic seconds from an arbitrary origin."""
        return time.monotonic()
