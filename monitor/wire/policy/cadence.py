"""Duties of more than one act: attempts that are counted until they suffice."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from monitor.core import event as ev
from monitor.core.calendar import Calendar, CalendarExhausted
from monitor.core.limit import Limit, LimitUnit
from monitor.core.policy import Attempts, Condition, Target
from monitor.wire.policy.conditions import ATTEMPT, connection, fulfilment
from monitor.wire.policy.context import Context
from monitor.wire.policy.fault import Refused
from monitor.wire.policy.targets import Limited, calendars_of
from monitor.wire.policy.tree import Mapping, Node
from monitor.wire.policy.values import count, duration_us, mapping, one_of

# Half of the events that are kept of a lead; cadences in the field have 10 to 20 attempts.
ATTEMPTS_MAX: Final = 50
_OPTIONAL: Final = ("within", "of", "channels", "spacing", "call_at_least", "until")
_SECOND_US: Final = 1_000_000
_YEAR_DAYS: Final = 366


def attempts(context: Context, targets: Sequence[Limited], node: Node) -> Attempts:
    """The cadence in the node, of clocks with these targets. Raises Refused."""
    faults = context.faults
    keys = mapping(faults, node, {"at_least": "6"}, _OPTIONAL)
    counts = faults.read(partial(fulfilment, context), keys.get("of"), ATTEMPT)
    read = Attempts(
        at_least=faults.read(count(1, ATTEMPTS_MAX), keys.get("at_least"), 1),
        counts=counts,
        channels=faults.read(partial(_channels, context, counts), keys.get("channels"), {}),
        spacing_us=faults.read(duration_us, keys.get("spacing"), 0),
        call_s_min=faults.read(duration_us, keys.get("call_at_least"), 0) // _SECOND_US,
        until=faults.read(partial(connection, context), keys.get("until"), ()),
    )
    needed = max(read.at_least, sum(read.channels.values()))
    if needed > ATTEMPTS_MAX:
        faults.add(node, f"channels ask for {needed} attempts in all", f"ask for {ATTEMPTS_MAX} at most")
    spacing = keys.get("spacing")
    for target, place in targets:
        if spacing is not None and not _fits(context, target, (needed - 1) * read.spacing_us):
            message = f"{needed} attempts so far apart never fit into the {target.limit.text} in line {place.line}"
            faults.add(spacing, message, "shorten the spacing, or ask for fewer attempts")
    return read


def _channels(context: Context, counts: Condition, node: Node) -> dict[str, int]:
    if not isinstance(node, Mapping):
        raise Refused(node, f"is {node.kind}, not a mapping", "write how many through which channel, {call: 3}")
    least: dict[str, int] = {}
    for key, entry in node.entries.items():
        channel = context.faults.read(one_of(ev.CHANNELS, "channel"), node.keys[key], "")
        least[key] = context.faults.read(count(1, ATTEMPTS_MAX), entry, 1)
        if channel and not any(match.channels is None or channel in match.channels for match in counts):
            context.faults.add(node.keys[key], f"no {channel} counts as an attempt", f"add {channel} to of")
    return least


def _fits(context: Context, target: Target, needed_us: int) -> bool:
    """Whether the limit is ever so long, nights and weekends included."""
    if target.limit.unit is LimitUnit.ELAPSED:
        return needed_us <= target.limit.amount
    calendars = calendars_of(context, target)
    lengths = (length for calendar in calendars for length in _lengths(calendar, target.limit, context.effective_at))
    return not calendars or any(needed_us <= length for length in lengths)


def _lengths(calendar: Calendar, allowed: Limit, from_at: int) -> Iterator[int]:
    """How long the limit lasts from each evening of a year on, which is when it lasts longest, microseconds."""
    first = calendar.shown(from_at).date()
    for days in range(_YEAR_DAYS):
        for period in calendar.periods(first + timedelta(days=days))[-1:]:
            try:
                yield calendar.due(period[1], allowed) - period[1]
            except CalendarExhausted:
                return
