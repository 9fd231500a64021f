"""What a channel is: its far end, how it wants to be written to, and how hard it is tried."""

from dataclasses import dataclass, field
from typing import Final

from monitor.core.outcome import Kind
from monitor.notify.channels.pagerduty import EVENTS_URL
from monitor.notify.channels.texts import Style
from monitor.notify.line import Rules
from monitor.ports import Notice


@dataclass(frozen=True, slots=True)
class Slack:
    """An incoming webhook of Slack."""

    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Teams:
    """A workflow of Microsoft Teams that starts when a webhook request is received."""

    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PagerDuty:
    """An integration of a PagerDuty service."""

    routing_key: str = field(repr=False)
    url: str = EVENTS_URL


@dataclass(frozen=True, slots=True)
class StandardHook:
    """Any receiver of Standard Webhooks."""

    url: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    """The newest first; two while the far end changes from one to the other."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail server and the addresses that it sends to."""

    host: str
    port: int
    security: str
    """`tls` from the first byte, `starttls`, or `none`."""
    sender: str
    recipients: tuple[str, ...]
    username: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to reach people, under the name that routes, metrics and logs know it by."""

    name: str
    far_end: Slack | Teams | PagerDuty | StandardHook | Mail
    style: Style
    rules: Rules
    timeout_s: float = 10.0
    """One attempt may take so long."""
    allow_private: bool = False
    """Whether the far end may have a loopback, link-local or private address."""


# A pager is for what is late, and for its end. A warning would open an incident that nothing closes: that a duty was
# met is told to nobody.
_PAGED: Final = frozenset({Kind.BREACHED, Kind.FULFILLED_LATE, Kind.WITHDRAWN})


def channels_for(notice: Notice, channels: tuple[Channel, ...]) -> list[str]:
    """The names of the channels that the notice goes to: every one, as long as there are no routes."""
    return [
        channel.name
        for channel in channels
        if not isinstance(channel.far_end, PagerDuty) or notice.outcome.kind in _PAGED
    ]
