"""What a new version of the agreement does to clocks that an earlier one has started."""

from collections.abc import Iterable, Sequence

from monitor.core import event as ev
from monitor.core.attempts import needed_after
from monitor.core.calendar import Calendar, due_at
from monitor.core.ending import clock_on
from monitor.core.lead import BY_TIME, Clock, Evidence, Fold, Lead, Move, Told, with_clocks
from monitor.core.matching import Happening
from monitor.core.moves import at_same_distance, due_moved
from monitor.core.outcome import Kind
from monitor.core.pauses import Pause, due_after, stands_since
from monitor.core.policy import Applies, Duty, Policy, Rhythm, Target
from monitor.core.tables import OPEN_STATES, ClockInput, ClockState
from monitor.core.targets import calendar_of, target_of, warn_ats
from monitor.core.tellings import next_instant


def next_tick_at(lead: Lead, policy: Policy) -> int | None:
    """The next instant at which a tick may change what is said of this lead, or who judges it; None: never."""
    next_at = next_instant(lead)
    clocks = lead.fold.clocks
    # Of what may still be taken over something may still be told, but for clocks that stand still.
    if not policy.amending or (next_at is None and all(clock.state is not ClockState.PAUSED for clock in clocks)):
        return next_at
    for version in policy.versions:
        at = version.effective_at
        if lead.known_until < at and (next_at is None or at < next_at) and _takes_any(version, clocks, policy):
            return at
    return next_at


def amended_at(clocks: Iterable[Clock], policy: Policy) -> int | None:
    """When the first of the versions comes, or came, into force that has one of these clocks still to take over."""
    return next((version.effective_at for version in policy.versions if _takes_any(version, clocks, policy)), None)


def judged_again_since(clocks: Sequence[Clock], policy: Policy, at: int) -> int:
    """An instant before all that versions in force at `at` judge otherwise of these clocks; `at` if none does."""
    since = at
    for version in policy.versions:
        if version.effective_at <= at:
            for clock in clocks:
                if _takes(version, clock, policy):
                    since = min(since, at - 1, max(clock.started_at, version.applies_from) - 1)
    return since


def taken_over(fold: Fold, version: Policy, policy: Policy) -> Fold:
    """The fold with its open clocks judged by `version`, as far as it applies to them."""
    clocks = [
        _moved(clock, version, fold)
        if clock.state in OPEN_STATES and clock.started_at < version.effective_at and _takes(version, clock, policy)
        else clock
        for clock in fold.clocks
    ]
    return with_clocks(fold, clocks)


def under_their_versions(told: Sequence[Told], before: Iterable[Clock], after: Iterable[Clock]) -> Sequence[Told]:
    """What was said of clocks that another version judges now, or none, keeps the version it was said under."""
    were = {(clock.duty, clock.cycle): clock.policy_version for clock in before}
    are = {(clock.duty, clock.cycle): clock.policy_version for clock in after}
    changed = {name: version for name, version in were.items() if version and are.get(name) != version}
    if not changed:
        return told
    return tuple(
        entry if entry.version else entry._replace(version=changed.get((entry.duty, entry.cycle), "")) for entry in told
    )


def _takes_any(version: Policy, clocks: Iterable[Clock], policy: Policy) -> bool:
    return any(_takes(version, clock, policy) for clock in clocks)


def _takes(version: Policy, clock: Clock, policy: Policy) -> bool:
    """Whether the clock is not yet judged by that version, and is to be when it is in force."""
    if clock.final or clock.policy_version == version.version:
        return False
    known = policy.of(clock.policy_version)
    if known is not None and known.effective_at > version.effective_at:
        return False
    if clock.started_at >= version.applies_from:
        # A clock of a version that is gone stays as it began, unless the new one says otherwise.
        return known is not None or version.applies_to is not Applies.NEW
    return version.applies_to is Applies.OPEN and _open_at(clock, version.effective_at)


