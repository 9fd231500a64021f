"""Applies what happened to what is known of a lead: attributes, stage, clocks. Order is the caller's duty."""

from collections.abc import Mapping, Sequence
from typing import Final

from monitor.core import event as ev
from monitor.core.attempts import counted
from monitor.core.claiming import claimed
from monitor.core.ending import CANCELLED, MET, Ending, ended, in_time
from monitor.core.event import ATTRIBUTES, Event, Scalar
from monitor.core.lead import Clock, Evidence, Fold
from monitor.core.matching import Happening, holds_any
from monitor.core.moves import moved
from monitor.core.outcome import Kind
from monitor.core.policy import Policy, Rhythm, Turn
from monitor.core.starting import NO_PRIOR, Prior, started
from monitor.core.tables import LIVE_STATES, OPEN_STATES, RESTING_STAGES, STAGE_OF_EVENT, ClockState

_ATTRIBUTE_SET: Final = frozenset(ATTRIBUTES)
_Turned = tuple[Ending | None, bool, Kind | None]
"""How the event ends a clock; whether it is an attempt; what else it does to its time."""
_NO_TURNS: Final[Mapping[str, _Turned]] = {}
_TOUCHED: Final = frozenset({ClockState.MET, ClockState.FULFILLED_LATE})


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
    now = Happening(event, entered, attributes)
    clocks = _clocks_after(fold, now, policy)
    after = Fold(
        fold.stage if entered is None else entered,
        fold.stage_at if entered is None else event.at,
        fold.round + 1 if leaves else fold.round,
        attributes,
        clocks,
        fold.claims,
    )
    if policy.timed and (prior.clocks or clocks is not fold.clocks):
        after = _followed(after, now, policy, prior)
    starting = policy.in_force(event.at) if policy.earlier else policy
    barred = event.barred if event.via is None else (*event.barred, *event.via.judged)
    for duty, when in starting.rules[event.type].starts:
        if duty.name not in barred and holds_any(when, now):
            after = started(after, duty, now, starting, prior)
    for name in event.via.opened if event.via is not None else ():
        opened = starting.duty(name)
        if opened is not None and name not in barred:
            after = started(after, opened, now, starting, prior)
    if policy.counts:
        after = after.but(claims=claimed(fold, after, now, policy))
    return after


def stage_after(event: Event | Evidence, policy: Policy) -> str | None:
    """The stage this event puts the lead in, or None when it names none that the policy knows."""
    stage = event.data.get("stage", STAGE_OF_EVENT.get(event.type))
    return stage if isinstance(stage, str) and stage in policy.stages else None


def _attributes_after(attributes: Mapping[str, Scalar], data: Mapping[str, Scalar]) -> Mapping[str, Scalar]:
    after: dict[str, Scalar] | None = None
    for name, value in data.items():
        if name in _ATTRIBUTE_SET:
            if after is None:
                after = {**attributes}
            after[name] = value
    return attributes if after is None else after


def _clocks_after(fold: Fold, now: Happening, policy: Policy) -> Sequence[Clock]:
    """The same object when the event changes no clock. In most cases no clock need be looked at to see that."""
    event, owner_was, watching = now.event, "", False
    if now.attributes is not fold.attributes:
        was, owner = fold.attributes.get("owner"), now.attributes.get("owner")
        owner_was = str(was) if was and owner and was != owner else ""
        watching = policy.watches
    merged = event.type == ev.LEAD_MERGED
    may_turn = policy.rules[event.type].turns
    turns = _turns(may_turn, now) if may_turn else _NO_TURNS
    if not (turns or merged or owner_was or watching or policy.earlier):
        return fold.clocks
    by_version = {policy.version: turns}
    after: list[Clock] = []
    changed = False
    for clock in fold.clocks:
        if clock.state in OPEN_STATES and clock.duty not in event.barred:
            judged_by = policy
            if policy.earlier:
                judged_by = policy.judging(clock)
                if judged_by.version not in by_version:
                    by_version[judged_by.version] = _turns(judged_by.rules[event.type].turns, now)
                turns = by_version[judged_by.version]
            turn = turns.get(clock.duty)
            if turn is not None or merged or owner_was or watching:
                turned = _turned(clock, turn, now, owner_was, judged_by)
                changed = changed or turned is not clock
                clock = turned
        if merged and clock.then_at is not None and clock.then_at >= event.at:
            clock, changed = clock._replace(then_at=None), True  # what passing time brings is the other lead's
        after.append(clock)
    return tuple(after) if changed else fold.clocks


def _turns(turns: tuple[Turn, ...], now: Happening) -> Mapping[str, _Turned]:
    """What the event does to the clocks of each duty. Where several conditions hold, the first of these wins:
    met, cancelled, reset, paused, resumed (and started, in `apply`).
    """
    done: dict[str, _Turned] = {}
    for duty, met_by, counts, cancelled_by, reset_by, paused_by, resumed_by in turns:
        if met_by and holds_any(met_by, now):
            done[duty] = (MET, False, None)
            continue
        attempt = bool(counts) and holds_any(counts, now)
        if cancelled_by and holds_any(cancelled_by, now):
            done[duty] = (CANCELLED, attempt, None)
        elif reset_by and holds_any(reset_by, now):
            done[duty] = (None, attempt, Kind.RESET)
        elif paused_by and holds_any(paused_by, now):
            done[duty] = (None, attempt, Kind.PAUSED)
        elif resumed_by and holds_any(resumed_by, now):
            done[duty] = (None, attempt, Kind.RESUMED)
        elif attempt:
            done[duty] = (None, True, None)
    return done


def _turned(clock: Clock, turn: _Turned | None, now: Happening, owner_was: str, policy: Policy) -> Clock:
    event = now.event
    ends, attempt, move = turn or (None, False, None)
    if ends is not None and not attempt:
        return ended(clock, ends, event.at, event.id, policy)
    duty = policy.duty(clock.duty)
    if attempt and duty is not None and duty.attempts is not None:
        made = counted(clock, duty.attempts, event)
        if made is not clock and (clock.final or not in_time(clock, event.at)):
            made = made._replace(reach_at=clock.reach_at)  # the deadline that it missed
        if made is not clock and made.needed == 0:
            over = ended(clock, MET, event.at, event.id, policy)
            return clock if over is clock else over._replace(attempts=made.attempts, needed=0)
        clock = made
    if ends is None and event.type == ev.LEAD_MERGED:
        ends = CANCELLED
    if ends is not None:
        return ended(clock, ends, event.at, event.id, policy)
    if duty is None or duty.definition is not None or clock.final or clock.state not in LIVE_STATES:
        return clock
    return moved(clock, move, duty, now, owner_was, policy)


def _followed(fold: Fold, now: Happening, policy: Policy, prior: Prior) -> Fold:
    """In a sequential rhythm the touch that ends a clock starts the next one."""
    for clock in fold.clocks:
        if clock.ended_by == now.event.id and clock.state in _TOUCHED and clock.round == fold.round:
            starting = policy.in_force(now.event.at)
            duty = starting.duty(clock.duty)
            if duty is not None and duty.rhythm is Rhythm.SEQUENTIAL:
                fold = started(fold, duty, now, starting, prior)
    return fold
