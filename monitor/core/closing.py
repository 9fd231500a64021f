"""What had been said by an instant, as far as the record tells when each thing was said."""

from collections.abc import Iterable
from typing import NamedTuple

from monitor.core.heard import Said, of_verdict
from monitor.core.outcome import Kind, Outcome

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
        if each.at <= at and of_verdict(each.outcome):
            outcome = each.outcome
            by_subject.setdefault((outcome.subject, outcome.duty, outcome.cycle), []).append(each)
    outcomes: list[Outcome] = []
    uncertain: set[Subject] = set()
    for about, by_then in by_subject.items():
        final = any(each.sure and each.outcome.kind is Kind.FINALISED for each in by_then)
        if final or all(each.sure for each in by_then):
            outcomes += [each.outcome for each in by_then]
        else:
            uncertain.add(about)
    return Closing(tuple(outcomes), frozenset(uncertain))
