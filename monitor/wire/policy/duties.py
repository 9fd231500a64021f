"""The `follow_up` part of a policy file: duties with what starts, meets and cancels them, and their targets."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from monitor.core import event as ev
from monitor.core.calendar import Calendar, CalendarExhausted, due_at
from monitor.core.lead import CLOCKS_MAX
from monitor.core.limit import Limit, LimitUnit
from monitor.core.policy import Condition, Duty, Match, Target
from monitor.core.predicate import Predicate, PredicateError, parse
from monitor.wire.policy.fault import Faults, Refused
from monitor.wire.policy.tree import Mapping as MappingNode
from monitor.wire.policy.tree import Node, Scalar, Sequence
from monitor.wire.policy.values import (
    LIMIT_DAYS_MAX,
    duration_us,
    limit,
    mapping,
    name,
    one_of,
    percent,
    several,
    text,
)

# A lead keeps CLOCKS_MAX clocks: two rounds of every duty.
DUTIES_MAX: Final = CLOCKS_MAX // 2
# Every level is an outcome of its own on every clock.
WARNINGS_MAX: Final = 5
FINAL_AFTER_DEFAULT_US: Final = 600_000_000
# Few systems send events about one lead.
SOURCES_MAX: Final = 50
TARGETS_MAX: Final = 100
_DAY_US: Final = 86_400_000_000
_DUTY_REQUIRED: Final = {"duty": "first-touch", "starts": "lead.assigned", "met_by": "{activity: [call, email]}"}
_DUTY_OPTIONAL: Final = (
    "team", "cancelled_by", "targets", "within", "calendar", "warn_at", "hold", "final_after",
)  # fmt: skip
_MATCH_KEYS: Final = ("event", "stage", "activity", "direction", "by", "outcome", "when")


@dataclass(frozen=True, slots=True)
class Context:
    """What duties may refer to."""

    faults: Faults
    stages: Collection[str]
    calendar_names: Collection[str]
    calendars: Mapping[str, Calendar]
    """Without those that have faults of their own."""
    effective_at: int


def duties(context: Context, node: Node) -> tuple[Duty, ...]:
    """The duties, in the order of the file. Raises Refused."""
    if not isinstance(node, Sequence):
        raise Refused(node, f"is {node.kind}, not a list", "begin every duty with a dash: - duty: first-touch")
    if not 1 <= len(node.items) <= DUTIES_MAX:
        raise Refused(node, f"has {len(node.items)} duties", f"write 1 to {DUTIES_MAX} of them")
    read: list[Duty] = []
    lines: dict[str, int] = {}
    for item in node.items:
        duty = context.faults.read(partial(_duty, context), item, None)
        if duty is not None:
            place = item.get("duty") if isinstance(item, MappingNode) else None
            if duty.name in lines and place is not None:
                message = f"a second duty {duty.name}, the first is in line {lines[duty.name]}"
                context.faults.add(place, message, "give every duty a name of its own")
            elif place is not None:
                lines[duty.name] = place.line
            read.append(duty)
    return tuple(read)


def _duty(context: Context, node: Node) -> Duty | None:
    faults = context.faults
    keys = mapping(faults, node, _DUTY_REQUIRED, _DUTY_OPTIONAL)
    hold_us = faults.read(duration_us, keys.get("hold"), 0)
    read_condition = partial(_condition, context)
    return Duty(
        name=faults.read(name, keys.get("duty"), ""),
        team=faults.read(name, keys.get("team"), "sales"),
        starts=faults.read(read_condition, keys.get("starts"), ()),
        met_by=faults.read(read_condition, keys.get("met_by"), ()),
        cancelled_by=faults.read(read_condition, keys.get("cancelled_by"), ()),
        targets=_targets(context, keys),
        warn_at=faults.read(partial(_warn_at, faults), keys.get("warn_at"), ()),
        hold_us=hold_us,
        final_after=_final_after(faults, keys, hold_us),
    )


def _condition(context: Context, node: Node) -> Condition:
    return several(context.faults, partial(_match, context))(node)


def _match(context: Context, node: Node) -> Match:
    event_type = one_of(ev.EVENT_TYPES, "event type")
    if isinstance(node, Scalar):
        return Match(frozenset({event_type(node)}))
    faults = context.faults
    keys = mapping(faults, node, {}, _MATCH_KEYS)
    events, stage, activity = keys.get("event"), keys.get("stage"), keys.get("activity")
    if events is None and stage is None and activity is None:
        raise Refused(node, "does not say which events it is about", "add event, stage or activity")
    if activity is not None and (events is not None or stage is not None):
        raise Refused(
            activity, "stands beside event or stage", "leave it alone: activity means activity.logged already"
        )
    types = frozenset(faults.read(several(faults, event_type), events, ev.EVENT_TYPES))
    return Match(
        types=frozenset({ev.ACTIVITY_LOGGED}) if activity is not None else types,
        stages=_words(faults, stage, one_of(context.stages, "stage")),
        channels=_words(faults, activity, one_of(ev.CHANNELS, "channel")),
        direction=faults.read(one_of(("inbound", "outbound"), "direction"), keys.get("direction"), None),
        actor=faults.read(one_of(("person", "automation"), "actor"), keys.get("by"), None),
        outcomes=_words(faults, keys.get("outcome"), text),
        when=faults.read(_predicate, keys.get("when"), None),
    )


def _words(faults: Faults, node: Node | None, reader: Callable[[Node], str]) -> frozenset[str] | None:
    return None if node is None else frozenset(faults.read(several(faults, reader), node, ()))


def _predicate(node: Node) -> Predicate:
    try:
        return parse(text(node, "write for example score > 50"))
    except PredicateError as error:
        raise Refused(node, f"{error.message} at character {error.position + 1}", error.fix) from error


def _targets(context: Context, keys: MappingNode) -> tuple[Target, ...]:
    within, node = keys.get("within"), keys.get("targets")
    if (within is None) is (node is None):
        place, state = (keys, "both missing") if node is None else (node, "both given")
        context.faults.add(place, f"targets and within are {state}", "write within for one limit, targets for several")
        return ()
    if node is None:
        return (_target(context, None, keys),)
    items = node.items if isinstance(node, Sequence) else []
    if not 1 <= len(items) <= TARGETS_MAX:
        fix = f"write a list of 1 to {TARGETS_MAX} targets, the last without when"
        context.faults.add(node, f"is {node.kind} with {len(items)} targets", fix)
        return ()
    _check_order(context.faults, node, items)
    read = [context.faults.read(partial(_listed_target, context, keys.get("calendar")), item, None) for item in items]
    return tuple(target for target in read if target is not None)


def _check_order(faults: Faults, targets: Node, items: Iterable[Node]) -> None:
    """The first target that fits applies, so exactly the last one has no `when`."""
    last: Node | None = None
    for item in items:
        catches_all = isinstance(item, MappingNode) and "when" not in item.entries
        if last is not None and catches_all:
            faults.add(item, f"a second target without when, the first is in line {last.line}", "keep one of the two")
        elif last is not None:
            fix = "move it before that one"
            faults.add(item, f"never applies: the target in line {last.line} has no when and takes every lead", fix)
        elif catches_all:
            last = item
    if last is None:
        fix = "end the list with a target that has no when"
        faults.add(targets, "a lead that fits no when would have no limit", fix)


def _listed_target(context: Context, fallback: Node | None, node: Node) -> Target:
    keys = mapping(context.faults, node, {"within": "4 working_hours"}, ("when", "calendar"))
    return _target(context, fallback, keys)


def _target(context: Context, fallback: Node | None, keys: MappingNode) -> Target:
    """The target in these keys; `fallback` is the calendar that the duty names for all of them."""
    faults, own = context.faults, keys.get("calendar")
    when = faults.read(_predicate, keys.get("when"), None)
    allowed = faults.read(limit, keys.get("within"), None)
    calendar = faults.read(one_of(context.calendar_names, "calendar"), own or fallback, None)
    if allowed is None:
        return Target(Limit(LimitUnit.ELAPSED, 1, ""), None)
    if allowed.unit is LimitUnit.ELAPSED:
        if own is not None:
            faults.add(own, f"{allowed.text} takes no calendar", "remove it, or write a limit of working time")
        return Target(allowed, None, when)
    within = keys.entries["within"]
    if own is None and fallback is None:
        names = ", ".join(context.calendar_names) or "NAME, and that name under calendars"
        faults.add(within, f"{allowed.text} need a calendar", f"add calendar: {names}")
    elif (
        calendar is not None
        and calendar in context.calendars
        and not _used_up(context, context.calendars[calendar], allowed)
    ):
        faults.add(within, f"{allowed.text} are more than {LIMIT_DAYS_MAX} days on {calendar}", "shorten the limit")
    return Target(allowed, calendar, when)


def _used_up(context: Context, calendar: Calendar, allowed: Limit) -> bool:
    try:
        return due_at(calendar, context.effective_at, allowed) <= context.effective_at + LIMIT_DAYS_MAX * _DAY_US
    except CalendarExhausted:
        return False


def _warn_at(faults: Faults, node: Node) -> tuple[int, ...]:
    levels = several(faults, percent)(node)
    if list(levels) != sorted(set(levels)):
        raise Refused(node, "the percentages do not ascend", f"write {', '.join(f'{n}%' for n in sorted(set(levels)))}")
    if len(levels) > WARNINGS_MAX:
        raise Refused(node, f"has {len(levels)} levels", f"write {WARNINGS_MAX} at most")
    return levels


def _final_after(faults: Faults, keys: MappingNode, hold_us: int) -> dict[str, int]:
    node, hold = keys.get("final_after"), keys.get("hold")
    entries: Mapping[str, Node] = {} if node is None else {"default": node}
    if isinstance(node, MappingNode):
        entries = node.entries
    if len(entries) > SOURCES_MAX:
        faults.add(keys, f"final_after names {len(entries)} sources", f"name {SOURCES_MAX} at most")
    final_after = {"default": FINAL_AFTER_DEFAULT_US}
    for source, entry in entries.items():
        final_after[source] = faults.read(duration_us, entry, hold_us)
        if final_after[source] < hold_us:
            faults.add(
                entry,
                "is shorter than hold, so verdicts would be final before they are told",
                "write at least as long a time as hold",
            )
    if "default" not in entries and final_after["default"] < hold_us and hold is not None:
        faults.add(hold, "is longer than final_after, 10 minutes by default", "write a longer final_after too")
    return final_after
