"""What a timeline expects, held against what was said."""

from collections.abc import Iterable

from monitor.core.outcome import Kind, Outcome
from tests.support.timeline import Expects, Timeline, Verdict, shown

VERDICTS = {Kind.MET, Kind.BREACHED, Kind.FULFILLED_LATE, Kind.CANCELLED}

Key = tuple[str, str, int, Kind, str]
"""Lead, duty, cycle, kind, level."""


def kinds_of(timeline: Timeline) -> set[Kind]:
    """The kinds that count in this script: all verdicts, and whatever else it mentions anywhere."""
    return VERDICTS | {v.kind for step in timeline.steps if isinstance(step, Expects) for v in step.verdicts}


def standing(said: Iterable[Outcome]) -> dict[Key, Outcome]:
    """What holds after all was said; what was taken back stands as `withdrawn`."""
    held: dict[Key, Outcome] = {}
    for outcome in said:
        held[outcome.lead, outcome.duty, outcome.cycle, outcome.kind, outcome.level] = outcome
        if outcome.kind is Kind.WITHDRAWN:
            kind, _, level = outcome.level.partition(":")
            del held[outcome.lead, outcome.duty, outcome.cycle, Kind(kind), level]
    return held


def differences(expects: Expects, said: Iterable[Outcome], kinds: set[Kind], zone: str) -> list[str]:
    """What is expected and missing (-), said and not expected (+), or said otherwise (!)."""
    held = {key: outcome for key, outcome in standing(said).items() if outcome.kind in kinds}
    lines: list[str] = []
    for verdict in expects.verdicts:
        if verdict.kind not in kinds:
            continue
        outcome = held.pop((verdict.lead, verdict.duty, verdict.cycle, verdict.kind, verdict.level), None)
        if outcome is None:
            lines.append(f"  - line {verdict.line}: {_title(verdict)}")
            continue
        for name, value in verdict.details.items():
            if (found := getattr(outcome, name)) != value:
                lines.append(
                    f"  ! line {verdict.line}: {_title(verdict)}: {name} is {_shown(name, found, zone)}, "
                    f"expected {_shown(name, value, zone)}"
                )
    lines += [
        f"  + {_title(outcome)} at {shown(outcome.at, zone)}, due {shown(outcome.due_at, zone)}, "
        f"owner {outcome.owner or 'nobody'}"
        for outcome in held.values()
    ]
    return lines


def _title(verdict: Verdict | Outcome) -> str:
    level = f" {verdict.level}" if verdict.level else ""
    return f"{verdict.kind}{level} {verdict.duty} on {verdict.lead}, cycle {verdict.cycle}"


def _shown(name: str, value: object, zone: str) -> str:
    if isinstance(value, int) and (name == "at" or name.endswith("_at")):
        return shown(value, zone)
    return repr(value)
