"""YAML as a tree that knows the line and the path of every node, built from the parser's events.

No value is converted on the way, so `1.10` is still what was written; anchors, aliases and tags are refused, so a
small file cannot become a large one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

# An agreement has a few hundred nodes, seven levels deep at most.
NODES_MAX: Final = 20_000
DEPTH_MAX: Final = 12
_NUMBER: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|0[xo][0-9a-fA-F]+")
_CONSTANTS: Final = {
    "": "nothing",
    "~": "nothing",
    "null": "nothing",
    "true": "a truth value",
    "false": "a truth value",
}


@dataclass(frozen=True, slots=True)
class Node:
    """A value in the file."""

    line: int
    field: str
    """Path from the top, such as `follow_up[0].targets[1].within`; `policy` for the top itself."""

    @property
    def kind(self) -> str:
        """What it is, for messages."""
        return "a value"


@dataclass(frozen=True, slots=True)
class Scalar(Node):
    """A single value as written; `plain` when without quotes."""

    text: str
    plain: bool

    @property
    def kind(self) -> str:
        if not self.plain:
            return "text"
        return _CONSTANTS.get(self.text.lower()) or ("a number" if _NUMBER.fullmatch(self.text) else "text")


@dataclass(frozen=True, slots=True)
class Sequence(Node):
    """A list."""

    items: list[Node] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return "a list"


@dataclass(frozen=True, slots=True)
class Mapping(Node):
    """Keys with values, in order."""

    entries: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, Scalar] = field(default_factory=dict)
    """Where each key stands."""

    @property
    def kind(self) -> str:
        return "a mapping"

    def get(self, key: str) -> Node | None:
        """The value of that key, None when it is not there."""
        return self.entries.get(key)


class Unreadable(Exception):
    """The text is not the YAML that policies are written in."""

    def __init__(self, line: int, message: str, fix: str, field: str = "policy") -> None:
        super().__init__(message)
        self.line, self.message, self.fix, self.field = line, message, fix, field


def tree_of(text: str) -> Node:
    """The one document in `text`. Raises Unreadable."""
    builder = _Builder()
    try:
        for event in _events(text):
            builder.take(event)
    except YAMLError as error:
        line = text.count("\n", 0, getattr(error, "position", 0)) + 1  # of a ReaderError
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be read"
        raise Unreadable(
            line if mark is None else mark.line + 1,
            f"not YAML: {problem}",
            "mind indentation, brackets and quotes up to here",
        ) from error
    if builder.top is None:
        raise Unreadable(1, "the file is empty", "start from the example that `lead-sla init` writes")
    return builder.top


def _events(text: str) -> Iterator[Any]:
    documents = 0
    for count, event in enumerate(YAML(typ="safe", pure=True).parse(text)):
        line = event.start_mark.line + 1
        if isinstance(event, DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise Unreadable(line, "a second document begins", "keep one agreement in one file")
        if isinstance(event, NodeEvent) and event.anchor is not None:
            fix = "write the value out wherever it is needed"
            raise Unreadable(line, f"anchors and aliases are not read, as {event.anchor[:60]} here", fix)
        if getattr(event, "tag", None) is not None:
            raise Unreadable(line, "tags (words with !) are not read", "remove the tag")
        if count > NODES_MAX:
            raise Unreadable(line, f"more than {NODES_MAX} values", "split the agreement")
        yield event


class _Builder:
    """Puts events together, without recursion: the file may not choose how deep the stack grows."""

    def __init__(self) -> None:
        self.top: Node | None = None
        self._open: list[Sequence | Mapping] = []
        self._keys: list[Scalar | None] = []  # for each open node the key that waits for its value

    def take(self, event: Any) -> None:
        """Add what the event tells. Raises Unreadable."""
        line = event.start_mark.line + 1
        if isinstance(event, ScalarEvent):
            self._add(Scalar(line, self._field(event.value), event.value, event.style is None))
        elif isinstance(event, SequenceStartEvent):
            self._enter(Sequence(line, self._field("")))
        elif isinstance(event, MappingStartEvent):
            self._enter(Mapping(line, self._field("")))
        elif isinstance(event, SequenceEndEvent | MappingEndEvent):
            self._open.pop()
            self._keys.pop()

    def _enter(self, node: Sequence | Mapping) -> None:
        if len(self._open) == DEPTH_MAX:
            raise Unreadable(node.line, f"more than {DEPTH_MAX} levels deep", "keep to the keys of the example")
        self._add(node)
        self._open.append(node)
        self._keys.append(None)

    def _field(self, key: str) -> str:
        """The path of the node that comes next; `key` is its text in case it is a key."""
        if not self._open:
            return "policy"
        parent, waiting = self._open[-1], self._keys[-1]
        if waiting is not None:
            return waiting.field
        if isinstance(parent, Sequence):
            return f"{parent.field}[{len(parent.items)}]"
        return f"{parent.field}.{key[:60]}" if len(self._open) > 1 else key[:60]

    def _add(self, node: Node) -> None:
        if not self._open:
            self.top = node
            return
        parent, waiting = self._open[-1], self._keys[-1]
        if isinstance(parent, Sequence):
            parent.items.append(node)
        elif waiting is not None:
            parent.entries[waiting.text] = node
            self._keys[-1] = None
        elif not isinstance(node, Scalar):
            raise Unreadable(node.line, f"{node.kind} as a key", "use a single word as the key", parent.field)
        elif node.text in parent.keys:
            first = parent.keys[node.text].line
            raise Unreadable(node.line, f"duplicate key, first in line {first}", "keep one of the two", node.field)
        else:
            parent.keys[node.text] = node
            self._keys[-1] = node
