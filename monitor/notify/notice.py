"""Decides which outcomes somebody is told about."""

from enum import StrEnum

from monitor.core.outcome import Kind, Outcome
from monitor.ports import Notice


class Quiet(StrEnum):
    """Why nobody is told about an outcome."""

    KIND = "kind_needs_no_one"
    WARNING_WITHDRAWN = "only_a_warning_was_withdrawn"


def notice_of(outcome: Outcome) -> Notice | Quiet:
    """The notice that an outcome calls for, or why it calls for none.

    Its id is the outcome's, so that the far end can tell a repetition.
    """
    match outcome.kind:
        case Kind.WARNED | Kind.BREACHED | Kind.FULFILLED_LATE | Kind.STALLED | Kind.PASSED_AROUND:
            pass
        case Kind.AT_RISK | Kind.CORRECTED:
            pass
        case Kind.AMENDED | Kind.REVIEW_DUE | Kind.REVIEW_OVERDUE if not outcome.lead:
            pass
        case Kind.WITHDRAWN if outcome.level == Kind.BREACHED.value:
            pass
        case Kind.WITHDRAWN:
            return Quiet.WARNING_WITHDRAWN
        case _:
            return Quiet.KIND
    return Notice(outcome.outcome_id, outcome)
