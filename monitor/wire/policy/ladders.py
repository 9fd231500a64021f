"""The ladders of a policy file: who is told at which warning, at the breach, and so long after it."""

from collections.abc import Iterator
from functools import partial
from typing import Final, NamedTuple

from monitor.core.calendar import CalendarExhausted, due_at
from monitor.core.limit import Limit, LimitUnit
from monitor.core.policy import Policy
from monitor.core.routing import Asks, Rung
from monitor.wire.policy.announcing import warning_level
from monitor.wire.policy.context import Context
from monitor.wire.policy.fault import Refused, quoted
from monitor.wire.policy.recipients import Addressees
from monitor.wire.policy.tree import Mapping as MappingNode
from monitor.wire.policy.tree import Node, Scalar, Sequence
from monitor.wire.policy.values import LIMIT_DAYS_MAX, limit, mapping, name, one_of

LADDERS_MAX: Final = 50
STEPS_MAX: Final = 10
BREACH: Final = "breach"
_DAY_US: Final = 86_400_000_000
# A fortnight of instants six hours apart: whoever comes first at all of them comes first.
_INSTANTS: Final = 56
_FIX: Final = "write steps such as {at: breach, to: floor} and {after: 2 working_hours, to: managers}"


class _Step(NamedTuple):
    rung: Rung
    place: Node


def ladders(context: Context, policy: Policy, addressees: Addressees, node: Node) -> dict[str, tuple[Rung, ...]]:
    """The ladders by name. Raises Refused."""
    if not isinstance(node, MappingNode):
        raise Refused(
            node, f"is {node.kind}, not a mapping", "write ladders by name, {standard: [{at: breach, to: floor}]}"
        )
    if not 1 <= len(node.entries) <= LADDERS_MAX:
        raise Refused(node, f"has {len(node.entries)} ladders", f"write 1 to {LADDERS_MAX} of them")
    for key in node.keys.values():
        context.faults.read(name, key, "")
    read = partial(_ladder, context, policy, addressees)
    return {key: context.faults.read(read, entry, ()) for key, entry in node.entries.items()}


def _ladder(context: Context, policy: Policy, addressees: Addressees, node: Node) -> tuple[Rung, ...]:
    faults = context.faults
    if not isinstance(node, Sequence) or not 1 <= len(node.items) <= STEPS_MAX:
        raise Refused(node, f"is no list of 1 to {STEPS_MAX} steps", _FIX)
    read = [faults.read(partial(_step, context, addressees), item, None) for item in node.items]
    steps = [step for step in read if step is not None]
    if len(steps) < len(node.items):
        return ()
    _check_order(context, steps)
    announced = {_level(level) for duty in policy.duties for level in duty.warn_at}
    for rung, place in steps:
        if rung.level and rung.level not in announced:
            known = ", ".join(sorted(map(_written, announced))) or "none: add warn_at to a duty"
            faults.doubt(
                place, f"no duty warns at {_written(rung.level)}", f"write one of the levels of warn_at, {known}"
            )
    if all(rung.level for rung, _ in steps):
        faults.doubt(node, "tells nobody of a breach", "add {at: breach, to: …}")
    return tuple(rung for rung, _ in steps)


def _step(context: Context, addressees: Addressees, node: Node) -> _Step | None:
    faults = context.faults
    keys = mapping(faults, node, {"to": "floor"}, ("at", "after", "calendar", "ask"))
    at, after = keys.get("at"), keys.get("after")
    if (at is None) == (after is None):
        both = "at and after are both given" if at is not None else "at and after are both missing"
        raise Refused(node, both, "write at: breach, at: 80%, or after: 2 working_hours, one of them")
    to = faults.read(addressees.read, keys.get("to"), ())
    asks = Asks(faults.read(one_of((Asks.REASSIGN,), "thing to ask for"), keys.get("ask"), Asks.NOTHING))
    calendar = keys.get("calendar")
    if after is None:
        if calendar is not None:
            faults.add(calendar, "a step without after takes no calendar", "remove it")
        return _Step(Rung(to, faults.read(_at, at, ""), asks=asks), at or node)
    rung = _later(context, Rung(to, asks=asks), after, calendar)
    return None if rung is None else _Step(rung, after)


