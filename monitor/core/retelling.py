"""A lead's kept history told once more, event by event: what the lead was when each of them happened."""

from typing import NamedTuple

from monitor.core.fold import apply, stage_after
from monitor.core.lead import EMPTY_FOLD, Lead
from monitor.core.matching import Happening
from monitor.core.passing import folded
from monitor.core.policy import Policy
from monitor.core.starting import NO_PRIOR


class Seen(NamedTuple):
    """An event among others of its lead."""

    now: Happening
    round: int
    """The lead's round (see Fold) in which it happened."""
    stage: str
    """The stage in which it leaves the lead."""


def retold(lead: Lead, policy: Policy) -> tuple[Seen, ...]:
    """All that is kept, in order of judgement; at most EVIDENCE_MAX."""
    fold, seen = lead.base or EMPTY_FOLD, []
    for piece in lead.evidence:
        before = folded(fold, (), policy, NO_PRIOR, lead.known_until, until=piece.at)
        fold = apply(before, piece, policy)
        stage = stage_after(piece, policy)
        entered = stage if stage != before.stage else None
        seen.append(Seen(Happening(piece, entered, fold.attributes), before.round, fold.stage))
    return tuple(seen)
