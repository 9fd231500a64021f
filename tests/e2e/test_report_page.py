"""The report in a real browser: it shows, fetches nothing, fits a telephone, and can be read in light and in dark.

The pictures are left in `.cache/report`, for people to look at.
"""

from pathlib import Path

import pytest

from monitor.cli.report.as_html import as_html
from monitor.cli.report.sections import document_of
from monitor.notify.channels.words import Language
from tests.support.browser import Browser
from tests.support.reports import events, reported

PICTURES = Path(__file__).parents[2] / ".cache" / "report"
# Contrast by WCAG 2.2, of every text that somebody is to read against what is behind it.
CONTRASTS = """
(() => {
  const light = c => c.match(/[\\d.]+/g).slice(0, 3).map(Number).map(v => (v /= 255) <= .04045 ? v / 12.92
    : ((v + .055) / 1.055) ** 2.4).reduce((sum, v, n) => sum + v * [.2126, .7152, .0722][n], 0);
  const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
    if (!c.endsWith(', 0)')) return c; } return 'rgb(255, 255, 255)'; };
  return [...document.querySelectorAll('h1, h2, p, caption, figcaption, th, td, svg text')].map(e => {
    const style = getComputedStyle(e), ink = e.closest('svg') ? style.fill : style.color;
    const [a, b] = [light(ink), light(behind(e))].sort((x, y) => y - x);
    return [(a + .05) / (b + .05), e.textContent]; }).filter(([ratio]) => ratio < 4.5);
})()
"""
WIDE = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
# Names and figures that run into a bar, or out of the picture.
COLLISIONS = """
[...document.querySelectorAll('svg')].flatMap(svg => {
  const frame = svg.getBoundingClientRect(), texts = [...svg.querySelectorAll('text')];
  const grounds = [...svg.querySelectorAll('.ground')].map(e => e.getBoundingClientRect());
  return texts.filter(e => { const box = e.getBoundingClientRect();
    return box.left < frame.left - 1 || box.right > frame.right + 1
      || grounds.some(g => box.left < g.right && box.right > g.left && box.top < g.bottom && box.bottom > g.top);
  }).map(e => e.textContent);
})
"""


@pytest.fixture
def pages(tmp_path: Path) -> dict[Language, Path]:
    report = reported(None, events(), owners=5)
    paths = {language: tmp_path / f"report-{language}.html" for language in Language}
    for language, path in paths.items():
        path.write_text(as_html(document_of(report, language)), encoding="utf-8")
    return paths


@pytest.mark.timeout(180)
async def test_the_report_shows_in_a_browser(tmp_path: Path, pages: dict[Language, Path]) -> None:
    async with Browser(tmp_path) as browser:
        empty = await browser.screenshot(tmp_path / "empty.png")
        browser.requests.clear()
        for language, scheme, ground in (
            (Language.ENGLISH, "light", "rgb(255, 255, 255)"), (Language.GERMAN, "dark", "rgb(20, 24, 30)"),
        ):  # fmt: skip
            await browser.open(pages[language], scheme=scheme)
            assert "Acme" in await browser.evaluate("document.querySelector('h1').innerText")
            assert await browser.evaluate("getComputedStyle(document.body).backgroundColor") == ground
            assert await browser.evaluate(CONTRASTS) == []
            assert await browser.evaluate(COLLISIONS) == []
            shown = "[...document.querySelectorAll('rect.good, rect.bad, rect.plain, rect.open')]"
            assert await browser.evaluate(f"{shown}.filter(e => e.getBoundingClientRect().width < 1).length") == 0
            assert await browser.evaluate(f"{shown}.length") > 5
            picture = await browser.screenshot(PICTURES / f"report-{language}-{scheme}.png")
            assert len(picture) > 5 * len(empty)
        assert browser.complaints == []
        assert browser.requests == [path.as_uri() for path in pages.values()]


@pytest.mark.timeout(180)
async def test_the_report_fits_a_telephone(tmp_path: Path, pages: dict[Language, Path]) -> None:
    async with Browser(tmp_path) as browser:
        await browser.open(pages[Language.GERMAN], width=390)
        wide, window = await browser.evaluate(WIDE)
        assert wide == window == 390
        await browser.screenshot(PICTURES / "report-de-telephone.png")


@pytest.mark.timeout(180)
async def test_the_report_fits_on_paper_in_dark_ink(tmp_path: Path, pages: dict[Language, Path]) -> None:
    async with Browser(tmp_path) as browser:
        await browser.open(pages[Language.GERMAN], width=1030, scheme="dark")  # A4 across, at 96 dots to the inch
        scheme = {"name": "prefers-color-scheme", "value": "dark"}
        await browser.ask("Emulation.setEmulatedMedia", media="print", features=[scheme])
        wide, paper = await browser.evaluate(WIDE)
        assert wide == paper == 1030
        assert await browser.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
        assert await browser.evaluate(CONTRASTS) == []


@pytest.mark.timeout(180)
async def test_a_script_that_somebody_smuggles_into_the_file_does_not_run(tmp_path: Path) -> None:
    path = tmp_path / "smuggled.html"
    html = as_html(document_of(reported(None, events()), Language.ENGLISH))
    path.write_text(html.replace("</main>", "<script>document.title = 'run'</script></main>"), encoding="utf-8")
    async with Browser(tmp_path) as browser:
        await browser.open(path)
        assert "kept" in await browser.evaluate("document.title")
        assert any("Content Security Policy" in each for each in browser.complaints)
