"""One thing that holds of a clock and may be said, and the usual reason for each kind of them."""

from collections.abc import Mapping
from typing import Final

from monitor.core.outcome import Kind, Reason
from monitor.core.value import Value

REASONS: Final[Mapping[Kind, Reason]] = {
    Kind.ACTIVATED: Reason.STARTED,
    Kind.PAUSED: Reason.PAUSING,
    Kind.RESUMED: Reason.RESUMING,
    Kind.RESET: Reason.RESETTING,
    Kind.REASSIGNED: Reason.OWNER_CHANGED,
    Kind.STALLED: Reason.PAUSE_TOO_LONG,
    Kind.PASSED_AROUND: Reason.OWNERS_TOO_MANY,
    Kind.AMENDED: Reason.NEW_VERSION,
    Kind.WARNED: Reason.SHARE_USED,
    Kind.MET: Reason.IN_TIME,
    Kind.BREACHED: Reason.NO_EVIDENCE,
    Kind.FULFILLED_LATE: Reason.AFTER_DUE,
    Kind.CANCELLED: Reason.CONDITION,
    Kind.WITHDRAWN: Reason.LATE_EVIDENCE,
    Kind.FINALISED: Reason.WAIT_OVER,
}


class Telling(Value):
    """Something that holds of a clock and may be said."""

    def __init__(
        self,
        kind: Kind,
        level: str,
        at: int,
        due_at: int,
        evidence_ids: tuple[str, ...] = (),
        reason: Reason | None = None,
    ) -> None:
        """`due_at`: the due instant in force then. `reason`: None: that of the kind."""
        self.kind: Final = kind
        self.level: Final = level
        self.at: Final = at
        self.due_at: Final = due_at
        self.evidence_ids: Final = evidence_ids
        self.reason: Final = reason

    def fields(self) -> tuple[object, ...]:
        """See Value."""
        return self.kind, self.level, self.at, self.due_at, self.evidence_ids, self.reason
