"""Which claims a lead has after an event: new at an entry, settled by acceptance and rejection."""

from collections.abc import Sequence

from monitor.core import event as ev
from monitor.core.calendar import due_at
from monitor.core.claim import CLAIMS_MAX, COUNTING, Claim, Status
from monitor.core.definition import missing
from monitor.core.lead import Fold
from monitor.core.matching import Happening
from monitor.core.policy import Policy
from monitor.core.predicate import holds
from monitor.core.quota import Quota, dims_of, weight_of
from monitor.core.term import term_of


def claimed(before: Fold, after: Fold, now: Happening, policy: Policy) -> Sequence[Claim]:
    """The claims after the event; the same object when it changes none. `after` has the clocks that it started."""
    claims, event = before.claims, now.event
    if event.type == ev.LEAD_ACCEPTED or event.type == ev.LEAD_REJECTED:
        claims = _settled(claims, now, policy)
    if now.entered is not None:
        judging = policy.in_force(event.at)
        for quota in judging.quotas:
            if quota.stage == now.entered:
                claims = _entered(claims, before.round, after, quota, now, judging)
    return claims


def _settled(claims: Sequence[Claim], now: Happening, policy: Policy) -> Sequence[Claim]:
    """What sales says of a lead is said of its newest claim on each quota."""
    event = now.event
    newest = {claim.quota: n for n, claim in enumerate(claims)}
    after = list(claims)
    for n in newest.values():
        claim = claims[n]
        if claim.status is not Status.PENDING or claim.settles_at is None or event.at > claim.settles_at:
            continue
        if event.type == ev.LEAD_ACCEPTED:
            after[n] = claim._replace(status=Status.CREDITED, settled_by=event.id)
        elif _agreed(claim, str(event.data.get("reason", "")), policy):
            after[n] = claim._replace(status=Status.CLAWED_BACK, settled_by=event.id)
    return claims if all(new is old for new, old in zip(after, claims, strict=True)) else tuple(after)


def _agreed(claim: Claim, reason: str, policy: Policy) -> bool:
    quota = policy.judging(claim).quota(claim.quota)
    if quota is None or quota.claw_back is None:
        return False
    return not quota.claw_back.reasons or reason in quota.claw_back.reasons


def _lacks(after: Fold, duty: str, now: Happening, policy: Policy) -> str | None:
    """What the entry lacks by the definition that the duty is; None where that is not asked any more."""
    asked = [clock for clock in after.clocks if clock.duty == duty and clock.started_by == now.event.id]
    if asked:
        return asked[-1].missing
    agreed = policy.duty(duty)
    if now.event.via is None or agreed is None or agreed.definition is None:
        return None
    # The verdict stays with the lead that was merged into this one; here it matters only whether the entry counts.
    return missing(agreed.definition, {**now.attributes, **now.event.data})


def _entered(
    claims: Sequence[Claim], round_: int, after: Fold, quota: Quota, now: Happening, policy: Policy
) -> Sequence[Claim]:
    """One more claim, unless an entry of this round counts already, or more are asked for than a lead can have."""
    own = [claim for claim in claims if claim.quota == quota.name]
    if any(claim.round == round_ and claim.status in COUNTING for claim in own) or len(claims) >= CLAIMS_MAX:
        return claims
    event, fields = now.event, {**now.attributes, **now.event.data}
    if event.via is not None and quota.name in event.via.judged:
        return claims  # it was taken back before the lead was merged
    if quota.when is not None and not holds(quota.when, fields):
        return claims
    status, settles_at = Status.CREDITED, None
    if quota.definition:
        lacks = _lacks(after, quota.definition, now, policy)
        if lacks is None:
            return claims  # a verdict on a later entry is final already
        if lacks:
            status = Status.REFUSED
    if status is Status.CREDITED and quota.claw_back is not None:
        calendar = policy.calendars.get(quota.claw_back.calendar or "")
        status, settles_at = Status.PENDING, due_at(calendar, event.at, quota.claw_back.within)
    claim = Claim(
        quota.name,
        len(own) + 1,
        round_,
        event.at,
        event.id,
        term_of(quota.every, quota.zone, event.at).key,
        dims_of(quota, fields),
        weight_of(quota, fields),
        status,
        settles_at,
        policy.version,
    )
    return (*claims, claim)
