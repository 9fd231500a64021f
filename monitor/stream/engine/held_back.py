"""Source partitions that may not be fetched yet, although Faust has said so.

At the end of recovery Faust lets them be fetched, and clears its queues afterwards: what was fetched in between is
lost, and nothing says so.
"""

from collections.abc import Iterable

from faust.types.tuples import TP


class HeldBack:
    """Collects partitions until the queues are clear."""

    def __init__(self) -> None:
        self._held: set[TP] = set()

    def hold(self, tps: Iterable[TP]) -> None:
        """They were to be fetched from now on."""
        self._held.update(tps)

    def release(self, assigned: Iterable[TP]) -> set[TP]:
        """The queues are clear: what may be fetched now, of the partitions that are still assigned."""
        held, self._held = self._held, set()
        return held.intersection(assigned)

    def forget(self) -> None:
        """The partitions were revoked."""
        self._held.clear()
