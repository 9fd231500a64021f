"""Draws the state machines of the core for the documentation, from the tables that the code runs on.

`python -m monitor.cli.diagrams docs/internals/architecture.md` brings the diagrams in a page up to date.
"""

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from monitor.core.event import LEAD_CREATED
from monitor.core.policy import DEFAULT_STAGES
from monitor.core.tables import CLOCK_TRANSITIONS, STAGE_OF_EVENT, ClockState

_BLOCK: Final = re.compile(r"(<!-- generated: (?P<name>[\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_BEGIN: Final = re.compile(r"<!-- generated: ")


class UnknownBlock(ValueError):
    """A page asks for something that nobody generates, or does not say where it ends."""


def clock_states() -> str:
    """Mermaid: the states of a clock."""
    edges = [f"{before} --> {after}: {given}" for (before, given), after in CLOCK_TRANSITIONS.items()]
    ends = set(ClockState) - {before for before, _ in CLOCK_TRANSITIONS}
    return _diagram([f"[*] --> {ClockState.RUNNING}", *edges, *(f"{s} --> [*]" for s in ClockState if s in ends)])


def lead_stages() -> str:
    """Mermaid: the stages of a lead in an agreement that names none of its own."""
    lines = [
        f"{name}: {name} ({stage.team}{f', hands off to {stage.handoff_to}' if stage.handoff_to else ''})"
        for name, stage in DEFAULT_STAGES.items()
    ]
    lines.append(f"[*] --> {STAGE_OF_EVENT[LEAD_CREATED]}")
    for name, stage in DEFAULT_STAGES.items():
        following = [other for other in DEFAULT_STAGES if other in stage.next]
        lines += [f"{name} --> {other}" for other in following or ["[*]"]]
    return _diagram(lines)


BLOCKS: Final[Mapping[str, Callable[[], str]]] = {"clock-states": clock_states, "lead-stages": lead_stages}


def replace_generated(text: str, blocks: Mapping[str, Callable[[], str]] = BLOCKS) -> str:
    """The page with every block between `<!-- generated: NAME -->` and `<!-- end -->` made anew.

    Raises UnknownBlock.
    """

    def block(found: re.Match[str]) -> str:
        draw = blocks.get(found["name"])
        if draw is None:
            raise UnknownBlock(f"nothing generates {found['name']}; write one of {', '.join(blocks)}")
        return f"{found[1]}{draw()}{found[3]}"

    replaced, count = _BLOCK.subn(block, text)
    if count != len(_BEGIN.findall(text)):
        raise UnknownBlock("a generated block is not closed; write <!-- end --> behind it")
    return replaced


def _diagram(lines: Iterable[str]) -> str:
    return "".join(["```mermaid\nstateDiagram-v2\n", *(f"    {line}\n" for line in lines), "```\n"])


if __name__ == "__main__":
    for page in map(Path, sys.argv[1:]):
        page.write_text(replace_generated(page.read_text()))
