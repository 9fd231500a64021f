"""The agreement, frozen: stages, calendars and the follow-up duties that sales owes on a lead.

A policy file becomes these values in `monitor.wire.policy`; nothing here reads files or changes.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Final, NamedTuple, Protocol

from monitor.core.calendar import Calendar
from monitor.core.definition import Definition as Definition
from monitor.core.duty import Attempts as Attempts
from monitor.core.duty import CalendarChoice as CalendarChoice
from monitor.core.duty import Condition as Condition
from monitor.core.duty import Duty as Duty
from monitor.core.duty import Inheritance as Inheritance
from monitor.core.duty import Match as Match
from monitor.core.duty import Objective as Objective
from monitor.core.duty import Pausing as Pausing
from monitor.core.duty import Reassignment as Reassignment
from monitor.core.duty import Rhythm as Rhythm
from monitor.core.duty import Target as Target
from monitor.core.event import EVENT_TYPES
from monitor.core.limit import Limit as Limit
from monitor.core.limit import LimitUnit as LimitUnit
from monitor.core.money import Finance as Finance
from monitor.core.quota import Quota as Quota


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


class Turn(NamedTuple):
    """A duty whose clock an event may end or move."""

    duty: str
    met_by: Condition
    """What meets it; of a cadence, what ends it early."""
    counts: Condition
    cancelled_by: Condition
    reset_by: Condition
    paused_by: Condition
    resumed_by: Condition


class Rules(NamedTuple):
    """What an event of one type may do to clocks. Conditions are cut down to the alternatives that name the type."""

    starts: tuple[Start, ...]
    turns: tuple[Turn, ...]


class Judged(Protocol):
    """What carries the version of the agreement that it is judged by."""

    @property
    def policy_version(self) -> str:
        """Its name."""
        ...


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
    earlier: tuple["Policy", ...] = ()
    quotas: tuple[Quota, ...] = ()
    finance: Finance | None = None


class Policy(_Agreement):
    """The agreement in force."""

    def in_force(self, at: int) -> "Policy":
        return self

    def judging(self, clock: Judged) -> "Policy":
        """The version that judges the clock: its own, or this one when that is not loaded any more."""
        return self if clock.policy_version == self.version else self.of(clock.policy_version) or self

    def of(self, version: str) -> "Policy | None":
        return self if version == self.version else None

    @cached_property
    def rules(self) -> Mapping[str, Rules]:
        """By event type: most events can do nothing to most clocks, and then nobody looks at these."""
        return {type_: _rules(self.duties, type_) for type_ in EVENT_TYPES}

    @cached_property
    def watches(self) -> bool:
        """Whether some duty pauses while something is known of the lead."""
        return any(duty.pausing is not None and duty.pausing.during is not None for duty in self.duties)

    @cached_property
    def timed(self) -> bool:
        """Whether passing time may do more than to breach: accept by silence, or start the next clock."""
        return any(duty.silence_accepts or duty.rhythm is not None for duty in self.duties)

    @cached_property
    def counts(self) -> bool:
        """Whether some version has quotas, so that leads have claims."""
        return any(version.quotas for version in (self, *self.earlier))

    def quota(self, name: str) -> Quota | None:
        """The quota of that name, or None when this version has none."""
        return next((quota for quota in self.quotas if quota.name == name), None)

    def duty(self, name: str) -> Duty | None:
        """The duty of that name, or None when this version no longer has it."""
        for duty in self.duties:  # a plain loop: this runs for every open clock on every tick
            if duty.name == name:
                return duty
        return None


def _rules(duties: tuple[Duty, ...], type_: str) -> Rules:
    starts = (Start(duty, _alternatives(duty.starts, type_)) for duty in duties)
    turns = (_turn(duty, type_) for duty in duties)
    return Rules(tuple(start for start in starts if start.when), tuple(turn for turn in turns if any(turn[1:])))


def _turn(duty: Duty, type_: str) -> Turn:
    attempts, pausing = duty.attempts, duty.pausing
    conditions = (
        duty.met_by if attempts is None else attempts.until,
        () if attempts is None else attempts.counts,
        duty.cancelled_by,
        duty.reset_by,
        () if pausing is None else pausing.begins,
        () if pausing is None else pausing.ends,
    )
    return Turn(duty.name, *(_alternatives(condition, type_) for condition in conditions))


def _alternatives(condition: Condition, type_: str) -> Condition:
    return tuple(match for match in condition if type_ in match.types)
