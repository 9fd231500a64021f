"""What a person reads, in both languages."""

import re
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from monitor.core.outcome import Delivery, Kind, Reason
from monitor.core.routing import Asks
from monitor.notify.channels import texts
from monitor.notify.channels.texts import Link, Style, fitted, limit_in_words, plain, single_text
from monitor.notify.channels.words import LANGUAGES, Language
from monitor.ports import Notice
from tests.support.notices import NOON, OF_AGREEMENT, REASONS, notice, notice_of_agreement, outcome

BERLIN = ZoneInfo("Europe/Berlin")
ENGLISH = Style(Language.ENGLISH, BERLIN, "https://crm.example.com/leads/{lead}")
GERMAN = ENGLISH._replace(language=Language.GERMAN)
LATE = {"late_elapsed_us": 5_400_000_000, "late_working_us": 1_800_000_000}


def test_a_breach_in_english() -> None:
    text = single_text(notice(calendar="munich"), ENGLISH)
    assert text.title == "Overdue: first-touch on lead lead-1 (ana)"
    assert text.facts == (
        ("Lead", "lead-1"),
        ("Owner", "ana"),
        ("Duty", "first-touch"),
        ("Due", "Thu 1 Oct 2026, 14:00 (Europe/Berlin)"),
        ("Why", "nobody followed up in time"),
        ("Limit", "5 minutes, munich"),
        ("Segment", "enterprise"),
        ("Source", "web"),
    )
    assert text.links == (Link("Open the lead", "https://crm.example.com/leads/lead-1"),)


def test_a_late_act_in_german() -> None:
    text = single_text(notice(Kind.FULFILLED_LATE, owner="", segment="", **LATE), GERMAN)
    assert text.title == "Verspätet erledigt: first-touch bei Lead lead-1 (niemand zugewiesen)"
    assert text.facts == (
        ("Lead", "lead-1"),
        ("Zuständig", "niemand zugewiesen"),
        ("Pflicht", "first-touch"),
        ("Fällig", "Do, 1. Okt. 2026, 14:00 Uhr (Europe/Berlin)"),
        ("Verspätung", "1 h 30 min (davon 30 min Arbeitszeit)"),
        ("Grund", "die Rückmeldung kam nach der Frist"),
        ("Frist", "5 Minuten"),
        ("Quelle", "web"),
    )


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", REASONS)
def test_every_kind_that_is_told_has_its_own_words_in_every_language(language: Language, kind: Kind) -> None:
    text = single_text(notice(kind), Style(language))
    assert not text.title.startswith((kind.value, kind.replace("_", " ")))
    whys = [value for label, value in text.facts if label in ("Why", "Grund")]
    assert whys
    assert whys != [REASONS[kind].replace("_", " ")]


@pytest.mark.parametrize("language", Language)
def test_every_reason_of_a_breach_or_warning_has_its_own_words(language: Language) -> None:
    for reason in (Reason.NO_EVIDENCE, Reason.TOO_FEW_ATTEMPTS, Reason.OUT_OF_REACH):
        facts = [value for _, value in single_text(notice(reason=reason), Style(language)).facts]
        assert reason.replace("_", " ") not in facts


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", OF_AGREEMENT)
def test_what_is_said_of_the_agreement_has_its_own_words_too(language: Language, kind: Kind) -> None:
    text = single_text(notice_of_agreement(kind), Style(language, lead_link="https://crm.example.com/{lead}"))
    assert not text.title.startswith((kind.value, kind.replace("_", " ")))
    assert text.title.endswith(" 2026-Q4")
    assert text.links == ()
    assert OF_AGREEMENT[kind].replace("_", " ") not in [value for _, value in text.facts]
    assert "lead" not in text.title.lower()


def test_a_new_agreement_says_what_is_different() -> None:
    changes = ("first-touch: within 2 working_hours (was 4)", "x" * 3000)
    text = single_text(notice_of_agreement(Kind.AMENDED, at=NOON, changes=changes), ENGLISH)
    assert text.title == "New agreement in force: version 2026-Q4"
    assert text.facts[:2] == (("Version", "2026-Q4"), ("In force since", "Thu 1 Oct 2026, 14:00 (Europe/Berlin)"))
    label, value = text.facts[2]
    assert (label, len(value)) == ("Changes", texts.CHANGES_CHARS_MAX)
    assert value.startswith("first-touch: within 2 working_hours (was 4); xxx")


def test_a_withdrawn_breach_is_marked_as_a_correction_and_names_what_it_corrects() -> None:
    corrected = single_text(notice(Kind.WITHDRAWN), ENGLISH).facts
    assert ("Corrects", "Overdue, Thu 1 Oct 2026, 14:00 (Europe/Berlin)") in corrected
    assert single_text(notice(Kind.WITHDRAWN), ENGLISH).title.startswith("Correction: ")
    assert single_text(notice(Kind.WITHDRAWN), GERMAN).title.startswith("Korrektur: ")


@pytest.mark.parametrize(
    ("level", "why"), [("80", "80 % of the time is used up"), ("30 minutes left", "30 minutes left")]
)
def test_a_warning_says_how_much_is_left(level: str, why: str) -> None:
    assert ("Why", why) in single_text(notice(Kind.WARNED, level=level), ENGLISH).facts


def test_instants_are_shown_in_the_zone_of_the_reader() -> None:
    tokyo = single_text(notice(), ENGLISH._replace(zone=ZoneInfo("Asia/Tokyo")))
    assert ("Due", "Thu 1 Oct 2026, 21:00 (Asia/Tokyo)") in tokyo.facts


