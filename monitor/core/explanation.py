"""Everything that explains the verdicts on a lead, computed from its state and the agreement."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

from monitor.core.acts import Act, acts
from monitor.core.calendar import Calendar
from monitor.core.event import LEAD_UPDATED
from monitor.core.evidence import Evidence
from monitor.core.lead import Clock, Lead, by_time
from monitor.core.matching import Happening
from monitor.core.outcome import Kind, Outcome
from monitor.core.policy import Duty, Inheritance, Policy
from monitor.core.retelling import Seen, retold
from monitor.core.shares import Share, owner_at, owners, shares
from monitor.core.spans import Span, spans
from monitor.core.targets import calendar_of, target_of
from monitor.core.verdicts import difference
from monitor.core.worktime import Eras, Pause, Stretch, newest_stretches, pauses, runs

# Stretches shown of one clock, the newest ones: five weeks of morning and afternoon; a limit is rarely longer.
STRETCHES_MAX: Final = 50

NOT_KNOWN: Final = "not known any more"
EVERY_LEAD, EVERY_OTHER_LEAD = "every lead", "every other lead"

VERDICTS: Final = frozenset({Kind.MET, Kind.BREACHED, Kind.FULFILLED_LATE, Kind.CANCELLED})


class Warned(NamedTuple):
    """A warning of a clock."""

    level: str
    at: int
    said: bool
    """False: it is still to come, or never comes."""


class ClockStory(NamedTuple):
    """What explains one clock."""

    clock: Clock
    said: Outcome | None
    """The newest that stands of its verdict, or of what led to it; None while nothing was said."""
    target: str
    """The condition of the target that applies, as the policy writes it, or EVERY_LEAD, EVERY_OTHER_LEAD, NOT_KNOWN."""
    practical_at: int
    """The due instant, or the next opening where that is a closing instant."""
    stretches: tuple[Stretch, ...]
    """The time that counted, until the deadline at most; the newest STRETCHES_MAX."""
    used_us: int
    """All of the time that counted, as the limit counts it."""
    pauses: tuple[Pause, ...]
    warnings: tuple[Warned, ...]
    acts: tuple[Act, ...]
    shares: tuple[Share, ...]


class Explanation(NamedTuple):
    """What explains the verdicts on a lead."""

    lead: Lead
    clocks: tuple[ClockStory, ...]
    spans: tuple[Span, ...]


def explained(lead: Lead, policy: Policy, judged_until: int = 0) -> Explanation:
    """The lead's clocks, each with what it was judged by, and where its time went.

    `judged_until`: nothing up to then was left to say, whether or not a tick had to reach this lead.
    """
    lead = lead._replace(known_until=max(lead.known_until, judged_until))
    seen, said = retold(lead, policy), _standing(lead, policy)
    clocks = tuple(
        _story(lead, clock, seen, [o for o in said if (o.duty, o.cycle) == (clock.duty, clock.cycle)], policy)
        for clock in lead.fold.clocks
    )
    return Explanation(lead, clocks, spans(lead, seen, policy))


def _standing(lead: Lead, policy: Policy) -> list[Outcome]:
    """What was told and stands, in order, told once more."""
    standing = {told[:4]: told for told in lead.told if told.standing}
    _, outcomes = difference(lead._replace(told=()), policy, ticking=True)
    return [
        outcome._replace(revision=standing[key].revision)
        for outcome in outcomes
        if (key := (outcome.duty, outcome.cycle, outcome.kind, outcome.level)) in standing
    ]


def _story(lead: Lead, clock: Clock, seen: Sequence[Seen], said: Sequence[Outcome], policy: Policy) -> ClockStory:
    version = policy.of(clock.policy_version)
    duty = None if version is None else version.duty(clock.duty)
    calendar = policy.judging(clock).calendars.get(clock.calendar)
    decided = () if duty is None or version is None else tuple(_decisions(lead, clock, duty, seen))
    known_until = max(lead.known_until, lead.evidence.newest_at or 0, clock.started_at)
    stood_still = pauses(clock, known_until)
    eras = _eras(clock, duty, decided, calendar, policy)
    over_at = known_until if clock.ended_at is None else clock.ended_at
    until = over_at if stood_still and stood_still[-1].to_at is None else min(over_at, clock.verdict_at)
    counted = runs(clock, stood_still, eras, clock.started_at, until)
    late = runs(clock, stood_still, eras, until, over_at)
    heard = {outcome.level for outcome in said if outcome.kind is Kind.WARNED}
    verdicts = [outcome for outcome in said if outcome.kind in VERDICTS]
    steps = sorted((o for o in said if o.kind is not Kind.FINALISED), key=lambda outcome: outcome.at)
    newest = next(reversed(verdicts or steps), None)
    owned = owners(lead, clock, seen)
    return ClockStory(
        clock,
        None if newest is None else newest._replace(owner=owner_at(owned, newest.at)),
        NOT_KNOWN if duty is None else _target(clock, duty, decided),
        _practical(calendar, clock.due_at),
        tuple(islice(newest_stretches(counted), STRETCHES_MAX))[::-1],
        sum(run.working_us for run in counted),
        stood_still,
        tuple(Warned(str(level), at, str(level) in heard) for level, at in clock.warn_ats),
        () if duty is None else acts(clock, duty, seen),
        shares(owned, counted, late),
    )


def _decisions(lead: Lead, clock: Clock, duty: Duty, seen: Sequence[Seen]) -> Iterator[tuple[int, Happening | None]]:
    """What decided on target and calendar, by instant: the start, then each change of owner that decides anew.

    None: it is not kept any more.
    """
    by_event = {(each.now.event.at, each.now.event.id): each.now for each in seen}
    start = by_event.get((clock.started_at, clock.started_by))
    if start is None and by_time(clock.started_by):
        start = _at_start(lead, clock, seen)
    yield clock.started_at, start
    if duty.on_reassign.inheritance is not Inheritance.INHERIT:
        for move in clock.moves:
            if move.kind is Kind.REASSIGNED:
                yield move.at, by_event.get((move.at, move.by))


def _at_start(lead: Lead, clock: Clock, seen: Sequence[Seen]) -> Happening | None:
    """What was known when the passing of time started the clock."""
    at = clock.started_at
    known = [each.now.attributes for each in seen if each.now.event.at <= at]
    if lead.base is not None and lead.base_key is not None and lead.base_key[0] <= at:
        known.insert(0, lead.base.attributes)
    return Happening(Evidence(at, "", LEAD_UPDATED, "", {}), None, known[-1]) if known else None


def _target(clock: Clock, duty: Duty, decided: Sequence[tuple[int, Happening | None]]) -> str:
    """Whatever is derived must agree with what the clock keeps; else the agreement was changed under its version."""
    if len(duty.targets) == 1:
        return EVERY_LEAD if duty.targets[0].limit.text == clock.limit else NOT_KNOWN
    _, now = decided[-1] if duty.on_reassign.inheritance is Inheritance.FRESH else decided[0]
    target = None if now is None else target_of(duty, now)
    if target is None or target.limit.text != clock.limit:
        return NOT_KNOWN
    return EVERY_OTHER_LEAD if target.when is None else target.when.text


def _eras(
    clock: Clock,
    duty: Duty | None,
    decided: Sequence[tuple[int, Happening | None]],
    calendar: Calendar | None,
    policy: Policy,
) -> Eras:
    """The calendar in force from each decision on; that of the clock is the newest, and stands in for the unknown."""
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


def _practical(calendar: Calendar | None, due_at: int) -> int:
    """Somebody who reads that a follow-up is due at closing asks when the office opens again."""
    if calendar is None or calendar.is_open(due_at) or not calendar.is_open(due_at - 1):
        return due_at
    return calendar.next_open(due_at)
