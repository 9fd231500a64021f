"""What the consumer and the producer need of the application that they work for."""

from collections.abc import Mapping
from typing import Any, Protocol

from faust.types.tuples import TP

from monitor.stream.engine.ownership import Ownership


class Host(Protocol):
    """Our part of the application by name; what it has from Faust is untyped."""

    ownership: Ownership
    continuous_topics: set[str]

    def elapsed_s(self) -> float:
        """Monotonic seconds."""
        ...

    async def true_ends(self, reported: Mapping[TP, int]) -> dict[TP, int]:
        """End offsets, corrected for a broker that reports them wrongly."""
        ...

    def drop_queued(self) -> None:
        """Forget every batch that has not begun."""
        ...

    def __getattr__(self, name: str) -> Any:
        """What Faust's own classes ask of it."""
        ...
