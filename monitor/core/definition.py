"""What a lead must be when it enters a stage: fields that are known, conditions that hold, a persona that it fits."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from monitor.core.event import Scalar
from monitor.core.predicate import Predicate, holds

# Begins the name of the duty that a definition is; the stage follows.
DEFINITION_DUTY: Final = "definition-"
# What is missing is told in one line of a message; a definition of five conditions fits.
MISSING_CHARS_MAX: Final = 300


class Conditions(NamedTuple):
    """All of `every` must hold, and one of `some` if there are any."""

    every: tuple[Predicate, ...] = ()
    some: tuple[Predicate, ...] = ()


class Persona(NamedTuple):
    """Whom the agreement means by a name."""

    name: str
    conditions: Conditions


class Definition(NamedTuple):
    """What both teams mean by a stage."""

    requires: tuple[str, ...] = ()
    """Fields that must be known: there, and neither an empty text nor false."""
    conditions: Conditions = Conditions()
    personas: tuple[Persona, ...] = ()
    """The lead must fit one of these, if there are any."""


def missing(definition: Definition, fields: Mapping[str, Scalar]) -> str:
    """What these fields lack, as one line of at most MISSING_CHARS_MAX characters; empty: they meet the definition."""
    absent = [name for name in definition.requires if fields.get(name) in (None, "") or fields.get(name) is False]
    parts = [f"without {', '.join(absent)}"] if absent else []
    parts += _failed(definition.conditions, fields)
    personas = definition.personas
    if personas and all(_failed(persona.conditions, fields) for persona in personas):
        parts.append(f"fits no persona of {', '.join(persona.name for persona in personas)}")
    text = "; ".join(parts)
    return text if len(text) <= MISSING_CHARS_MAX else text[: MISSING_CHARS_MAX - 1] + "…"


def qualified_stage(duty: str) -> str:
    """The stage whose definition the duty of this name is; empty: it is no definition."""
    return duty.removeprefix(DEFINITION_DUTY) if duty.startswith(DEFINITION_DUTY) else ""


def _failed(conditions: Conditions, fields: Mapping[str, Scalar]) -> list[str]:
    failed = [f"not {each.text}" for each in conditions.every if not holds(each, fields)]
    if conditions.some and not any(holds(each, fields) for each in conditions.some):
        failed.append(f"none of {' | '.join(each.text for each in conditions.some)}")
    return failed
