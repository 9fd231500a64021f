"""The events that are kept of a lead, in order of judgement: to judge again by, and to explain a verdict."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol

from monitor.core.event import PRECEDENCE, Event, OrderKey, Scalar


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


class Evidence(NamedTuple):
    """An event as kept in the state of its lead."""

    at: int
    id: str
    type: str
    source: str
    data: Mapping[str, Scalar]
    barred: tuple[str, ...] = ()
    """Duties whose verdict was final for this source when the event arrived: recorded, but changes nothing."""
    via: Via | None = None
    """None: it happened to this very lead."""

    def key(self) -> OrderKey:
        """See `monitor.core.event.order_key`."""
        return (self.at, PRECEDENCE[self.type], self.id, self.source)


def evidence_of(event: Event, via: Via | None = None) -> Evidence:
    """The event without its lead, which the state already names."""
    return Evidence(event.at, event.id, event.type, event.source, event.data, (), via)


class History(Protocol):
    """The evidence of one lead, in order of judgement; equal histories hold equal evidence.

    What every event asks of it has a method of its own: a state that was just read keeps its evidence packed, and
    answers these without unpacking it.
    """

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Evidence]: ...

    @property
    def newest_at(self) -> int | None:
        """The instant of the newest evidence; None when there is none."""
        ...

    def knows(self, event: Evidence) -> bool:
        """Whether an event of the same id and source is among them."""
        ...

    def followed_by(self, newest: Evidence) -> "History":
        """These and one that sorts behind all of them."""
        ...


class Pieces(tuple[Evidence, ...]):
    """A history in memory, every piece ready to be looked at."""

    __slots__ = ()

    @property
    def newest_at(self) -> int | None:
        """See History."""
        return self[-1].at if self else None

    def knows(self, event: Evidence) -> bool:
        """See History."""
        for known in self:
            if known.id == event.id and known.source == event.source:
                return True
        return False

    def followed_by(self, newest: Evidence) -> "Pieces":
        """See History."""
        return Pieces((*self, newest))
