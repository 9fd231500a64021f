"""What happened to a lead: the one input of the core.

All instants in the core are whole microseconds since 1970-01-01T00:00:00Z (`int`), named `*_at`;
all durations are whole microseconds too, named `*_us`.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

Scalar = str | int | float | bool

LEAD_CREATED: Final = "lead.created"
LEAD_UPDATED: Final = "lead.updated"
LEAD_STAGE_CHANGED: Final = "lead.stage_changed"
LEAD_HANDED_OFF: Final = "lead.handed_off"
LEAD_ASSIGNED: Final = "lead.assigned"
LEAD_ACCEPTED: Final = "lead.accepted"
LEAD_REJECTED: Final = "lead.rejected"
LEAD_RECYCLED: Final = "lead.recycled"
LEAD_DISQUALIFIED: Final = "lead.disqualified"
LEAD_MERGED: Final = "lead.merged"
LEAD_ERASED: Final = "lead.erased"
ACTIVITY_LOGGED: Final = "activity.logged"
DEAL_WON: Final = "deal.won"
DEAL_LOST: Final = "deal.lost"
SPEND_RECORDED: Final = "spend.recorded"
REVENUE_RECORDED: Final = "revenue.recorded"

# Events of the same instant are judged in this order: a lead exists before it is updated, is assigned
# before it is worked on, and evidence in its favour counts before what ends it.
PRECEDENCE: Final[Mapping[str, int]] = {
    LEAD_CREATED: 0,
    LEAD_UPDATED: 1,
    LEAD_STAGE_CHANGED: 2,
    LEAD_HANDED_OFF: 3,
    LEAD_ASSIGNED: 4,
    ACTIVITY_LOGGED: 5,
    LEAD_ACCEPTED: 6,
    LEAD_REJECTED: 7,
    LEAD_RECYCLED: 8,
    LEAD_DISQUALIFIED: 9,
    LEAD_MERGED: 10,
    LEAD_ERASED: 11,
    # Stored states name the numbers above, so what came later stands behind them.
    DEAL_WON: 12,
    DEAL_LOST: 13,
}
EVENT_TYPES: Final = tuple(PRECEDENCE)
# What is paid and earned feeds figures alone: it says nothing of how a lead was treated, and no lead keeps it.
LEDGER: Final = (SPEND_RECORDED, REVENUE_RECORDED)
RECORD_TYPES: Final = (*EVENT_TYPES, *LEDGER)

# Fields of `data` that stay with the lead until another event changes them; policies may test them.
ATTRIBUTES: Final = (
    "owner", "team", "segment", "source", "persona", "campaign", "grade", "score",
    "industry", "employees", "country", "value", "waiting_on", "company", "has_email", "next_meeting_at",
    "relief",
)  # fmt: skip
# Fields of `data` that belong to the event alone.
ACT_FIELDS: Final = (
    "stage", "channel", "direction", "actor", "outcome", "reason", "duration_s", "into", "actor_id", "amount",
    "currency",
)  # fmt: skip
CHANNELS: Final = ("call", "email", "meeting", "message", "social", "form", "visit", "other")
DATA_FIELDS: Final = ATTRIBUTES + ACT_FIELDS


class Event(NamedTuple):
    """One thing that happened to one lead, as judged: validated, bounded, without personal data."""

    lead: str
    id: str
    type: str
    at: int
    """Event time, microseconds since the epoch, UTC."""
    source: str
    """Who sent it (CloudEvents `source`); `final_after` is declared per source."""
    data: Mapping[str, Scalar]
    """Only keys of DATA_FIELDS."""


OrderKey = tuple[int, int, str, str]
