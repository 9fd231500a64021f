"""When verdicts of a duty are announced, warned of and final, and how many of them are to be met."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from monitor.core.limit import Limit, LimitUnit
from monitor.core.policy import Objective
from monitor.wire.policy.context import Context
from monitor.wire.policy.fault import Faults, Refused, quoted
from monitor.wire.policy.targets import Limited, check_calendar
from monitor.wire.policy.tree import Mapping as MappingNode
from monitor.wire.policy.tree import Node, Scalar
from monitor.wire.policy.tree import Sequence as ListNode
from monitor.wire.policy.values import duration_us, limit_of, percent, several, text

# Every level is an outcome of its own on every clock.
WARNINGS_MAX: Final = 5
FINAL_AFTER_DEFAULT_US: Final = 600_000_000
# Few systems send events about one lead.
SOURCES_MAX: Final = 50
_LEFT: Final = re.compile(r"(.+?) +left")
_OBJECTIVE: Final = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3})?)% per (week|month|quarter)")


def warn_at(context: Context, targets: Sequence[Limited], node: Node) -> tuple[int | Limit, ...]:
    """The levels at which clocks with these targets warn. Raises Refused."""
    faults = context.faults
    levels = several(faults, warning_level)(node)
    shares = [level for level in levels if isinstance(level, int)]
    if shares != sorted(set(shares)):
        raise Refused(node, "the percentages do not ascend", f"write {', '.join(f'{n}%' for n in sorted(set(shares)))}")
    if len(levels) > WARNINGS_MAX:
        raise Refused(node, f"has {len(levels)} levels", f"write {WARNINGS_MAX} at most")
    items = node.items if isinstance(node, ListNode) else [node]
    said: set[tuple[LimitUnit, int]] = set()
    # With a level that has a fault there are more items than levels, and nobody knows whose is whose.
    for level, item in zip(levels, items, strict=True) if len(levels) == len(items) else ():
        if isinstance(level, Limit):
            if level[:2] in said:
                faults.add(item, f"{level.text} left is said already", "name every level once")
            said.add(level[:2])
            _check_left(context, level, targets, item)
    return levels


def warning_level(node: Node) -> int | Limit:
    """A percentage of the limit that is used up, or a time that is left. Raises Refused."""
    found = _LEFT.fullmatch(node.text) if isinstance(node, Scalar) else None
    return percent(node) if found is None else limit_of(node, found[1])


def _check_left(context: Context, left: Limit, targets: Sequence[Limited], item: Node) -> None:
    """Time that is left is counted back on the calendar of the clock, and less than the clock has."""
    if not check_calendar(context, targets, left, item):
        return
    for target, place in targets:
        if target.limit.unit is left.unit and left.amount >= target.limit.amount:
            message = f"never said where the limit is {target.limit.text}, in line {place.line}"
            context.faults.doubt(item, message, "write less than the limit, or a percentage")
            return


def hold(faults: Faults, targets: Sequence[Limited], node: Node) -> int:
    """How long announcements wait, microseconds. Raises Refused."""
    hold_us = duration_us(node)
    for target, place in targets:
        if target.limit.unit is not LimitUnit.WORKING_DAYS and hold_us > target.limit.amount:
            faults.doubt(node, f"is longer than the limit of {target.limit.text} in line {place.line}", "shorten it")
            break
    return hold_us


def final_after(faults: Faults, keys: MappingNode, hold_us: int) -> dict[str, int]:
    """How long verdicts may be revised, microseconds by source, of the duty with these keys."""
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


def objective(node: Node) -> Objective:
    """The share of clocks to be met. Raises Refused."""
    written = text(node, "write for example 95% per quarter")
    found = _OBJECTIVE.fullmatch(written)
    if found is None or not 0 < float(found[1]) <= 100:
        raise Refused(node, f"{quoted(written)} is no objective", "write for example 95% per quarter, month or week")
    return Objective(float(found[1]), found[2])
