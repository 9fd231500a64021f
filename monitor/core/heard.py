"""Outcomes heard in any order and any number of times: when each was first said, and which of them stand."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from monitor.core.outcome import Kind, Outcome

# What waits for stragglers before it is announced; everything else is said when it becomes true, or is heard of.
_HELD: Final = frozenset({Kind.WARNED, Kind.STALLED, Kind.BREACHED})

# Warnings and moves of a clock say nothing of how it ends.
_OF_VERDICTS: Final = frozenset(
    {Kind.ACTIVATED, Kind.MET, Kind.BREACHED, Kind.FULFILLED_LATE, Kind.CANCELLED, Kind.FINALISED, Kind.CORRECTED}
)

Key = tuple[str, str, int, str, str]
"""Subject, duty, cycle, kind and level of something that can be said, said again, and taken back."""


class Said(NamedTuple):
    """An outcome, and when it was said."""

    outcome: Outcome
    at: int
    sure: bool = True
    """False: the record does not tell; it was said at that instant at the earliest."""


def presumed(outcome: Outcome) -> Said:
    """When an outcome was said that was recorded without that instant, provided that events came as they happened.

    What was revised or taken back proves that they did not: that it was not said before is all that is known of it.
    """
    at = outcome.at
    taken_back = outcome.kind is Kind.WITHDRAWN
    if outcome.kind in _HELD or (taken_back and outcome.level.partition(":")[0] in _HELD):
        at += outcome.hold_us
    if taken_back and outcome.evidence_at is not None:
        at = max(at, outcome.evidence_at)
    return Said(outcome, at, sure=not taken_back and not outcome.revision)


def once(said: Iterable[Said]) -> dict[str, Said]:
    """By id, each outcome as it was first said; the same for every order."""
    first: dict[str, Said] = {}
    for each in said:
        id_ = each.outcome.outcome_id
        before = first.get(id_)
        if before is None or _earlier(each, before):
            first[id_] = each
    return first


def key_of(outcome: Outcome) -> Key:
    """Of what the outcome says, or takes back."""
    kind: str = outcome.kind
    level = outcome.level
    if outcome.kind is Kind.WITHDRAWN:
        kind, _, level = level.partition(":")
    return (outcome.subject, outcome.duty, outcome.cycle, kind, level)


def of_verdict(outcome: Outcome) -> bool:
    """Whether it says, or takes back, how a clock or a quota ends, or that it runs."""
    kind = outcome.level.partition(":")[0] if outcome.kind is Kind.WITHDRAWN else outcome.kind
    return kind in _OF_VERDICTS


class Heard:
    """The newest revision of everything that was said."""

    def __init__(self) -> None:
        self._newest: dict[Key, tuple[int, Outcome]] = {}

    def hear(self, outcome: Outcome) -> None:
        """Take it to account; the order of these calls does not matter, nor their number."""
        key = key_of(outcome)
        order = 2 * outcome.revision + (outcome.kind is Kind.WITHDRAWN)
        newest = self._newest.get(key)
        if newest is None or newest[0] < order or (newest[0] == order and _before(outcome, newest[1])):
            self._newest[key] = (order, outcome)

    def standing(self) -> Iterator[tuple[Key, Outcome]]:
        """What is not taken back, in the order of the keys."""
        for key, (_, outcome) in sorted(self._newest.items(), key=lambda item: item[0]):
            if outcome.kind is not Kind.WITHDRAWN:
                yield key, outcome


def _earlier(one: Said, other: Said) -> bool:
    if one.at != other.at:
        return one.at < other.at
    return one.outcome != other.outcome and _before(one.outcome, other.outcome)


def _before(one: Outcome, other: Outcome) -> bool:
    """Two that should be the same and are not: one of them, always the same one."""
    return one != other and repr(one) < repr(other)
