"""What moves the time of a running clock: pauses, resets, changes of owner."""

from monitor.core.attempts import reach_at
from monitor.core.backwards import before
from monitor.core.calendar import Calendar, due_at
from monitor.core.lead import MOVES_MAX, Clock, Move
from monitor.core.limit import Limit, LimitUnit
from monitor.core.matching import Happening
from monitor.core.outcome import Kind
from monitor.core.pauses import left, stands_since
from monitor.core.policy import Duty, Inheritance, Policy, Target
from monitor.core.predicate import holds
from monitor.core.tables import CLOCK_TRANSITIONS, ClockInput, ClockState
from monitor.core.targets import calendar_of, target_of, warn_ats

_ELAPSED_LEFT = "elapsed left"


def moved(clock: Clock, turn: Kind | None, duty: Duty, now: Happening, owner_was: str, policy: Policy) -> Clock:
    """The live clock after what happened to its time, in the order of precedence.

    `turn`: RESET, PAUSED or RESUMED, as far as the agreement's conditions say so; `owner_was`: the owner before, if
    the event has changed it.
    """
    at, by = now.event.at, now.event.id
    if clock.state is ClockState.RUNNING and at > clock.deadline_at:
        return clock
    if turn is Kind.RESET and len(clock.moves) < MOVES_MAX:
        clock = _reset(clock, duty, at, by, policy)
    if owner_was and len(clock.moves) < MOVES_MAX:
        clock = _reassigned(clock, duty, now, owner_was, policy)
    during = None if duty.pausing is None else duty.pausing.during
    if during is not None:
        turn = Kind.PAUSED if holds(during, now.attributes) else Kind.RESUMED
    if turn is Kind.PAUSED and clock.state is ClockState.RUNNING and at < clock.deadline_at:
        return paused(clock, duty, at, by, policy)
    if turn is Kind.RESUMED and clock.state is ClockState.PAUSED:
        return _resumed(clock, duty, at, by, policy)
    return clock


def paused(clock: Clock, duty: Duty, at: int, by: str, policy: Policy) -> Clock:
    """The running clock, standing still from then on."""
    if len(clock.moves) >= MOVES_MAX:
        return clock
    longest, calendar = None if duty.pausing is None else duty.pausing.longest, policy.calendars.get(clock.calendar)
    if longest is not None and calendar is None and longest.unit is not LimitUnit.ELAPSED:
        longest = None  # of a calendar that the agreement no longer has
    return clock._replace(
        state=CLOCK_TRANSITIONS[clock.state, ClockInput.PAUSED],
        paused_at=at,
        stalls_at=None if longest is None else due_at(calendar, at, longest),
        moves=(*clock.moves, Move(Kind.PAUSED, at, by, clock.due_at)),
    )


def left_pause(clock: Clock, at: int) -> Clock:
    """The clock when its pause ends, however it does."""
    return _stalled(clock, at)._replace(paused_at=None, stalls_at=None)


def due_after_pause(clock: Clock, at: int, policy: Policy) -> int:
    """When the paused clock is due if it goes on at that instant."""
    calendar, since = policy.calendars.get(clock.calendar), clock.paused_at or at
    return max(clock.due_at, due_at(calendar, at, left(calendar, since, clock.due_at, clock.limit)))


def _stalled(clock: Clock, at: int) -> Clock:
    """The clock before something happens to its pause; that the pause lasted too long until then is settled."""
    if clock.stalls_at is None or clock.stalls_at >= at:
        return clock
    return clock._replace(stalls_at=None, moves=(*clock.moves, Move(Kind.STALLED, clock.stalls_at, "", clock.due_at)))


def _last_told_at(clock: Clock, at: int) -> int:
    """Warnings up to that instant have passed at `at`: none does while the clock stands still."""
    since = stands_since(clock)
    return at if since is None else since


def due_moved(clock: Clock, due: int, warnings: tuple[tuple[int | str, int], ...], duty: Duty, at: int) -> Clock:
    """The clock with another due instant since `at`, and all that hangs on it."""
    attempts = duty.attempts
    return clock._replace(
        due_at=due,
        first_due_at=clock.due_at if clock.first_due_at is None else clock.first_due_at,
        warn_ats=warnings,
        reach_at=None if attempts is None else reach_at(at, due, clock.needed, attempts),
        then_at=None if clock.then_at is None else due,
    )


