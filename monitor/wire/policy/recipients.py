"""Who may be told, as the `notices` of a policy file name them: recipients with channels and hours, and owners."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from monitor.core.routing import OWNER, Recipient
from monitor.wire.policy.context import Context
from monitor.wire.policy.fault import Faults, Refused
from monitor.wire.policy.tree import Mapping as MappingNode
from monitor.wire.policy.tree import Node
from monitor.wire.policy.values import mapping, name, one_of, several, text

RECIPIENTS_MAX: Final = 200
# The people of a sales floor.
OWNERS_MAX: Final = 500
DEFAULT: Final = "default"


@dataclass(frozen=True, slots=True)
class Addressees:
    """Whom a step may name."""

    faults: Faults
    names: Collection[str]
    default: bool
    """Whether an owner whom nobody has named has a recipient too."""
    used: set[str] = field(default_factory=set)
    """Grows while steps and routes are read."""

    def read(self, node: Node) -> tuple[str, ...]:
        """One of them or a list. Raises Refused."""
        return tuple(dict.fromkeys(several(self.faults, self._one)(node)))

    def _one(self, node: Node) -> str:
        to = _one_of((*self.names, OWNER) if self.names else ())(node)
        if to == OWNER and not self.default:
            raise Refused(
                node, "owners has no default", f"add {DEFAULT}: NAME to owners, for all that it does not name"
            )
        self.used.add(to)
        return to


def recipients(context: Context, node: Node) -> dict[str, Recipient]:
    """The recipients by name. Raises Refused."""
    entries = _entries(node, RECIPIENTS_MAX, "recipients", "{floor: {channel: sales-slack, calendar: munich}}")
    read: dict[str, Recipient] = {}
    for key, entry in entries.entries.items():
        if key == OWNER:
            message, fix = f"{OWNER} means the owner of the lead", "give the recipient another name"
            context.faults.add(entries.keys[key], message, fix)
        context.faults.read(name, entries.keys[key], "")
        one = context.faults.read(partial(_recipient, context, key), entry, None)
        if one is not None:
            read[key] = one
    return read


def owners(faults: Faults, known: Collection[str], node: Node) -> dict[str, str]:
    """Recipients by owner, DEFAULT among them. Raises Refused."""
    entries = _entries(node, OWNERS_MAX, "owners", "{ana@example.com: ana, default: floor}")
    for key in entries.keys.values():
        faults.read(text, key, "")
    return {owner: faults.read(_one_of(known), entry, "") for owner, entry in entries.entries.items()}


def _one_of(known: Collection[str]) -> Callable[[Node], str]:
    """Reads the name of a recipient; where they have faults of their own, any text."""
    return one_of(known, "recipient") if known else text


def doubt_unused(faults: Faults, node: MappingNode, used: Collection[str], what: str) -> None:
    """Tell the named things that nothing names."""
    for key, place in node.keys.items():
        if key not in used:
            faults.doubt(place, f"no {what} names it", "name it there, or remove it")


def channel_nodes(notices: Node | None) -> Mapping[str, Node]:
    """Where the `notices` of a file that is in order name the channel of each recipient."""
    listed = notices.get("recipients") if isinstance(notices, MappingNode) else None
    entries = listed.entries if isinstance(listed, MappingNode) else {}
    found = {key: entry.get("channel") for key, entry in entries.items() if isinstance(entry, MappingNode)}
    return {key: node for key, node in found.items() if node is not None}


def _entries(node: Node, most: int, what: str, example: str) -> MappingNode:
    if not isinstance(node, MappingNode):
        raise Refused(node, f"is {node.kind}, not a mapping", f"write for example {example}")
    if not 1 <= len(node.entries) <= most:
        raise Refused(node, f"has {len(node.entries)} {what}, not 1 to {most}", f"write for example {example}")
    return node


def _recipient(context: Context, called: str, node: Node) -> Recipient:
    faults = context.faults
    keys = mapping(faults, node, {"channel": "sales-slack"}, ("calendar",))
    calendar = faults.read(one_of(context.calendar_names, "calendar"), keys.get("calendar"), None)
    if calendar is not None:
        context.calendars_used.add(calendar)
    channel = faults.read(name, keys.get("channel"), "")
    return Recipient(called, channel, context.calendars.get(calendar or ""))
