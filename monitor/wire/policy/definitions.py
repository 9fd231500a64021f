"""The `definitions` part of a policy file: personas, and what a lead must be in each stage; each becomes a duty."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from monitor.core.definition import DEFINITION_DUTY, Conditions, Definition, Persona
from monitor.core.event import ATTRIBUTES
from monitor.core.limit import Limit, LimitUnit
from monitor.core.policy import Duty, Stage, Target
from monitor.core.predicate import Predicate
from monitor.wire.policy.announcing import final_after
from monitor.wire.policy.conditions import entering
from monitor.wire.policy.context import Context
from monitor.wire.policy.duties import DUTIES_MAX
from monitor.wire.policy.fault import Refused
from monitor.wire.policy.predicates import predicate
from monitor.wire.policy.tree import Mapping as MappingNode
from monitor.wire.policy.tree import Node
from monitor.wire.policy.values import duration_us, mapping, name, one_of, several

# More than a team can tell apart; each may have as many conditions as a definition.
PERSONAS_MAX: Final = 50
CONDITIONS_MAX: Final = 20
_PERSONAS: Final = "personas"
_KEYS: Final = ("requires", "all", "any", "persona", "hold", "final_after")
# At its start: the clock is due then.
_AT_ONCE: Final = (Target(Limit(LimitUnit.ELAPSED, 0, "at once"), None),)


def definitions(
    context: Context, stages: Mapping[str, Stage], duties: tuple[Duty, ...], node: Node
) -> tuple[Duty, ...]:
    """The duties that the definitions of stages are, to stand behind those that are read. Raises Refused."""
    if not isinstance(node, MappingNode):
        raise Refused(node, f"is {node.kind}, not a mapping", "write stages, {mql: {requires: [source]}}")
    faults = context.faults
    personas = faults.read(partial(_personas, context), node.get(_PERSONAS), {})
    read: list[Duty] = []
    taken = {duty.name for duty in duties}
    for stage, entry in node.entries.items():
        if stage == _PERSONAS:
            continue
        known = faults.read(one_of(stages, "stage"), node.keys[stage], "")
        team = stages[known].team if known else ""
        duty = faults.read(partial(_duty, context, personas, team), entry, None)
        if known and duty is not None:
            read.append(duty._replace(name=DEFINITION_DUTY + stage, starts=entering(frozenset({stage}))))
            if read[-1].name in taken:
                fix = "give the duty of follow_up another name"
                faults.add(node.keys[stage], f"its duty is called {read[-1].name}, as one of follow_up", fix)
    if len(read) + len(duties) > DUTIES_MAX:
        fix = f"have {DUTIES_MAX} at most, definitions included"
        raise Refused(node, f"makes {len(read) + len(duties)} duties with those of follow_up", fix)
    return tuple(read)


def _personas(context: Context, node: Node) -> dict[str, Persona]:
    if not isinstance(node, MappingNode):
        raise Refused(node, f"is {node.kind}, not a mapping", "write personas by name, {plant-manager: {all: […]}}")
    if len(node.entries) > PERSONAS_MAX:
        raise Refused(node, f"has {len(node.entries)} personas", f"name {PERSONAS_MAX} at most")
    for key in node.keys.values():
        context.faults.read(name, key, "")
    read = partial(_persona, context)
    return {key: Persona(key, context.faults.read(read, entry, Conditions())) for key, entry in node.entries.items()}


def _persona(context: Context, node: Node) -> Conditions:
    keys = mapping(context.faults, node, {}, ("all", "any"))
    if not keys.entries:
        raise Refused(node, "fits everybody", "add all or any, with conditions")
    return _conditions(context, keys)


def _conditions(context: Context, keys: MappingNode) -> Conditions:
    every, some = (context.faults.read(partial(_listed, context), keys.get(key), ()) for key in ("all", "any"))
    return Conditions(every, some)


def _listed(context: Context, node: Node) -> tuple[Predicate, ...]:
    conditions = several(context.faults, partial(predicate, context))(node)
    if len(conditions) > CONDITIONS_MAX:
        raise Refused(node, f"has {len(conditions)} conditions", f"write {CONDITIONS_MAX} at most")
    return conditions


def _duty(context: Context, personas: Mapping[str, Persona], team: str, node: Node) -> Duty:
    """Without its name and its start."""
    faults = context.faults
    keys = mapping(faults, node, {}, _KEYS)
    if not {"requires", "all", "any", "persona"} & keys.entries.keys():
        raise Refused(node, "asks for nothing", "add requires, all, any or persona")
    fits = faults.read(several(faults, one_of(personas, "persona")), keys.get("persona"), ())
    hold_us = faults.read(duration_us, keys.get("hold"), 0)
    return Duty(
        name="",
        team=team,
        starts=(),
        met_by=(),
        cancelled_by=(),
        targets=_AT_ONCE,
        warn_at=(),
        hold_us=hold_us,
        final_after=final_after(faults, keys, hold_us),
        repeats=True,
        definition=Definition(
            requires=faults.read(several(faults, one_of(ATTRIBUTES, "attribute")), keys.get("requires"), ()),
            conditions=_conditions(context, keys),
            personas=tuple(personas[name] for name in fits),
        ),
    )
