"""Applies one event to what is known of a lead: attributes, stage, clocks. Order is the caller's duty."""

from collections.abc import Mapping, Sequence
from typing import Final

from monitor.core import event as ev
from monitor.core.calendar import due_at, share_at
from monitor.core.event import ATTRIBUTES, Scalar
from monitor.core.lead import Clock, Evidence, Fold
from monitor.core.policy import Condition, Duty, End, Match, Policy, Target
from monitor.core.predicate import holds
from monitor.core.tables import (
    CLOCK_TRANSITIONS,
    FINAL_INPUTS,
    LATE_STATES,
    OPEN_STATES,
    RESTING_STAGES,
    STAGE_OF_EVENT,
    ClockInput,
    ClockState,
)

Prior = Mapping[tuple[str, int], Clock]
"""Clocks by (duty, cycle) as they stood before a fold is made again."""

NO_PRIOR: Final[Prior] = {}
_ATTRIBUTE_SET: Final = frozenset(ATTRIBUTES)
_Inputs = tuple[ClockInput, ClockInput]
"""In time, late."""
_MET: Final[_Inputs] = (ClockInput.MET_IN_TIME, ClockInput.MET_LATE)
_CANCELLED: Final[_Inputs] = (ClockInput.CANCELLED_IN_TIME, ClockInput.CANCELLED_LATE)


def apply(fold: Fold, event: Evidence, policy: Policy, prior: Prior = NO_PRIOR) -> Fold:
    """The fold after `event`, which must not sort before anything already in it.

    Its clocks are the same object when none of them changes: who compares by identity need not look inside.
    """
    attributes = _attributes_after(fold.attributes, event.data)
    stage = stage_after(event, policy)
    entered = stage if stage != fold.stage else None
    # A lead may come back without a word on its stage: then the clocks that started say that it was back.
    leaves = stage in RESTING_STAGES and (
        fold.stage not in RESTING_STAGES or any(clock.round == fold.round for clock in fold.clocks)
    )
    rules = policy.rules[event.type]
    clocks = fold.clocks
    ended = _ended(rules.ends, event, entered, attributes)
    if ended or event.type == ev.LEAD_MERGED:
        clocks = _clocks_after(clocks, event, ended)
    after = Fold(
        fold.stage if entered is None else entered,
        fold.stage_at if entered is None else event.at,
        fold.round + 1 if leaves else fold.round,
        attributes,
        clocks,
    )
    barred = event.barred if event.via is None else (*event.barred, *event.via.judged)
    for duty, when in rules.starts:
        if duty.name not in barred and _holds_any(when, event, entered, attributes):
            after = _started(after, duty, event, policy, prior)
    return after


def stage_after(event: Evidence, policy: Policy) -> str | None:
    """The stage this event puts the lead in, or None when it names none that the policy knows."""
    stage = event.data.get("stage", STAGE_OF_EVENT.get(event.type))
    return stage if isinstance(stage, str) and stage in policy.stages else None


def _attributes_after(attributes: Mapping[str, Scalar], data: Mapping[str, Scalar]) -> Mapping[str, Scalar]:
    changed = {name: value for name, value in data.items() if name in _ATTRIBUTE_SET}
    return {**attributes, **changed} if changed else attributes


def _ended(
    ends: tuple[End, ...], event: Evidence, entered: str | None, attributes: Mapping[str, Scalar]
) -> Mapping[str, _Inputs]:
    """How the event ends the clocks of each duty that it ends. No clock need be looked at for that."""
    ended: dict[str, _Inputs] = {}
    for duty, met_by, cancelled_by in ends:
        # Precedence when both hold on one event: met before cancelled (before started, in `apply`).
        if _holds_any(met_by, event, entered, attributes):
            ended[duty] = _MET
        elif _holds_any(cancelled_by, event, entered, attributes):
            ended[duty] = _CANCELLED
    return ended


def _clocks_after(clocks: Sequence[Clock], event: Evidence, ended: Mapping[str, _Inputs]) -> Sequence[Clock]:
    otherwise = _CANCELLED if event.type == ev.LEAD_MERGED else None
    after: list[Clock] = []
    changed = False
    for clock in clocks:
        inputs = ended.get(clock.duty, otherwise)
        if inputs is not None and clock.state in OPEN_STATES and clock.duty not in event.barred:
            moved = clock_on(clock, inputs[event.at > clock.due_at], event.at, event.id)
            changed = changed or moved is not clock
            clock = moved
        after.append(clock)
    return tuple(after) if changed else clocks


