"""Says how a quota stands in one sentence that a person understands."""

from collections.abc import Mapping
from typing import Final

from monitor.core.instant import to_rfc3339
from monitor.core.outcome import Delivery, Kind, Outcome
from monitor.core.quota import UNIT

_VERDICTS: Final[Mapping[str, str]] = {Kind.MET: "target reached", Kind.BREACHED: "target missed"}


def of_quota(outcome: Outcome, delivery: Delivery) -> str:
    """One line of plain text, such as `qualified-leads 2026-10, segment enterprise: target missed; 31 of 40`."""
    named = "".join(f", {field} {value}" for field, value in delivery.dims)
    counted = f"{amount(delivery.delivered)} of {amount(delivery.target)} delivered"
    counted += f", {amount(delivery.clawed_back)} taken back" if delivery.clawed_back else ""
    counted += f", {amount(delivery.refused)} refused" if delivery.refused else ""
    return printable(f"{outcome.duty} {delivery.term}{named}: {_said(outcome, delivery)}; {counted}.")


def amount(thousandths: int) -> str:
    """Without a fraction where there is none."""
    return f"{thousandths / UNIT:.3f}".rstrip("0").rstrip(".")


def shortened(instant: str) -> str:
    """Without a fraction of zeros."""
    return instant.replace(".000000Z", "Z")


def printable(text: str) -> str:
    """Names come from outside: no control character reaches a terminal, and a line stays a line."""
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)


def _said(outcome: Outcome, delivery: Delivery) -> str:
    at = shortened(to_rfc3339(outcome.at))
    match outcome.kind:
        case Kind.AT_RISK:
            low, high = (amount(each or 0) for each in (delivery.forecast_low, delivery.forecast_high))
            return f"at risk at {at}: {amount(delivery.forecast or 0)} expected by its end, between {low} and {high}"
        case Kind.FINALISED:
            return f"final since {at}"
        case Kind.CORRECTED:
            return f"corrected after it was final: {_VERDICTS.get(outcome.level, outcome.level)}"
        case Kind.WITHDRAWN:
            return f"corrected: {_VERDICTS.get(outcome.level, outcome.level)} does not hold any more"
        case kind:
            return f"{_VERDICTS.get(kind, kind.value)} at {at}"
