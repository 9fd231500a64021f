"""Which target a clock was given and which calendars counted for it, derived once more from the lead's history."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from monitor.core.calendar import Calendar
from monitor.core.event import ATTRIBUTES, LEAD_UPDATED, Scalar
from monitor.core.evidence import Evidence
from monitor.core.lead import Clock, Lead, by_time
from monitor.core.matching import Happening
from monitor.core.outcome import Kind
from monitor.core.policy import Duty, Inheritance, Policy
from monitor.core.retelling import Seen
from monitor.core.targets import calendar_of, target_of
from monitor.core.worktime import Eras

NOT_KNOWN: Final = "not known any more"
EVERY_LEAD, EVERY_OTHER_LEAD = "every lead", "every other lead"


Decisions = Sequence[tuple[int, Happening | None]]
"""What decided on target and calendar, from when on: the start, or the newer agreement that took the clock over; then
each change of owner that decides anew.

None: it is not kept any more.
"""


def chosen_target(lead: Lead, clock: Clock, duty: Duty, seen: Sequence[Seen]) -> tuple[str, Decisions]:
    """Derived once more; it must agree with what the clock keeps, else the agreement was changed under its version.

    What arrived too late for one clock of the duty may still have counted for the next, so that both are tried.
    """
    decided: Decisions = ()
    for known in ([each.now for each in seen], list(_in_good_time(lead, clock, seen))):
        decided = list(_decisions(lead, clock, duty, known))
        now = decided[-1 if duty.on_reassign.inheritance is Inheritance.FRESH else 0][1]
        target = duty.targets[0] if len(duty.targets) == 1 else None if now is None else target_of(duty, now)
        if target is not None and target.limit.text == clock.limit:
            others = EVERY_LEAD if len(duty.targets) == 1 else EVERY_OTHER_LEAD
            return others if target.when is None else target.when.text, decided
    return NOT_KNOWN, decided


def _decisions(
    lead: Lead, clock: Clock, duty: Duty, known: Sequence[Happening]
) -> Iterator[tuple[int, Happening | None]]:
    by_event = {(now.event.at, now.event.id): now for now in known}
    moves = clock.moves
    amended = [n for n, move in enumerate(moves) if move.kind is Kind.AMENDED]
    if amended:  # then its time was counted once more from its beginning; events of that instant come after it
        start = _known_by(lead, moves[amended[-1]].at - 1, known)
        moves = moves[amended[-1] :]
    else:
        start = by_event.get((clock.started_at, clock.started_by))
        if start is None and by_time(clock.started_by):
            start = _known_by(lead, clock.started_at, known)
    yield clock.started_at, start
    if duty.on_reassign.inheritance is not Inheritance.INHERIT:
        for move in moves:
            if move.kind is Kind.REASSIGNED:
                yield move.at, by_event.get((move.at, move.by))


def _in_good_time(lead: Lead, clock: Clock, seen: Sequence[Seen]) -> Iterator[Happening]:
    """The same events, what arrived too late for this duty left out of what was known."""
    known: Mapping[str, Scalar] = {} if lead.base is None else lead.base.attributes
    for now, *_ in seen:
        if clock.duty not in now.event.barred:
            known = {**known, **{name: value for name, value in now.event.data.items() if name in ATTRIBUTES}}
        yield Happening(now.event, now.entered, known)


def _known_by(lead: Lead, at: int, known: Sequence[Happening]) -> Happening | None:
    """What was known when the passing of time started the clock, or brought another agreement."""
    attributes = [now.attributes for now in known if now.event.at <= at]
    if lead.base is not None and lead.base_key is not None and lead.base_key[0] <= at:
        attributes.insert(0, lead.base.attributes)
    return Happening(Evidence(at, "", LEAD_UPDATED, "", {}), None, attributes[-1]) if attributes else None


def eras_of(
    clock: Clock,
    duty: Duty | None,
    decided: Decisions,
    policy: Policy,
) -> Eras:
    """The calendar in force from each decision on; that of the clock is the newest, and stands in for the unknown."""
    calendar = policy.judging(clock).calendars.get(clock.calendar)
    eras: list[tuple[int, Calendar | None]] = [(clock.started_at, calendar)]
    stays_elapsed = calendar is None and duty is not None and duty.on_reassign.inheritance is not Inheritance.FRESH
    if duty is None or stays_elapsed or len(decided) < 2:
        return eras
    calendars = policy.judging(clock).calendars
    for n, (at, now) in enumerate(decided[:-1]):
        theirs = calendar
        if now is not None:
            name = calendar_of(target_of(duty, now), now)
            theirs = None if name is None else calendars.get(name)
        eras[n:] = [(at, theirs)]
    return [*eras, (decided[-1][0], calendar)]
