"""The `quotas` part of a policy file: how many leads a team owes each term, how they count, when one is taken back."""

from collections.abc import Mapping
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from monitor.core.ceiling import RELIEF
from monitor.core.definition import DEFINITION_DUTY
from monitor.core.limit import LimitUnit
from monitor.core.policy import Duty, Stage
from monitor.core.predicate import Predicate
from monitor.core.quota import UNIT, ClawBack, Dims, Points, Quota, Weight
from monitor.core.term import Every
from monitor.wire.policy.context import Context
from monitor.wire.policy.coverage import literals
from monitor.wire.policy.fault import Refused, quoted
from monitor.wire.policy.predicates import predicate
from monitor.wire.policy.tree import Mapping as MappingNode
from monitor.wire.policy.tree import Node, Scalar, Sequence
from monitor.wire.policy.values import duration_us, limit, mapping, name, one_of, percent, several, text

# Each is a table of its own on a page that people read.
QUOTAS_MAX: Final = 20
# Combinations of values with a target of their own; each is an account, and a set of time series.
TARGETS_MAX: Final = 100
POINTS_MAX: Final = 20
_DIMS: Final = ("segment", "source", "persona", "campaign", "team")
_WEIGHTS: Final = ("value", "score", "employees")
_AMOUNT_MAX: Final = 10**9
_FINAL_AFTER_DEFAULT_US: Final = 7 * 86_400_000_000
_REQUIRED: Final = {"duty": "qualified-leads", "counts": "mql", "every": "month"}
_OPTIONAL: Final = ("team", "per", "weight", "claw_back", "pace_alert", "calendar", "final_after", "target")
_CEILING_OPTIONAL: Final = ("team", "per", "ceiling", "relaxes")
_TERMS: Final = (Every.WEEK, Every.MONTH, Every.QUARTER)


def quotas(
    context: Context, stages: Mapping[str, Stage], duties: tuple[Duty, ...], zone: ZoneInfo, node: Node
) -> tuple[Quota, ...]:
    """The quotas, in the order of the file; `duties` with those that definitions are. Raises Refused."""
    if not isinstance(node, Sequence):
        raise Refused(node, f"is {node.kind}, not a list", "begin every quota with a dash: - duty: qualified-leads")
    if not 1 <= len(node.items) <= QUOTAS_MAX:
        raise Refused(node, f"has {len(node.items)} quotas", f"write 1 to {QUOTAS_MAX} of them")
    read: list[Quota] = []
    taken = {duty.name for duty in duties}
    for item in node.items:
        quota = context.faults.read(partial(_quota, context, stages, taken, zone), item, None)
        if quota is None:
            continue
        if quota.name in taken:
            place = item.get("duty") if isinstance(item, MappingNode) else None
            message = f"a second duty {quota.name}"
            context.faults.add(place or item, message, "give every duty and quota a name of its own")
        taken.add(quota.name)
        read.append(quota)
    return tuple(read)


def _quota(context: Context, stages: Mapping[str, Stage], duties: set[str], zone: ZoneInfo, node: Node) -> Quota:
    faults = context.faults
    ceiling = isinstance(node, MappingNode) and ("ceiling" in node.entries or "relaxes" in node.entries)
    keys = mapping(faults, node, _REQUIRED, _CEILING_OPTIONAL if ceiling else _OPTIONAL)
    owed = "ceiling" if ceiling else "target"
    if owed not in keys.entries:
        faults.add(keys, f"{owed} is missing", f"add {owed}: 40")
    counts = keys.get("counts")
    counted = mapping(faults, counts, {"stage": "mql"}, ("when",)) if isinstance(counts, MappingNode) else None
    stage = faults.read(one_of(stages, "stage"), counts if counted is None else counted.get("stage"), "")
    per = faults.read(several(faults, one_of(_DIMS, "dimension")), keys.get("per"), ())
    only = next(iter(context.calendar_names)) if len(context.calendar_names) == 1 else None
    calendar = faults.read(one_of(context.calendar_names, "calendar"), keys.get("calendar"), only)
    if calendar is not None:
        context.calendars_used.add(calendar)
    target = keys.get(owed) if per or keys.get("per") is None else None  # else nobody knows how deep it is
    weight = faults.read(partial(_weight, context), keys.get("weight"), None)
    return Quota(
        name=faults.read(name, keys.get("duty"), ""),
        team=faults.read(name, keys.get("team"), stages[stage].team if stage else ""),
        stage=stage,
        every=Every(
            faults.read(one_of((Every.DAY, Every.WEEK) if ceiling else _TERMS, "term"), keys.get("every"), "month")
        ),
        targets=faults.read(partial(_targets, context, per), target, {}),
        zone=zone,
        when=None if counted is None else faults.read(partial(_when, context), counted.get("when"), None),
        # Sales has to handle what it was given, whether or not that was what was agreed on.
        definition=DEFINITION_DUTY + stage if DEFINITION_DUTY + stage in duties and not ceiling else "",
        per=per,
        weight=weight,
        claw_back=faults.read(partial(_claw_back, context, calendar), keys.get("claw_back"), None),
        pace_alert=faults.read(percent, keys.get("pace_alert"), None),
        calendar=None if calendar is None else context.calendars.get(calendar),
        final_after_us=faults.read(duration_us, keys.get("final_after"), _FINAL_AFTER_DEFAULT_US),
        ceiling=ceiling,
    )


