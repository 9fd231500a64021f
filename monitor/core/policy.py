"""The agreement, frozen: stages, calendars and the follow-up duties that sales owes on a lead.

A policy file becomes these values in `monitor.wire.policy`; nothing here reads files or changes.
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from typing import Final, NamedTuple

from monitor.core.calendar import Calendar
from monitor.core.event import EVENT_TYPES
from monitor.core.limit import Limit as Limit
from monitor.core.limit import LimitUnit as LimitUnit
from monitor.core.predicate import Predicate


class Match(NamedTuple):
    """One alternative of a condition; every part that is not None must hold for the event."""

    types: frozenset[str]
    stages: frozenset[str] | None = None
    """The stage that the event moves the lead into."""
    channels: frozenset[str] | None = None
    direction: str | None = None
    actor: str | None = None
    """`person`, `automation`, or `owner`: a person, and the lead's owner as far as the event says who acted."""
    outcomes: frozenset[str] | None = None
    when: Predicate | None = None
    """Over the lead's attributes and the event's own fields."""


Condition = tuple[Match, ...]
"""Holds when any of its alternatives does; the empty condition never holds."""


class Target(NamedTuple):
    """The limit for one segment of leads; the first target whose `when` holds applies."""

    limit: Limit
    calendar: str | None
    """None only for elapsed limits."""
    when: Predicate | None = None
    """None: the catch-all."""
    chosen: "CalendarChoice | None" = None
    """Picks another calendar than `calendar` for some leads."""


class CalendarChoice(NamedTuple):
    """A calendar by the value of one attribute, such as that of the owner's office."""

    field: str
    calendars: Mapping[str, str]
    """Names of calendars by the value of the field; for any other value that of the target holds."""


class Pausing(NamedTuple):
    """When a clock stands still. Either events begin and end it, or it lasts while something is known of the lead."""

    begins: Condition = ()
    ends: Condition = ()
    during: Predicate | None = None
    """Over the lead's attributes."""
    longest: Limit | None = None
    """A pause beyond this is told, counted on the clock's calendar; None: never."""


class Inheritance(StrEnum):
    """What time a new owner has."""

    INHERIT = "inherit"
    """The due instant stays."""
    FRESH = "fresh"
    """The whole limit anew, by the target that fits now."""
    REMAINING = "remaining"
    """What is left, counted on the new owner's calendar, and never less than `at_least`."""


class Reassignment(NamedTuple):
    """What a change of the owner does to a running clock."""

    inheritance: Inheritance = Inheritance.INHERIT
    at_least: Limit | None = None
    at_most: int | None = None
    """More changes of owner than this on one clock are told; None: never."""


class Attempts(NamedTuple):
    """A cadence: several acts instead of one."""

    at_least: int
    counts: Condition
    """The acts that count."""
    channels: Mapping[str, int]
    """At least so many through each channel."""
    spacing_us: int = 0
    """An act sooner than this after the last one counted does not count, microseconds."""
    call_s_min: int = 0
    """A call that is shorter, or of unknown length, does not count, seconds."""
    until: Condition = ()
    """What ends the cadence early, and meets it."""


class Rhythm(StrEnum):
    """How a duty that comes back is counted."""

    SEQUENTIAL = "sequential"
    """The next clock starts when the last one is met."""
    INDEPENDENT = "independent"
    """The next clock starts when the last one is due, whatever was done."""


class Objective(NamedTuple):
    """The share of clocks to be met over a period."""

    percent: float
    every: str
    """`week`, `month` or `quarter`."""


class Duty(NamedTuple):
    """One follow-up duty: what starts its clock, what meets it, what cancels it, in which time."""

    name: str
    team: str
    starts: Condition
    met_by: Condition
    cancelled_by: Condition
    targets: tuple[Target, ...]
    warn_at: tuple[int | Limit, ...]
    """Percentages of the limit used up, 1 to 99, or the time that is left."""
    hold_us: int
    """How long an announcement waits for stragglers, microseconds."""
    final_after: Mapping[str, int]
    """Per event source, how long evidence may still revise a verdict, microseconds; key `default` always there."""
    reset_by: Condition = ()
    """What gives the clock its whole limit again."""
    pausing: Pausing | None = None
    on_reassign: Reassignment = Reassignment()
    attempts: Attempts | None = None
    """A cadence; `met_by` is empty then."""
    repeats: bool = False
    """A clock that has ended makes room for the next within the same round."""
    rhythm: Rhythm | None = None
    """The duty comes back; `repeats` is set then."""
    silence_accepts: bool = False
    """At the due instant the lead counts as accepted: the clock is met, and the lead moves on."""
    objective: Objective | None = None


class Stage(NamedTuple):
    """One phase of the funnel: who answers for it and where a lead may go next."""

    team: str
    next: frozenset[str]
    handoff_to: str | None = None