def test_no_more_than_lead_owner_segment_and_source_is_shown_of_what_came_from_outside() -> None:
    assert "evt-private" not in str(single_text(notice(Kind.FULFILLED_LATE, **LATE), ENGLISH))


def test_a_lead_cannot_leave_its_place_in_the_link() -> None:
    link = single_text(notice(lead="../x?a=1&b#c d"), ENGLISH).links[0].url
    assert link == "https://crm.example.com/leads/..%2Fx%3Fa%3D1%26b%23c%20d"


def test_without_a_template_there_is_no_link() -> None:
    assert single_text(notice(), Style()).links == ()


def test_text_from_outside_stays_one_line_without_control_characters() -> None:
    assert plain("a\nb\x1b[31m\u202ec\ud800") == "a b [31m c"
    assert plain("x" * 500) == "x" * 199 + "…"


def test_a_text_is_cut_so_that_its_escaped_form_fits_and_no_escape_is_cut_through() -> None:
    assert fitted("a&b", 7, lambda text: text.replace("&", "&amp;")) == "a&amp;b"
    assert fitted("a&b", 6, lambda text: text.replace("&", "&amp;")) == "a…"


def test_both_languages_have_words_for_the_same_things() -> None:
    english, german = LANGUAGES[Language.ENGLISH], LANGUAGES[Language.GERMAN]
    for said, gesagt in zip(english, german, strict=True):
        assert not isinstance(said, dict) or set(said) == set(gesagt)
        assert not isinstance(said, str) or set(re.findall("{[a-z]+}", said)) == set(re.findall("{[a-z]+}", gesagt))


STEP = Notice("id", outcome(), "2 working_hours", Asks.REASSIGN)


@pytest.mark.parametrize(
    ("step", "english", "german"),
    [
        (
            STEP,
            "2 working hours after the breach nobody has acted; please reassign",
            "2 Arbeitsstunden nach Fristablauf ist noch nichts geschehen; bitte neu zuweisen",
        ),
        (
            replace(STEP, after="1 working_days", asks=Asks.NOTHING),
            "1 working day after the breach nobody has acted",
            "1 Arbeitstag nach Fristablauf ist noch nichts geschehen",
        ),
    ],
)
def test_a_later_step_says_since_when_nobody_has_acted_and_what_to_do(step: Notice, english: str, german: str) -> None:
    assert ("Still open", english) in single_text(step, ENGLISH).facts
    assert ("Weiter offen", german) in single_text(step, GERMAN).facts


def test_a_later_step_says_in_its_title_that_it_is_one() -> None:
    assert single_text(STEP, ENGLISH).title == "Overdue, 2 working hours later: first-touch on lead lead-1 (ana)"
    assert single_text(STEP, GERMAN).title == "Überfällig, 2 Arbeitsstunden danach: first-touch bei Lead lead-1 (ana)"


@pytest.mark.parametrize(
    ("written", "german"),
    [
        ("1 working_hours", "1 Arbeitsstunde"), ("30 working_minutes", "30 Arbeitsminuten"),
        ("1 minute elapsed", "1 Minute"), ("24 hours elapsed", "24 Stunden"), ("2 days elapsed", "2 Tage"),
        ("8 working_hours, above daily", "8 Arbeitsstunden, above daily"), ("", ""), ("soon", "soon"),
    ],
)  # fmt: skip
def test_a_limit_is_read_as_people_say_it(written: str, german: str) -> None:
    assert limit_in_words(written, LANGUAGES[Language.GERMAN]) == german


def test_a_rejection_names_the_reason_that_was_given() -> None:
    said = outcome(Kind.MET, duty="acceptance", reason=Reason.REJECTED, missing="no-budget")
    text = single_text(Notice("id", said), ENGLISH)
    assert text.title == "Rejected: acceptance on lead lead-1 (ana)"
    assert ("Why", "the lead was given back: no-budget") in text.facts
    later = outcome(Kind.WITHDRAWN, duty="acceptance", level="met")
    assert (
        single_text(Notice("id", later), GERMAN).title
        == "Korrektur: doch nicht erledigt: acceptance bei Lead lead-1 (ana)"
    )


def test_a_lead_that_is_not_as_agreed_says_what_it_lacks() -> None:
    said = outcome(duty="definition-mql", reason=Reason.DEFINITION_NOT_MET, missing="without email")
    text = single_text(Notice("id", said), ENGLISH)
    assert text.title == "Not as agreed: definition-mql on lead lead-1 (ana)"
    assert ("Why", "the lead is not what was agreed: without email") in text.facts


def test_a_quota_says_how_it_stands_and_what_is_expected() -> None:
    standing = Delivery("2026-10", (("segment", "enterprise"),), 40_000, 31_000, 0, 2_000, 0, 36_500, 33_000, 39_000)
    said = outcome(
        Kind.AT_RISK, lead="", owner="", team="marketing", duty="qualified-leads", reason=Reason.FORECAST_LOW,
        delivery=standing,
    )  # fmt: skip
    text = single_text(Notice("id", said), ENGLISH)
    assert text.title == "At risk: qualified-leads 2026-10 enterprise"
    assert text.facts == (
        ("Delivered", "31 of 40"),
        ("Expected", "36.5 (between 33 and 39)"),
        ("Taken back", "2"),
        ("Why", "the forecast for the end of the term is too low"),
        ("Team", "marketing"),
    )
    for kind, reason in [(Kind.BREACHED, Reason.TARGET_MISSED), (Kind.MET, Reason.TARGET_REACHED)]:
        german = single_text(Notice("id", said._replace(kind=kind, reason=reason)), GERMAN)
        assert german.title.startswith("Ziel ")
