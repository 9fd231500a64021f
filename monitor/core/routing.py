"""The part of the agreement that says who hears of what: recipients, ladders, and routes of which the first decides."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from monitor.core.calendar import Calendar, CalendarExhausted
from monitor.core.definition import DEFINITION_DUTY
from monitor.core.limit import Limit
from monitor.core.outcome import Kind, Outcome, Reason

OWNER: Final = "owner"
"""In `to`: the recipient that stands for the lead's owner."""
FOLD_FIELDS: Final = ("source", "owner", "team", "duty", "segment")


class News(StrEnum):
    """What an outcome is about."""

    FOLLOW_UP = "follow-up"
    DEFINITION = "definition"
    REJECTION = "rejection"
    QUOTA = "quota"
    AGREEMENT = "agreement"
    REVIEW = "review"


class Severity(StrEnum):
    """How bad it is."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Asks(StrEnum):
    """What a step of a ladder asks people to do."""

    NOTHING = ""
    REASSIGN = "reassign"


class Recipient(NamedTuple):
    """Who is told, over which channel, and when they may be disturbed."""

    name: str
    channel: str
    calendar: Calendar | None = None
    """None: at any hour."""


class Rung(NamedTuple):
    """A step of a ladder."""

    to: tuple[str, ...]
    """Names of recipients, or OWNER."""
    level: str | None = ""
    """The level of the warning that it is told on, as outcomes have it; "": a breach, and whatever is no warning.
    None: each of these."""
    after: Limit | None = None
    """Told so long after the breach, unless the clock has ended by then; None: at once."""
    calendar: Calendar | None = None
    """That `after` is counted on; None only where it is elapsed time."""
    asks: Asks = Asks.NOTHING


class Route(NamedTuple):
    """Which outcomes go where: it fits when each set that is not empty contains what the outcome says."""

    name: str
    kinds: frozenset[Kind] = frozenset()
    news: frozenset[News] = frozenset()
    severities: frozenset[Severity] = frozenset()
    duties: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()
    owners: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    ladder: tuple[Rung, ...] = ()
    """Where recipients are named without a ladder, its one rung tells them of everything at once."""
    page: bool = False
    """Told at any hour."""
    mute: bool = False
    fold_by: tuple[str, ...] = ()
    """What has the same values of these fields, of FOLD_FIELDS, within `fold_us` is told in one message."""
    fold_us: int = 0
    """0: everything is told by itself."""


class Routing(NamedTuple):
    """Who hears of what."""

    recipients: Mapping[str, Recipient]
    owners: Mapping[str, str]
    """Names of recipients by owner."""
    default_owner: str
    """The recipient for all other owners, and for leads without one; "" where no rung tells owners anything."""
    routes: tuple[Route, ...]
    """The first that fits decides."""

    def named(self, to: str, owner: str) -> Recipient:
        """Whom a rung means when it names `to`, of a lead that belongs to `owner`."""
        return self.recipients[self.owners.get(owner, self.default_owner) if to == OWNER else to]


_ERRORS: Final = frozenset({Kind.BREACHED, Kind.REVIEW_OVERDUE, Kind.CORRECTED})
_WARNINGS: Final = frozenset({Kind.WARNED, Kind.STALLED, Kind.PASSED_AROUND, Kind.AT_RISK, Kind.REVIEW_DUE})


def news_of(outcome: Outcome) -> News:
    """What the outcome is about."""
    if outcome.delivery is not None:
        return News.QUOTA
    if not outcome.lead:
        return News.AGREEMENT if outcome.kind is Kind.AMENDED else News.REVIEW
    if outcome.duty.startswith(DEFINITION_DUTY):
        return News.DEFINITION
    return News.REJECTION if outcome.reason is Reason.REJECTED else News.FOLLOW_UP


def severity_of(kind: Kind) -> Severity:
    """How bad an outcome of that kind is."""
    if kind in _ERRORS:
        return Severity.ERROR
    return Severity.WARNING if kind in _WARNINGS else Severity.INFO


def fits(route: Route, outcome: Outcome) -> bool:
    """Whether the route is for this outcome."""
    asked = (
        (route.kinds, outcome.kind),
        (route.news, news_of(outcome)),
        (route.severities, severity_of(outcome.kind)),
        (route.duties, outcome.duty),
        (route.teams, outcome.team),
        (route.segments, outcome.segment),
        (route.owners, outcome.owner),
        (route.sources, outcome.lead_source),
    )
    return all(not wanted or said in wanted for wanted, said in asked)


def cause_of(route: Route, outcome: Outcome) -> tuple[tuple[str, str], ...]:
    """Fields and values that outcomes folded into one message have in common."""
    values = (outcome.lead_source, outcome.owner, outcome.team, outcome.duty, outcome.segment)
    said = dict(zip(FOLD_FIELDS, values, strict=True))
    return tuple((field, said[field]) for field in route.fold_by)


def sendable_at(call_at: int, recipient: Recipient | None, page: bool) -> int:
    """The first instant at or after `call_at` at which the recipient may be disturbed; a page may at any."""
    if page or recipient is None or recipient.calendar is None:
        return call_at
    try:
        return recipient.calendar.next_open(call_at)
    except CalendarExhausted:
        return call_at  # beyond the years that the calendar knows: rather at night than never
