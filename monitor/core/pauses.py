"""Due instants of clocks that stand still for a while."""

from collections.abc import Iterable

from monitor.core.calendar import Calendar, due_at
from monitor.core.lead import Clock
from monitor.core.limit import Limit, LimitUnit
from monitor.core.outcome import Kind

Pause = tuple[int, int]
"""From its first instant until just before its last, microseconds since the epoch."""


def due_after(calendar: Calendar | None, start_at: int, limit: Limit, pauses: Iterable[Pause]) -> int:
    """When the limit is used up, nothing of it during the pauses, which may overlap. Raises ValueError.

    What is left when a pause begins is left when it ends. Of working days that is the working time which they
    would still have taken. A pause that begins at the due instant or after it changes nothing.
    """
    if limit.unit is LimitUnit.ELAPSED:
        calendar = None
    due = due_at(calendar, start_at, limit)
    resumed_at = start_at
    for from_at, to_at in sorted(pauses):
        from_at = max(from_at, resumed_at)
        if from_at >= due:
            break
        if to_at > from_at:
            # Days are due at their time of day, which may be an opening: the working time before it is used up at
            # the closing before that, and a pause must not bring a clock forward.
            due = max(due, due_at(calendar, to_at, left(calendar, from_at, due, limit.text)))
            resumed_at = to_at
    return due


def stands_since(clock: Clock) -> int | None:
    """While the clock stands still: since when. A new owner moves its `paused_at` on, and not this."""
    if clock.paused_at is None:
        return None
    return next(move.at for move in reversed(clock.moves) if move.kind is Kind.PAUSED)


def left(calendar: Calendar | None, at: int, due: int, text: str) -> Limit:
    """What is left until the due instant: working time on a calendar, else elapsed time."""
    if calendar is None:
        return Limit(LimitUnit.ELAPSED, due - at, text)
    return Limit(LimitUnit.WORKING_TIME, calendar.elapsed(at, due), text)
