"""Keeps the state of a lead within its limits, however many events there are of it."""

from collections.abc import Sequence

from monitor.core.evidence import Pieces
from monitor.core.lead import CLOCKS_MAX, EMPTY_FOLD, EVIDENCE_MAX, Clock, Fold, Lead, Told
from monitor.core.outcome import Kind
from monitor.core.passing import folded
from monitor.core.policy import Policy
from monitor.core.starting import prior_of
from monitor.core.tables import LATE_STATES, OPEN_STATES


def compacted(lead: Lead, policy: Policy) -> Lead:
    """Within its limits: the older half of the evidence becomes part of the base, old closed clocks go."""
    if len(lead.evidence) <= EVIDENCE_MAX and len(lead.fold.clocks) <= CLOCKS_MAX:
        return lead
    prior = prior_of(lead.fold.clocks, policy)
    pieces = tuple(lead.evidence)
    older, newer = pieces[: len(pieces) // 2], pieces[len(pieces) // 2 :]
    base = folded(lead.base or EMPTY_FOLD, older, policy, prior, lead.known_until, until=newer[0].at)
    kept = tuple(clock for clock in base.clocks if _needed(clock, base, lead.told))[-CLOCKS_MAX:]
    gone = {(clock.duty, clock.cycle) for clock in base.clocks} - {(clock.duty, clock.cycle) for clock in kept}
    return Lead(
        lead.id,
        lead.known_until,
        Pieces(newer),
        lead.fold.but(clocks=tuple(c for c in lead.fold.clocks if (c.duty, c.cycle) not in gone)),
        tuple(t for t in lead.told if (t.duty, t.cycle) not in gone),
        base.but(clocks=kept),
        older[-1].key(),
        lead.erased,
        lead.merged,
    )


def _needed(clock: Clock, base: Fold, told: Sequence[Told]) -> bool:
    """It may still change, its breach waits for a tick, or it numbers the next cycle."""
    if clock.state in OPEN_STATES or clock.then_at is not None:
        return True
    if clock.state in LATE_STATES:
        breach = (clock.duty, clock.cycle, Kind.BREACHED)
        if not any((entry.duty, entry.cycle, entry.kind) == breach for entry in told):
            return True
    return clock.cycle == max(other.cycle for other in base.clocks if other.duty == clock.duty)
