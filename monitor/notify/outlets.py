"""The channels of a worker as whoever sends needs them."""

from collections.abc import Mapping
from typing import NamedTuple

from monitor.core.calls import Reach
from monitor.notify.gate import Rules
from monitor.notify.parcel import Pages, no_pages
from monitor.ports import Sink


class Outlets(NamedTuple):
    """Without channels outcomes are read all the same, and nobody is told."""

    sinks: Mapping[str, tuple[Sink, Rules]]
    """By the name of the channel."""
    reach: Reach
    people: frozenset[str] = frozenset()
    """Channels that people read: what comes in a storm is one message there."""
    pages: Pages = no_pages


NO_OUTLETS = Outlets({}, Reach(()))
