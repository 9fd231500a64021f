"""Everything that explains the verdicts on a lead, computed from its state and the agreement."""

from collections.abc import Sequence
from itertools import islice
from typing import Final, NamedTuple

from monitor.core.acts import Act, acts
from monitor.core.calendar import Calendar
from monitor.core.deciding import NOT_KNOWN, chosen_target, eras_of
from monitor.core.lead import Clock, Lead
from monitor.core.outcome import Kind, Outcome
from monitor.core.policy import Policy
from monitor.core.retelling import Seen, retold
from monitor.core.shares import Share, owner_at, owners, shares
from monitor.core.spans import Span, spans
from monitor.core.verdicts import difference
from monitor.core.worktime import Pause, Stretch, newest_stretches, pauses, runs

# Stretches shown of one clock, the newest ones: five weeks of morning and afternoon; a limit is rarely longer.
STRETCHES_MAX: Final = 50

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
    lead = lead.but(known_until=max(lead.known_until, judged_until))
    seen, said = retold(lead, policy), _standing(lead, policy)
    clocks = tuple(
        _story(lead, clock, seen, [o for o in said if (o.duty, o.cycle) == (clock.duty, clock.cycle)], policy)
        for clock in lead.fold.clocks
    )
    return Explanation(lead, clocks, spans(lead, seen, policy))


def _standing(lead: Lead, policy: Policy) -> list[Outcome]:
    """What was told and stands, in order, told once more."""
    standing = {told[:4]: told for told in lead.told if told.standing}
    _, outcomes = difference(lead.but(told=()), policy, ticking=True)
    return [
        outcome._replace(revision=standing[key].revision)
        for outcome in outcomes
        if (key := (outcome.duty, outcome.cycle, outcome.kind, outcome.level)) in standing
    ]


def _story(lead: Lead, clock: Clock, seen: Sequence[Seen], said: Sequence[Outcome], policy: Policy) -> ClockStory:
    version = policy.of(clock.policy_version)
    duty = None if version is None else version.duty(clock.duty)
    calendar = policy.judging(clock).calendars.get(clock.calendar)
    target, decided = (NOT_KNOWN, ()) if duty is None else chosen_target(lead, clock, duty, seen)
    known_until = max(lead.known_until, lead.evidence.newest_at or 0, clock.started_at)
    stood_still = pauses(clock, known_until)
    eras = eras_of(clock, duty, decided, policy)
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
        target,
        _practical(calendar, clock.due_at),
        tuple(islice(newest_stretches(counted), STRETCHES_MAX))[::-1],
        sum(run.working_us for run in counted),
        stood_still,
        tuple(Warned(str(level), at, str(level) in heard) for level, at in clock.warn_ats),
        () if duty is None else acts(clock, duty, seen),
        shares(owned, counted, late),
    )


def _practical(calendar: Calendar | None, due_at: int) -> int:
    """Somebody who reads that a follow-up is due at closing asks when the office opens again."""
    if calendar is None or calendar.is_open(due_at) or not calendar.is_open(due_at - 1):
        return due_at
    return calendar.next_open(due_at)
