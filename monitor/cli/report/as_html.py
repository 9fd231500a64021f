"""A report as one HTML file that needs nothing else: no script, no font, no picture from anywhere.

The page is a tree of elements that the standard library writes, so that every text in it is escaped.
"""

from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from monitor.cli.report.charts import chart_svg
from monitor.cli.report.document import Block, Card, Chart, Document, Line, Section, Table

# Nothing may be fetched and nothing may run, even if somebody puts it into the file later.
_CSP: Final = "default-src 'none'; style-src 'unsafe-inline'"

# Longer cells may have several lines; of shorter ones none is broken up.
_CHARS_OF_A_LINE: Final = 40


def as_html(document: Document) -> str:
    """One text, with a line end."""
    page = Element("html", lang=document.language)
    head = SubElement(page, "head")
    SubElement(head, "meta", charset="utf-8")
    SubElement(head, "meta", {"http-equiv": "Content-Security-Policy", "content": _CSP})
    SubElement(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    SubElement(head, "meta", name="color-scheme", content="light dark")
    _text(head, "title", document.title)
    _text(head, "style", files("monitor.cli.report").joinpath("report.css").read_text("utf-8"))
    body = SubElement(SubElement(page, "body"), "main")
    header = SubElement(body, "header")
    _text(header, "h1", document.title)
    _text(header, "p", document.subtitle, "period")
    _lines(header, document.lines)
    _cards(body, document.cards)
    for number, section in enumerate(document.sections, 1):
        _section(body, section, number)
    written = tostring(page, encoding="unicode", method="html")
    return f"<!DOCTYPE html>\n{written}\n"


def _cards(body: Element, cards: Sequence[Card]) -> None:
    row = SubElement(body, "div", {"class": "cards"})
    for card in cards:
        section = SubElement(row, "section", {"class": "card"})
        _text(section, "h2", card.title)
        _lines(section, card.lines)


def _section(body: Element, section: Section, number: int) -> None:
    part = SubElement(body, "section")
    _text(part, "h2", section.title)
    said = section.title
    for n, block in enumerate(section.blocks, 1):
        _block(part, block, said, f"chart-{number}-{n}")
        said = section.title if isinstance(block, Line) else block.title


def _block(part: Element, block: Block, said: str, name: str) -> None:
    """A title that was said just before is for those who do not see it."""
    shown = "hidden" if isinstance(block, Table | Chart) and block.title == said else ""
    match block:
        case Line():
            _lines(part, [block])
        case Table():
            _table(part, block, shown)
        case Chart():
            figure = SubElement(part, "figure", tabindex="0")
            _text(figure, "figcaption", block.title, shown)
            figure.append(chart_svg(block, name))


def _table(part: Element, table: Table, caption: str) -> None:
    """It scrolls by itself where a screen is too narrow, so it can be reached with the keyboard too."""
    box = SubElement(part, "div", {"class": "table", "tabindex": "0", "role": "region", "aria-label": table.title})
    element = SubElement(box, "table")
    _text(element, "caption", table.title, caption)
    head = SubElement(SubElement(element, "thead"), "tr")
    for n, cell in enumerate(table.head):
        _text(head, "th", cell, _column(table, n)).set("scope", "col")
    body = SubElement(element, "tbody")
    for row in table.rows:
        line = SubElement(body, "tr")
        for n, cell in enumerate(row):
            told = _text(line, "td" if n else "th", cell, "long" if len(cell) > _CHARS_OF_A_LINE else _column(table, n))
            if not n:
                told.set("scope", "row")


def _column(table: Table, n: int) -> str:
    return "number" if n in table.numeric else ""


def _lines(part: Element, lines: Iterable[Line]) -> None:
    for line in lines:
        _text(part, "p", line.text, "" if line.tone == "plain" else line.tone)


def _text(parent: Element, tag: str, text: str, class_: str = "") -> Element:
    element = SubElement(parent, tag, {"class": class_} if class_ else {})
    element.text = text
    return element
