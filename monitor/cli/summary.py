"""What a replay adds up to: attainment, breaches, lateness, and where the time of leads went."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from monitor.core.attainment import Attainment, DutyReport, Verdicts
from monitor.core.policy import Policy
from monitor.core.sentence import duration
from monitor.core.waits import Took

_US_PER_S: Final = 1_000_000
_NOBODY: Final = {"owner": "nobody", "team": "no team", "segment": "no segment"}


def as_json(verdicts: Verdicts, spans_took: Iterable[Took], policy: Policy) -> dict[str, Any]:
    """For scripts; durations in seconds."""
    return {
        "duties": [_duty(report) for report in verdicts.by_duty(policy)],
        "breaches": {
            of: [{"name": name, "breached": count} for name, count in top]
            for of, top in verdicts.most_breached().items()
        },
        "spans": [
            {
                "step": span.step,
                "team": span.team,
                "leads": span.leads,
                "median_s": _seconds(span.median_us),
                "p90_s": _seconds(span.p90_us),
                "working_median_s": _seconds(span.working_median_us),
                "working_p90_s": _seconds(span.working_p90_us),
            }
            for span in spans_took
        ],
    }


def as_text(verdicts: Verdicts, spans_took: Iterable[Took], policy: Policy) -> str:
    """Tables for people."""
    reports = verdicts.by_duty(policy)
    parts = [
        _table(
            ("duty", "met", "judged", "attained", "late", "median lateness"),
            [
                (
                    report.duty, str(report.attainment.met), str(report.attainment.judged),
                    _percent(report.attainment), str(report.late),
                    _duration(report.late_elapsed_us, report.late_working_us),
                )
                for report in reports
            ],
        )
    ]  # fmt: skip
    parts += ["\n".join(_objective(report)) for report in reports if report.periods]
    breaches = [
        f"breaches by {of}: {', '.join(f'{name or _NOBODY[of]} {count}' for name, count in top)}"
        for of, top in verdicts.most_breached().items()
        if top
    ]
    rows = [
        (
            f"to {span.step.replace('_', ' ')}", span.team or "no team", str(span.leads),
            _duration(span.median_us, span.working_median_us), _duration(span.p90_us, span.working_p90_us),
        )
        for span in spans_took
    ]  # fmt: skip
    parts += ["\n".join(breaches)] if breaches else []
    parts += [_table(("waited", "team", "leads", "median", "p90"), rows)] if rows else []
    return "\n\n".join(parts)


def _duty(report: DutyReport) -> dict[str, Any]:
    objective = report.objective
    return {
        "duty": report.duty,
        **_attained(report.attainment),
        "objective": None
        if objective is None
        else {
            "percent": objective.percent,
            "every": objective.every,
            "periods": [
                {"period": period, **_attained(attained), "reached": attained.reaches(objective)}
                for period, attained in report.periods
            ],
        },
        "late": report.late,
        "late_median_s": _seconds(report.late_elapsed_us),
        "late_working_median_s": _seconds(report.late_working_us),
    }


def _attained(attained: Attainment) -> Mapping[str, Any]:
    percent = attained.percent if attained.judged else None
    return {"met": attained.met, "judged": attained.judged, "percent": percent}


def _objective(report: DutyReport) -> Iterator[str]:
    objective = report.objective
    if objective is not None:
        yield f"{report.duty}, objective {objective.percent:g}% per {objective.every}:"
        for period, attained in report.periods:
            reached = "reached" if attained.reaches(objective) else "missed"
            yield f"  {period}  {reached}: {_percent(attained)}, {attained.met} of {attained.judged}"


def _percent(attained: Attainment) -> str:
    """Cut off, not rounded: what falls short of the objective must not look as if it reached it."""
    return f"{attained.met * 1000 // attained.judged / 10:.1f}%" if attained.judged else "-"


def _duration(elapsed_us: int | None, working_us: int | None) -> str:
    if elapsed_us is None:
        return "-"
    elapsed = duration(elapsed_us)
    return elapsed if working_us in (None, elapsed_us) else f"{elapsed} ({duration(working_us or 0)} working)"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows))
    return "\n".join(line.rstrip() for line in lines)


def _seconds(duration_us: int | None) -> float | None:
    return None if duration_us is None else duration_us / _US_PER_S
