"""Applies one event to what is known of a lead: attributes, stage, clocks. Order is the caller's duty."""

from collections.abc import Mapping
from typing import Final

from monitor.core import event as ev
from monitor.core.calendar import due_at, share_at
from monitor.core.event import ATTRIBUTES, Scalar
from monitor.core.lead import Clock, Evidence, Fold
from monitor.core.policy import Condition, Duty, Match, Policy
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
_MET: Final = (ClockInput.MET_IN_TIME, ClockInput.MET_LATE)
_CANCELLED: Final = (ClockInput.CANCELLED_IN_TIME, ClockInput.CANCELLED_LATE)


def apply(fold: Fold, event: Evidence, policy: Policy, prior: Prior = NO_PRIOR) -> Fold:
    """The fold after `event`, which must not sort before anything already in it."""
    attributes = _attributes_after(fold.attributes, event)
    stage = stage_after(event, policy)
    entered = stage if stage is not None and stage != fold.stage else None
    # A lead may come back without a word on its stage: then the clocks that started say that it was back.
    leaves = stage in RESTING_STAGES and (
        fold.stage not in RESTING_STAGES or any(clock.round == fold.round for clock in fold.clocks)
    )
    after = Fold(
        fold.stage if entered is None else entered,
        fold.stage_at if entered is None else event.at,
        fold.round + 1 if leaves else fold.round,
        attributes,
        _clocks_after(fold.clocks, event, entered, attributes, policy),
    )
    for duty in policy.duties:
        if _condition_holds(duty.starts, event, entered, attributes) and duty.name not in event.barred:
            after = _started(after, duty, event, policy, prior)
    return after


def stage_after(event: Evidence, policy: Policy) -> str | None:
    """The stage this event puts the lead in, or None when it names none that the policy knows."""
    stage = event.data.get("stage", STAGE_OF_EVENT.get(event.type))
    return stage if isinstance(stage, str) and stage in policy.stages else None


def _attributes_after(attributes: Mapping[str, Scalar], event: Evidence) -> Mapping[str, Scalar]:
    if _ATTRIBUTE_SET.isdisjoint(event.data):
        return attributes
    return {**attributes, **{name: value for name, value in event.data.items() if name in _ATTRIBUTE_SET}}


def _clocks_after(
    clocks: tuple[Clock, ...], event: Evidence, entered: str | None, attributes: Mapping[str, Scalar], policy: Policy
) -> tuple[Clock, ...]:
    """The same tuple when no clock changes: who compares by identity need not look inside."""
    after = clocks
    for index, clock in enumerate(clocks):
        if clock.state in OPEN_STATES and clock.duty not in event.barred:
            changed = _clock_after(clock, event, entered, attributes, policy)
            if changed is not clock:
                after = (*after[:index], changed, *after[index + 1 :])
    return after


def _clock_after(
    clock: Clock, event: Evidence, entered: str | None, attributes: Mapping[str, Scalar], policy: Policy
) -> Clock:
    # Precedence when several conditions hold on one event: met before cancelled (before started, below).
    duty = policy.duty(clock.duty)
    if duty is not None and _condition_holds(duty.met_by, event, entered, attributes):
        inputs = _MET
    elif event.type == ev.LEAD_MERGED or (
        duty is not None and _condition_holds(duty.cancelled_by, event, entered, attributes)
    ):
        inputs = _CANCELLED
    else:
        return clock
    return clock_on(clock, inputs[event.at > clock.due_at], event.at, event.id)


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
    old = prior.get((duty.name, cycle))
    frozen = [clock for clock in prior.values() if clock.final and clock.duty == duty.name]
    if any(clock.started_by == event.id for clock in frozen):
        started = next(clock for clock in frozen if clock.started_by == event.id)._replace(round=fold.round)
        if started.state in LATE_STATES:  # that it was breached is final; how late it is fulfilled is measured anew
            started = started._replace(state=ClockState.BREACHED, ended_at=None, ended_by="")
    elif any(clock.verdict_at >= event.at for clock in frozen):
        return fold  # too late: a verdict behind this start is final already
    elif old is not None and old.started_by == event.id and old.policy_version != policy.version:
        # A later edit of the policy does not move a clock that runs.
        started = old._replace(state=ClockState.RUNNING, ended_at=None, ended_by="", round=fold.round)
    else:
        started = _new_clock(fold, duty, cycle, event, policy)
    return fold._replace(clocks=(*fold.clocks, started))


def _new_clock(fold: Fold, duty: Duty, cycle: int, event: Evidence, policy: Policy) -> Clock:
    fields = {**fold.attributes, **event.data}
    target = next(target for target in duty.targets if target.when is None or holds(target.when, fields))
    calendar = policy.calendars[target.calendar] if target.calendar else None
    return Clock(
        duty=duty.name,
        cycle=cycle,
        round=fold.round,
        state=ClockState.RUNNING,
        started_at=event.at,
        started_by=event.id,
        due_at=due_at(calendar, event.at, target.limit),
        policy_version=policy.version,
        team=duty.team,
        limit=target.limit.text,
        calendar=target.calendar or "",
        warn_ats=tuple((percent, share_at(calendar, event.at, target.limit, percent)) for percent in duty.warn_at),
        hold_us=duty.hold_us,
        final_after=duty.final_after,
    )


def _condition_holds(
    condition: Condition, event: Evidence, entered: str | None, attributes: Mapping[str, Scalar]
) -> bool:
    for match in condition:  # a plain loop: this runs for every clock on every event
        if event.type in match.types and _matches(match, event, entered, attributes):
            return True
    return False


def _matches(match: Match, event: Evidence, entered: str | None, attributes: Mapping[str, Scalar]) -> bool:
    data = event.data
    return (
        (match.stages is None or entered in match.stages)
        and (match.channels is None or data.get("channel") in match.channels)
        and (match.direction is None or data.get("direction") == match.direction)
        and (match.actor is None or data.get("actor") == match.actor)
        and (match.outcomes is None or data.get("outcome") in match.outcomes)
        and (match.when is None or holds(match.when, {**attributes, **data}))
    )
