"""What the consumer and the producer need of the application that they work for."""

from collections.abc import Mapping
from typing import Any, Protocol

from faust.types.tuples import TP

from monitor.stream.engine.ownership import Ownership
from monitor.telemetry.engine import EngineMetrics


class Host(Protocol):
    """Our part of the application by name; what it has from Faust is untyped."""

    ownership: Ownership
    continuous_topics: set[str]
    committed_elsewhere: frozenset[str]
    metrics: EngineMetrics

    def elapsed_s(self) -> float:
        """Monotonic seconds."""
        ...

    async def true_ends(self, reported: Mapping[TP, int]) -> dict[TP, int]:
        """End offsets, corrected for a broker that reports them wrongly."""
        ...

    async def partitions_taken(self, assigned: set[TP]) -> None:
        """Partitions were assigned; nothing of them is read yet. Raises KafkaError, TimeoutError."""
        ...

    async def partitions_given_up(self) -> None:
        """All partitions were revoked; nothing is in flight any more."""
        ...

    def drop_queued(self) -> None:
        """Forget every batch that has not begun."""
        ...

    def __getattr__(self, name: str) -> Any:
        """What Faust's own classes ask of it."""
        ...
