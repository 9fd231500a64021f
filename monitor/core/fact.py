"""What the step of a lead changes in the books of the quotas: one fact for each claim that is another than before."""

from hashlib import blake2b
from typing import NamedTuple

from monitor.core.claim import Claim, Status
from monitor.core.lead import Lead
from monitor.core.quota import Dims


class Fact(NamedTuple):
    """What one claim counts for one line of the books, from now on; the newest of an id and line is the one that holds.

    A claim that changes its line leaves a fact with MOVED on the old one.
    """

    id: str
    """Deterministic: the same lead, quota and number give the same id."""
    quota: str
    term: str
    dims: Dims
    at: int
    weight: int
    status: Status
    settles_at: int | None
    policy_version: str
    lead: str = ""


def facts_between(before: Lead | None, after: Lead) -> tuple[Fact, ...]:
    """What a step of a lead changes in the books. Of an erased lead nothing: what was counted stays counted."""
    was = () if before is None else before.fold.claims
    merged_before = None if before is None else before.merged
    if after.erased or (after.fold.claims is was and after.merged == merged_before):
        return ()
    old = {} if before is None else _counted(before)
    new = _counted(after)
    facts: list[Fact] = []
    for key, claim in old.items():
        now = new.get(key)
        if now is None or _line(now) != _line(claim):
            facts.append(_fact(after.id, claim)._replace(status=Status.MOVED))
    facts += [_fact(after.id, claim) for key, claim in new.items() if old.get(key) != claim]
    return tuple(facts)


def _counted(lead: Lead) -> dict[tuple[str, int], Claim]:
    """The claims by quota and number; of a merged lead those that its history takes along count there."""
    claims = {(claim.quota, claim.number): claim for claim in lead.fold.claims}
    if lead.merged is None:
        return claims
    passed_on = {piece.id for piece in lead.evidence}
    return {
        key: claim._replace(status=Status.MOVED)
        if claim.status is not Status.CLAWED_BACK and claim.by in passed_on
        else claim
        for key, claim in claims.items()
    }


def _line(claim: Claim) -> tuple[str, Dims]:
    return claim.term, claim.dims


def _fact(lead: str, claim: Claim) -> Fact:
    name = f"{lead}\x1f{claim.quota}\x1f{claim.number}"
    return Fact(
        "fact_" + blake2b(name.encode(), digest_size=16).hexdigest(),
        claim.quota,
        claim.term,
        claim.dims,
        claim.at,
        claim.weight,
        claim.status,
        claim.settles_at,
        claim.policy_version,
        lead,
    )
