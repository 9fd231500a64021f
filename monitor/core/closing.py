"""What had been said by an instant, as far as the record tells when each thing was said."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from monitor.core.heard import Said, key_of
from monitor.core.outcome import Kind, Outcome

# Warnings and moves of a clock say nothing of how it ends.
_OF_VERDICTS: Final = frozenset(
    {Kind.ACTIVATED, Kind.MET, Kind.BREACHED, Kind.FULFILLED_LATE, Kind.CANCELLED, Kind.FINALISED, Kind.CORRECTED}
)

Subject = tuple[str, str, int]
"""Lead, or line of a quota; duty; cycle."""


class Closing(NamedTuple):
    """How things stood at an instant."""

    outcomes: tuple[Outcome, ...]
    uncertain: frozenset[Subject]
    """What was revised, perhaps only later; nothing said of these is among the outcomes."""


def as_of(said: Iterable[Said], at: int) -> Closing:
    """What had been said by then of verdicts and what makes them.

    What was final by then is certain: revisions came before that.
    """
    by_subject: dict[Subject, list[Said]] = {}
    for each in said:
        subject, duty, cycle, kind, _ = key_of(each.outcome)
        if each.at <= at and kind in _OF_VERDICTS:
            by_subject.setdefault((subject, duty, cycle), []).append(each)
    outcomes: list[Outcome] = []
    uncertain: set[Subject] = set()
    for about, by_then in by_subject.items():
        final = any(each.sure and each.outcome.kind is Kind.FINALISED for each in by_then)
        if final or all(each.sure for each in by_then):
            outcomes += [each.outcome for each in by_then]
        else:
            uncertain.add(about)
    return Closing(tuple(outcomes), frozenset(uncertain))
