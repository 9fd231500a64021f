"""Says an outcome in one sentence that a person understands."""

from collections.abc import Callable, Mapping
from typing import Final

from monitor.core.instant import to_rfc3339
from monitor.core.outcome import Kind, Outcome, Reason
from monitor.core.quota_sentence import of_quota, printable, shortened

_US_PER_S: Final = 1_000_000
_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))

_CANCELLED: Final = {
    Reason.ERASED: "the lead was erased",
    Reason.MERGED: "the lead was merged into another",
    Reason.DUTY_REMOVED: "the agreement no longer has this duty",
}

_MET: Final = {
    Reason.ATTEMPTS_MADE: "all attempts made",
    Reason.DEFINITION_MET: "the lead is what was agreed",
    Reason.CONNECTED: "connected",
    Reason.SILENCE_ACCEPTED: "accepted by silence",
    Reason.REJECTED: "rejected",
}


def sentence(outcome: Outcome, at: str | None = None, due_at: str | None = None) -> str:
    """One line of plain text; names come from outside, so whoever shows it elsewhere escapes it there.

    Whoever has written the two instants already, as `to_rfc3339` does, may pass them on.
    """
    if outcome.delivery is not None:
        return of_quota(outcome, outcome.delivery)
    owner = f"owner {outcome.owner}" if outcome.owner else "nobody assigned"
    due = shortened(due_at or to_rfc3339(outcome.due_at)) + _limit(outcome)
    say = _SAID.get(outcome.kind)
    if say is None or not outcome.lead:
        text = _of_agreement(outcome)
    else:
        said = say(outcome, shortened(at or to_rfc3339(outcome.at)), due)
        text = f"{outcome.duty} on lead {outcome.lead} {said}; {owner}."
    return printable(text)


def _of_agreement(outcome: Outcome) -> str:
    at, review_at = shortened(to_rfc3339(outcome.at)), shortened(to_rfc3339(outcome.due_at))
    version = f"version {outcome.policy_version} of the agreement"
    if outcome.kind is Kind.AMENDED:
        changes = f": {'; '.join(outcome.changes)}" if outcome.changes else ""
        return f"{version} is in force since {at}{changes}."
    if outcome.kind is Kind.REVIEW_DUE:
        return f"{version} is to be reviewed by {review_at}."
    return f"{version} was to be reviewed by {review_at}, and no newer one is in force."


def _taken_back(level: str) -> str:
    kind, _, level = level.partition(":")
    if kind == Kind.WARNED:
        return f"the warning at {level}%" if level.isdigit() else f"the warning at {level}"
    return "the breach" if kind == Kind.BREACHED else f"the verdict {kind.replace('_', ' ')}"


def _by(reason: Reason) -> str:
    return "by a new version of the agreement" if reason is Reason.NEW_VERSION else "by evidence that arrived late"


def _warning(level: str) -> str:
    return f"has used {level}% of its time" if level.isdigit() else f"has {level}"


def _met(outcome: Outcome, at: str, due: str) -> str:
    because = f" ({outcome.missing})" if outcome.missing else ""
    met = f"met: {_MET.get(outcome.reason, 'followed up')}{because} at {at}"
    return met if outcome.reason is Reason.DEFINITION_MET else f"{met}, due by {due}"


def _breached(outcome: Outcome, at: str, due: str) -> str:
    reason = outcome.reason
    if reason is Reason.DEFINITION_NOT_MET:
        return f"breached at {at}: {outcome.missing}"
    if reason is Reason.OUT_OF_REACH:
        return f"breached at {at}: the attempts still needed do not fit in before {due}"
    return f"breached: {'too few attempts' if reason is Reason.TOO_FEW_ATTEMPTS else 'no follow-up'} by {due}"


def _limit(outcome: Outcome) -> str:
    parts = [part for part in (outcome.limit, outcome.calendar) if part]
    return f" ({', '.join(parts)})" if parts else ""


def _lateness(outcome: Outcome) -> str:
    if outcome.late_elapsed_us is None:
        return ""
    late = f", {duration(outcome.late_elapsed_us)} late"
    if outcome.late_working_us is None:
        return late
    return f"{late} ({duration(outcome.late_working_us)} of working time)"


def duration(duration_us: int) -> str:
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


# What is said of a lead, by kind, from the outcome, its instant, and its due instant with the limit.
_SAID: Final[Mapping[Kind, Callable[[Outcome, str, str], str]]] = {
    Kind.ACTIVATED: lambda _, at, due: f"started at {at}: a follow-up is due by {due}",
    Kind.PAUSED: lambda _, at, due: f"paused at {at}: time does not count until it is resumed; it was due by {due}",
    Kind.RESUMED: lambda _, at, due: f"resumed at {at}: a follow-up is due by {due}",
    Kind.RESET: lambda _, at, due: f"began anew at {at}: a follow-up is due by {due}",
    Kind.REASSIGNED: lambda _, at, due: f"passed to another owner at {at}: a follow-up is due by {due}",
    Kind.STALLED: lambda _, at, due: f"has been paused too long since {at}; it was due by {due}",
    Kind.PASSED_AROUND: lambda _, at, due: f"passed to more owners than agreed at {at}: a follow-up is due by {due}",
    Kind.AMENDED: lambda o, at, due: f"is judged by version {o.policy_version} since {at}: a follow-up is due by {due}",
    Kind.WARNED: lambda o, at, due: f"{_warning(o.level)} at {at}: a follow-up is due by {due}",
    Kind.MET: _met,
    Kind.BREACHED: _breached,
    Kind.FULFILLED_LATE: lambda o, at, due: f"fulfilled late: followed up at {at}{_lateness(o)}, due by {due}",
    Kind.CANCELLED: lambda o, at, _: f"cancelled at {at}: {_CANCELLED.get(o.reason, 'an event ended the duty')}",
    Kind.WITHDRAWN: lambda o, *_: f"corrected: {_taken_back(o.level)} was withdrawn, {_by(o.reason)}",
    Kind.FINALISED: lambda _, at, due: f"final since {at}: later evidence changes nothing",
    # Only quotas say these, and have their own words, unless somebody else has written the outcome.
    Kind.AT_RISK: lambda _, at, due: f"at risk at {at}, due by {due}",
    Kind.CORRECTED: lambda _, at, due: f"corrected at {at}, due by {due}",
}
