"""The agreement, frozen: stages, calendars and the follow-up duties that sales owes on a lead.

A policy file becomes these values in `monitor.wire.policy`; nothing here reads files or changes.
"""

from collections.abc import Mapping
from enum import StrEnum
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
from monitor.core.event import EVENT_TYPES, LEAD_REJECTED
from monitor.core.limit import Limit as Limit
from monitor.core.limit import LimitUnit as LimitUnit
from monitor.core.money import Finance as Finance
from monitor.core.quota import Quota as Quota
from monitor.core.routing import Routing as Routing
from monitor.core.rules import Rules, rules_of
from monitor.core.rules import Turn as Turn


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


class Judged(Protocol):
    """What carries the version of the agreement that it is judged by."""

    @property
    def policy_version(self) -> str:
        """Its name."""
        ...


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
    quotas: tuple[Quota, ...] = ()
    finance: Finance | None = None
    notices: Routing | None = None
    """Who hears of what; None: every channel hears of everything."""


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
        if at >= self.reaches_back_at:
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
    def reaches_back_at(self) -> int:
        """When the last of the versions that reach back to a date begins to."""
        return max(
            [policy.effective_at for policy in self.versions if policy.applies_from < policy.effective_at] or [0]
        )

    def of(self, version: str) -> "Policy | None":
        """The version of that name, which judges the clocks that carry it; None when it is not loaded any more."""
        return self if version == self.version else self._by_name.get(version)

    def judging(self, clock: Judged) -> "Policy":
        """The version that judges the clock: its own, or this one when that is not loaded any more."""
        return self if clock.policy_version == self.version else self.of(clock.policy_version) or self

    @cached_property
    def rules(self) -> Mapping[str, Rules]:
        """By event type: most events can do nothing to most clocks, and then nobody looks at these."""
        return {type_: rules_of(self.duties, type_) for type_ in EVENT_TYPES}

    @cached_property
    def watches(self) -> bool:
        """Whether some duty pauses while something is known of the lead."""
        return any(duty.pausing is not None and duty.pausing.during is not None for duty in self.duties)

    @cached_property
    def timed(self) -> bool:
        """Whether passing time may do more than to breach: accept by silence, or start the next clock."""
        duties = (duty for policy in self.versions for duty in policy.duties)
        return any(duty.silence_accepts or duty.rhythm is not None for duty in duties)

    @cached_property
    def amending(self) -> bool:
        """Whether a version may take over clocks that another one has started."""
        return bool(self.earlier) or self.applies_to is not Applies.NEW

    @cached_property
    def rejectable(self) -> frozenset[str]:
        """Names of the duties that rejecting a lead may meet; to look at the evidence of all others would cost."""
        duties = (duty for version in self.versions for duty in version.duties)
        return frozenset(duty.name for duty in duties if any(LEAD_REJECTED in match.types for match in duty.met_by))

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
