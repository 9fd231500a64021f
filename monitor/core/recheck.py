"""The last look before a notice leaves: whether the newest state of its lead still says so."""

from collections.abc import Mapping
from typing import Final

from monitor.core.calls import Call, End
from monitor.core.case import Drop, asks
from monitor.core.lead import Lead
from monitor.core.outcome import Kind, Outcome
from monitor.core.tables import ClockState

_ENDED: Final[Mapping[ClockState, End | Drop]] = {
    ClockState.MET: End.MET,
    ClockState.FULFILLED_LATE: End.FULFILLED_LATE,
    ClockState.CANCELLED: End.CANCELLED,
    ClockState.LAPSED: Drop.LAPSED,
}


def outdated(outcome: Outcome, call: Call, lead: Lead | None, *, closes: bool) -> End | Drop | None:
    """Why the outcome is not to be said any more; None: it is.

    `lead`: as it is remembered, which may be a little ahead of the outcomes that were heard, or behind them; None
    where nothing is known of it. `closes`: it closes an incident, which must not stay open whatever has happened since.
    """
    if lead is None or closes:
        return None
    if lead.erased:
        return End.ERASED
    for told in lead.told:
        if told[:4] == (outcome.duty, outcome.cycle, outcome.kind, outcome.level) and told.revision >= outcome.revision:
            if not told.standing:
                return End.WITHDRAWN
            if told.revision > outcome.revision:
                return Drop.REPLACED
    if not asks(call):
        return None
    for clock in lead.fold.clocks:
        if (clock.duty, clock.cycle) == (outcome.duty, outcome.cycle):
            if clock.state is ClockState.BREACHED and outcome.kind is Kind.WARNED:
                return Drop.OVERTAKEN
            return _ENDED.get(clock.state)
    return None
