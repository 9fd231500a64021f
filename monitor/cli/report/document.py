"""What a report consists of before it is written as HTML or Markdown: sections of texts, tables and charts."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

Tone = Literal["good", "bad", "open", "plain"]
"""What a bar or a card stands for; said in words beside it too."""


class Line(NamedTuple):
    """A paragraph."""

    text: str
    tone: Tone = "plain"


class Table(NamedTuple):
    """The first column names the row; what is a number stands to the right."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: frozenset[int] = frozenset()
    """The columns that hold numbers."""


class Bar(NamedTuple):
    """One bar: its name, its length, and what is written beside it."""

    name: str
    length: float
    shown: str
    tone: Tone = "plain"
    start: float = 0
    """Where it begins; a waterfall's hang in the air."""
    mark: float | None = None
    """Where a line is drawn across it, as an objective."""


class Chart(NamedTuple):
    """Bars under one another, on a scale from 0 to `scale`."""

    title: str
    description: str
    bars: Sequence[Bar]
    scale: float


class Card(NamedTuple):
    """What one side reads first."""

    title: str
    lines: Sequence[Line]


Block = Line | Table | Chart


class Section(NamedTuple):
    """A part with a heading."""

    title: str
    blocks: Sequence[Block]


class Document(NamedTuple):
    """The whole report."""

    language: str
    title: str
    subtitle: str
    lines: Sequence[Line]
    cards: Sequence[Card]
    sections: Sequence[Section]
