"""Whether a condition of the agreement holds for something that happened to a lead."""

from collections.abc import Mapping
from typing import Final

from monitor.core.event import Scalar
from monitor.core.evidence import Evidence
from monitor.core.policy import Condition, Match
from monitor.core.predicate import holds
from monitor.core.value import Value


class Happening(Value):
    """An event, and what the lead is right after it."""

    def __init__(self, event: Evidence, entered: str | None, attributes: Mapping[str, Scalar]) -> None:
        """`entered`: the stage that the event moves the lead into, out of another."""
        self.event: Final = event
        self.entered: Final = entered
        self.attributes: Final = attributes

    def fields(self) -> tuple[object, ...]:
        """See Value."""
        return self.event, self.entered, self.attributes


def holds_any(condition: Condition, now: Happening) -> bool:
    """Whether one of the alternatives fits; the empty condition never does."""
    for match in condition:  # a plain loop: this runs for every duty that an event may concern
        if _fits(match, now):
            return True
    return False


def _fits(match: Match, now: Happening) -> bool:
    data = now.event.data
    return (
        (match.stages is None or now.entered in match.stages)
        and (match.channels is None or data.get("channel") in match.channels)
        and (match.direction is None or data.get("direction") == match.direction)
        and (match.actor is None or _acted(match.actor, data, now.attributes))
        and (match.outcomes is None or data.get("outcome") in match.outcomes)
        and (match.when is None or holds(match.when, {**now.attributes, **data}))
    )


def _acted(actor: str, data: Mapping[str, Scalar], attributes: Mapping[str, Scalar]) -> bool:
    if actor != "owner":
        return data.get("actor") == actor
    who, owner = data.get("actor_id"), attributes.get("owner")
    return data.get("actor") != "automation" and (not who or not owner or who == owner)
