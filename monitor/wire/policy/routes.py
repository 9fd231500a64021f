"""The routes of a policy file: which outcomes go where, and whether every route is ever reached."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from monitor.core.outcome import Kind
from monitor.core.policy import Policy
from monitor.core.routing import FOLD_FIELDS, News, Route, Rung, Severity
from monitor.wire.policy.context import Context
from monitor.wire.policy.fault import Faults, Refused
from monitor.wire.policy.reach import TOLD, doubt_reach
from monitor.wire.policy.recipients import Addressees
from monitor.wire.policy.tree import Node, Sequence
from monitor.wire.policy.values import duration_us, mapping, name, one_of, several, text, truth

ROUTES_MAX: Final = 100
# Longer, and what waits is no storm but a digest.
FOLD_US_MAX: Final = 3_600_000_000
_WHEN: Final[Mapping[str, str]] = {
    "duty": "duties", "team": "teams", "segment": "segments", "owner": "owners", "source": "sources", "kind": "kinds",
    "news": "news", "severity": "severities",
}  # fmt: skip
_WHERE: Final = ("ladder", "to", "mute")


def routes(
    context: Context, policy: Policy, addressees: Addressees, ladders: Mapping[str, tuple[Rung, ...]], node: Node
) -> tuple[Route, ...]:
    """The routes, in the order of the file. Raises Refused."""
    if not isinstance(node, Sequence) or not 1 <= len(node.items) <= ROUTES_MAX:
        raise Refused(
            node, f"is no list of 1 to {ROUTES_MAX} routes", "begin every route with a dash: - {name: all, to: floor}"
        )
    read: list[tuple[Route, Node]] = []
    for item in node.items:
        route = context.faults.read(partial(_route, context, policy, addressees, ladders), item, None)
        if route is not None:
            if any(route.name == other.name for other, _ in read):
                context.faults.add(item, f"a second route {route.name}", "give every route a name of its own")
            read.append((route, item))
    if len(read) == len(node.items):
        doubt_reach(context.faults, policy, read, node)
    return tuple(route for route, _ in read)


def _route(
    context: Context, policy: Policy, addressees: Addressees, ladders: Mapping[str, tuple[Rung, ...]], node: Node
) -> Route:
    faults = context.faults
    keys = mapping(faults, node, {"name": "standard"}, ("when", *_WHERE, "page", "fold"))
    given = [key for key in _WHERE if key in keys.entries]
    if len(given) != 1:
        stated = f"{given[0]} and {given[1]} are both given" if given else "says nobody who is told"
        faults.add(node, stated, "write ladder: NAME, to: RECIPIENT or mute: true, one of them")
    route = faults.read(partial(_fitting, context, policy), keys.get("when"), Route(""))
    fold_by, fold_us = faults.read(partial(_fold, faults), keys.get("fold"), ((), 0))
    mute = faults.read(truth, keys.get("mute"), False)
    if "mute" in keys.entries:
        if not mute:
            faults.add(keys.entries["mute"], "false says nothing", "remove it")
        for key in ("page", "fold"):
            if key in keys.entries:
                faults.add(keys.keys[key], "stands beside mute", "remove it: nobody is told")
    ladder: tuple[Rung, ...] = ()
    if keys.get("ladder") is not None:
        ladder = ladders.get(faults.read(one_of(ladders, "ladder"), keys.get("ladder"), ""), ())
    elif keys.get("to") is not None:
        ladder = (Rung(faults.read(addressees.read, keys.get("to"), ()), level=None),)
    return route._replace(
        name=faults.read(name, keys.get("name"), ""),
        ladder=ladder,
        page=faults.read(truth, keys.get("page"), False),
        mute=mute,
        fold_by=fold_by,
        fold_us=fold_us,
    )


def _fitting(context: Context, policy: Policy, node: Node) -> Route:
    """A route that has what it asks for, and nothing else."""
    faults = context.faults
    keys = mapping(faults, node, {}, _WHEN)
    if not keys.entries:
        raise Refused(node, "asks for nothing", "remove it: without when the route takes all that is left")
    readers = _readers(context, policy)
    asked: dict[str, Any] = {
        _WHEN[key]: frozenset(faults.read(several(faults, readers[key]), entry, ()))
        for key, entry in keys.entries.items()
        if key in readers
    }
    return Route("", **asked)


def _readers(context: Context, policy: Policy) -> dict[str, Callable[[Node], str]]:
    stages, duties, quotas = policy.stages.values(), policy.duties, policy.quotas
    teams = {*(stage.team for stage in stages), *(stage.handoff_to or "" for stage in stages)}
    teams |= {duty.team for duty in duties} | {quota.team for quota in quotas}
    return {
        "duty": one_of([duty.name for duty in duties] + [quota.name for quota in quotas], "duty"),
        "team": one_of(sorted(teams - {""}), "team"),
        "segment": one_of(context.segments, "segment") if context.segments else text,
        "owner": text,
        "source": text,
        "kind": _kind,
        "news": lambda node: News(one_of(News, "news")(node)),
        "severity": lambda node: Severity(one_of(Severity, "severity")(node)),
    }


def _kind(node: Node) -> Kind:
    value = text(node)
    if value in (Kind.FULFILLED_LATE, Kind.CANCELLED, Kind.WITHDRAWN):
        raise Refused(node, f"{value} goes where it was told what it ends", "remove it")
    return Kind(one_of(sorted({kind for kind, _ in TOLD}), "kind that is told")(node))


def _fold(faults: Faults, node: Node) -> tuple[tuple[str, ...], int]:
    keys = mapping(faults, node, {"by": "[source, duty]", "within": "30 seconds"})
    by = faults.read(several(faults, one_of(FOLD_FIELDS, "field of a cause")), keys.get("by"), ())
    return tuple(dict.fromkeys(by)), faults.read(_window, keys.get("within"), 0)


def _window(node: Node) -> int:
    window_us = duration_us(node)
    if not 0 < window_us <= FOLD_US_MAX:
        raise Refused(node, f"{text(node)} is not within 1 second to 1 hour", "write for example 30 seconds")
    return window_us
