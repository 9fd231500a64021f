"""Protocols through which the shell reaches the outside world."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from monitor.core.outcome import Outcome
from monitor.core.routing import Asks


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
    """An outcome that somebody is told about; each channel writes it in its own way."""

    notice_id: str
    """Constant over retries and restarts."""
    outcome: Outcome
    after: str = ""
    """How long after the breach this step of a ladder comes, as the agreement writes it; "" at the first word."""
    asks: Asks = Asks.NOTHING


class Form(StrEnum):
    """Why notices come in one message."""

    SINGLE = "single"
    """There is one."""
    DIGEST = "digest"
    """They waited for the hours of their recipient."""
    FOLDED = "folded"
    """They came at once and have a cause in common."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a channel carries at once: one notice or several, which it writes within the limits of its far end."""

    message_id: str
    """Constant over retries and restarts: that of the notice, or made from those of all of them."""
    notices: tuple[Notice, ...]
    """At least one."""
    form: Form = Form.SINGLE
    cause: tuple[tuple[str, str], ...] = ()
    """Fields and values that folded notices have in common."""
    acknowledge_url: str = ""
    """Pages that stop the ladders of all that is told here, or let them rest; "" where there are none."""
    snooze_url: str = ""


def alone(notice: Notice) -> Message:
    """The message of one notice."""
    return Message(notice.notice_id, (notice,))


DELIVERY_REASONS: Final = (
    "ok", "address_refused", "gone", "http_4xx", "http_5xx", "network", "redirect", "smtp_4yz", "smtp_5yz", "throttled",
    "timeout", "tls",
)  # fmt: skip


ABANDONED: Final = ("gave_up", "disabled")
"""Why a notice was not delivered although its last attempt, if there was one, was worth another."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How one attempt to deliver ended."""

    delivered: bool
    retryable: bool
    reason: str
    """One of DELIVERY_REASONS: a bounded vocabulary, fit for a metric label."""
    retry_after_s: float | None = None
    answer: str = ""
    """What the far end said, for people: one line, short, without the channel's secrets."""


class ChannelState(StrEnum):
    """Whether a channel is used."""

    CLOSED = "closed"
    """As it should be: notices are sent."""
    OPEN = "open"
    """The far end failed too often in a row: nothing is sent for a while."""
    HALF_OPEN = "half_open"
    """That while is over: one notice is tried."""
    DISABLED = "disabled"
    """The far end wants no more notices, for good."""


class Sink(Protocol):
    """A channel that takes messages."""

    name: str

    async def deliver(self, message: Message) -> Delivery:
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


class Answers(Protocol):
    """Takes what people answer to notices; of each answer it says how many cases of this worker it concerned.

    The id is that of a notice or of a message with several. Raises NotReady while partitions move.
    """

    async def acknowledge(self, notice_id: str, by: str) -> int:
        """Somebody takes care of it: its ladder stops."""
        ...

    async def snooze(self, notice_id: str, seconds: int) -> int:
        """Nothing more of it for so long; then it is said again, unless its clock has ended."""
        ...

    async def send_again(self, notice_id: str, channel: str) -> int:
        """What of it is a dead letter of that channel ("": of any) is tried anew."""
        ...

    def other_workers(self) -> list[str]:
        """Base URLs of the workers that have the other partitions."""
        ...
