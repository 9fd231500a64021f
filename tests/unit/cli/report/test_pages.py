"""A report as a page: whole, self-contained, and nothing from outside becomes markup."""

import re
from html.parser import HTMLParser

import pytest

from monitor.cli.report.as_html import as_html
from monitor.cli.report.as_markdown import as_markdown
from monitor.cli.report.document import Bar, Card, Chart, Document, Line, Section, Table
from monitor.cli.report.sections import document_of
from monitor.notify.channels.words import Language
from tests.support.reports import events, reported

HOSTILE = (
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "</style></title><svg onload=alert(1)>",
    "[click](javascript:alert(1)) ![x](https://evil.example/x)",
    "| pipe | `code` *bold* <b>",
    "https://evil.example www.evil.example a@evil.example",
    "& &lt; &#60;",
)  # fmt: skip
TAGS = {
    "html", "head", "meta", "title", "style", "body", "main", "header", "h1", "h2", "p", "div", "section", "figure",
    "figcaption", "svg", "desc", "rect", "line", "text", "table", "caption", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip


class Page(HTMLParser):
    """What a browser finds in a page."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attributes]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def hostile_document() -> Document:
    text = " ".join(HOSTILE)
    table = Table(text, [text], [[each] for each in HOSTILE])
    chart = Chart(text, text, [Bar(each, 1, each, mark=2) for each in HOSTILE], 3)
    blocks = [Line(text, "bad"), table, chart]
    return Document("en", text, text, [Line(text)], [Card(text, [Line(text)])], [Section(text, blocks)])


def hostile_events() -> list[object]:
    values = dict(zip(("source", "segment", "owner"), HOSTILE, strict=False))
    found = []
    for event in events():
        data = {**event.data, **(values if event.type == "lead.assigned" else {})}
        found.append(event._replace(data=data))
    return found


@pytest.mark.parametrize("language", list(Language))
def test_a_page_needs_nothing_from_anywhere_and_runs_nothing(language: Language) -> None:
    html = as_html(document_of(reported(None, events(), owners=3), language))
    page = Page(html)
    assert page.open == []
    assert set(page.tags) <= TAGS
    assert page.attributes[0] == ("lang", language.value)
    assert {name for name, _ in page.attributes} & {"src", "href", "style", "srcset", "action"} == set()
    assert [name for name, _ in page.attributes if name.startswith("on")] == []
    assert re.findall(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", html) == []
    assert "default-src 'none'" in html


def test_what_comes_from_outside_stays_text_on_a_page() -> None:
    page = Page(as_html(hostile_document()))
    assert set(page.tags) <= TAGS
    assert [value for name, value in page.attributes if name.startswith("on") or value.startswith("javascript")] == []
    assert [each for each in HOSTILE if each not in page.texts] == []


def test_hostile_sources_and_owners_of_leads_stay_text_on_a_page() -> None:
    report = reported(None, hostile_events(), owners=3)  # type: ignore[arg-type]
    page = Page(as_html(document_of(report, Language.ENGLISH)))
    assert set(page.tags) <= TAGS
    assert [each for each in HOSTILE[:3] if each not in page.texts] == []


def test_what_comes_from_outside_stays_text_in_markdown() -> None:
    markdown = as_markdown(hostile_document())
    assert re.findall(r"(?<!\\)[<>\[\]`*_~&@]", re.sub(r"^\*\*|\*\*$", "", markdown, flags=re.MULTILINE)) == []
    assert re.findall(r"://|www\.", markdown) == []
    rows = [line for line in markdown.splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {2}


def test_every_chart_is_described_and_has_its_figures_in_words() -> None:
    html = as_html(document_of(reported(None, events()), Language.ENGLISH))
    charts = re.findall(r"<svg.*?</svg>", html)
    assert len(charts) == 5
    for svg in charts:
        named = re.search(r'aria-labelledby="(\S+) (\S+)"', svg)
        assert named is not None
        assert f'<title id="{named[1]}">' in svg
        assert f'<desc id="{named[2]}">' in svg
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(set(ids)) == len(ids)
    assert "1 of 3 (33.3%); objective 50%" in charts[0]


def test_bars_stay_within_the_picture_and_a_scale_of_nothing_draws_none() -> None:
    bars = [Bar("all", 10, "10", mark=99), Bar("part", 4, "-4", start=6), Bar("none", 0, "0")]
    html = as_html(
        Document("en", "", "", [], [], [Section("", [Chart("a", "b", bars, 10), Chart("c", "d", bars[2:], 0)])])
    )
    for x, width in re.findall(r'<rect [^>]*x="([\d.]+)" width="([\d.]+)"', html):
        assert float(x) + float(width) <= 720
    assert html.count("<rect") == 6
    assert 'x1="510.0"' in html


def test_markdown_says_the_same_in_tables() -> None:
    markdown = as_markdown(document_of(reported(None, events()), Language.GERMAN))
    assert "| first-touch | sales | 1 | 3 | 33,3 % | 0 | 0 | 1 | 2 Std. |" in markdown
    assert "| qualified-leads / 2026-10 / smb | erreicht | verfehlt |" in markdown
    assert "| 1. Umsatz gegen Ziel | 1.250,50 EUR von 1.000,00 EUR (125,0 %) |" in markdown
    assert "So wurde die Vereinbarung eingehalten" in markdown
