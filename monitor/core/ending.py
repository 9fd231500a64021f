"""How clocks end: in time or late, also while they stand still."""

from typing import Final

from monitor.core.lead import Clock
from monitor.core.moves import due_after_pause, due_moved, left_pause
from monitor.core.pauses import stands_since
from monitor.core.policy import Policy, Rhythm
from monitor.core.tables import CLOCK_TRANSITIONS, FINAL_INPUTS, ClockInput, ClockState

Ending = tuple[ClockInput, ClockInput]
"""In time, late."""
MET: Final[Ending] = (ClockInput.MET_IN_TIME, ClockInput.MET_LATE)
CANCELLED: Final[Ending] = (ClockInput.CANCELLED_IN_TIME, ClockInput.CANCELLED_LATE)


def in_time(clock: Clock, at: int) -> bool:
    """Whether an act at that instant is not late."""
    return clock.state is ClockState.PAUSED or at <= clock.deadline_at


def ended(clock: Clock, inputs: Ending, at: int, by: str, policy: Policy) -> Clock:
    """The clock once an event has met or cancelled it; unchanged where it has none of that any more."""
    over = clock_on(clock, inputs[not in_time(clock, at)], at, by)
    if clock.paused_at is None or over.state is not ClockState.MET:
        return over
    duty = policy.duty(clock.duty)
    if duty is None or duty.rhythm is not Rhythm.INDEPENDENT:
        return over
    # The act ends the pause as well, so that the rhythm goes on.
    return due_moved(over, due_after_pause(clock, at, policy), over.warn_ats, duty, at)


def clock_on(clock: Clock, given: ClockInput, at: int, by: str) -> Clock:
    """The clock after one input of the table; unchanged where the table has no such move."""
    if clock.final and given not in FINAL_INPUTS:
        return clock
    state = CLOCK_TRANSITIONS.get((clock.state, given))
    if state is None:
        return clock
    if state is ClockState.BREACHED:
        return clock._replace(state=state)
    since = stands_since(clock)
    if since is not None:
        # A warning that was to come after the pause never comes.
        warnings = tuple(warning for warning in clock.warn_ats if warning[1] <= since)
        clock = left_pause(clock, at)._replace(warn_ats=warnings)
    return clock.over(state, at, by)
