"""Ceilings in the report: terms in which more came in than was agreed, and verdicts that had relief for it."""

import pytest

from monitor.cli.report.as_markdown import as_markdown
from monitor.cli.report.sections import document_of
from monitor.core.event import Event
from monitor.core.heard import Said
from monitor.core.instant import from_rfc3339
from monitor.core.replay import Replay
from monitor.notify.channels.words import Language
from monitor.wire.report.marketing import CeilingData, CeilingTermData, RelievedData
from monitor.wire.report.report import ReportData
from tests.support.reports import AGREEMENT, UNTIL, agreement, events, reported

# Of the story's leads A and B enter at the same instant of 1 October, A first; D alone on the 29th.
CEILING = (
    "- {duty: capacity, team: sales, counts: mql, every: day, ceiling: 1, relaxes: {first-touch: 16 working_hours}}"
)
AGREED = agreement(AGREEMENT.replace("\nmoney:", f"\n  {CEILING}\nmoney:"))
FIRST = CeilingTermData(term="2026-10-01", values=(), ceiling=1, entered=2, above=1)
# B is called on the second day: late by the eight hours that all have, in time by the sixteen of those above.
RELIEVED = RelievedData(duty="first-touch", met=1, judged=1, percent=100.0)


def ceiling(report: ReportData) -> CeilingData:
    (only,) = report.ceilings
    return only


def entered(lead: str, time: str) -> Event:
    return Event(lead, f"in-{lead}", "lead.stage_changed", from_rfc3339(time), "crm", {"stage": "mql", "source": "web"})


def test_days_above_the_ceiling_are_told_of_the_whole_period_with_the_verdicts_that_had_relief() -> None:
    """The books keep thirteen days, and the first of October is long over when its report is written."""
    found = ceiling(reported(None, events(), policy=AGREED))
    assert found == CeilingData(ceiling="capacity", terms=31, over=(FIRST,), relieved=(RELIEVED,))


def test_outcomes_alone_tell_which_verdicts_had_relief_and_nothing_of_the_terms() -> None:
    replay = Replay(AGREED)
    told = [Said(outcome, replay.now) for outcome in replay.run(events(), UNTIL)]
    found = ceiling(reported(told, policy=AGREED))
    assert found == CeilingData(ceiling="capacity", terms=None, over=(), relieved=(RELIEVED,))


def test_days_of_other_periods_are_not_in_the_report() -> None:
    november = [entered(f"N{n}", "2026-11-02T09:00:00Z") for n in range(3)]
    assert ceiling(reported(None, [*events(), *november], policy=AGREED)).over == (FIRST,)


def test_a_lead_that_was_erased_is_still_counted() -> None:
    erased = Event("A", "gone", "lead.erased", from_rfc3339("2026-10-10T08:00:00Z"), "crm", {})
    assert ceiling(reported(None, [*events(), erased], policy=AGREED)).over == (FIRST,)


def test_without_a_ceiling_there_is_no_section() -> None:
    report = reported(None, events())
    assert report.ceilings == ()
    assert "Ceilings" not in as_markdown(document_of(report, Language.ENGLISH))


@pytest.mark.parametrize(
    ("language", "summary", "day", "relief"),
    [
        (
            Language.ENGLISH,
            "capacity: exceeded in 1 of 31 terms, by 1 together, by 1 at most.",
            "| Term | Value | Ceiling | Entered | Above |",
            "| first-touch | 1 | 1 | 100.0% |",
        ),
        (
            Language.GERMAN,
            "capacity: in 1 von 31 Zeiträumen überschritten, zusammen um 1, höchstens um 1.",
            "| Zeitraum | Wert | Obergrenze | Eingetreten | Darüber |",
            "| first-touch | 1 | 1 | 100,0 % |",
        ),
    ],
)
def test_the_page_says_it_in_both_languages(language: Language, summary: str, day: str, relief: str) -> None:
    page = as_markdown(document_of(reported(None, events(), policy=AGREED), language))
    for line in (summary, day, "| 2026-10-01 |  | 1 | 2 | 1 |", relief):
        assert line in page


def test_of_many_days_above_the_worst_twenty_are_named_in_order() -> None:
    more = [entered(f"{day}-{n}", f"2026-10-{day:02}T09:00:00Z") for day in range(2, 30) for n in range(2 + day % 3)]
    report = reported(None, [*events(), *more], policy=AGREED)
    assert len(ceiling(report).over) == 29
    page = as_markdown(document_of(report, Language.ENGLISH))
    rows = [line for line in page.splitlines() if line.startswith("| 2026-10-") and line.count("|") == 6]
    assert len(rows) == 20
    assert rows == sorted(rows)
    assert "by 59 together, by 4 at most" in page
    assert "the terms farthest above it" in page
    assert not any("| 2026-10-27 |" in row for row in rows)
