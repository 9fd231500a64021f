"""How evidence goes from a lead to the one that it was merged into."""

from typing import NamedTuple

from monitor.core.event import Event


class Via(NamedTuple):
    """How a piece of evidence came to this lead from one that was merged into it."""

    path: tuple[str, ...]
    """The leads that passed it on, the one that it happened to first."""
    judged: tuple[str, ...]
    """Duties that it may not start here: their clocks were closed before the merge."""
    opened: tuple[str, ...]
    """Duties whose clocks it had started, and the merge found open: they go on here."""
    revision: int
    """Which word of the last lead of the path this is; a higher one replaces it."""


class Forward(NamedTuple):
    """Evidence of one lead on its way to the lead that it was merged into."""

    event: Event
    """Its `lead` is the one that it goes to."""
    via: Via

    @property
    def lead(self) -> str:
        """Where it goes."""
        return self.event.lead

    @property
    def type(self) -> str:
        """What happened."""
        return self.event.type
