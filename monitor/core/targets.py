"""Which target of a duty applies to a lead: its limit, its calendar, when warnings come."""

from monitor.core.backwards import before
from monitor.core.calendar import Calendar, share_at
from monitor.core.limit import Limit, LimitUnit
from monitor.core.matching import Happening
from monitor.core.policy import Duty, Target
from monitor.core.predicate import holds


def target_of(duty: Duty, now: Happening) -> Target:
    """The first that holds; the last one of every duty always does."""
    *conditional, otherwise = duty.targets
    if conditional:
        fields = {**now.attributes, **now.event.data}
        for target in conditional:
            if target.when is None or holds(target.when, fields):
                return target
    return otherwise


def calendar_of(target: Target, now: Happening) -> str | None:
    """The name of the calendar that counts for this lead; None for an elapsed limit."""
    if target.chosen is None:
        return target.calendar
    return target.chosen.calendars.get(str(now.attributes.get(target.chosen.field, "")), target.calendar or "")


def warn_ats(
    levels: tuple[int | Limit, ...], calendar: Calendar | None, at: int, limit: Limit, due: int
) -> tuple[tuple[int | str, int], ...]:
    """When each warning of a limit that begins to count at `at` comes; one that would come before that never does."""
    warnings: list[tuple[int | str, int]] = []
    for level in levels:
        if isinstance(level, int):
            warnings.append((level, share_at(calendar, at, limit, level)))
            continue
        warn_at = (
            due - level.amount if calendar is None or level.unit is LimitUnit.ELAPSED else before(calendar, due, level)
        )
        if warn_at > at:
            warnings.append((f"{level.text} left", warn_at))
    return tuple(warnings)
