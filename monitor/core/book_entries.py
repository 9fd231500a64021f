"""What the books of the quotas consist of, and what is kept of them so that they can be opened again elsewhere."""

from collections.abc import Mapping
from typing import NamedTuple

from monitor.core.claim import Status
from monitor.core.outcome import Kind
from monitor.core.quota import Dims

Line = tuple[str, Dims, str]
"""Quota, dims, key of the term."""


class Row(NamedTuple):
    """The newest fact of one claim."""

    sequence: int
    at: int
    weight: int
    status: Status
    settles_at: int | None
    lead: str = ""
    """Only of a ceiling, for nobody else has to tell it anything."""
    above: int = 0
    """How often its lead was told that it is above the ceiling, and that it is not: odd while it is."""


class Sum(NamedTuple):
    """How many leads, and what they weigh together in thousandths."""

    leads: int = 0
    weight: int = 0


class Said(NamedTuple):
    """The newest thing said of one kind and level."""

    revision: int
    standing: bool
    at: int


class Head(NamedTuple):
    """What is remembered of a line beside its rows."""

    policy_version: str
    said: Mapping[tuple[Kind, str], Said]
    at_risk: bool
    """Whether the forecast was below the share that is alerted of when last looked at."""
    final: tuple[Kind, Sum] | None
    """What was said when it became final, or corrected since."""


class Opened(NamedTuple):
    """How far the books are, microseconds since the epoch."""

    first_at: int
    known_until: int
    next_at: int


class Changes(NamedTuple):
    """What is another than it was when last asked."""

    rows: Mapping[tuple[Line, str], Row | None]
    """By line and id of the fact; None: its term is over for good."""
    heads: Mapping[Line, Head | None]
    opened: Opened | None
