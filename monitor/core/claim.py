"""What a lead counts towards a quota: its entries into a stage, each credited, refused or taken back."""

from enum import StrEnum
from typing import Final, NamedTuple

from monitor.core.quota import Dims

# A lead counts once a round, so this is fifty times through the funnel; more is a loop of two systems.
CLAIMS_MAX: Final = 50


class Status(StrEnum):
    """Whether an entry counts."""

    PENDING = "pending"
    """It counts, and may still be taken back until it settles."""
    CREDITED = "credited"
    CLAWED_BACK = "clawed_back"
    REFUSED = "refused"
    """The definition of the stage was not met."""
    MOVED = "moved"
    """It counts elsewhere: the lead goes on as another, or what is known of it has changed."""


COUNTING: Final = frozenset({Status.PENDING, Status.CREDITED})


class Claim(NamedTuple):
    """One entry of a lead into the stage that a quota counts."""

    quota: str
    number: int
    """1 for the first entry of this lead that the quota looked at, …"""
    round: int
    """The lead's round (see Fold) in which it entered."""
    at: int
    by: str
    """Id of the event."""
    term: str
    dims: Dims
    weight: int
    """Thousandths."""
    status: Status
    settles_at: int | None
    """The last instant at which a rejection takes it back; None: never."""
    policy_version: str
    settled_by: str = ""
    """Id of the event that credited it or took it back."""
