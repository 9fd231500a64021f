"""Who is called because of an outcome, when at the earliest, and what ends that.

Nothing here knows what was said before. Whoever keeps that asks `calls_for` what an outcome begins, `ends_ladder`
whether what still waits is dropped, and `corrections` who has to hear of the end of what they were told.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from monitor.core.calendar import CalendarExhausted, due_at
from monitor.core.outcome import Kind, Outcome, Reason
from monitor.core.routing import Asks, News, Route, Routing, Rung, cause_of, fits, news_of


class Reach(NamedTuple):
    """The channels there are."""

    channels: tuple[str, ...]
    incidents: frozenset[str] = frozenset()
    """Those of them whose far end keeps an incident open until it is told that it is over."""


class Call(NamedTuple):
    """One thing to be said to one recipient."""

    said: str
    """The kind of the outcome, with its level if it has one, as a withdrawal names it: `breached`, `warned:80`."""
    recipient: str
    """"" where the agreement names none, and every channel is told."""
    channel: str
    at: int
    """Not before then, microseconds since the epoch; the recipient's hours are not taken into account yet."""
    rung: int = 0
    """0: at once; 1, 2, …: steps of the ladder that come later, in the order of their time."""
    after: str = ""
    """How long after the breach that is, as the agreement writes it."""
    asks: Asks = Asks.NOTHING
    page: bool = False
    route: str = ""
    fold: tuple[tuple[str, str], ...] = ()
    """Fields and values of the cause. Calls of one route, recipient, channel, rung and cause may be one message …"""
    fold_us: int = 0
    """… within so long after the first of them; 0: never."""


class Silence(StrEnum):
    """Why nobody is called."""

    KIND = "kind_needs_no_one"
    ENDS = "ends_what_was_said"
    """At the most it is told where the same clock was spoken of; see `corrections`."""
    MUTED = "muted_by_route"
    NO_ROUTE = "no_route_fits"
    NO_STEP = "no_step_of_ladder"
    NO_CHANNEL = "no_channel"


class End(StrEnum):
    """What ends a ladder."""

    MET = "met"
    FULFILLED_LATE = "fulfilled_late"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"
    ERASED = "lead_erased"
    MERGED = "lead_merged"


_TOLD: Final = frozenset({
    Kind.WARNED, Kind.BREACHED, Kind.STALLED, Kind.PASSED_AROUND, Kind.AT_RISK, Kind.CORRECTED, Kind.REVIEW_DUE,
    Kind.REVIEW_OVERDUE,
})  # fmt: skip
# Good or bad, that something was met is told only where a route asks for the news of it.
_ASKED: Final = frozenset({News.REJECTION, News.QUOTA})
_ENDS: Final[Mapping[Kind, End]] = {
    Kind.MET: End.MET,
    Kind.FULFILLED_LATE: End.FULFILLED_LATE,
    Kind.CANCELLED: End.CANCELLED,
    Kind.WITHDRAWN: End.WITHDRAWN,
}
_CAUSES: Final[Mapping[Reason, End]] = {Reason.ERASED: End.ERASED, Reason.MERGED: End.MERGED}


def calls_for(outcome: Outcome, routing: Routing | None, reach: Reach) -> tuple[Call, ...] | Silence:
    """Everybody to be called because of the outcome, steps of its ladder that come later included; or why nobody is.

    Without routing every channel is told of everything, those that keep incidents of what comes to an end by itself.
    """
    asked = outcome.kind is Kind.MET and news_of(outcome) in _ASKED
    about_agreement = outcome.kind is Kind.AMENDED and not outcome.lead
    if not (asked or about_agreement or outcome.kind in _TOLD):
        return Silence.ENDS if outcome.kind in _ENDS else Silence.KIND
    if routing is None:
        return Silence.ENDS if asked else _to_all(outcome, reach)
    route = next((each for each in routing.routes if fits(each, outcome) and (each.news or not asked)), None)
    if route is None:
        return Silence.ENDS if asked else Silence.NO_ROUTE
    if route.mute:
        return Silence.MUTED
    rungs = [*_rungs(outcome, route)]
    called = tuple(call for n, rung in rungs for call in _of_rung(outcome, n, rung, route, routing, reach))
    return called or (Silence.NO_CHANNEL if rungs else Silence.NO_STEP)