def _at(node: Node) -> str:
    if isinstance(node, Scalar) and node.text == BREACH:
        return ""
    try:
        return _level(warning_level(node))
    except Refused as refused:
        shown = quoted(node.text) if isinstance(node, Scalar) else node.kind
        message = f"{shown} is neither {BREACH} nor a level of a warning"
        raise Refused(node, message, f"write {BREACH}, or as in warn_at 80% or 30 minutes elapsed left") from refused


def _later(context: Context, rung: Rung, place: Node, calendar: Node | None) -> Rung | None:
    """The rung at that time; None: its calendar has faults of its own."""
    names = context.calendar_names
    after = limit(place)
    if after.unit is LimitUnit.ELAPSED:
        if calendar is not None:
            context.faults.add(calendar, f"{after.text} takes no calendar", "remove it, or write working time")
        return rung._replace(after=after)
    only = next(iter(names)) if len(names) == 1 else None
    chosen = context.faults.read(one_of(names, "calendar"), calendar, only if calendar is None else "")
    if chosen is None:
        fix = f"add calendar: {' or '.join(names) or 'NAME, and that name under calendars'}"
        raise Refused(place, f"{after.text} need a calendar", fix)
    context.calendars_used.add(chosen)
    known = context.calendars.get(chosen)
    if known is None:
        return None
    try:
        long = due_at(known, context.effective_at, after) > context.effective_at + LIMIT_DAYS_MAX * _DAY_US
    except CalendarExhausted:
        long = True
    if long:
        raise Refused(place, f"{after.text} are more than {LIMIT_DAYS_MAX} days on {known.name}", "shorten it")
    return rung._replace(after=after, calendar=known)


def _check_order(context: Context, steps: list[_Step]) -> None:
    """Warnings, then the breach, then what comes later, each later than the one before it."""
    ranks = [(0 if rung.level else 1 if rung.after is None else 2) for rung, _ in steps]
    levels = [rung.level or "" for rung, _ in steps]
    for n, (step, before) in enumerate(zip(steps[1:], steps, strict=False), 1):
        if ranks[n] < ranks[n - 1]:
            fix = "write warnings first, then the breach, then what comes after it"
            context.faults.add(step.place, "comes before the step above it", fix)
        elif (ranks[n] == 1 == ranks[n - 1]) or (levels[n] and levels[n] in levels[:n]):
            context.faults.add(step.place, "is said by a step above it", "name all recipients in one of the two")
        elif levels[n].isdigit() and any(level.isdigit() and int(level) > int(levels[n]) for level in levels[:n]):
            context.faults.add(step.place, "comes before the step above it", "write percentages in ascending order")
        elif ranks[n] == 2 == ranks[n - 1]:
            later = [*_is_later(context, before.rung, step.rung)]
            if not any(later):
                fix = "write the steps in the order of their time, none twice"
                context.faults.add(step.place, "comes no later than the step above it", fix)
            elif not all(later):
                context.faults.doubt(step.place, "sometimes comes before the step above it", "count both the same way")


def _is_later(context: Context, first: Rung, second: Rung) -> Iterator[bool]:
    for n in range(_INSTANTS):
        at = context.effective_at + n * _DAY_US // 4
        if first.after is not None and second.after is not None:
            yield due_at(first.calendar, at, first.after) < due_at(second.calendar, at, second.after)


def _level(level: int | Limit) -> str:
    """As outcomes have it."""
    return f"{level.text} left" if isinstance(level, Limit) else str(level)


def _written(level: str) -> str:
    return f"{level}%" if level.isdigit() else level
