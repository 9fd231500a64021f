"""What the parts of a policy file that stand before the duties have told, for the duties that refer to them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from monitor.core.calendar import Calendar
from monitor.wire.policy.fault import Faults


@dataclass(frozen=True, slots=True)
class Context:
    """What duties may refer to."""

    faults: Faults
    stages: Collection[str]
    segments: Collection[str]
    calendar_names: Collection[str]
    calendars: Mapping[str, Calendar]
    """Without those that have faults of their own."""
    effective_at: int
    calendars_used: set[str] = field(default_factory=set)
    """Grows while duties are read."""