def ends_ladder(outcome: Outcome) -> End | None:
    """Why nothing that waits of this clock is to be said any more; None: it goes on.

    A breached clock that lapses (its lead leaves the funnel) says nothing: that is seen in the lead's state alone.
    """
    if outcome.kind is Kind.WITHDRAWN and outcome.level != Kind.BREACHED.value:
        return None
    return _CAUSES.get(outcome.reason) or _ENDS.get(outcome.kind)


def corrections(outcome: Outcome, told: Iterable[Call], reach: Reach) -> tuple[Call, ...]:
    """Who is to hear of an end, of those who were `told` something of the same clock: once on each channel.

    Where it was said that the duty is breached, it is said that it was fulfilled after all, and of anything but a
    warning that it is withdrawn. An incident is closed by whatever ends its clock.
    """
    if outcome.kind not in _ENDS:
        return ()
    by_channel: dict[str, list[Call]] = {}
    for call in told:
        if call.channel in reach.channels:
            by_channel.setdefault(call.channel, []).append(call)
    said = _said(outcome)
    return tuple(
        Call(said, calls[-1].recipient, channel, outcome.at, page=incident or calls[-1].page, route=calls[-1].route)
        for channel, calls in by_channel.items()
        if _concerns(outcome, {call.said for call in calls}, incident := channel in reach.incidents)
    )


def _concerns(outcome: Outcome, told: set[str], incident: bool) -> bool:
    breached = Kind.BREACHED.value in told
    if outcome.kind is Kind.WITHDRAWN:
        # A warning that is taken back closes no incident of a breach.
        closes = incident and not breached
        return closes or (outcome.level in told and outcome.level in (Kind.BREACHED.value, Kind.MET.value))
    return incident or (outcome.kind is Kind.FULFILLED_LATE and breached)


def _said(outcome: Outcome) -> str:
    return f"{outcome.kind}:{outcome.level}" if outcome.level else outcome.kind.value


def _to_all(outcome: Outcome, reach: Reach) -> tuple[Call, ...] | Silence:
    ends = bool(outcome.lead) or outcome.delivery is not None
    said = _said(outcome)
    called = [name for name in reach.channels if ends or name not in reach.incidents]
    return tuple(Call(said, "", name, outcome.at) for name in called) or Silence.NO_CHANNEL


def _rungs(outcome: Outcome, route: Route) -> Iterator[tuple[int, Rung]]:
    """The steps that the outcome calls for, each with its number."""
    level = outcome.level if outcome.kind is Kind.WARNED else ""
    later = 0
    for rung in route.ladder:
        if rung.level is not None and rung.level != level:
            continue
        if rung.after is None:
            yield 0, rung
        elif outcome.kind is Kind.BREACHED:
            later += 1
            yield later, rung


def _of_rung(outcome: Outcome, number: int, rung: Rung, route: Route, routing: Routing, reach: Reach) -> Iterator[Call]:
    """One call for each channel: two recipients with the same one do not read it twice."""
    named = [routing.named(to, outcome.owner) for to in rung.to]
    for channel, recipient in reversed({to.channel: to for to in reversed(named)}.items()):
        if channel in reach.channels:
            yield Call(
                said=_said(outcome),
                recipient=recipient.name,
                channel=channel,
                at=_at(outcome, rung),
                rung=number,
                after=rung.after.text if rung.after else "",
                asks=rung.asks,
                page=route.page,
                route=route.name,
                fold=cause_of(route, outcome),
                fold_us=route.fold_us,
            )


def _at(outcome: Outcome, rung: Rung) -> int:
    if rung.after is None:
        return outcome.at
    try:
        return due_at(rung.calendar, outcome.at, rung.after)
    except CalendarExhausted:
        return outcome.at  # beyond the years that the calendar knows: rather too early than never
