"""What is worth counting about a step beside its outcomes."""

from enum import StrEnum

from monitor.core.policy import Policy


class Remark(StrEnum):
    """One thing noticed."""

    DUPLICATE = "duplicate"
    OUT_OF_ORDER = "out_of_order"
    TOO_LATE = "too_late"
    ERASED = "erased"
    MERGED_IN_PART = "merged_in_part"
    """Some of the history was no longer kept, and could not be passed on to the other lead."""
    MERGED_IN_CIRCLE = "merged_in_circle"
    """Leads were merged into one another, or through too many: what happened to them is passed on no further."""
    TRANSITION_LEGAL = "transition_legal"
    TRANSITION_SKIPPED = "transition_skipped"
    TRANSITION_ILLEGAL = "transition_illegal"


def on_transition(before: str, after: str, policy: Policy) -> tuple[Remark, ...]:
    """Whether the policy lets a lead go from that stage to this one, at once or over others."""
    if after == before or not before:
        return ()
    reach: set[str] = set()
    frontier = {before}
    while frontier := {n for s in frontier if s in policy.stages for n in policy.stages[s].next} - reach:
        if not reach and after in frontier:
            return (Remark.TRANSITION_LEGAL,)
        reach |= frontier
    return (Remark.TRANSITION_SKIPPED,) if after in reach else (Remark.TRANSITION_ILLEGAL,)
