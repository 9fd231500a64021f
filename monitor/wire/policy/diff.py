"""What changes from one agreement to the next, in words: for those who sign it.

Compared is what is written, brought into one form: lists and single values are the same, weekdays stand one by one,
duties go by their name and targets by their condition. Comments, quotes and the order of keys do not matter.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from monitor.wire.policy.calendars import days_of
from monitor.wire.policy.fault import harmless
from monitor.wire.policy.tree import Mapping as MappingNode
from monitor.wire.policy.tree import Node, Scalar, Sequence, tree_of

Form = str | tuple["Form", ...] | Mapping[str, "Form"]
Path = tuple[str, ...]

OTHERWISE: Final = "all others"
# Lists of named things, and what one of them is called.
_NAMED: Final = {
    "follow_up": "duty", "calendars": "calendar", "stages": "stage", "targets": "target", "quotas": "quota",
    "definitions": "definition", "personas": "persona", "recipients": "recipient", "ladders": "ladder",
    "routes": "route",
}  # fmt: skip


# Mappings whose keys are not ours: owners, attributes, sources of events.
_THEIRS: Final = ("calendar", "paused_while", "final_after", "target", "owners")
# One of them names a step of a ladder.
_TIMES: Final = ("at", "after")
# Of targets and routes the first that fits applies, so their order says something.
_ORDERED: Final = ("targets", "routes")


class Change(NamedTuple):
    """One thing that is different; `before` and `after` as they are written, "" where there is nothing."""

    path: Path
    before: str
    after: str

    def __str__(self) -> str:
        """One line."""
        where = _where(self.path)
        if not self.before:
            return harmless(f"{where}: new: {self.after}")
        if not self.after:
            return harmless(f"{where}: removed, was {self.before}")
        return harmless(f"{where}: {self.after} instead of {self.before}")


def diff(before: str, after: str) -> list[Change]:
    """The changes between the texts of two agreements that are in order, in the order of the second."""
    return list(_changes((), _form(tree_of(before)), _form(tree_of(after))))


def _changes(path: Path, before: Form, after: Form) -> Iterator[Change]:
    if path == ("notices",):
        before, after = before or {}, after or {}
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in [*after, *(key for key in before if key not in after)]:
            yield from _changes((*path, key), before.get(key, ""), after.get(key, ""))
        if path[-1:] and path[-1] in _ORDERED and _moved(list(before), list(after)):
            yield Change((*path[:-1], f"order of {path[-1]}"), _listed(before), _listed(after))
    elif before != after and path[-1:] and path[-1] in _NAMED:
        # A list of named things that appears or disappears is told thing by thing.
        was, is_ = (form if isinstance(form, Mapping) else {} for form in (before, after))
        for key in (*is_, *was):
            yield Change((*path, key), _text(was.get(key, "")), _text(is_.get(key, "")))
    elif before != after:
        yield Change(path, _text(before), _text(after))


def _moved(before: list[str], after: list[str]) -> bool:
    return [key for key in before if key in after] != [key for key in after if key in before]


def _form(node: Node, key: str = "") -> Form:
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        if key in ("follow_up", "quotas"):
            return {_name(item, "duty"): _form(item) for item in node.items}
        if key == "targets":
            return {_name(item, "when"): _form(item) for item in node.items}
        if key == "routes":
            return {_name(item, "name"): _form(item) for item in node.items}
        steps = [_step(item) for item in node.items]
        if all(steps):
            return {step: _without_time(_form(item)) for step, item in zip(steps, node.items, strict=True)}
        forms = tuple(_form(item) for item in node.items)
        return forms[0] if len(forms) == 1 else forms
    entries = (
        {name: _form(entry, name) for name, entry in node.entries.items()} if isinstance(node, MappingNode) else {}
    )
    if key == "hours":
        return {day: form for name, form in entries.items() for day in days_of(name)}
    return entries


def _name(item: Node, key: str) -> str:
    named = item.get(key) if isinstance(item, MappingNode) else None
    return named.text if isinstance(named, Scalar) else OTHERWISE


def _step(item: Node) -> str:
    """What a step of a ladder is known by; "" for anything else."""
    named = ((key, item.get(key)) for key in _TIMES) if isinstance(item, MappingNode) else ()
    return next((f"{key} {node.text}" for key, node in named if isinstance(node, Scalar)), "")


def _without_time(step: Form) -> Form:
    """What it is known by has been said."""
    return {key: form for key, form in step.items() if key not in _TIMES} if isinstance(step, Mapping) else step


def _text(form: Form) -> str:
    if isinstance(form, str):
        return form
    if isinstance(form, Mapping):
        return ", ".join(f"{key} {_within(value)}" for key, value in form.items())
    return " and ".join(map(_text, form)) if len(form) <= 2 else ", ".join(map(_text, form))


def _within(form: Form) -> str:
    return f"({_text(form)})" if isinstance(form, Mapping) else _text(form)


def _listed(targets: Mapping[str, Form]) -> str:
    return " then ".join(targets)


def _where(path: Path) -> str:
    words: list[str] = []
    above = ""
    for key in path:
        if key not in _NAMED:
            named = _NAMED.get(above)
            words.append(f"{named} {key}" if named else key if above in _THEIRS else key.replace("_", " "))
        above = key
    return ", ".join(words)