def _resumed(clock: Clock, duty: Duty, at: int, by: str, policy: Policy) -> Clock:
    calendar, since = policy.calendars.get(clock.calendar), _last_told_at(clock, at)
    due = due_after_pause(clock, at, policy)
    clock = left_pause(clock, at)._replace(state=CLOCK_TRANSITIONS[clock.state, ClockInput.RESUMED])
    clock = due_moved(clock, due, at_same_distance(clock, at, since, due, calendar, calendar), duty, at)
    return clock._replace(moves=(*clock.moves, Move(Kind.RESUMED, at, by, due)))


def _reset(clock: Clock, duty: Duty, at: int, by: str, policy: Policy) -> Clock:
    limit = next((target.limit for target in duty.targets if target.limit.text == clock.limit), None)
    if limit is None:
        return clock
    since = _last_told_at(clock, at)
    if clock.paused_at is not None:
        clock = left_pause(clock, at)._replace(state=ClockState.RUNNING)
    clock = _anew(clock, duty, limit, policy.calendars.get(clock.calendar), at, since)
    return clock._replace(moves=(*clock.moves, Move(Kind.RESET, at, by, clock.due_at)))


def _reassigned(clock: Clock, duty: Duty, now: Happening, owner_was: str, policy: Policy) -> Clock:
    at, by, agreed = now.event.at, now.event.id, duty.on_reassign
    clock = _stalled(clock, at)
    if agreed.inheritance is not Inheritance.INHERIT:
        target = target_of(duty, now)
        if agreed.inheritance is Inheritance.FRESH:
            name = calendar_of(target, now) or ""
            clock = clock._replace(limit=target.limit.text, calendar=name)
            clock = _anew(clock, duty, target.limit, policy.calendars.get(name), at, _last_told_at(clock, at))
        else:
            clock = _with_remaining(clock, duty, target, now, policy)
        if clock.paused_at is not None:
            clock = clock._replace(paused_at=at)
    moves = (*clock.moves, Move(Kind.REASSIGNED, at, by, clock.due_at, owner_was))
    changes = sum(move.kind is Kind.REASSIGNED for move in moves)
    if agreed.at_most is not None and changes == agreed.at_most + 1:
        moves = (*moves, Move(Kind.PASSED_AROUND, at, by, clock.due_at))
    return clock._replace(moves=moves)


def _with_remaining(clock: Clock, duty: Duty, target: Target, now: Happening, policy: Policy) -> Clock:
    at, due, at_least = now.event.at, clock.due_at, duty.on_reassign.at_least
    calendar, name = policy.calendars.get(clock.calendar), clock.calendar
    if name and (chosen := calendar_of(target, now)):
        name = chosen
    theirs = policy.calendars.get(name)
    if theirs is not calendar:
        due = due_at(theirs, at, left(calendar, clock.paused_at or at, due, clock.limit))
    elif clock.paused_at is not None:
        due = due_after_pause(clock, at, policy)
    if at_least is not None and (theirs is not None or at_least.unit is LimitUnit.ELAPSED):
        due = max(due, due_at(theirs, at, at_least))
    if due == clock.due_at and name == clock.calendar:
        return clock
    warnings = at_same_distance(clock, at, _last_told_at(clock, at), due, calendar, theirs)
    return due_moved(clock, due, warnings, duty, at)._replace(calendar=name)


def _anew(clock: Clock, duty: Duty, limit: Limit, calendar: Calendar | None, at: int, since: int) -> Clock:
    """The whole limit once more; warnings that have passed stay as they are."""
    due = due_at(calendar, at, limit)
    passed = tuple(warning for warning in clock.warn_ats if warning[1] <= since)
    said = {level for level, _ in passed}
    more = tuple(warning for warning in warn_ats(duty.warn_at, calendar, at, limit, due) if warning[0] not in said)
    return due_moved(clock, due, passed + more, duty, at)


def at_same_distance(
    clock: Clock, now_at: int, since: int, due: int, calendar: Calendar | None, theirs: Calendar | None
) -> tuple[tuple[int | str, int], ...]:
    """Warnings that were still to come stay as long before the due instant as they were; none comes before now."""
    if due == clock.due_at:
        return clock.warn_ats
    warnings: list[tuple[int | str, int]] = []
    for level, at in clock.warn_ats:
        if at > since:
            if calendar is None or theirs is None or (isinstance(level, str) and level.endswith(_ELAPSED_LEFT)):
                at += due - clock.due_at
            else:
                distance = Limit(LimitUnit.WORKING_TIME, calendar.elapsed(at, clock.due_at), clock.limit)
                at = before(theirs, due, distance)
            at = max(at, now_at)
        warnings.append((level, at))
    return tuple(warnings)
