"""The events that are kept of a lead, in order of judgement: to judge again by, and to explain a verdict."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Protocol

from monitor.core.event import PRECEDENCE, Event, OrderKey, Scalar
from monitor.core.value import Value
from monitor.core.via import Via


class Evidence(Value):
    """An event as kept in the state of its lead."""

    def __init__(
        self,
        at: int,
        id: str,
        type: str,
        source: str,
        data: Mapping[str, Scalar],
        barred: tuple[str, ...] = (),
        via: Via | None = None,
    ) -> None:
        """`barred`: duties whose verdict was final for this source when the event arrived: recorded, but changes
        nothing. `via`: None: it happened to this very lead.
        """
        self.at: Final = at
        self.id: Final = id
        self.type: Final = type
        self.source: Final = source
        self.data: Final = data
        self.barred: Final = barred
        self.via: Final = via

    def fields(self) -> tuple[object, ...]:
        """See Value."""
        return self.at, self.id, self.type, self.source, self.data, self.barred, self.via

    def but(self, barred: tuple[str, ...], via: Via | None) -> "Evidence":
        """The same, barred for other duties, come another way."""
        return Evidence(self.at, self.id, self.type, self.source, self.data, barred, via)

    def key(self) -> OrderKey:
        """See `order_key`."""
        return (self.at, PRECEDENCE[self.type], self.id, self.source)


def evidence_of(event: Event, via: Via | None = None) -> Evidence:
    """The event without its lead, which the state already names."""
    return Evidence(event.at, event.id, event.type, event.source, event.data, (), via)


def order_key(event: Event) -> OrderKey:
    """The order in which a lead's events are judged: instant, precedence of kinds, id; never arrival."""
    return (event.at, PRECEDENCE[event.type], event.id, event.source)


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


class Pieces:
    """A history in memory, every piece ready to be looked at."""

    def __init__(self, pieces: Iterable[Evidence] = ()) -> None:
        self._pieces: Final = tuple(pieces)

    def __len__(self) -> int:
        return len(self._pieces)

    def __iter__(self) -> Iterator[Evidence]:
        return iter(self._pieces)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Iterable) and self._pieces == tuple(other)

    def __repr__(self) -> str:
        return repr(self._pieces)

    @property
    def newest_at(self) -> int | None:
        """See History."""
        return self._pieces[-1].at if self._pieces else None

    def knows(self, event: Evidence) -> bool:
        """See History."""
        for known in self._pieces:
            if known.id == event.id and known.source == event.source:
                return True
        return False

    def followed_by(self, newest: Evidence) -> "Pieces":
        """See History."""
        return Pieces((*self._pieces, newest))
