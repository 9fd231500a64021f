"""How much time a duty allows, and how that time is counted."""

from enum import StrEnum
from typing import NamedTuple


class LimitUnit(StrEnum):
    """How a limit is counted."""

    ELAPSED = "elapsed"
    WORKING_TIME = "working_time"
    WORKING_DAYS = "working_days"


class Limit(NamedTuple):
    """Time allowed: `amount` is microseconds, or whole days for WORKING_DAYS; `text` as the policy wrote it."""

    unit: LimitUnit
    amount: int
    text: str