def _open_at(clock: Clock, at: int) -> bool:
    """It was not decided before: a breach that was already there stays one."""
    if clock.ended_at is not None:
        return clock.ended_at >= at
    return clock.state is ClockState.PAUSED or clock.deadline_at >= at


def _moved(clock: Clock, version: Policy, fold: Fold) -> Clock:
    at, duty = version.effective_at, version.duty(clock.duty)
    clock = clock._replace(policy_version=version.version)
    if duty is None:
        return clock_on(clock, ClockInput.CANCELLED_IN_TIME, at, "")._replace(then_at=None)
    now = Happening(Evidence(at, BY_TIME, ev.LEAD_UPDATED, "", {}), None, fold.attributes)
    target = target_of(duty, now)
    name = calendar_of(target, now)
    calendar = version.calendars[name] if name else None
    clock = _paused_as_agreed(clock, duty, calendar, at)
    clock = _with_limit(clock, duty, target, calendar, at)
    clock = clock._replace(
        team=duty.team, limit=target.limit.text, calendar=name or "", hold_us=duty.hold_us,
        final_after=duty.final_after, moves=(*clock.moves, Move(Kind.AMENDED, at, "", clock.due_at)),
        then_at=clock.due_at if duty.silence_accepts or duty.rhythm is Rhythm.INDEPENDENT else None,
    )  # fmt: skip
    if duty.attempts is not None and clock.attempts and not clock.needed:
        return clock_on(clock, ClockInput.MET_IN_TIME, at, clock.attempts[-1].id)
    return clock


def _paused_as_agreed(clock: Clock, duty: Duty, calendar: Calendar | None, at: int) -> Clock:
    """Still paused, for as long as is agreed now; going on, if no pause is agreed any more."""
    since = stands_since(clock)
    if since is None:
        return clock
    if duty.pausing is None:
        resumed = Move(Kind.RESUMED, at, "", clock.due_at)
        return clock._replace(state=ClockState.RUNNING, paused_at=None, stalls_at=None, moves=(*clock.moves, resumed))
    longest = duty.pausing.longest
    if any(move.kind is Kind.STALLED and move.at >= since for move in clock.moves):
        longest = None  # that it lasted too long is settled
    return clock._replace(stalls_at=None if longest is None else due_at(calendar, since, longest))


def _with_limit(clock: Clock, duty: Duty, target: Target, calendar: Calendar | None, at: int) -> Clock:
    """The clock with that limit from its beginning on; it leaves no less time than until `at`."""
    begun_at, pauses = _counted(clock)
    stands_at = clock.paused_at or at
    first_due = due_at(calendar, begun_at, target.limit)
    due = max(due_after(calendar, begun_at, target.limit, pauses), stands_at)
    fresh = clock._replace(
        due_at=first_due, warn_ats=warn_ats(duty.warn_at, calendar, begun_at, target.limit, first_due)
    )
    passed = [warning for warning in clock.warn_ats if warning[1] < (stands_since(clock) or at)]
    said = {level for level, _ in passed}
    more = [
        (level, max(warn_at, stands_at))
        for level, warn_at in at_same_distance(fresh, begun_at, begun_at, due, calendar, calendar)
        if level not in said and max(warn_at, stands_at) < due
    ]
    agreed = duty.attempts
    attempts = () if agreed is None else clock.attempts
    needed = 0 if agreed is None else needed_after(attempts, agreed)
    return due_moved(clock._replace(attempts=attempts, needed=needed), due, (*passed, *more), duty, stands_at)


def _counted(clock: Clock) -> tuple[int, list[Pause]]:
    """Since when the limit counts, and the pauses since then that are over."""
    begun_at, paused_at = clock.started_at, None
    pauses: list[Pause] = []
    for move in clock.moves:
        if move.kind is Kind.RESET:
            begun_at, paused_at, pauses = move.at, None, []
        elif move.kind is Kind.PAUSED:
            paused_at = move.at
        elif move.kind is Kind.RESUMED and paused_at is not None:
            pauses.append((paused_at, move.at))
            paused_at = None
    return begun_at, pauses
