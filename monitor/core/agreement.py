"""What is said of the agreement itself, once: that a version is in force, that its review is near, or overdue.

It is judged by ticks like a lead, and remembered like one, under a name that no lead can have.
"""

from collections.abc import Iterator
from typing import Final

from monitor.core.instant import to_rfc3339
from monitor.core.lead import Lead, Told, new_lead
from monitor.core.outcome import Kind, Outcome, Reason
from monitor.core.policy import Policy
from monitor.core.step import Step

AGREEMENT: Final = "\x01agreement"
"""The name of its state. No lead's id has a control character."""
DUTY: Final = "agreement"
"""The duty of its outcomes, whose lead is empty."""
_REASONS: Final = {
    Kind.AMENDED: Reason.NEW_VERSION,
    Kind.REVIEW_DUE: Reason.REVIEW_NEAR,
    Kind.REVIEW_OVERDUE: Reason.REVIEW_PASSED,
}
OF_AGREEMENT: Final = tuple(_REASONS)
"""The kinds of its outcomes."""


def advance_agreement(known: Lead | None, at: int, policy: Policy) -> Step:
    """What is said when time has come to `at`. The version found first is taken to have been in force before."""
    known = known or new_lead(AGREEMENT)
    at = max(at, known.known_until)
    version = policy.as_of(at).in_force(at)
    told = [*known.told]
    outcomes: list[Outcome] = []
    before = told[0] if told else None
    if before is None or before.level != version.version:
        cycle = before.cycle + 1 if before else 1
        told = [_told(Kind.AMENDED, version.version, version.effective_at, cycle)]
        if before is not None:
            outcomes.append(_outcome(told[0], version))
    said = {(entry.kind, entry.level) for entry in told}
    for kind, due_at in _reviews(version):
        level = to_rfc3339(version.review_at or due_at)
        if due_at <= at and (kind, level) not in said:
            told.append(_told(kind, level, due_at, told[0].cycle))
            outcomes.append(_outcome(told[-1], version))
    return Step(known.but(known_until=at, told=tuple(told)), tuple(outcomes))


def agreement_next_at(known: Lead, policy: Policy) -> int | None:
    """The next instant at which something may have to be said; None: nothing is to come."""
    at = known.known_until
    version = policy.as_of(at).in_force(at)
    instants = [later.effective_at for later in policy.versions] + [due_at for _, due_at in _reviews(version)]
    return min((instant for instant in instants if instant > at), default=None)


def _reviews(version: Policy) -> Iterator[tuple[Kind, int]]:
    if version.review_at is not None:
        yield Kind.REVIEW_DUE, version.review_at - version.review_notice_us
        yield Kind.REVIEW_OVERDUE, version.review_at


def _told(kind: Kind, level: str, at: int, cycle: int) -> Told:
    return Told(DUTY, cycle, kind, level, 0, True, at, at, 0)


def _outcome(entry: Told, version: Policy) -> Outcome:
    due_at = version.effective_at if version.review_at is None else version.review_at
    amended = entry.kind is Kind.AMENDED
    return Outcome(
        kind=entry.kind, lead="", duty=DUTY, cycle=entry.cycle, level="" if amended else entry.level, revision=0,
        policy_version=version.version, reason=_REASONS[entry.kind], at=entry.at, team="", owner="", segment="",
        lead_source="", started_at=version.effective_at, due_at=due_at, limit="", calendar="", evidence_ids=(),
        evidence_at=None, changes=version.changes if amended else (),
    )  # fmt: skip
