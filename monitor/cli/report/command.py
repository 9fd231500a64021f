"""`lead-sla report`: reads files or topics, and writes the report as HTML, Markdown or JSON."""

import asyncio
import json
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import typer

from monitor.cli.failure import BAD_INPUT, Failure
from monitor.cli.files import beyond, complain, instant_of, read_events, read_outcomes, spare, within_reach
from monitor.cli.offline import policy_of
from monitor.cli.report.as_html import as_html
from monitor.cli.report.as_markdown import as_markdown
from monitor.cli.report.build import report_of
from monitor.cli.report.period import period_between
from monitor.cli.report.records import Records, records_of
from monitor.cli.report.sections import document_of
from monitor.core.calendar import CalendarExhausted
from monitor.core.heard import presumed
from monitor.core.policy import Policy
from monitor.notify.channels.words import Language
from monitor.settings.settings import Settings
from monitor.stream.clock import SystemTime
from monitor.stream.garbage import collect_less_often
from monitor.wire.report.report import ReportData

# A table of more owners is a list of staff.
OWNERS_MAX: Final = 100


class Format(StrEnum):
    """What the report is written as."""

    HTML = "html"
    MARKDOWN = "md"
    JSON = "json"


def report(
    from_: Annotated[str, typer.Option("--from", help="First day of the period, or its first instant (RFC 3339).")],
    to: Annotated[str, typer.Option("--to", help="Last day of the period, or the instant after it (RFC 3339).")],
    format_: Annotated[Format, typer.Option("--format", help="What to write.")] = Format.HTML,
    language: Annotated[Language, typer.Option(help="Of html and md.")] = Language.ENGLISH,
    outcomes: Annotated[
        Path | None, typer.Option(help="Recorded outcomes, one JSON object a line, instead of the topic.")
    ] = None,
    events: Annotated[
        Path | None, typer.Option(help="Recorded lead events, one JSON object a line, instead of the topic.")
    ] = None,
    policy: Annotated[
        Path | None, typer.Option("--policy", "-p", help="The agreement; without files by default as in the settings.")
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(help="Let time pass up to this instant (RFC 3339); default: the newest record; now."),
    ] = None,
    owners: Annotated[
        int, typer.Option(min=0, max=OWNERS_MAX, help="Name so many owners; the rest are others. 0: name nobody.")
    ] = 0,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File to write; default: standard output.")] = None,
) -> None:
    """Report how both sides have kept the agreement over a period."""
    collect_less_often()
    until_at, files = instant_of("--until", until), outcomes is not None or events is not None
    if files and policy is None:
        raise typer.BadParameter("--outcomes and --events need --policy")
    if out is not None:
        spare(out, outcomes, events, policy)
    agreed = policy_of(policy or Settings.load().policy_file)
    period = period_between(from_, to, ZoneInfo(agreed.timezone))
    try:
        records, bad = _of_files(outcomes, events, agreed, until_at) if files else _of_topics(agreed, until_at)
        told = report_of(records, agreed, period, owners)
    except CalendarExhausted as error:
        raise beyond(events or "the events topic", error) from None
    text = _written(told, format_, language)
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")
        typer.echo(f"wrote {out}")
    complain(bad)


def _written(told: ReportData, format_: Format, language: Language) -> str:
    if format_ is Format.JSON:
        return json.dumps(told.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"
    document = document_of(told, language)
    return as_html(document) if format_ is Format.HTML else as_markdown(document)


def _of_files(
    outcomes: Path | None, events: Path | None, policy: Policy, until: int | None
) -> tuple[Records, Sequence[str]]:
    told, bad_outcomes = (None, []) if outcomes is None else read_outcomes(outcomes)
    happened, bad_events = (None, []) if events is None else read_events(events)
    within_reach("--until", until, [*(told or ()), *(happened or ())])
    said = None if told is None else [presumed(outcome) for outcome in told]
    bad = [*bad_outcomes, *bad_events]
    return records_of(said, happened, policy, left_out=len(bad), until=until), bad


def _of_topics(policy: Policy, until: int | None) -> tuple[Records, Sequence[str]]:
    from monitor.cli.report.topics import read_past
    from monitor.stream.past import NoSuchTopic

    try:
        past = asyncio.run(read_past(Settings.load()))
    except NoSuchTopic as error:
        raise Failure(str(error), BAD_INPUT) from None
    left_out = past.left_out + len(past.unreadable)
    now = SystemTime().now_at() if until is None else until
    return records_of(past.said, past.events, policy, recorded=True, left_out=left_out, until=now), past.unreadable
