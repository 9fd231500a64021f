"""One lead's whole history in the order of judgement, each event beside what is known of the lead right after it."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from monitor.core.event import ATTRIBUTES, LEAD_ACCEPTED, PRECEDENCE, Event, Scalar
from monitor.core.policy import Condition, Match, Policy
from monitor.core.predicate import holds
from monitor.core.tables import RESTING_STAGES, STAGE_OF_EVENT

Position = tuple[int, int, str, str]
"""Instant, precedence of the kind of event, id, source: what sorts first is judged first."""

AFTER_ALL = 99
"""The precedence of what passing time brings about at an instant: behind every event of that instant."""


class Moment(NamedTuple):
    """An event, and what is known right after it."""

    position: Position
    event: Event
    attributes: Mapping[str, Scalar]
    owner_before: str
    entered: str | None
    """The stage that the lead comes into by it."""
    round: int
    """How often the lead has left the funnel, this event included."""

    @property
    def at(self) -> int:
        return self.position[0]

    @property
    def owner(self) -> str:
        return str(self.attributes.get("owner", ""))


def moments_of(events: Iterable[Event], silences: Iterable[int], policy: Policy) -> list[Moment]:
    """All that happened, once and in order; at each of `silences` the lead was accepted without a word."""
    first_told = {(event.id, event.source): event for event in reversed(list(events))}
    happened = [((e.at, PRECEDENCE[e.type], e.id, e.source), e) for e in first_told.values()]
    happened += [((at, AFTER_ALL, "", ""), Event("", "", LEAD_ACCEPTED, at, "", {})) for at in silences]
    moments: list[Moment] = []
    attributes: dict[str, Scalar] = {}
    stage, round_, clocks_in_round = "", 0, False
    for position, event in sorted(happened):
        owner_before = str(attributes.get("owner", ""))
        attributes = {**attributes, **{name: event.data[name] for name in ATTRIBUTES if name in event.data}}
        named = event.data.get("stage", STAGE_OF_EVENT.get(event.type))
        entered = named if isinstance(named, str) and named in policy.stages and named != stage else None
        if named in RESTING_STAGES and named in policy.stages and (stage not in RESTING_STAGES or clocks_in_round):
            round_, clocks_in_round = round_ + 1, False
        stage = entered or stage
        moment = Moment(position, event, attributes, owner_before, entered, round_)
        clocks_in_round = clocks_in_round or any(holds_at(duty.starts, moment) for duty in policy.duties)
        moments.append(moment)
    return moments


def holds_at(condition: Condition, moment: Moment) -> bool:
    """Whether any alternative of the condition holds for that event."""
    return any(_match_holds(match, moment) for match in condition)


def _match_holds(match: Match, moment: Moment) -> bool:
    data = moment.event.data
    questions = [
        moment.event.type in match.types,
        match.stages is None or moment.entered in match.stages,
        match.channels is None or data.get("channel") in match.channels,
        match.direction is None or data.get("direction") == match.direction,
        match.outcomes is None or data.get("outcome") in match.outcomes,
        match.actor is None or _acted(match.actor, moment),
        match.when is None or holds(match.when, {**moment.attributes, **data}),
    ]
    return all(questions)


def _acted(actor: str, moment: Moment) -> bool:
    data = moment.event.data
    if actor != "owner":
        return data.get("actor") == actor
    unsaid = not data.get("actor_id") or not moment.owner
    return data.get("actor") != "automation" and (unsaid or data.get("actor_id") == moment.owner)
