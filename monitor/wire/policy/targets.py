"""The time a duty allows: one limit, or limits by kind of lead, each counted on a calendar where it is working time."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final, NamedTuple

from monitor.core.calendar import Calendar, CalendarExhausted, due_at
from monitor.core.event import ATTRIBUTES
from monitor.core.limit import Limit, LimitUnit
from monitor.core.policy import CalendarChoice, Target
from monitor.core.predicate import Predicate
from monitor.wire.policy.context import Context
from monitor.wire.policy.coverage import covered
from monitor.wire.policy.fault import Faults, Refused
from monitor.wire.policy.predicates import predicate
from monitor.wire.policy.tree import Mapping, Node
from monitor.wire.policy.tree import Sequence as ListNode
from monitor.wire.policy.values import LIMIT_DAYS_MAX, limit, mapping, one_of, text

TARGETS_MAX: Final = 100
# The people of a sales floor, if the calendar is that of the owner.
CHOICES_MAX: Final = 500
_DAY_US: Final = 86_400_000_000
_NO_TEXTS: Final = ("score", "employees", "value", "has_email")
_TEXTS: Final = tuple(field for field in ATTRIBUTES if field not in _NO_TEXTS)
_CHOICE: Final = {"by": "owner", "otherwise": "NAME, the calendar of all other leads"}
_UNREAD: Final = Limit(LimitUnit.ELAPSED, 1, "")
"""Stands for a limit that has a fault."""


class Limited(NamedTuple):
    """A target, and where its limit stands."""

    target: Target
    place: Node


class _Chosen(NamedTuple):
    """A calendar, or one for each of some leads; no name when what is written has a fault."""

    name: str | None
    choice: CalendarChoice | None = None


def targets(context: Context, keys: Mapping) -> tuple[Limited, ...]:
    """The targets of the duty with these keys; none when they have a fault."""
    attempts = keys.get("attempts")
    stated = {
        "targets": keys.get("targets"),
        "within": keys.get("within"),
        "attempts.within": attempts.get("within") if isinstance(attempts, Mapping) else None,
        "every": keys.get("every"),
    }
    given = {key: node for key, node in stated.items() if node is not None}
    if len(given) != 1:
        named, state = (list(given)[:2], "both given") if given else (["targets", "within"], "both missing")
        fix = "write within for one limit, targets for several" if "every" not in given else "keep one of the two"
        context.faults.add(next(iter(given.values()), keys), f"{' and '.join(named)} are {state}", fix)
    read = [_stated(context, key, node, keys.get("calendar")) for key, node in given.items()]
    return read[0] if len(read) == 1 else ()


def _stated(context: Context, key: str, node: Node, own: Node | None) -> tuple[Limited, ...]:
    """The targets that one key states, on the duty's `own` calendar where they name none."""
    only = _Chosen(next(iter(context.calendar_names))) if len(context.calendar_names) == 1 else None
    if key != "targets":
        return (_target(context, only, own, node, None),)
    default = only if own is None else context.faults.read(partial(_chosen, context), own, _Chosen(None))
    items = node.items if isinstance(node, ListNode) else []
    if not 1 <= len(items) <= TARGETS_MAX:
        fix = f"write a list of 1 to {TARGETS_MAX} targets, the last without when"
        context.faults.add(node, f"is {node.kind} with {len(items)} targets", fix)
        return ()
    _check_order(context.faults, node, items)
    read_target = partial(_listed, context, default)
    found = tuple(each for item in items if (each := context.faults.read(read_target, item, None)) is not None)
    if len(found) == len(items):
        _doubt_reach(context.faults, found, items)
    return found


def _check_order(faults: Faults, targets: Node, items: Iterable[Node]) -> None:
    """The first target that fits applies, so exactly the last one has no `when`."""
    last: Node | None = None
    for item in items:
        catches_all = isinstance(item, Mapping) and "when" not in item.entries
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


def _doubt_reach(faults: Faults, read: Sequence[Limited], items: Sequence[Node]) -> None:
    """Tell the targets that no lead reaches."""
    conditions = [(limited.target.when, item) for limited, item in zip(read, items, strict=True)]
    for number, (when, item) in enumerate(conditions):
        before = [(earlier, place) for earlier, place in conditions[:number] if earlier is not None]
        if when is None or not before or covered(when, ()):
            continue
        taker = next((place for earlier, place in before if covered(when, [earlier])), None)
        if taker is not None:
            message = f"never applies: the target in line {taker.line} takes every lead that it would"
            faults.doubt(item, message, "move it before that one, or remove it")
        elif covered(when, [earlier for earlier, _ in before]):
            faults.doubt(item, "never applies: those before it take every lead that it would", "remove it")


