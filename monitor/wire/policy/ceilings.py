"""What a ceiling relaxes: more time in the duties of follow-up for leads that came in above it."""

from functools import partial

from monitor.core.ceiling import RELIEF
from monitor.core.ceiling import relaxed as as_relaxed
from monitor.core.limit import Limit, LimitUnit
from monitor.core.policy import Duty, Target
from monitor.core.predicate import parse
from monitor.wire.policy.context import Context
from monitor.wire.policy.fault import Refused
from monitor.wire.policy.targets import check_length
from monitor.wire.policy.tree import Mapping, Node, Scalar, Sequence
from monitor.wire.policy.values import limit, one_of


def relaxed(context: Context, duties: tuple[Duty, ...], node: Node) -> tuple[Duty, ...]:
    """The duties with a target of their own for leads above each ceiling of the quotas in that place."""
    by_name = {duty.name: duty for duty in duties}
    for item in node.items if isinstance(node, Sequence) else ():
        called, relaxes = (item.get(key) if isinstance(item, Mapping) else None for key in ("duty", "relaxes"))
        if relaxes is not None and isinstance(called, Scalar):
            by_name |= context.faults.read(partial(_relaxed, context, by_name, called.text), relaxes, {})
    return tuple(by_name.values())


def _relaxed(context: Context, duties: dict[str, Duty], ceiling: str, node: Node) -> dict[str, Duty]:
    if not isinstance(node, Mapping) or not node.entries:
        raise Refused(
            node, "names no duty", "write duties with the limit they have then, {first-touch: 8 working_hours}"
        )
    asked = [name for name, duty in duties.items() if duty.definition is None]
    after: dict[str, Duty] = {}
    for key, entry in node.entries.items():
        name = context.faults.read(one_of(asked, "duty"), node.keys[key], "")
        allowed = context.faults.read(limit, entry, None)
        if name and allowed is not None:
            duty = duties[name]
            target = _target(context, duty.targets[-1:], ceiling, allowed, entry)
            after[name] = duty._replace(targets=(target, *duty.targets))
    return after


def _target(context: Context, last: tuple[Target, ...], ceiling: str, allowed: Limit, place: Node) -> Target:
    """On the calendar of those that fit no other target; the limit says on every verdict why it is another one."""
    said = allowed._replace(text=as_relaxed(allowed.text, ceiling))
    when = parse(f'{RELIEF} == "{ceiling}"')
    if allowed.unit is LimitUnit.ELAPSED:
        return Target(said, None, when)
    if not last or last[0].calendar is None:
        raise Refused(place, f"{allowed.text} need a calendar, and the duty has none", "write elapsed time here too")
    target = Target(said, last[0].calendar, when, last[0].chosen)
    check_length(context, target, allowed, place)
    return target
