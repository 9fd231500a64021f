"""What a channel is: its far end, how it wants to be written to, and how hard it is tried."""

from dataclasses import dataclass, field

from monitor.core.calls import Reach
from monitor.notify.channels.pagerduty import EVENTS_URL
from monitor.notify.channels.texts import Style
from monitor.notify.gate import Rules


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


def reach_of(channels: tuple[Channel, ...]) -> Reach:
    """The channels by name, and which of them keep an incident open until they are told that it is over."""
    incidents = frozenset(channel.name for channel in channels if isinstance(channel.far_end, PagerDuty))
    return Reach(tuple(channel.name for channel in channels), incidents)
