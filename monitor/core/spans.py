"""Where a lead's time went before the first touch, and which team answers for it."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from monitor.core import event as ev
from monitor.core.calendar import Calendar
from monitor.core.lead import Lead
from monitor.core.policy import Policy
from monitor.core.retelling import Seen

_QUALIFIED_STAGE = "mql"


class Step(StrEnum):
    """What a lead waits for, in this order, until it is touched."""

    QUALIFY = "qualify"
    """From the capture, which is its first event, until it first enters stage mql, or one that hands off."""
    HAND_OFF = "hand_off"
    ASSIGN = "assign"
    TOUCH = "touch"
    """Until the first outbound act by a person."""


class Span(NamedTuple):
    """What a lead waited for in one round, from the step before. The spans of a round do not overlap."""

    round: int
    step: Step
    team: str
    """That answers for it; may be empty."""
    from_at: int
    to_at: int | None
    """None: it still waits."""
    elapsed_us: int
    """Until the newest tick, while it still waits."""
    working_us: int | None
    """None: no calendar says which time that is."""


def spans(lead: Lead, seen: Sequence[Seen], policy: Policy) -> tuple[Span, ...]:
    """Those of every round whose beginning is still kept."""
    known_from = 0 if lead.base is None else lead.base.round + 1
    rounds = sorted({each.round for each in seen if each.round >= known_from})
    return tuple(
        span
        for number in rounds
        for span in _spans(lead, [each for each in seen if each.round == number], number, policy)
    )


def _spans(lead: Lead, seen: Sequence[Seen], number: int, policy: Policy) -> list[Span]:
    """A step that was left out counts with the next one; one that was done before its turn takes no time."""
    reached = _reached(seen, policy)
    calendar = _calendar(lead, number, policy)
    since_at, team, found = seen[0].now.event.at, _team_before(seen[0], policy), list[Span]()
    for step in Step:
        if step in reached:
            to_at = max(reached[step].now.event.at, since_at)
            found.append(_span(number, step, team, (since_at, to_at), to_at, calendar))
            since_at = to_at
            team = _team_after(step, reached, team, lead, policy)
    missing = [step for n, step in enumerate(Step) if not any(later in reached for later in list(Step)[n:])]
    if missing and lead.fold.round == number and lead.merged is None:
        until = max(lead.known_until, seen[-1].now.event.at, since_at)
        found.append(_span(number, missing[0], team, (since_at, until), None, calendar))
    return found


def _span(
    number: int, step: Step, team: str, between: tuple[int, int], to_at: int | None, calendar: Calendar | None
) -> Span:
    from_at, until = between
    working_us = None if calendar is None else calendar.elapsed(from_at, until)
    return Span(number, step, team, from_at, to_at, until - from_at, working_us)


def _reached(seen: Sequence[Seen], policy: Policy) -> dict[Step, Seen]:
    """The first event with which each step was done."""
    reached: dict[Step, Seen] = {}
    for each in seen:
        for step in _steps(each, policy):
            reached.setdefault(step, each)
    return reached


def _steps(each: Seen, policy: Policy) -> list[Step]:
    event, entered = each.now.event, each.now.entered
    steps: list[Step] = []
    if entered is not None and (entered == _QUALIFIED_STAGE or policy.stages[entered].handoff_to):
        steps.append(Step.QUALIFY)
    if event.type == ev.LEAD_HANDED_OFF:
        steps.append(Step.HAND_OFF)
    if event.type == ev.LEAD_ASSIGNED:
        steps.append(Step.ASSIGN)
    if event.type == ev.ACTIVITY_LOGGED and event.data.get("direction") == "outbound":
        steps += [Step.TOUCH] if event.data.get("actor") == "person" else []
    return steps


def _team_before(first: Seen, policy: Policy) -> str:
    """Who answers for a lead that was just captured: the team of its stage, else of the first stage of all."""
    stage = policy.stages.get(first.stage) or next(iter(policy.stages.values()), None)
    return "" if stage is None else stage.team


def _team_after(step: Step, reached: Mapping[Step, Seen], team: str, lead: Lead, policy: Policy) -> str:
    """Who answers for what comes next. Once handed off, or assigned without, it is the team that was to get it."""
    done = reached[step]
    stage = policy.stages.get(done.stage)
    own = team if stage is None else stage.team
    if step is Step.QUALIFY:
        return own
    if step is Step.HAND_OFF or (step is Step.ASSIGN and Step.HAND_OFF not in reached):
        event = done.now.event
        given = None if stage is None else stage.handoff_to
        owing = [clock.team for clock in lead.fold.clocks if clock.started_by == event.id]
        return given or next(iter(owing), "") or str(event.data.get("team", "")) or own
    return team


def _calendar(lead: Lead, number: int, policy: Policy) -> Calendar | None:
    """That of the round's first clock with one, else the only one of the agreement."""
    for clock in lead.fold.clocks:
        if clock.round == number and (calendar := policy.judging(clock).calendars.get(clock.calendar)):
            return calendar
    only = list(policy.calendars.values())
    return only[0] if len(only) == 1 else None
