"""The two state machines, as tables a reader checks by eye: a lead's stages and a clock's states.

The code runs on these tables and the diagrams in the documentation are drawn from them.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from monitor.core import event as ev

# The stage that an event of this type moves a lead into. `lead.created` and `lead.stage_changed` (and any
# other event that carries `stage`) name the stage themselves.
STAGE_OF_EVENT: Final[Mapping[str, str]] = {
    ev.LEAD_CREATED: "inquiry",
    ev.LEAD_ACCEPTED: "sal",
    ev.LEAD_REJECTED: "recycled",
    ev.LEAD_RECYCLED: "recycled",
    ev.LEAD_DISQUALIFIED: "disqualified",
    ev.DEAL_WON: "customer",
}

# A lead that enters one of these leaves the funnel; when it comes back, its duties begin a new cycle.
RESTING_STAGES: Final = frozenset({"recycled", "disqualified"})


class ClockState(StrEnum):
    """Where one running instance of a duty stands."""

    RUNNING = "running"
    PAUSED = "paused"
    BREACHED = "breached"
    MET = "met"
    FULFILLED_LATE = "fulfilled_late"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"


class ClockInput(StrEnum):
    """What can happen to a clock; in time means at the due instant or before it."""

    MET_IN_TIME = "met in time"
    MET_LATE = "met after due"
    CANCELLED_IN_TIME = "cancelled in time"
    CANCELLED_LATE = "cancelled after due"
    PAUSED = "paused before due"
    RESUMED = "resumed"
    DUE_PASSED = "due passed"


# A breached clock still runs: it measures how late the duty is fulfilled, and evidence in time that arrives
# late disproves the breach. Pairs that are not listed change nothing.
CLOCK_TRANSITIONS: Final[Mapping[tuple[ClockState, ClockInput], ClockState]] = {
    (ClockState.RUNNING, ClockInput.MET_IN_TIME): ClockState.MET,
    (ClockState.RUNNING, ClockInput.MET_LATE): ClockState.FULFILLED_LATE,
    (ClockState.RUNNING, ClockInput.CANCELLED_IN_TIME): ClockState.CANCELLED,
    (ClockState.RUNNING, ClockInput.CANCELLED_LATE): ClockState.LAPSED,
    (ClockState.RUNNING, ClockInput.DUE_PASSED): ClockState.BREACHED,
    (ClockState.RUNNING, ClockInput.PAUSED): ClockState.PAUSED,
    (ClockState.PAUSED, ClockInput.RESUMED): ClockState.RUNNING,
    (ClockState.PAUSED, ClockInput.MET_IN_TIME): ClockState.MET,
    (ClockState.PAUSED, ClockInput.CANCELLED_IN_TIME): ClockState.CANCELLED,
    (ClockState.BREACHED, ClockInput.MET_IN_TIME): ClockState.MET,
    (ClockState.BREACHED, ClockInput.MET_LATE): ClockState.FULFILLED_LATE,
    (ClockState.BREACHED, ClockInput.CANCELLED_IN_TIME): ClockState.CANCELLED,
    (ClockState.BREACHED, ClockInput.CANCELLED_LATE): ClockState.LAPSED,
}
# Once final, nothing in time counts any more; only the lateness of a breach is still measured.
FINAL_INPUTS: Final = frozenset({ClockInput.MET_LATE, ClockInput.CANCELLED_LATE})
# The due instant has not passed, as far as anybody knows.
LIVE_STATES: Final = frozenset({ClockState.RUNNING, ClockState.PAUSED})
OPEN_STATES: Final = frozenset({ClockState.RUNNING, ClockState.PAUSED, ClockState.BREACHED})
LATE_STATES: Final = frozenset({ClockState.BREACHED, ClockState.FULFILLED_LATE, ClockState.LAPSED})
