"""The `notices` part of a policy file: who hears of what, over which channel, and when."""

from collections.abc import Collection, Iterator, Mapping
from functools import partial
from typing import Final

from monitor.core.policy import Policy
from monitor.core.routing import OWNER, Routing
from monitor.wire.policy.context import Context
from monitor.wire.policy.fault import PolicyError, PolicyFault, quoted
from monitor.wire.policy.ladders import ladders
from monitor.wire.policy.recipients import DEFAULT, Addressees, channel_nodes, doubt_unused, owners, recipients
from monitor.wire.policy.routes import routes
from monitor.wire.policy.tree import Mapping as MappingNode
from monitor.wire.policy.tree import Node, Scalar, Sequence, tree_of
from monitor.wire.policy.values import mapping, nearest

_REQUIRED: Final = {
    "recipients": "{floor: {channel: sales-slack, calendar: munich}}",
    "routes": "[{name: all, to: floor}]",
}


def notices(context: Context, policy: Policy, node: Node) -> Routing:
    """The routing; `policy` is the same file without it. Raises Refused."""
    faults = context.faults
    keys = mapping(faults, node, _REQUIRED, ("owners", "ladders"))
    listed, owned, climbed = keys.get("recipients"), keys.get("owners"), keys.get("ladders")
    names = listed.keys if isinstance(listed, MappingNode) else ()
    people = faults.read(partial(recipients, context), listed, {})
    by_owner = faults.read(partial(owners, faults, names), owned, {})
    addressees = Addressees(faults, names, DEFAULT in by_owner)
    steps = faults.read(partial(ladders, context, policy, addressees), climbed, {})
    routing = Routing(
        recipients=people,
        owners={owner: recipient for owner, recipient in by_owner.items() if owner != DEFAULT},
        default_owner=by_owner.get(DEFAULT, ""),
        routes=faults.read(partial(routes, context, policy, addressees, steps), keys.get("routes"), ()),
    )
    if owned is not None and OWNER not in addressees.used:
        faults.doubt(owned, f"no step and no route tells the {OWNER} anything", f"write to: {OWNER}, or remove it")
    if isinstance(listed, MappingNode):
        doubt_unused(faults, listed, addressees.used | set(by_owner.values()), "step, route or owner")
    if isinstance(climbed, MappingNode):
        doubt_unused(faults, climbed, {*_ladders_named(keys.get("routes"))}, "route")
    return routing


def check_channels(policy: Policy, files: Mapping[str, str], channels: Collection[str], now_at: int) -> None:
    """Raise PolicyError unless every recipient of the version in force, and of those to come, has one of the channels.

    The files of all versions, by their path, are where it is written.
    """
    in_force = policy.as_of(now_at).in_force(now_at)
    after = {version.effective_from for version in policy.versions if version.effective_at >= in_force.effective_at}
    faults = [fault for file, text in files.items() for fault in _unknown(file, text, after, channels)]
    if faults:
        raise PolicyError(faults)


def _unknown(file: str, text: str, after: Collection[str], channels: Collection[str]) -> Iterator[PolicyFault]:
    top = tree_of(text)
    agreement = top.get("agreement") if isinstance(top, MappingNode) else None
    begins = agreement.get("effective_from") if isinstance(agreement, MappingNode) else None
    if not (isinstance(top, MappingNode) and isinstance(begins, Scalar) and begins.text in after):
        return
    for place in channel_nodes(top.get("notices")).values():
        if isinstance(place, Scalar) and place.text not in channels:
            fix = nearest(place.text, channels) if channels else "configure it: docs/operating/notices.md"
            yield PolicyFault(file, place.line, place.field, f"no channel {quoted(place.text)} is configured", fix)


def _ladders_named(node: Node | None) -> Iterator[str]:
    for item in node.items if isinstance(node, Sequence) else ():
        named = item.get("ladder") if isinstance(item, MappingNode) else None
        if isinstance(named, Scalar):
            yield named.text
