"""Says an outcome in one sentence that a person understands."""

from typing import Final

from monitor.core.instant import to_rfc3339
from monitor.core.outcome import Kind, Outcome, Reason

_US_PER_S: Final = 1_000_000
_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))

_CANCELLED: Final = {
    Reason.ERASED: "the lead was erased",
    Reason.MERGED: "the lead was merged into another",
    Reason.DUTY_REMOVED: "the agreement no longer has this duty",
}


def sentence(outcome: Outcome) -> str:
    """One line of plain text; names come from outside, so whoever shows it elsewhere escapes it there."""
    owner = f"owner {outcome.owner}" if outcome.owner else "nobody assigned"
    text = f"{outcome.duty} on lead {outcome.lead} {_said(outcome)}; {owner}."
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)


def _said(outcome: Outcome) -> str:
    due = _instant(outcome.due_at) + _limit(outcome)
    match outcome.kind:
        case Kind.ACTIVATED:
            return f"started at {_instant(outcome.at)}: a follow-up is due by {due}"
        case Kind.WARNED:
            return f"has used {outcome.level}% of its time at {_instant(outcome.at)}: a follow-up is due by {due}"
        case Kind.MET:
            return f"met: followed up at {_instant(outcome.at)}, due by {due}"
        case Kind.BREACHED:
            return f"breached: no follow-up by {due}"
        case Kind.FULFILLED_LATE:
            return f"fulfilled late: followed up at {_instant(outcome.at)}{_lateness(outcome)}, due by {due}"
        case Kind.CANCELLED:
            why = _CANCELLED.get(outcome.reason, "an event ended the duty")
            return f"cancelled at {_instant(outcome.at)}: {why}"
        case Kind.WITHDRAWN:
            return f"corrected: {_taken_back(outcome.level)} was withdrawn, by evidence that arrived late"
        case Kind.FINALISED:
            return f"final since {_instant(outcome.at)}: later evidence changes nothing"


def _taken_back(level: str) -> str:
    kind, _, percent = level.partition(":")
    if percent:
        return f"the warning at {percent}%"
    return "the breach" if kind == Kind.BREACHED else f"the verdict {kind.replace('_', ' ')}"


def _limit(outcome: Outcome) -> str:
    parts = [part for part in (outcome.limit, outcome.calendar) if part]
    return f" ({', '.join(parts)})" if parts else ""


def _lateness(outcome: Outcome) -> str:
    if outcome.late_elapsed_us is None:
        return ""
    late = f", {_duration(outcome.late_elapsed_us)} late"
    if outcome.late_working_us is None:
        return late
    return f"{late} ({_duration(outcome.late_working_us)} of working time)"


def _instant(at: int) -> str:
    return to_rfc3339(at).replace(".000000Z", "Z")


def _duration(duration_us: int) -> str:
    """The two largest units, cut off: "1 d 2 h"; what is shorter than a second in seconds."""
    rest_s, rest_us = divmod(duration_us, _US_PER_S)
    if not rest_s:
        return f"{rest_us / _US_PER_S:.6f}".rstrip("0").rstrip(".") + " s"
    parts: list[str] = []
    for size_s, name in _UNITS:
        count, rest_s = divmod(rest_s, size_s)
        if count:
            parts.append(f"{count} {name}")
        elif parts:
            break
    return " ".join(parts[:2])
