"""What one side owes on a lead: what starts, meets, moves and ends its clock, and in which time."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from monitor.core.definition import Definition
from monitor.core.limit import Limit
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
    definition: Definition | None = None
    """What a lead must be at the very start; the clock is met or breached then, and nothing moves it."""