def _listed(context: Context, default: _Chosen | None, node: Node) -> Limited | None:
    keys = mapping(context.faults, node, {"within": "4 working_hours"}, ("when", "calendar"))
    when = context.faults.read(partial(predicate, context), keys.get("when"), None)
    within = keys.get("within")
    if within is None:
        return None
    return _target(context, default, keys.get("calendar"), within, when)


def _target(
    context: Context, default: _Chosen | None, own: Node | None, place: Node, when: Predicate | None
) -> Limited:
    """The target with the limit in that place, on its `own` calendar or else the `default` one."""
    faults = context.faults
    allowed = faults.read(limit, place, _UNREAD)
    chosen = default if own is None else faults.read(partial(_chosen, context), own, _Chosen(None))
    if allowed is _UNREAD:
        return Limited(Target(allowed, None, when), place)
    if allowed.unit is LimitUnit.ELAPSED:
        if own is not None:
            faults.add(own, f"{allowed.text} takes no calendar", "remove it, or write a limit of working time")
        return Limited(Target(allowed, None, when), place)
    if chosen is None:
        names = " or ".join(context.calendar_names) or "NAME, and that name under calendars"
        faults.add(place, f"{allowed.text} need a calendar", f"add calendar: {names}")
        return Limited(Target(allowed, None, when), place)
    target = Target(allowed, chosen.name, when, chosen.choice)
    context.calendars_used.update(calendar_names(target))
    check_length(context, target, allowed, place)
    return Limited(target, place)


def check_calendar(context: Context, limited: Iterable[Limited], counted: Limit, place: Node) -> bool:
    """Whether the limit in that place can be counted on the calendar of each target; told if not."""
    if counted.unit is LimitUnit.ELAPSED:
        return True
    for target, where in limited:
        if target.limit.unit is LimitUnit.ELAPSED:
            message = f"{counted.text} need a calendar, and {target.limit.text} in line {where.line} has none"
            context.faults.add(place, message, "write elapsed time here too")
            return False
    return all(check_length(context, target, counted, place) for target, _ in limited)


def check_length(context: Context, target: Target, counted: Limit, place: Node) -> bool:
    """Whether the target's calendars use up the limit in that place within the years allowed; told if not."""
    for calendar in calendars_of(context, target) if counted.unit is not LimitUnit.ELAPSED else ():
        if not _used_up(context, calendar, counted):
            message = f"{counted.text} are more than {LIMIT_DAYS_MAX} days on {calendar.name}"
            context.faults.add(place, message, "shorten the limit")
            return False
    return True


def calendar_names(target: Target) -> list[str]:
    """The calendars that the target may be counted on."""
    names = [] if target.calendar is None else [target.calendar]
    return list(dict.fromkeys([*names, *(target.chosen.calendars.values() if target.chosen else ())]))


def calendars_of(context: Context, target: Target) -> list[Calendar]:
    """The same without those that have faults of their own."""
    return [context.calendars[name] for name in calendar_names(target) if name in context.calendars]


def _used_up(context: Context, calendar: Calendar, allowed: Limit) -> bool:
    try:
        return due_at(calendar, context.effective_at, allowed) <= context.effective_at + LIMIT_DAYS_MAX * _DAY_US
    except CalendarExhausted:
        return False


def _chosen(context: Context, node: Node) -> _Chosen:
    """A calendar by its name, or `{by: owner, ana: munich, otherwise: denver}`. Raises Refused."""
    one = one_of(context.calendar_names, "calendar")
    if not isinstance(node, Mapping):
        return _Chosen(one(node))
    faults = context.faults
    for key, example in _CHOICE.items():
        if key not in node.entries:
            faults.add(node, f"{key} is missing", f"add {key}: {example}")
    field = faults.read(one_of(_TEXTS, "attribute of text"), node.get("by"), "")
    values = {key: entry for key, entry in node.entries.items() if key not in _CHOICE}
    if not 1 <= len(values) <= CHOICES_MAX:
        raise Refused(node, f"chooses for {len(values)} values", f"name 1 to {CHOICES_MAX}, such as ana: munich")
    for key in values:
        faults.read(text, node.keys[key], "")
    calendars = {key: faults.read(one, entry, "") for key, entry in values.items()}
    return _Chosen(faults.read(one, node.get("otherwise"), None), CalendarChoice(field, calendars))
