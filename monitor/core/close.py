"""What is to be said of one account at an instant: reached, missed, at risk, final, corrected."""

from collections.abc import Iterator

from monitor.core.account import Account, Figures
from monitor.core.book_entries import Said, Sum
from monitor.core.forecast import Forecast
from monitor.core.outcome import Delivery, Kind, Outcome, Reason
from monitor.core.quota import UNIT

# The forecast has to rise so many percent of the target above the share before falling below it is worth a word again.
RECOVERED_PERCENT = 5


def changes(account: Account, figures: Figures, now: int, foreseen: Forecast | None) -> Iterator[Outcome]:
    """The outcomes that make what was said of the account what holds now; `foreseen` only where pace is looked at."""
    verdict = _verdict(account, figures, now)
    if account.final is None:
        yield from _revised(account, figures, verdict)
        if foreseen is not None:
            yield from _paced(account, figures, now, foreseen)
        final_at = max(account.term.end_at + account.quota.final_after_us, figures.settled_at)
        if verdict is not None and now >= final_at:
            account.final = (verdict[0], figures.delivered)
            yield _said(account, figures, Kind.FINALISED, "", final_at, Reason.WAIT_OVER)
    elif verdict is not None and (verdict[0], figures.delivered) != account.final:
        account.final = (verdict[0], figures.delivered)
        yield _said(account, figures, Kind.CORRECTED, verdict[0], now, Reason.CHANGED_AFTER_FINAL)


def _verdict(account: Account, figures: Figures, now: int) -> tuple[Kind, int, Reason] | None:
    if figures.reached_at is not None and figures.reached_at <= now:
        return Kind.MET, figures.reached_at, Reason.TARGET_REACHED
    if now >= account.term.end_at:
        return Kind.BREACHED, account.term.end_at, Reason.TARGET_MISSED
    return None


def _revised(account: Account, figures: Figures, verdict: tuple[Kind, int, Reason] | None) -> Iterator[Outcome]:
    for kind in (Kind.MET, Kind.BREACHED):
        said = account.said.get((kind, ""))
        if said is not None and said.standing and (verdict is None or verdict[0] is not kind):
            account.said[kind, ""] = said._replace(standing=False)
            taken_back = _outcome(account, figures, kind, "", said.at, Reason.COUNT_CHANGED, said.revision)
            yield taken_back._replace(kind=Kind.WITHDRAWN, level=kind, supersedes=taken_back.outcome_id)
    if verdict is not None:
        kind, at, reason = verdict
        said = account.said.get((kind, ""))
        if said is None or not said.standing or said.at != at:
            yield _said(account, figures, kind, "", at, reason)


def _paced(account: Account, figures: Figures, now: int, foreseen: Forecast) -> Iterator[Outcome]:
    """Told once when the forecast falls below the share, and again only after it has recovered."""
    share, target = account.quota.pace_alert, account.target
    if share is None or not target:
        return
    percent = 100 * foreseen.expected * UNIT / target
    if figures.reached_at is not None or percent >= share + RECOVERED_PERCENT:
        account.at_risk = False
    elif percent < share and not account.at_risk:
        account.at_risk = True
        crossing = 1 + sum(kind is Kind.AT_RISK for kind, _ in account.said)
        yield _said(account, figures, Kind.AT_RISK, str(crossing), now, Reason.FORECAST_LOW, foreseen)


def _said(
    account: Account,
    figures: Figures,
    kind: Kind,
    level: str,
    at: int,
    reason: Reason,
    foreseen: Forecast | None = None,
) -> Outcome:
    """The outcome, remembered; of the same kind and level it is the next revision."""
    said = account.said.get((kind, level))
    outcome = _outcome(account, figures, kind, level, at, reason, 0 if said is None else said.revision, foreseen)
    if said is not None:
        replaced = outcome.outcome_id if said.standing else None
        outcome = outcome._replace(revision=said.revision + 1, supersedes=replaced)
    account.said[kind, level] = Said(outcome.revision, True, at)
    return outcome


def _outcome(
    account: Account,
    figures: Figures,
    kind: Kind,
    level: str,
    at: int,
    reason: Reason,
    revision: int,
    foreseen: Forecast | None = None,
) -> Outcome:
    quota, term = account.quota, account.term
    dims = tuple(zip(quota.per, account.dims, strict=True))
    named = dict(dims)
    amounts: tuple[Sum, ...] = (figures.delivered, figures.pending, figures.clawed_back, figures.refused)
    predicted = () if foreseen is None else tuple(round(amount * UNIT) for amount in foreseen)
    return Outcome(
        kind=kind, lead="", duty=quota.name, cycle=1, level=level, revision=revision,
        policy_version=account.policy_version, reason=reason, at=at, team=quota.team, owner="",
        segment=named.get("segment", ""), lead_source=named.get("source", ""), started_at=term.start_at,
        due_at=term.end_at, limit=f"1 {quota.every}", calendar=quota.calendar.name if quota.calendar else "",
        evidence_ids=(), evidence_at=None,
        delivery=Delivery(term.key, dims, account.target or 0, *(amount.weight for amount in amounts), *predicted),
    )  # fmt: skip
