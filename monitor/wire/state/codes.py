"""Numbers for the words that nearly every state repeats. The order is the format: only append."""

from collections.abc import Mapping
from typing import Final

import msgspec

from monitor.core.event import Scalar

TYPES: Final = (
    "lead.created", "lead.updated", "lead.stage_changed", "lead.handed_off", "lead.assigned", "activity.logged",
    "lead.accepted", "lead.rejected", "lead.recycled", "lead.disqualified", "lead.merged", "lead.erased",
    "deal.won", "deal.lost",
)  # fmt: skip
FIELDS: Final = (
    "owner", "team", "segment", "source", "persona", "campaign", "grade", "score", "industry", "employees", "country",
    "value", "waiting_on", "stage", "channel", "direction", "actor", "outcome", "reason", "duration_s", "into",
    "actor_id", "company", "has_email", "next_meeting_at", "amount", "currency",
    "relief",
)  # fmt: skip
# Those of a funnel that names none of its own; others stand there by name.
STAGES: Final = ("", "inquiry", "mql", "sal", "sql", "opportunity", "customer", "recycled", "disqualified")
# What acts say of themselves, field and value in one; numbered behind all fields that there may ever be.
_PAIRS_FROM: Final = 64
_PAIRS: Final = (
    ("direction", "outbound"), ("direction", "inbound"), ("actor", "person"), ("actor", "automation"),
    ("channel", "call"), ("channel", "email"), ("channel", "meeting"), ("channel", "message"), ("channel", "social"),
    ("channel", "form"), ("channel", "visit"), ("channel", "other"),
)  # fmt: skip

STAGE_CODES: Final = {name: code for code, name in enumerate(STAGES)}
TYPE_CODES: Final = {name: code for code, name in enumerate(TYPES)}
_FIELD_CODES: Final = {name: code for code, name in enumerate(FIELDS)}
_PAIR_CODES: Final[dict[tuple[str, Scalar], int]] = {pair: _PAIRS_FROM + n for n, pair in enumerate(_PAIRS)}


class UnreadableState(ValueError):
    """These bytes are not a lead's state of a version that is known here."""


DAMAGE: Final = (msgspec.DecodeError, UnicodeDecodeError, IndexError)
"""What reading damaged bytes raises, before it becomes UnreadableState."""


def data_coded(data: Mapping[str, Scalar]) -> dict[int | str, Scalar]:
    """The fields of an event by number. One that has none keeps its name: a later release may have sent it."""
    coded: dict[int | str, Scalar] = {}
    for field in data.items():
        pair = _PAIR_CODES.get(field)
        if pair is None:
            coded[_FIELD_CODES.get(field[0], field[0])] = field[1]
        else:
            coded[pair] = True
    return coded


def data_named(coded: Mapping[int | str, Scalar]) -> dict[str, Scalar]:
    """What `data_coded` was given. Raises IndexError."""
    data: dict[str, Scalar] = {}
    for code, value in coded.items():
        if isinstance(code, str):
            data[code] = value
        elif code < _PAIRS_FROM:
            data[FIELDS[code]] = value
        else:
            name, known = _PAIRS[code - _PAIRS_FROM]
            data[name] = known
    return data
