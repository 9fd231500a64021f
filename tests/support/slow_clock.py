"""One clock of the slow judge: it walks through everything that happened after its start, event by event."""

from collections.abc import Mapping
from typing import NamedTuple

from monitor.core.backwards import before
from monitor.core.calendar import Calendar, due_at, share_at
from monitor.core.event import LEAD_MERGED, LEAD_REJECTED, Scalar
from monitor.core.limit import Limit, LimitUnit
from monitor.core.outcome import Kind, Reason
from monitor.core.policy import Duty, Inheritance, Policy, Rhythm, Target
from monitor.core.predicate import holds
from tests.support.slow_history import AFTER_ALL, Moment, Position, holds_at

MOVES_MAX = 40


class Start(NamedTuple):
    """What starts a clock: an event, or the due instant of the clock before it."""

    position: Position
    at: int
    event_id: str
    known: Moment
    """The newest event then."""


class Said(NamedTuple):
    """A verdict, or a step towards one, of a clock that is known."""

    kind: Kind
    level: str
    at: int
    due_at: int
    reason: Reason
    evidence_ids: tuple[str, ...] = ()


class Verdict(NamedTuple):
    """The same, with all that names it."""

    lead: str
    duty: str
    cycle: int
    kind: Kind
    level: str
    at: int
    due_at: int
    owner: str
    reason: Reason
    evidence_ids: tuple[str, ...]


