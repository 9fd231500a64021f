"""What marketing owes over a term: how many leads in a stage, counted by what, and when a lead is taken back."""

from collections.abc import Mapping
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from monitor.core.calendar import Calendar
from monitor.core.event import Scalar
from monitor.core.limit import Limit
from monitor.core.predicate import Predicate, holds
from monitor.core.term import Every

# Weights and targets are whole thousandths: sums are the same in any order.
UNIT: Final = 1000
# What fits no target is counted under this value.
OTHER: Final = "other"
# A value of a trillion is a mistake of the sender, and sums stay below 2**63.
WEIGHT_MAX: Final = 10**15

Dims = tuple[str, ...]
"""Values of the fields that a quota is counted per, in their order."""


class Points(NamedTuple):
    """What a lead is worth, in thousandths of a point, if the condition holds."""

    worth: int
    when: Predicate | None = None
    """None: for all others."""


class Weight(NamedTuple):
    """What a lead counts: the value of a field, or the points of the first line that fits."""

    field: str = ""
    points: tuple[Points, ...] = ()


class ClawBack(NamedTuple):
    """How long after its entry a rejected lead no longer counts, and for which reasons (none: for any)."""

    within: Limit
    calendar: str | None
    reasons: frozenset[str] = frozenset()


class Quota(NamedTuple):
    """So many leads a term; frozen."""

    name: str
    team: str
    stage: str
    """Entries into it count."""
    every: Every
    targets: Mapping[Dims, int]
    """Thousandths of a lead or point, by the values of `per`; `()` where it is not counted per anything."""
    zone: ZoneInfo
    when: Predicate | None = None
    """Only leads that it holds for."""
    definition: str = ""
    """The duty whose breach keeps an entry from counting."""
    per: tuple[str, ...] = ()
    weight: Weight | None = None
    claw_back: ClawBack | None = None
    pace_alert: int | None = None
    """Percent of the target that the forecast must not fall below."""
    calendar: Calendar | None = None
    """Whose working days pace is measured by; None: every day."""
    final_after_us: int = 0
    ceiling: bool = False
    """The targets are what a team has agreed to handle at most; leads above them are relieved, nobody is judged."""
    """How long after its end a term may still be revised in silence."""


def dims_of(quota: Quota, fields: Mapping[str, Scalar]) -> Dims:
    """Where a lead counts: under its own values if they have a target, else under OTHER."""
    if not quota.per:
        return ()
    dims = tuple(str(fields.get(name, "")) for name in quota.per)
    return dims if dims in quota.targets else (OTHER,) * len(quota.per)


def weight_of(quota: Quota, fields: Mapping[str, Scalar]) -> int:
    """What a lead counts, in thousandths; 0 for a value that is not known, or no number above 0."""
    weight = quota.weight
    if weight is None:
        return UNIT
    if weight.field:
        value = fields.get(weight.field)
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            return 0
        return min(round(value * UNIT), WEIGHT_MAX)
    for line in weight.points:
        if line.when is None or holds(line.when, fields):
            return line.worth
    return 0