# The funnel of an agreement that names no stages of its own.
DEFAULT_STAGES: Final[Mapping[str, Stage]] = {
    "inquiry": Stage("marketing", frozenset({"mql", "disqualified"})),
    "mql": Stage("marketing", frozenset({"sal", "recycled", "disqualified"}), handoff_to="sales"),
    "sal": Stage("sales", frozenset({"sql", "recycled", "disqualified"})),
    "sql": Stage("sales", frozenset({"opportunity", "recycled", "disqualified"})),
    "opportunity": Stage("sales", frozenset({"customer", "recycled", "disqualified"})),
    "customer": Stage("sales", frozenset()),
    "recycled": Stage("marketing", frozenset({"mql", "disqualified"})),
    "disqualified": Stage("marketing", frozenset()),
}


class Start(NamedTuple):
    """A duty whose clock an event may start, if `when` holds."""

    duty: Duty
    when: Condition


class End(NamedTuple):
    """A duty whose clock an event may end, by meeting or by cancelling it."""

    duty: str
    met_by: Condition
    cancelled_by: Condition


class Rules(NamedTuple):
    """What an event of one type may do to clocks. Conditions are cut down to the alternatives that name the type."""

    starts: tuple[Start, ...]
    ends: tuple[End, ...]


class Applies(StrEnum):
    """Which clocks a new version of the agreement judges."""

    NEW = "new"
    """Those that start when it is in force."""
    OPEN = "open"
    """Also those that are open when it comes into force."""
    SINCE = "since"
    """Also those that started since a date before it, as long as their verdicts are not final."""


class _Agreement(NamedTuple):
    """The fields of Policy."""

    name: str
    version: str
    timezone: str
    effective_from: str
    """ISO date."""
    stages: Mapping[str, Stage]
    calendars: Mapping[str, Calendar]
    duties: tuple[Duty, ...]
    segments: tuple[str, ...] = ()
    """Segments that metrics tell apart."""
    effective_at: int = 0
    """The beginning of `effective_from`, microseconds since the epoch."""
    applies_to: Applies = Applies.NEW
    applies_from: int = 0
    """Clocks that start at this instant or later are judged by this version: `effective_at`, or the date before it."""
    review_at: int | None = None
    """The end of the day by which the agreement is to be reviewed; None: no such day is agreed."""
    review_notice_us: int = 0
    """How long before that it is said, microseconds."""
    approved_by: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    """What is different from the version before, in words; nothing where that one is not loaded."""
    earlier: tuple["Policy", ...] = ()
    """Older versions of the same agreement, in the order of their `effective_at`; they have none themselves."""


class Policy(_Agreement):
    """One version of the agreement, and with it those before that still judge clocks."""

    @cached_property
    def versions(self) -> tuple["Policy", ...]:
        """All versions that are loaded, oldest first."""
        return (*self.earlier, self)

    @cached_property
    def _by_name(self) -> Mapping[str, "Policy"]:
        return {policy.version: policy for policy in self.versions}

    def in_force(self, at: int) -> "Policy":
        """The version whose rules start a clock at `at`: the newest that applies then, or the oldest of all."""
        if not self.earlier or at >= self.applies_from:
            return self
        for policy in reversed(self.earlier):
            if at >= policy.applies_from:
                return policy
        return self.earlier[0]

    def as_of(self, at: int) -> "Policy":
        """The same, as it judges when time has come to `at`: until then, a later version reaches back to no date."""
        if at >= self._reaches_back_at:
            return self
        begun = sum(policy.effective_at <= at for policy in self.versions)
        if begun not in self._as_of:
            earlier = tuple([policy.as_of(at) for policy in self.earlier])
            applies_from = self.applies_from if at >= self.effective_at else self.effective_at
            self._as_of[begun] = self._replace(applies_from=applies_from, earlier=earlier)
        return self._as_of[begun]

    @cached_property
    def _as_of(self) -> "dict[int, Policy]":
        return {}

    @cached_property
    def _reaches_back_at(self) -> int:
        """When the last of the versions that reach back to a date begins to."""
        return max(
            [policy.effective_at for policy in self.versions if policy.applies_from < policy.effective_at] or [0]
        )

    def of(self, version: str) -> "Policy | None":
        """The version of that name, which judges the clocks that carry it; None when it is not loaded any more."""
        return self if version == self.version else self._by_name.get(version)

    @cached_property
    def rules(self) -> Mapping[str, Rules]:
        """By event type: most events can do nothing to most clocks, and then nobody looks at these."""
        return {type_: _rules(self.duties, type_) for type_ in EVENT_TYPES}

    def duty(self, name: str) -> Duty | None:
        """The duty of that name, or None when this version no longer has it."""
        for duty in self.duties:  # a plain loop: this runs for every open clock on every tick
            if duty.name == name:
                return duty
        return None


def _rules(duties: tuple[Duty, ...], type_: str) -> Rules:
    starts = (Start(duty, _alternatives(duty.starts, type_)) for duty in duties)
    ends = (
        End(duty.name, _alternatives(duty.met_by, type_), _alternatives(duty.cancelled_by, type_)) for duty in duties
    )
    return Rules(
        tuple(start for start in starts if start.when), tuple(end for end in ends if end.met_by or end.cancelled_by)
    )


def _alternatives(condition: Condition, type_: str) -> Condition:
    return tuple(match for match in condition if type_ in match.types)
