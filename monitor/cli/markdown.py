"""Pieces of Markdown that generated parts of the documentation are made of."""

from collections.abc import Iterable
from typing import Final

WIDTH: Final = 118


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table, its cells on one line each."""
    lines = [list(head), *([_cell(cell) for cell in row] for row in rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def code(*words: object) -> str:
    """The words as code, with commas between."""
    return ", ".join(f"`{word}`" for word in words)
