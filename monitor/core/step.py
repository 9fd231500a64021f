"""What a step of one lead is given beside events, and what it brings about."""

from typing import NamedTuple

from monitor.core.lead import Lead
from monitor.core.merging import Forward
from monitor.core.outcome import Outcome
from monitor.core.remark import Remark


class TimeAdvanced(NamedTuple):
    """A tick: everything appended to any input before `at` has been judged before it."""

    at: int


class Step(NamedTuple):
    """What one event or tick brought about."""

    lead: Lead
    outcomes: tuple[Outcome, ...]
    remarks: tuple[Remark, ...] = ()
    forwards: tuple[Forward, ...] = ()
    """What other leads have to learn of it."""
