"""The report as a document: what both sides read first, each half, then and now, versions, and how to read it."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from monitor.cli.report.document import Block, Document, Line, Section, Table
from monitor.cli.report.forms import Forms
from monitor.cli.report.marketing_sections import marketing_card, marketing_sections, verdict_of
from monitor.cli.report.sales_sections import sales_card, sales_sections, share_of
from monitor.notify.channels.words import Language
from monitor.wire.report.report import ReportData
from monitor.wire.report.sales import ThenData
from monitor.wire.report.shape import ShareData


def document_of(report: ReportData, language: Language) -> Document:
    """Everything that the report says, in that language."""
    forms = Forms(language, ZoneInfo(report.period.timezone))
    period = report.period
    name = f"{period.key}, " if period.key else ""
    days = f"{name}{forms.day(period.from_at)} - {forms.day(period.to_at, before=True)}"
    sections = [
        *sales_sections(report, forms),
        *marketing_sections(report, forms),
        *_then(report, forms),
        Section(forms.say("versions"), [_versions(report, forms)]),
        Section(forms.say("notes"), [Line(text) for text in _notes(report, forms)]),
    ]
    cards = [marketing_card(report, forms), sales_card(report, forms)]
    title = f"{report.agreement}: {forms.say('title')}"
    return Document(language.value, title, days, list(_standing(report, forms)), cards, sections)


def _standing(report: ReportData, forms: Forms) -> Iterator[Line]:
    closed = report.period.closed
    key = "closed" if closed else "not_closed"
    yield Line(forms.say(key, known=forms.instant(report.period.known_until)), "plain" if closed else "open")
    left = sum(each.provisional for each in report.duties) + sum(each.provisional for each in report.definitions)
    left += sum(each.verdict is not None and not each.final for each in report.quotas)
    if left:
        yield Line(forms.say("one_not_final" if left == 1 else "not_final", count=forms.number(left)), "open")
    elif closed:
        yield Line(forms.say("all_final"), "good")


def _then(report: ReportData, forms: Forms) -> Iterator[Section]:
    say = forms.say
    if not report.period.closed:
        return
    blocks: list[Block] = [Line(f"{say('then_text')} {say(f'then_{report.records.said}')}")]
    kept: list[tuple[str, ShareData, ThenData | None]] = [(duty.duty, duty, duty.then) for duty in report.duties]
    kept += [(each.stage, each, each.then) for each in report.definitions]
    rows = [
        (
            name, share_of(then, forms), share_of(now, forms), forms.number(then.turned), forms.number(then.added),
            forms.number(then.uncertain),
        )
        for name, now, then in kept
        if then is not None and (now.judged or then.judged)
    ]  # fmt: skip
    keys = ("subject", "as_then", "as_now", "turned", "added", "uncertain")
    if rows:
        blocks.append(Table(say("attainment"), [say(key) for key in keys], rows, frozenset(range(1, 6))))
    quotas = [
        (
            " / ".join((each.quota, each.term, *map(forms.name, each.values))),
            verdict_of(each.then.verdict, forms) if each.then.certain else say("unknown"),
            verdict_of(each.verdict, forms),
        )
        for each in report.quotas
        if each.then is not None and each.target is not None
    ]
    if quotas:
        blocks.append(Table(say("quotas"), [say(key) for key in keys[:3]], quotas))
    yield Section(say("then"), blocks)


def _versions(report: ReportData, forms: Forms) -> Table:
    say = forms.say
    rows = [
        (
            version.version,
            forms.date(version.effective_from),
            ", ".join(version.approved_by),
            "" if version.review_by is None else forms.day(version.review_by, before=True),
            say(f"review.{version.review}"),
            "; ".join(version.changes),
        )
        for version in report.versions
    ]
    keys = ("version", "since", "approved_by", "review_by", "review", "changes")
    return Table(say("versions"), [say(key) for key in keys], rows)


def _notes(report: ReportData, forms: Forms) -> Iterator[str]:
    records = report.records
    for key in ("period", "judged", "percent", "pending"):
        yield forms.say(f"note.{key}")
    yield forms.say("note.zone", zone=report.period.timezone)
    yield forms.say(
        "note.records",
        outcomes=forms.number(records.outcomes),
        events=forms.number(records.events or 0),
        repeated=forms.number(records.repeated),
        left_out=forms.number(records.left_out),
    )