def clock_on(clock: Clock, given: ClockInput, at: int, by: str) -> Clock:
    """The clock after one input of the table; unchanged where the table has no such move."""
    if clock.final and given not in FINAL_INPUTS:
        return clock
    state = CLOCK_TRANSITIONS.get((clock.state, given))
    if state is None:
        return clock
    if state is ClockState.BREACHED:
        return clock._replace(state=state)
    return clock._replace(state=state, ended_at=at, ended_by=by)


def _started(fold: Fold, duty: Duty, event: Evidence, policy: Policy, prior: Prior) -> Fold:
    cycle = 1
    for clock in fold.clocks:
        if clock.duty == duty.name:
            if clock.round == fold.round:
                return fold
            cycle = max(cycle, clock.cycle + 1)
    if prior:
        started = _started_again(fold, duty, cycle, event, policy, prior)
        if started is None:
            return fold
    else:
        started = _new_clock(fold, duty, cycle, event, policy)
    return Fold(fold.stage, fold.stage_at, fold.round, fold.attributes, (*fold.clocks, started))


def _started_again(fold: Fold, duty: Duty, cycle: int, event: Evidence, policy: Policy, prior: Prior) -> Clock | None:
    """The clock, as far as it was settled before; None: a verdict behind this start is final already."""
    old = prior.get((duty.name, cycle))
    frozen = [clock for clock in prior.values() if clock.final and clock.duty == duty.name]
    if any(clock.started_by == event.id for clock in frozen):
        started = next(clock for clock in frozen if clock.started_by == event.id)._replace(round=fold.round)
        if started.state in LATE_STATES:  # that it was breached is final; how late it is fulfilled is measured anew
            started = started._replace(state=ClockState.BREACHED, ended_at=None, ended_by="")
        return started
    if any(clock.verdict_at >= event.at for clock in frozen):
        return None
    if old is not None and old.started_by == event.id and old.policy_version != policy.version:
        # A later edit of the policy does not move a clock that runs.
        return old._replace(state=ClockState.RUNNING, ended_at=None, ended_by="", round=fold.round)
    return _new_clock(fold, duty, cycle, event, policy)


def _new_clock(fold: Fold, duty: Duty, cycle: int, event: Evidence, policy: Policy) -> Clock:
    target = _target(duty, fold.attributes, event.data)
    limit, at = target.limit, event.at
    calendar = policy.calendars[target.calendar] if target.calendar else None
    return Clock(
        duty.name,
        cycle,
        fold.round,
        ClockState.RUNNING,
        at,
        event.id,
        due_at(calendar, at, limit),
        policy.version,
        duty.team,
        limit.text,
        target.calendar or "",
        tuple([(percent, share_at(calendar, at, limit, percent)) for percent in duty.warn_at]) if duty.warn_at else (),
        duty.hold_us,
        duty.final_after,
    )


def _target(duty: Duty, attributes: Mapping[str, Scalar], data: Mapping[str, Scalar]) -> Target:
    """The first that holds; the last one of every duty always does."""
    *conditional, otherwise = duty.targets
    if conditional:
        fields = {**attributes, **data}
        for target in conditional:
            if target.when is None or holds(target.when, fields):
                return target
    return otherwise


def _holds_any(condition: Condition, event: Evidence, entered: str | None, attributes: Mapping[str, Scalar]) -> bool:
    for match in condition:  # a plain loop: this runs for every duty that an event may concern
        if _matches(match, event.data, entered, attributes):
            return True
    return False


def _matches(match: Match, data: Mapping[str, Scalar], entered: str | None, attributes: Mapping[str, Scalar]) -> bool:
    return (
        (match.stages is None or entered in match.stages)
        and (match.channels is None or data.get("channel") in match.channels)
        and (match.direction is None or data.get("direction") == match.direction)
        and (match.actor is None or data.get("actor") == match.actor)
        and (match.outcomes is None or data.get("outcome") in match.outcomes)
        and (match.when is None or holds(match.when, {**attributes, **data}))
    )
