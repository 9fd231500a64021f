"""The explained lead in the documentation: the agreement that it is judged by, and its story."""

import textwrap
from collections.abc import Callable, Mapping
from typing import Final

from monitor.cli.story import story
from monitor.wire import examples

_WIDTH: Final = 118


def policy() -> str:
    """The agreement of the lead that is explained."""
    return f"```yaml\n{examples.EXPLAINED_BY}```\n"


def told() -> str:
    """What `lead-sla explain` says of that lead, its long lines folded."""
    lines = (textwrap.fill(line, _WIDTH, subsequent_indent="      ") for line in story(examples.explained_lead()))
    return "```text\n" + "\n".join(lines) + "\n```\n"


BLOCKS: Final[Mapping[str, Callable[[], str]]] = {"explained-policy": policy, "explained-story": told}
