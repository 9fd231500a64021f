"""What a history says that KPIs are counted from: entries into stages, attempts, deals, spend and revenue."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from monitor.core import event as ev
from monitor.core.event import Event
from monitor.core.evidence import Evidence, order_key
from monitor.core.fold import stage_after
from monitor.core.money import Money
from monitor.core.policy import Policy


class Entry(NamedTuple):
    """A lead enters a stage, out of another."""

    lead: str
    stage: str
    at: int


class Attempt(NamedTuple):
    """A person's act towards a lead."""

    lead: str
    at: int
    connected: bool


class Booking(NamedTuple):
    """A deal won, money spent (`of` is the team) or revenue (`of` is the lead)."""

    of: str
    at: int
    money: Money


class Journal(NamedTuple):
    """Each list in the order of the instants."""

    first_at: Mapping[str, int]
    """By lead: its first event."""
    entries: tuple[Entry, ...]
    attempts: tuple[Attempt, ...]
    won: tuple[Booking, ...]
    spent: tuple[Booking, ...]
    earned: tuple[Booking, ...]


def journal_of(events: Iterable[Event], policy: Policy) -> Journal:
    """The journal of these events, in any order and with any repetition; a merged lead goes by the name it has since.

    An erased lead is in it as far as its events are.
    """
    known = {(event.lead, event.source, event.id): event for event in events}.values()
    ordered = sorted((event for event in known if event.type not in ev.LEDGER), key=order_key)
    names = _names(ordered)
    first_at: dict[str, int] = {}
    stages: dict[str, str] = {}
    entries: list[Entry] = []
    attempts: list[Attempt] = []
    for event in ordered:
        lead = names.get(event.lead, event.lead)
        first_at.setdefault(lead, event.at)
        if stage := entered(event, stages.get(lead, ""), policy):
            stages[lead] = stage
            entries.append(Entry(lead, stage, event.at))
        if attempted(event):
            attempts.append(Attempt(lead, event.at, connected(event)))
    kinds = (ev.DEAL_WON, ev.SPEND_RECORDED, ev.REVENUE_RECORDED)
    booked = [event for event in known if event.type in kinds]
    booked.sort(key=lambda event: (event.at, event.id, event.source))
    won, spent, earned = (tuple([_booking(event, names) for event in booked if event.type == kind]) for kind in kinds)
    return Journal(first_at, tuple(entries), tuple(attempts), won, spent, earned)


def entered(event: Event | Evidence, stage: str, policy: Policy) -> str:
    """The stage that the event takes a lead into that was in `stage`; empty: it stays there."""
    after = stage_after(event, policy.in_force(event.at))
    return "" if after is None or after == stage else after


def attempted(event: Event | Evidence) -> bool:
    """Whether it is a follow-up attempt: a person's act towards the lead."""
    data = event.data
    return event.type == ev.ACTIVITY_LOGGED and data.get("direction") == "outbound" and data.get("actor") == "person"


def connected(event: Event | Evidence) -> bool:
    """Of an attempt: whether the lead was reached."""
    return event.data.get("outcome") == "connected"


def money_of(event: Event | Evidence) -> Money:
    """What was won, spent or earned."""
    return Money(Decimal(str(event.data.get("amount", 0))), str(event.data.get("currency", "")))


def _booking(event: Event, names: Mapping[str, str]) -> Booking:
    of = str(event.data.get("team", "")) if event.type == ev.SPEND_RECORDED else names.get(event.lead, event.lead)
    return Booking(of, event.at, money_of(event))


def _names(events: Iterable[Event]) -> dict[str, str]:
    """By the name of each merged lead that of the one that goes on; in a circle, one of it. `events` are in order."""
    into: dict[str, str] = {}
    for event in events:
        other = str(event.data.get("into", ""))
        if event.type == ev.LEAD_MERGED and other not in ("", event.lead):
            into.setdefault(event.lead, other)  # the first of several counts
    names: dict[str, str] = {}
    for lead in into:
        name, passed = lead, {lead}
        while (after := into.get(name)) and after not in passed:
            passed.add(after)
            name = after
        names[lead] = name if name not in into else min(passed)
    return names