class SlowClock:
    """What became of one clock so far."""

    def __init__(self, duty: Duty, cycle: int, start: Start, policy: Policy) -> None:
        self.duty, self.cycle, self.round = duty, cycle, start.known.round
        self.started, self.started_at = start.position, start.at
        self.said: list[Said] = []
        self.end: Position | None = None
        self.cancelled_in_time = False
        self.silent_at: int | None = None
        self.paused_at: int | None = None
        self._policy = policy
        self.met_at: Moment | None = None
        self._breached_at: int | None = None
        self._stalls_at: int | None = None
        self._left_since = self._moved_at = self._stands_since = start.at
        self._counted: list[Moment] = []
        self._moves = 0
        self._levels_passed: set[str] = set()
        own_data = start.known.event.data if start.event_id else {}
        self._begin(start.at, {**start.known.attributes, **own_data})
        self._say(Kind.ACTIVATED, start.at, Reason.STARTED, start.event_id)
        during = duty.pausing.during if duty.pausing else None
        if during is not None and holds(during, start.known.attributes):
            self._pause(start.at, start.event_id)

    def _begin(self, at: int, fields: Mapping[str, Scalar]) -> None:
        """The whole limit from `at`, by the target that fits."""
        self._target = self._target_of(fields)
        self._calendar = self._calendar_of(self._target, fields)
        self._whole_limit(at)

    def _target_of(self, fields: Mapping[str, Scalar]) -> Target:
        return next(target for target in self.duty.targets if target.when is None or holds(target.when, fields))

    def _calendar_of(self, target: Target, fields: Mapping[str, Scalar]) -> Calendar | None:
        name = target.calendar
        if target.chosen is not None:
            name = target.chosen.calendars.get(str(fields.get(target.chosen.field, "")), name)
        return self._policy.calendars[name] if name else None

    def _whole_limit(self, at: int) -> None:
        limit = self._target.limit
        self.due_at = due_at(self._calendar, at, limit)
        self._warnings: dict[str, int] = {}
        for warn in self.duty.warn_at:
            if isinstance(warn, int):
                self._warnings[str(warn)] = share_at(self._calendar, at, limit, warn)
            elif (warn_at := self._before_due(warn)) > at:
                self._warnings[f"{warn.text} left"] = warn_at
        for level in self._levels_passed:
            self._warnings.pop(level, None)

    def _before_due(self, limit: Limit) -> int:
        if limit.unit is LimitUnit.ELAPSED:
            return self.due_at - limit.amount
        assert self._calendar is not None
        return before(self._calendar, self.due_at, limit)

    def _say(self, kind: Kind, at: int, reason: Reason, *evidence_ids: str, level: str = "") -> None:
        self.said.append(Said(kind, level, at, self.due_at, reason, tuple(id_ for id_ in evidence_ids if id_)))

    def _count_up(self, kind: Kind, at: int, reason: Reason, *evidence_ids: str) -> None:
        level = str(1 + sum(said.kind is kind for said in self.said))
        self._say(kind, at, reason, *evidence_ids, level=level)

    @property
    def breached_or_ended(self) -> Position | None:
        """When nothing could be in time any more."""
        if self._breached_at is None:
            return self.end
        return (self._breached_at, AFTER_ALL, "", "")

    # What passing time decides

    @property
    def _missing(self) -> int:
        """How many attempts are still needed."""
        attempts = self.duty.attempts
        assert attempts is not None
        through = [moment.event.data.get("channel") for moment in self._counted]
        by_channel = sum(max(0, least - through.count(name)) for name, least in attempts.channels.items())
        return max(attempts.at_least - len(through), by_channel)

    @property
    def deadline_at(self) -> int:
        """The last instant in time."""
        attempts = self.duty.attempts
        if attempts is None or not attempts.spacing_us or self._missing < 1:
            return self.due_at
        return min(self.due_at, max(self._moved_at, self.due_at - (self._missing - 1) * attempts.spacing_us))

    def time_passes(self, until: int) -> None:
        """Everything that comes true before `until` and needs no event."""
        if self.end is not None or self._breached_at is not None:
            return
        if self.paused_at is not None:
            self._stall(until)
            return
        deadline_at = self.deadline_at
        self._warn(min(until - 1, deadline_at))
        if deadline_at < until:
            self._fall_due(deadline_at)

    def _warn(self, until: int) -> None:
        """The warnings up to `until`, that instant included."""
        for level, warn_at in list(self._warnings.items()):
            if warn_at <= until:
                self._levels_passed.add(level)
                del self._warnings[level]
                self._say(Kind.WARNED, warn_at, Reason.SHARE_USED, level=level)

    def _fall_due(self, at: int) -> None:
        if self.duty.silence_accepts:
            self._end((at, AFTER_ALL, "", ""))
            self._say(Kind.MET, at, Reason.SILENCE_ACCEPTED)
            self.silent_at = at
            return
        self._breached_at = at
        reason = Reason.NO_EVIDENCE
        if self.duty.attempts is not None:
            reason = Reason.OUT_OF_REACH if at < self.due_at else Reason.TOO_FEW_ATTEMPTS
        self._say(Kind.BREACHED, at, reason)

    def _stall(self, until: int) -> None:
        if self._stalls_at is not None and self._stalls_at < until:
            pauses = sum(said.kind is Kind.PAUSED for said in self.said)
            self._say(Kind.STALLED, self._stalls_at, Reason.PAUSE_TOO_LONG, level=str(pauses))
            self._stalls_at = None

    # What an event does

    def happens(self, moment: Moment) -> None:
        """The event, which comes after everything so far."""
        self.time_passes(moment.at)
        if moment.position[1] == AFTER_ALL and self.duty.silence_accepts:
            self.time_passes(moment.at + 1)  # this very clock may be the one that fell silent
        if self.end is not None:
            return
        in_time = self._breached_at is None
        reason = self._met_because(moment)
        if reason is not None:
            self._meet(moment, reason, in_time)
        elif holds_at(self.duty.cancelled_by, moment) or moment.event.type == LEAD_MERGED:
            self._end(moment.position)
            if in_time:
                merged = moment.event.type == LEAD_MERGED
                self.cancelled_in_time = True
                self._say(Kind.CANCELLED, moment.at, Reason.MERGED if merged else Reason.CONDITION, moment.event.id)
        elif in_time:
            self._move(moment)
            warned_now = [said for said in self.said if said.kind is Kind.WARNED and said.at == moment.at]
            for said in warned_now:
                self.said[self.said.index(said)] = said._replace(due_at=self.due_at)

    def _met_because(self, moment: Moment) -> Reason | None:
        attempts = self.duty.attempts
        if attempts is None and moment.position[1] == AFTER_ALL:
            return Reason.SILENCE_ACCEPTED if holds_at(self.duty.met_by, moment) else None
        if attempts is None:
            met = Reason.REJECTED if moment.event.type == LEAD_REJECTED else Reason.IN_TIME
            return met if holds_at(self.duty.met_by, moment) else None
        if holds_at(attempts.until, moment):
            return Reason.CONNECTED
        if self._counts(moment):
            self._counted.append(moment)
            return Reason.ATTEMPTS_MADE if self._missing == 0 else None
        return None

    def _counts(self, moment: Moment) -> bool:
        attempts = self.duty.attempts
        assert attempts is not None
        if not holds_at(attempts.counts, moment):
            return False
        if self._counted and moment.at < self._counted[-1].at + attempts.spacing_us:
            return False
        if moment.event.data.get("channel") == "call" and attempts.call_s_min:
            duration_s = moment.event.data.get("duration_s")
            return isinstance(duration_s, int | float) and duration_s >= attempts.call_s_min
        return True

    def _meet(self, moment: Moment, reason: Reason, in_time: bool) -> None:
        self._end(moment.position)
        self.met_at = moment
        if self.paused_at is not None and self.duty.rhythm is Rhythm.INDEPENDENT:
            self.due_at = self._due_after_pause(moment.at)
        ids = [counted.event.id for counted in self._counted]
        if moment.event.id not in ids:
            ids.append(moment.event.id)
        if in_time:
            self._say(Kind.MET, moment.at, reason, *ids)
        else:
            self._say(Kind.FULFILLED_LATE, moment.at, Reason.AFTER_DUE, *ids)

    def _end(self, position: Position) -> None:
        """What happens at the very instant of a warning comes before it, if it ends the clock."""
        self.end = position
        self.said = [said for said in self.said if said.kind is not Kind.WARNED or said.at < position[0]]

    def _move(self, moment: Moment) -> None:
        """What an event in time does to a clock that it does not end: reset, hand over, then pause or resume.

        Of the conditions the first one wins. What is known of a lead pauses its clock for as long as it is known.
        """
        resets = holds_at(self.duty.reset_by, moment)
        if resets and self._may_move(moment.at):
            self.paused_at = None
            self._whole_limit(moment.at)
            self._count_up(Kind.RESET, moment.at, Reason.RESETTING, moment.event.id)
        if moment.owner_before and moment.owner and moment.owner != moment.owner_before and self._may_move(moment.at):
            self._reassign(moment)
        pausing = self.duty.pausing
        if pausing is None:
            return
        if pausing.during is not None:
            begins = holds(pausing.during, moment.attributes)
            ends = not begins
        else:
            begins = not resets and holds_at(pausing.begins, moment)
            ends = not resets and not begins and holds_at(pausing.ends, moment)
        if begins and self.paused_at is None and moment.at < self.deadline_at:
            self._pause(moment.at, moment.event.id)
        if ends and self.paused_at is not None:
            self._resume(moment)

    def _may_move(self, at: int) -> bool:
        """Whether there is a move left; warnings up to its instant have passed then."""
        self._moves += 1
        if self.paused_at is None:
            self._warn(min(at, self.deadline_at))
        if self._moves > MOVES_MAX:
            return False
        self._moved_at = at
        return True

    def _pause(self, at: int, event_id: str) -> None:
        if not self._may_move(at):
            return
        self.paused_at = self._left_since = self._stands_since = at
        longest = self.duty.pausing.longest if self.duty.pausing else None
        self._stalls_at = due_at(self._calendar, at, longest) if longest else None
        self._count_up(Kind.PAUSED, at, Reason.PAUSING, event_id)

    def _left_at(self, at: int) -> Limit:
        """How much of the limit is left then: working time, also of working days; on the wall, if it is counted so."""
        if self._calendar is None or self._target.limit.unit is LimitUnit.ELAPSED:
            return Limit(LimitUnit.ELAPSED, self.due_at - at, "")
        return Limit(LimitUnit.WORKING_TIME, self._calendar.elapsed(at, self.due_at), "")

    def _due_after_pause(self, at: int) -> int:
        return max(self.due_at, due_at(self._calendar, at, self._left_at(self._left_since)))

    def _resume(self, moment: Moment) -> None:
        if not self._may_move(moment.at):
            return
        due = self._due_after_pause(moment.at)
        self.paused_at = None
        self._fall_due_at(due, self._calendar, moment.at)
        self._count_up(Kind.RESUMED, moment.at, Reason.RESUMING, moment.event.id)

    def _fall_due_at(self, due: int, calendar_before: Calendar | None, now: int) -> None:
        """Another due instant; warnings still to come keep their distance to it, and come now at the earliest."""
        due_before, self.due_at = self.due_at, due
        if due == due_before:
            return
        on_the_wall = {
            f"{w.text} left" for w in self.duty.warn_at if isinstance(w, Limit) and w.unit is LimitUnit.ELAPSED
        }
        for level, warn_at in self._warnings.items():
            distance = Limit(LimitUnit.ELAPSED, due_before - warn_at, "")
            if calendar_before is not None and level not in on_the_wall:
                distance = Limit(LimitUnit.WORKING_TIME, calendar_before.elapsed(warn_at, due_before), "")
            self._warnings[level] = max(now, self._before_due(distance))
        if self.paused_at is not None and now == self._stands_since:
            self._warn(
                now
            )  # a warning of the very instant at which a pause begins comes before it, however it got there

    def _reassign(self, moment: Moment) -> None:
        """A clock that stands still goes on doing so, with what its new owner will have left."""
        rule = self.duty.on_reassign
        fields = {**moment.attributes, **moment.event.data}
        if rule.inheritance is Inheritance.FRESH:
            self._begin(moment.at, fields)
        elif rule.inheritance is Inheritance.REMAINING:
            calendar_before = self._calendar
            left = self._left_at(moment.at if self.paused_at is None else self._left_since)
            fits = self._calendar_of(self._target_of(fields), fields)
            self._calendar = self._calendar and (fits or self._calendar)
            due = self.due_at
            if self._calendar is not calendar_before:
                due = due_at(self._calendar, moment.at, left)
            elif self.paused_at is not None:
                due = self._due_after_pause(moment.at)
            if rule.at_least is not None:
                due = max(due, due_at(self._calendar, moment.at, rule.at_least))
            self._fall_due_at(due, calendar_before, moment.at)
        if rule.inheritance is not Inheritance.INHERIT:
            self._left_since = moment.at
        self._count_up(Kind.REASSIGNED, moment.at, Reason.OWNER_CHANGED, moment.event.id)
        changes = sum(said.kind is Kind.REASSIGNED for said in self.said)
        if rule.at_most is not None and changes == rule.at_most + 1:
            self._say(Kind.PASSED_AROUND, moment.at, Reason.OWNERS_TOO_MANY, moment.event.id)
