"""Cadences: which acts count, how many are still needed, and until when they can still be made."""

from collections import Counter

from monitor.core.evidence import Evidence
from monitor.core.lead import ATTEMPTS_MAX, Attempt, Clock
from monitor.core.policy import Attempts


def counted(clock: Clock, agreed: Attempts, act: Evidence) -> Clock:
    """The clock after an act of those that count; the same if it comes too soon or was too short."""
    data = act.data
    channel = str(data.get("channel", ""))
    if channel == "call" and agreed.call_s_min:
        length_s = data.get("duration_s")
        if not isinstance(length_s, int | float) or length_s < agreed.call_s_min:
            return clock
    made = clock.attempts
    if made and (act.at < made[-1].at + agreed.spacing_us or len(made) >= ATTEMPTS_MAX):
        return clock
    made = (*made, Attempt(act.at, channel, act.id))
    needed = needed_after(made, agreed)
    moved_at = clock.moves[-1].at if clock.moves else clock.started_at
    return clock._replace(attempts=made, needed=needed, reach_at=reach_at(moved_at, clock.due_at, needed, agreed))


def needed_after(made: tuple[Attempt, ...], agreed: Attempts) -> int:
    """The fewest attempts with which the cadence would be complete."""
    through = Counter(attempt.channel for attempt in made)
    missing = sum(max(0, least - through[channel]) for channel, least in agreed.channels.items())
    return max(agreed.at_least - len(made), missing, 0)


def reach_at(moved_at: int, due_at: int, needed: int, agreed: Attempts) -> int | None:
    """The last instant at which the next of them must be made; None where it is the due instant itself.

    `moved_at`: when the clock was started, or its time last moved; before that nothing was out of reach.
    """
    if not agreed.spacing_us or needed < 2:
        return None
    return max(moved_at, due_at - (needed - 1) * agreed.spacing_us)
