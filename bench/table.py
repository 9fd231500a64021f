"""The table as it is printed: one line for each row, for a terminal or in Markdown."""

from collections.abc import Sequence
from statistics import median

from bench.measure import LeftOut, Row

HEADINGS = ("what", "figure (min..max)", "unit", "ratio (min..max)", "baseline of the same run", "goal", "met")
_WIDTHS = (58, 27, 9, 22, 42, 20, 3)


def heading(*, markdown: bool) -> str:
    """The first line, or the first two."""
    if markdown:
        return _joined(HEADINGS) + "\n" + _joined(["---"] * len(HEADINGS))
    return _padded(HEADINGS)


def line(row: Row | LeftOut, *, markdown: bool) -> str:
    """One row."""
    if isinstance(row, LeftOut):
        return f"{row.what}: left out, {row.why}" if not markdown else _joined([row.what, row.why, *[""] * 5])
    met = row.met
    fields = (
        row.what,
        _spread(row.figures),
        row.unit,
        _spread(row.ratios),
        f"{row.baseline}: {_figure(median(row.baseline_figures))}",
        _goal(row),
        "" if met is None else "yes" if met else "NO",
    )
    return _joined(fields) if markdown else _padded(fields)


def _goal(row: Row) -> str:
    if row.goal is None:
        return ""
    sign = "≥" if row.goal.sense == "at least" else "≤"
    return f"{sign} {_figure(row.goal.bound)} {'x' if row.goal.of == 'ratio' else row.unit}"


def _spread(figures: Sequence[float]) -> str:
    if len(figures) == 1:
        return _figure(figures[0])
    return f"{_figure(median(figures))} ({_figure(min(figures))}..{_figure(max(figures))})"


def _figure(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"


def _joined(fields: Sequence[str]) -> str:
    return f"| {' | '.join(fields)} |"


def _padded(fields: Sequence[str]) -> str:
    return " ".join(field.ljust(width) for field, width in zip(fields, _WIDTHS, strict=True)).rstrip()
