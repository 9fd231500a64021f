"""Cuts the text of a policy's condition into tokens; see `monitor.core.predicate`."""

import re
from collections.abc import Mapping
from typing import Final

# A condition that people agree on in a meeting is one or two lines; a thousand characters are a page of it.
LENGTH_MAX: Final = 1000
NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_TOKEN: Final = re.compile(
    rf"""\s*("[^"\n]*" | '[^'\n]*' | {NUMBER.pattern}(?![\w.-]) | [^\W_][\w.-]* | [=!<>]= | [<>()\[\],])""",
    re.VERBOSE,
)
_INSTEAD: Final[Mapping[str, str]] = {
    "=": "write ==", "&": "write and", "|": "write or", "!": "write not, or != between field and literal",
    '"': "close the quotes", "'": "close the quotes",
}  # fmt: skip


class PredicateError(ValueError):
    """The text is no condition; says what is wrong, where (`position`, characters from 0) and what to write."""

    def __init__(self, message: str, position: int, fix: str) -> None:
        super().__init__(f"{message} at character {position + 1}; {fix}")
        self.message, self.position, self.fix = message, position, fix


def tokens_of(text: str) -> list[tuple[str, int]]:
    """Tokens with their positions; an empty one ends them. Raises PredicateError."""
    if len(text) > LENGTH_MAX:
        raise PredicateError(f"longer than {LENGTH_MAX} characters", LENGTH_MAX, "split it into several targets")
    tokens: list[tuple[str, int]] = []
    position = 0
    while position < len(text.rstrip()):
        found = _TOKEN.match(text, position)
        if found is None:
            start = len(text) - len(text[position:].lstrip())
            fix = _INSTEAD.get(text[start], "remove it, or put it into quotes")
            raise PredicateError(f"unexpected {text[start]}", start, fix)
        tokens.append((found[1], found.start(1)))
        position = found.end()
    return [*tokens, ("", len(text))]
