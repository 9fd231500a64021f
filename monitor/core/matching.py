"""Whether a condition of the agreement holds for something that happened to a lead."""

from collections.abc import Mapping
from typing import NamedTuple

from monitor.core.event import Scalar
from monitor.core.evidence import Evidence
from monitor.core.policy import Condition, Match
from monitor.core.predicate import holds


class Happening(NamedTuple):
    """An event, and what the lead is right after it."""

    event: Evidence
    entered: str | None
    """The stage that it moves the lead into, out of another."""
    attributes: Mapping[str, Scalar]


def holds_any(condition: Condition, now: Happening) -> bool:
    """Whether one of the alternatives fits; the empty condition never does."""
    for match in condition:  # a plain loop: this runs for every duty that an event may concern
        if _fits(match, now):
            return True
    return False


def _fits(match: Match, now: Happening) -> bool:
    event, entered, attributes = now
    data = event.data
    return (
        (match.stages is None or entered in match.stages)
        and (match.channels is None or data.get("channel") in match.channels)
        and (match.direction is None or data.get("direction") == match.direction)
        and (match.actor is None or _acted(match.actor, data, attributes))
        and (match.outcomes is None or data.get("outcome") in match.outcomes)
        and (match.when is None or holds(match.when, {**attributes, **data}))
    )


def _acted(actor: str, data: Mapping[str, Scalar], attributes: Mapping[str, Scalar]) -> bool:
    if actor != "owner":
        return data.get("actor") == actor
    who, owner = data.get("actor_id"), attributes.get("owner")
    return data.get("actor") != "automation" and (not who or not owner or who == owner)
