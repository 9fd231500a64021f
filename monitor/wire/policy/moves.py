"""What moves the time of a clock that runs: pauses, and a lead that gets another owner."""

import re
from functools import partial
from typing import Final

from monitor.core.limit import Limit
from monitor.core.policy import Inheritance, Pausing, Reassignment
from monitor.wire.policy.conditions import condition
from monitor.wire.policy.context import Context
from monitor.wire.policy.fault import Faults, Refused, quoted
from monitor.wire.policy.predicates import while_known
from monitor.wire.policy.tree import Mapping, Node
from monitor.wire.policy.values import count, limit, limit_of, text

# A lead that changes hands more often is not passed around but lost.
REASSIGNED_MAX: Final = 20
_REASSIGN: Final = re.compile(r"(inherit|fresh|remaining)(?: *, *at +least +(.+))?")
_REASSIGN_FIX: Final = "write inherit, fresh, remaining, or remaining, at least 30 working_minutes"


def pausing(context: Context, keys: Mapping) -> Pausing | None:
    """When clocks of the duty with these keys stand still; None: never."""
    faults = context.faults
    begins, ends, during, longest = (
        keys.get(key) for key in ("paused_by", "resumed_by", "paused_while", "pause_at_most")
    )
    if begins is not None and ends is None and during is None:
        faults.add(begins, "nothing ends the pause", "add resumed_by: and what does")
    if ends is not None and begins is None and during is None:
        faults.add(ends, "nothing begins the pause", "add paused_by: and what does")
    pause = begins or during
    if pause is None:
        if longest is not None and ends is None:
            faults.add(longest, "no pause is agreed", "add paused_by and resumed_by, or paused_while; or remove it")
        return None
    if longest is None:
        faults.doubt(pause, "a pause may last for ever", "add pause_at_most: 5 working_days")
    return Pausing(
        begins=faults.read(partial(condition, context), begins, ()),
        ends=faults.read(partial(condition, context), ends, ()),
        during=faults.read(partial(while_known, context), during, None),
        longest=faults.read(limit, longest, None),
    )


def reassignment(faults: Faults, keys: Mapping) -> Reassignment:
    """What another owner does to clocks of the duty with these keys."""
    inheritance, at_least = faults.read(_inheritance, keys.get("on_reassign"), (Inheritance.INHERIT, None))
    return Reassignment(
        inheritance=inheritance,
        at_least=at_least,
        at_most=faults.read(count(0, REASSIGNED_MAX), keys.get("reassigned_at_most"), None),
    )


def _inheritance(node: Node) -> tuple[Inheritance, Limit | None]:
    written = text(node, _REASSIGN_FIX)
    found = _REASSIGN.fullmatch(written)
    if found is None:
        raise Refused(node, f"{quoted(written)} does not say what time a new owner has", _REASSIGN_FIX)
    inheritance, at_least = Inheritance(found[1]), found[2]
    if at_least is None:
        return inheritance, None
    if inheritance is not Inheritance.REMAINING:
        fix = "write remaining in front of it, or leave it out"
        raise Refused(node, f"{inheritance} takes no least time", fix)
    return inheritance, limit_of(node, at_least)
