"""Conditions of a policy file: which events start, meet, cancel, reset, pause or resume a clock."""

from collections.abc import Callable
from functools import partial
from typing import Final

from monitor.core import event as ev
from monitor.core.policy import Condition, Match
from monitor.wire.policy.context import Context
from monitor.wire.policy.fault import Faults, Refused
from monitor.wire.policy.predicates import among, predicate
from monitor.wire.policy.tree import Mapping, Node, Scalar
from monitor.wire.policy.values import mapping, one_of, several, text

# A list that people choose from while they reject a lead.
REASONS_MAX: Final = 30
ACTORS: Final = ("owner", "person", "automation", "anyone")
_MATCH_KEYS: Final = ("event", "stage", "activity", "direction", "by", "outcome", "when")
_ACTIVITY: Final = frozenset({ev.ACTIVITY_LOGGED})
# What a cadence counts when it does not say: what the owner does towards the lead.
ATTEMPT: Final[Condition] = (Match(_ACTIVITY, direction="outbound", actor="owner"),)
ACCEPTANCE: Final[Condition] = (Match(frozenset({ev.LEAD_ACCEPTED})), Match(frozenset({ev.LEAD_REJECTED})))


def condition(context: Context, node: Node) -> Condition:
    """A condition; who acts does not matter where it does not say. Raises Refused, as everything here does."""
    return several(context.faults, partial(_match, context, None))(node)


def fulfilment(context: Context, node: Node) -> Condition:
    """A condition that fulfils something: activities count when they are the owner's, unless it says otherwise."""
    return several(context.faults, partial(_match, context, "owner"))(node)


def connection(context: Context, node: Node) -> Condition:
    """What ends a cadence: outcomes of an activity, one word or a list of them, or a whole condition."""
    if isinstance(node, Mapping):
        return fulfilment(context, node)
    return (Match(_ACTIVITY, actor="owner", outcomes=frozenset(several(context.faults, _outcome)(node))),)


def _outcome(node: Node) -> str:
    word = text(node)
    if word in ev.EVENT_TYPES:
        raise Refused(node, f"{word} is an event, not how an activity ended", f"write {{event: {word}}}")
    return word


def entering(stages: frozenset[str]) -> Condition:
    """The lead moves into one of these stages, by whatever event."""
    return (Match(frozenset(ev.EVENT_TYPES), stages=stages),)


def agreed(faults: Faults, met_by: Condition, node: Node) -> Condition:
    """`met_by`, where rejecting a lead counts for one of the reasons in the node only."""
    reasons = several(faults, text)(node)
    if len(reasons) > REASONS_MAX:
        raise Refused(node, f"has {len(reasons)} reasons", f"write {REASONS_MAX} at most")
    if not any(ev.LEAD_REJECTED in match.types for match in met_by):
        raise Refused(node, "says why a lead may be rejected, and met_by has no lead.rejected", "add it to met_by")
    return tuple(part for match in met_by for part in _split(match, reasons, node))


def _split(match: Match, reasons: tuple[str, ...], node: Node) -> Condition:
    """A match over several event types asks for the reason of a rejection alone."""
    if ev.LEAD_REJECTED not in match.types:
        return (match,)
    others = match.types - {ev.LEAD_REJECTED}
    rejected = match._replace(types=frozenset({ev.LEAD_REJECTED}), when=among("reason", reasons, match.when, node))
    return (match._replace(types=others), rejected) if others else (rejected,)


def _match(context: Context, actor: str | None, node: Node) -> Match:
    """One alternative; `actor` is who has to act in an activity when it does not say."""
    event_type = one_of(ev.EVENT_TYPES, "event type")
    if isinstance(node, Scalar):
        types = frozenset({event_type(node)})
        return Match(types, actor=actor if types == _ACTIVITY else None)
    faults = context.faults
    keys = mapping(faults, node, {}, _MATCH_KEYS)
    events, stage, activity = keys.get("event"), keys.get("stage"), keys.get("activity")
    if events is None and stage is None and activity is None:
        raise Refused(node, "does not say which events it is about", "add event, stage or activity")
    if activity is not None and (events is not None or stage is not None):
        raise Refused(
            activity, "stands beside event or stage", "leave it alone: activity means activity.logged already"
        )
    types = frozenset(faults.read(several(faults, event_type), events, ev.EVENT_TYPES))
    if activity is not None:
        types = _ACTIVITY
    by = faults.read(one_of(ACTORS, "actor"), keys.get("by"), actor if types == _ACTIVITY else "anyone")
    return Match(
        types=types,
        stages=_words(faults, stage, one_of(context.stages, "stage")),
        channels=_words(faults, activity, one_of(ev.CHANNELS, "channel")),
        direction=faults.read(one_of(("inbound", "outbound"), "direction"), keys.get("direction"), None),
        actor=None if by == "anyone" else by,
        outcomes=_words(faults, keys.get("outcome"), text),
        when=faults.read(partial(predicate, context), keys.get("when"), None),
    )


def _words(faults: Faults, node: Node | None, reader: Callable[[Node], str]) -> frozenset[str] | None:
    return None if node is None else frozenset(faults.read(several(faults, reader), node, ()))
