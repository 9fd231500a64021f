"""Predicates of a policy file: over leads and events, or only over what is known of the lead."""

from collections.abc import Sequence

from monitor.core.event import ATTRIBUTES
from monitor.core.predicate import Predicate, PredicateError, parse
from monitor.wire.policy.context import Context
from monitor.wire.policy.coverage import covered, literals
from monitor.wire.policy.fault import Refused, quoted
from monitor.wire.policy.tree import Mapping, Node, Scalar
from monitor.wire.policy.tree import Sequence as Listed
from monitor.wire.policy.values import mapping, nearest, one_of, several, text


def predicate(context: Context, node: Node) -> Predicate:
    """A condition over the fields of leads and events. Raises Refused, as everything here does."""
    read = _parsed(node, _written(context, node))
    _mind_words(context, node, read)
    return read


def _written(context: Context, node: Node) -> str:
    """The condition as one text; it may stand in the file as a tree of `all`, `any` and `not`."""
    if not isinstance(node, Mapping):
        written = text(node, "write for example score > 50")
        _parsed(node, written)  # a mistake is told where it stands
        return written
    keys = mapping(context.faults, node, {}, ("all", "any", "not"))
    parts = [
        _joined(context, keys.entries[key], word)
        for key, word in (("all", "and"), ("any", "or"))
        if key in keys.entries
    ]
    if "not" in keys.entries:
        parts.append(f"not ({_written(context, keys.entries['not'])})")
    if node.entries and not parts:
        return "exists owner"  # a stand-in: that its keys are unknown is told already
    if not parts:
        raise Refused(node, "says no condition", "write a text, or all, any or not with conditions below it")
    return " and ".join(parts)


def _joined(context: Context, node: Node, word: str) -> str:
    items = node.items if isinstance(node, Listed) else [node]
    if not items:
        raise Refused(node, "is an empty list", "name at least one condition, or remove the key")
    return f"({f' {word} '.join(f'({_written(context, item)})' for item in items)})"


def while_known(context: Context, node: Node) -> Predicate | None:
    """A condition over what is known of the lead: a predicate, or a mapping of attributes to their values.

    None when the mapping has faults.
    """
    if not isinstance(node, Mapping):
        read = predicate(context, node)
        acts = [field for field in literals(read) if field not in ATTRIBUTES]
        if acts:
            raise Refused(node, f"{acts[0]} is not known of a lead, only of an event", f"use {', '.join(ATTRIBUTES)}")
        return read
    if not node.entries:
        raise Refused(node, "names no attribute", "write for example {waiting_on: prospect}")
    tests: list[str] = []
    for key, entry in node.entries.items():
        field = context.faults.read(one_of(ATTRIBUTES, "attribute"), node.keys[key], "")
        values = context.faults.read(several(context.faults, _literal), entry, ())
        if field and values:
            tests.append(f"{field} in [{', '.join(values)}]" if len(values) > 1 else f"{field} == {values[0]}")
    if len(tests) < len(node.entries):
        return None
    read = _parsed(node, " and ".join(tests))
    _mind_words(context, node, read)
    return read


def among(field: str, words: Sequence[str], own: Predicate | None, node: Node) -> Predicate:
    """That the field has one of these words, and `own` holds as well; `node` is where the words stand."""
    listed = f"{field} in [{', '.join(_in_quotes(node, word) for word in words)}]"
    return _parsed(node, listed if own is None else f"({own.text}) and {listed}")


def _parsed(node: Node, written: str) -> Predicate:
    try:
        return parse(written)
    except PredicateError as error:
        raise Refused(node, f"{error.message} at character {error.position + 1}", error.fix) from error


def _mind_words(context: Context, node: Node, read: Predicate) -> None:
    for field, known in (("stage", context.stages), ("segment", context.segments)):
        for value in literals(read).get(field, ()) if known else ():
            if isinstance(value, str) and value not in known:
                message = f"asks for {field} {quoted(value)}, which is not among the {field}s"
                context.faults.doubt(node, message, f"{nearest(value, known)}, or add it to {field}s")
    if covered(read, ()):
        context.faults.doubt(node, "never holds, whatever the lead", "mind the values, and what and, or and not join")


def _literal(node: Node) -> str:
    if isinstance(node, Scalar) and node.kind in ("a number", "a truth value"):
        return node.text.lower()
    return _in_quotes(node, text(node))


def _in_quotes(node: Node, word: str) -> str:
    if "\n" in word or ("'" in word and '"' in word):
        raise Refused(node, f"{quoted(word)} cannot stand in a condition", "keep to one line and one kind of quotes")
    return f"'{word}'" if '"' in word else f'"{word}"'
