"""One clock of a lead, what moved it, and what was said of it. States hold these as they stand here."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from monitor.core.event import OrderKey
from monitor.core.outcome import Kind
from monitor.core.tables import LATE_STATES, ClockState


class Move(NamedTuple):
    """Something that happened to the time of a clock."""

    kind: Kind
    """PAUSED, RESUMED, RESET, REASSIGNED, STALLED, PASSED_AROUND or AMENDED."""
    at: int
    by: str
    """Id of the event; empty: the passing of time."""
    due_at: int
    """The due instant right after it."""
    owner: str = ""
    """REASSIGNED: the owner until then."""


class Attempt(NamedTuple):
    """An act that counted towards a cadence."""

    at: int
    channel: str
    id: str


class Clock(NamedTuple):
    """One running instance of a duty. Limit, calendar and due instant are those of the policy at its start."""

    duty: str
    cycle: int
    round: int
    """The lead's round (see Fold) in which it started."""
    state: ClockState
    started_at: int
    started_by: str
    due_at: int
    policy_version: str
    team: str
    limit: str
    calendar: str
    warn_ats: tuple[tuple[int | str, int], ...]
    """(level, instant) pairs: the percentage, or a text such as `30 working_minutes left`."""
    hold_us: int
    final_after: Mapping[str, int]
    """See Duty."""
    ended_at: int | None = None
    ended_by: str = ""
    final: bool = False
    first_due_at: int | None = None
    """The due instant at the start, if it was moved since."""
    moves: tuple[Move, ...] = ()
    paused_at: int | None = None
    """While it stands still: what is left at that instant is left when it is resumed."""
    stalls_at: int | None = None
    """When the pause lasts longer than agreed."""
    attempts: tuple[Attempt, ...] = ()
    needed: int = 0
    """Attempts that a cadence still needs."""
    reach_at: int | None = None
    """The last instant from which these can still be made before the due instant."""
    then_at: int | None = None
    """When the passing of time does more than to breach: the lead counts as accepted, or the next clock starts."""
    missing: str = ""
    """What the lead lacked at the start, of a duty that is a definition."""

    def over(self, state: ClockState, at: int, by: str) -> "Clock":
        """The clock, ended by that event, or at that instant by nothing but time."""
        between = self[_STATE + 1 : _ENDED_AT]
        return Clock._make((*self[:_STATE], state, *between, at, by, *self[_ENDED_AT + 2 :]))

    def settled(self) -> "Clock":
        """The clock, its verdict final."""
        return Clock._make((*self[:_FINAL], True, *self[_FINAL + 1 :]))

    @property
    def accepted_by_silence(self) -> bool:
        """It was met by nothing but the passing of time."""
        return self.state is ClockState.MET and not self.ended_by

    @property
    def deadline_at(self) -> int:
        """The last instant at which evidence is in time."""
        return self.due_at if self.reach_at is None else min(self.due_at, self.reach_at)

    @property
    def verdict_at(self) -> int:
        """When the duty was decided: the evidence in time, else the deadline."""
        deadline_at = self.due_at if self.reach_at is None else min(self.due_at, self.reach_at)
        if self.ended_at is None or self.ended_at > deadline_at:
            # What is met during a pause is in time, however long the pause.
            return deadline_at if self.state in LATE_STATES or self.ended_at is None else self.ended_at
        return self.ended_at

    def final_at(self, source: str | None = None) -> int:
        """When evidence of that source (None: of any) can no longer revise the verdict."""
        waits = self.final_after
        wait = max(waits.values()) if source is None else waits.get(source, waits["default"])
        return self.verdict_at + wait


# What nearly every clock comes to is made by position: `_replace` looks for each of the fields by its name.
_STATE: Final = Clock._fields.index("state")
_ENDED_AT: Final = Clock._fields.index("ended_at")
_FINAL: Final = Clock._fields.index("final")


class Told(NamedTuple):
    """The newest thing said about one kind and level of one clock."""

    duty: str
    cycle: int
    kind: Kind
    level: str
    revision: int
    standing: bool
    """False once it was withdrawn."""
    at: int
    due_at: int
    mark: int
    """Checksum of what else was said: evidence, owner, segment, source; a change of these is said again."""
    version: str = ""
    """The version of the agreement under which it was said, where that no longer judges the clock."""


class Merge(NamedTuple):
    """What made the lead another name of a second one."""

    into: str
    """The lead that goes on."""
    key: OrderKey
    """Of the event that said so; what sorts behind it belongs to the other lead and is not kept here."""
    revision: int = 0
    """How often something of the history was passed on."""
