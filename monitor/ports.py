"""Protocols through which the shell reaches the outside world."""

from dataclasses import dataclass
from typing import Final, Protocol


class TimeSource(Protocol):
    """Tells the time; the only place that does."""

    def now_at(self) -> int:
        """Wall-clock instant, microseconds since the epoch, UTC."""
        ...

    def elapsed_s(self) -> float:
        """Monotonic seconds from an arbitrary origin, for measuring durations."""
        ...


@dataclass(frozen=True, slots=True)
class Notice:
    """An outcome addressed to someone, ready to be sent."""

    notice_id: str
    """Constant over retries and restarts: the outcome's id."""
    kind: str
    lead: str
    body: bytes
    """JSON, the very bytes that are signed."""


DELIVERY_REASONS: Final = (
    "ok", "gone", "http_4xx", "http_5xx", "network", "redirect", "throttled", "timeout",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Delivery:
    """How one attempt to deliver ended."""

    delivered: bool
    retryable: bool
    reason: str
    """One of DELIVERY_REASONS: a bounded vocabulary, fit for a metric label."""
    retry_after_s: float | None = None


class Sink(Protocol):
    """A channel that takes notices."""

    name: str

    async def deliver(self, notice: Notice) -> Delivery:
        """Try once; never raises for what the far end does."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...


class NotReady(Exception):
    """This worker cannot answer yet; the message says why and is fit for a stranger's eyes."""


class LeadDirectory(Protocol):
    """Knows which worker owns a lead, and the leads that this worker owns."""

    def owner_url(self, lead: str) -> str | None:
        """Base URL of the web server of the worker that owns the lead; None when it is this one.

        Raises NotReady while the owner is unknown, as during a rebalance.
        """
        ...

    def lead_json(self, lead: str) -> dict[str, object] | None:
        """The lead's timeline, ready for JSON; None when this worker has never seen the lead.

        Raises NotReady while the state of its partition is being recovered.
        """
        ...


class Health(Protocol):
    """Says what is wrong with this worker; an empty list is good news."""

    def live(self) -> list[str]:
        """Why this process should be restarted, one sentence each."""
        ...

    def ready(self) -> list[str]:
        """Why this worker does not judge yet, one sentence each."""
        ...