def _when(context: Context, node: Node) -> Predicate:
    read = predicate(context, node)
    if RELIEF in literals(read):
        raise Refused(node, f"asks for {RELIEF}, which depends on what is counted", "ask for another field")
    return read


def _targets(context: Context, per: tuple[str, ...], node: Node) -> dict[Dims, int]:
    """A number for each combination of values, nested in the order of `per`; a number alone without `per`."""
    targets: dict[Dims, int] = {}
    _collect(context, per, (), node, targets)
    if len(targets) > TARGETS_MAX:
        raise Refused(node, f"has {len(targets)} targets", f"name {TARGETS_MAX} at most; all others count as other")
    return targets


def _collect(context: Context, per: tuple[str, ...], above: Dims, node: Node, targets: dict[Dims, int]) -> None:
    depth = len(above)
    if depth == len(per):
        targets[above] = context.faults.read(_amount, node, 0)
        return
    if not isinstance(node, MappingNode) or not node.entries:
        fix = f"write a number for every {per[depth]}, such as {{enterprise: 40, mid-market: 120}}"
        context.faults.add(node, f"is {node.kind}, and the quota counts per {per[depth]}", fix)
        return
    for key, entry in node.entries.items():
        context.faults.read(text, node.keys[key], "")
        _collect(context, per, (*above, key), entry, targets)


def _amount(node: Node) -> int:
    """A number above 0 with at most three digits behind the point, in thousandths."""
    try:
        thousandths = float(node.text) * UNIT if isinstance(node, Scalar) and node.kind == "a number" else 0.0
    except ValueError:
        thousandths = 0.0
    if not 0 < thousandths <= _AMOUNT_MAX * UNIT or abs(thousandths - round(thousandths)) > 1e-6:
        shown = quoted(node.text) if isinstance(node, Scalar) else node.kind
        raise Refused(node, f"{shown} is no number above 0", "write for example 40, or 2.5")
    return round(thousandths)


def _weight(context: Context, node: Node) -> Weight:
    """`value`, or a list of points, the last line without `when`."""
    if not isinstance(node, Sequence):
        return Weight(field=one_of(_WEIGHTS, "field of numbers")(node))
    if not 1 <= len(node.items) <= POINTS_MAX:
        raise Refused(node, f"has {len(node.items)} lines", f"write 1 to {POINTS_MAX} of them")
    lines: list[Points] = []
    for n, item in enumerate(node.items, 1):
        keys = mapping(context.faults, item, {"points": "3"}, ("when",))
        when = context.faults.read(partial(predicate, context), keys.get("when"), None)
        if keys.get("when") is None and n < len(node.items):
            context.faults.add(item, "has no when and takes every lead", "move it behind the others")
        lines.append(Points(context.faults.read(_amount, keys.get("points"), 0), when))
    return Weight(points=tuple(lines))


def _claw_back(context: Context, calendar: str | None, node: Node) -> ClawBack | None:
    faults = context.faults
    keys = mapping(faults, node, {"within": "5 working_days"}, ("reasons", "calendar"))
    own = faults.read(one_of(context.calendar_names, "calendar"), keys.get("calendar"), calendar)
    within = faults.read(limit, keys.get("within"), None)
    reasons = frozenset(faults.read(several(faults, text), keys.get("reasons"), ()))
    if within is None:
        return None
    if within.unit is LimitUnit.ELAPSED:
        return ClawBack(within, None, reasons)
    if own is None:
        raise Refused(keys.entries["within"], f"{within.text} need a calendar", "add calendar: NAME to the quota")
    context.calendars_used.add(own)
    return ClawBack(within, own, reasons)
