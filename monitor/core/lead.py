"""The state of one lead: what it is, what is known of it, which clocks run, and what was said."""

from collections.abc import Mapping, Sequence
from operator import is_
from typing import Final, NamedTuple

from monitor.core.claim import Claim
from monitor.core.event import OrderKey, Scalar
from monitor.core.evidence import Evidence as Evidence
from monitor.core.evidence import History, Pieces
from monitor.core.outcome import Kind
from monitor.core.tables import LATE_STATES, ClockState

# Events kept per lead to judge again when one arrives late. Sales cadences in the field run to 10-20 touches
# and CRM syncs add about as many updates; ten times the usual is kept, and a lead stays below some 15 KB.
EVIDENCE_MAX: Final = 100
# Clocks kept per lead; older ones whose verdict is final are forgotten with the evidence they rest on.
CLOCKS_MAX: Final = 24


# Pauses, resumptions, resets and changes of owner of one clock; what comes after them moves its time no more. Ten times
# what a deal takes, and whoever needs more is hiding something.
MOVES_MAX: Final = 40
# Acts that one cadence counts; twice the most that an agreement can ask for.
ATTEMPTS_MAX: Final = 100


# Begins the id of what was no event, but the passing of time; no event from outside has an id with a control character.
BY_TIME: Final = "\x1f"


def by_time(event_id: str) -> bool:
    """Whether that was no event, but the passing of time."""
    return not event_id or event_id.startswith(BY_TIME)


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


class Fold(NamedTuple):
    """What a run of events adds up to, in their order."""

    stage: str
    stage_at: int
    round: int
    """How often the lead has left the funnel; a duty has at most one clock in each round."""
    attributes: Mapping[str, Scalar]
    clocks: Sequence[Clock]
    claims: Sequence[Claim] = ()


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


class Lead(NamedTuple):
    """The whole state of one lead. In one that was just read, sequences are unpacked when first looked at."""

    id: str
    known_until: int
    """The newest tick that reached this lead."""
    evidence: History
    fold: Fold
    """Of `base` and `evidence`."""
    told: Sequence[Told]
    base: Fold | None = None
    """What evidence no longer kept added up to."""
    base_key: OrderKey | None = None
    erased: bool = False
    merged: Merge | None = None


EMPTY_FOLD: Final = Fold("", 0, 0, {}, ())


def new_lead(lead_id: str) -> Lead:
    """A lead of which nothing is known yet."""
    return Lead(lead_id, 0, Pieces(), EMPTY_FOLD, ())


def with_clocks(fold: Fold, clocks: list[Clock]) -> Fold:
    """The same fold when it has these already."""
    if all(map(is_, clocks, fold.clocks)):
        return fold
    return Fold(fold.stage, fold.stage_at, fold.round, fold.attributes, tuple(clocks), fold.claims)
