"""What a step of one lead is given beside events, and what it brings about."""

from typing import Final, NamedTuple

from monitor.core.lead import Lead
from monitor.core.merging import Forward
from monitor.core.outcome import Outcome
from monitor.core.remark import Remark
from monitor.core.value import Value


class TimeAdvanced(NamedTuple):
    """A tick: everything appended to any input before `at` has been judged before it."""

    at: int


class Step(Value):
    """What one event or tick brought about."""

    def __init__(
        self,
        lead: Lead,
        outcomes: tuple[Outcome, ...],
        remarks: tuple[Remark, ...] = (),
        forwards: tuple[Forward, ...] = (),
    ) -> None:
        """`forwards`: what other leads have to learn of it."""
        self.lead: Final = lead
        self.outcomes: Final = outcomes
        self.remarks: Final = remarks
        self.forwards: Final = forwards

    def fields(self) -> tuple[object, ...]:
        """See Value."""
        return self.lead, self.outcomes, self.remarks, self.forwards
