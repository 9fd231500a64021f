"""Charts as SVG inside a page: bars under one another, each with its name and figure in words."""

from typing import Final
from xml.etree.ElementTree import Element, SubElement

from monitor.cli.report.document import Bar, Chart

# In units of the picture, which is as wide as the page lets it be.
_WIDTH: Final = 720
_NAMES: Final = 190
_FIGURES: Final = 210
_ROW: Final = 26
_THICK: Final = 14
# Longer names are cut off in the picture; the table beside it has them whole.
_NAME_CHARS_MAX: Final = 28


def chart_svg(chart: Chart, name: str) -> Element:
    """`name` is unique on the page."""
    height = _ROW * len(chart.bars) + 4
    ids = f"{name}-title {name}-description"
    svg = Element("svg", viewBox=f"0 0 {_WIDTH} {height}", role="img", xmlns="http://www.w3.org/2000/svg")
    svg.set("aria-labelledby", ids)
    SubElement(svg, "title", id=f"{name}-title").text = chart.title
    said = ", ".join(f"{bar.name}: {bar.shown}" for bar in chart.bars)
    SubElement(svg, "desc", id=f"{name}-description").text = f"{chart.description} {said}"
    for number, bar in enumerate(chart.bars):
        _bar(svg, bar, chart.scale or 1, 2 + number * _ROW)
    return svg


def _bar(svg: Element, bar: Bar, scale: float, top: float) -> None:
    room = _WIDTH - _NAMES - _FIGURES
    middle, edge = top + _ROW / 2, top + (_ROW - _THICK) / 2
    _label(svg, _NAMES - 10, middle, _cut(bar.name), "name")
    box = {"y": f"{edge:g}", "height": f"{_THICK}"}
    SubElement(svg, "rect", {**box, "x": f"{_NAMES}", "width": f"{room}", "class": "ground"})
    start, length = room * bar.start / scale, room * bar.length / scale
    if bar.length:
        width = max(length, 1.5)
        SubElement(svg, "rect", {**box, "x": f"{_NAMES + start:.1f}", "width": f"{width:.1f}", "class": bar.tone})
    if bar.mark is not None:
        x = f"{_NAMES + room * min(bar.mark / scale, 1):.1f}"
        SubElement(svg, "line", {"x1": x, "x2": x, "y1": f"{edge - 4:g}", "y2": f"{edge + _THICK + 4:g}"})
    _label(svg, _WIDTH - _FIGURES + 10, middle, bar.shown, "figure")


def _label(svg: Element, x: float, y: float, text: str, class_: str) -> None:
    SubElement(svg, "text", {"x": f"{x:g}", "y": f"{y:g}", "class": class_}).text = text


def _cut(name: str) -> str:
    return name if len(name) <= _NAME_CHARS_MAX else name[: _NAME_CHARS_MAX - 1] + "…"
