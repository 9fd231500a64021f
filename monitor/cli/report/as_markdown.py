"""A report as Markdown: its texts and tables; charts say nothing that the tables do not."""

import re
from collections.abc import Iterator
from typing import Final

from monitor.cli.report.document import Block, Chart, Document, Line, Table

# What begins an element or a link anywhere in a line; the second: what mail readers and forges make links of.
_MARKUP: Final = re.compile(r"([\\`*_\[\]<>|~&#@])")
_LINKS: Final = re.compile(r"(?i)(:)(//)|\b(www)(\.)")


def as_markdown(document: Document) -> str:
    """One text, with a line end."""
    parts = [
        f"# {_escaped(document.title)}",
        _escaped(document.subtitle),
        *(_escaped(line.text) for line in document.lines),
    ]
    for card in document.cards:
        parts += [f"## {_escaped(card.title)}", "\n".join(f"- {_escaped(line.text)}" for line in card.lines)]
    for section in document.sections:
        parts.append(f"## {_escaped(section.title)}")
        for block in section.blocks:
            parts += _block(block, section.title)
    return "\n\n".join(parts) + "\n"


def _block(block: Block, within: str) -> Iterator[str]:
    match block:
        case Line(text=text):
            yield _escaped(text)
        case Table():
            if block.title != within:
                yield f"**{_escaped(block.title)}**"
            yield _table(block)
        case Chart():
            return


def _table(table: Table) -> str:
    rule = ["---:" if n in table.numeric else "---" for n in range(len(table.head))]
    rows = [[_escaped(cell) for cell in table.head], rule, *([_escaped(cell) for cell in row] for row in table.rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _escaped(text: str) -> str:
    return _LINKS.sub(_broken, _MARKUP.sub(r"\\\1", " ".join(text.split())))


def _broken(link: re.Match[str]) -> str:
    return r"\:" + r"\/\/" if link[1] else f"{link[3]}\\."
