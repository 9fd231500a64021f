"""What a person reads, in both languages."""

from zoneinfo import ZoneInfo

import pytest

from monitor.core.outcome import Kind, Reason
from monitor.notify.channels import texts
from monitor.notify.channels.texts import Language, Style, fitted, plain, text_of
from tests.support.notices import NOON, OF_AGREEMENT, REASONS, notice, notice_of_agreement

BERLIN = ZoneInfo("Europe/Berlin")
ENGLISH = Style(Language.ENGLISH, BERLIN, "https://crm.example.com/leads/{lead}")
GERMAN = ENGLISH._replace(language=Language.GERMAN)
LATE = {"late_elapsed_us": 5_400_000_000, "late_working_us": 1_800_000_000}


def test_a_breach_in_english() -> None:
    text = text_of(notice(calendar="munich"), ENGLISH)
    assert text.title == "Overdue: first-touch on lead lead-1 (ana)"
    assert text.facts == (
        ("Lead", "lead-1"),
        ("Owner", "ana"),
        ("Duty", "first-touch"),
        ("Due", "Thu 1 Oct 2026, 14:00 (Europe/Berlin)"),
        ("Why", "nobody followed up in time"),
        ("Limit", "5 minutes elapsed, munich"),
        ("Segment", "enterprise"),
        ("Source", "web"),
    )
    assert (text.link, text.link_label) == ("https://crm.example.com/leads/lead-1", "Open the lead")


def test_a_late_act_in_german() -> None:
    text = text_of(notice(Kind.FULFILLED_LATE, owner="", segment="", **LATE), GERMAN)
    assert text.title == "Verspätet erledigt: first-touch bei Lead lead-1 (niemand zugewiesen)"
    assert text.facts == (
        ("Lead", "lead-1"),
        ("Zuständig", "niemand zugewiesen"),
        ("Pflicht", "first-touch"),
        ("Fällig", "Do, 1. Okt. 2026, 14:00 Uhr (Europe/Berlin)"),
        ("Verspätung", "1 h 30 min (davon 30 min Arbeitszeit)"),
        ("Grund", "die Rückmeldung kam nach der Frist"),
        ("Frist", "5 minutes elapsed"),
        ("Quelle", "web"),
    )


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", REASONS)
def test_every_kind_that_is_told_has_its_own_words_in_every_language(language: Language, kind: Kind) -> None:
    text = text_of(notice(kind), Style(language))
    assert not text.title.startswith((kind.value, kind.replace("_", " ")))
    whys = [value for label, value in text.facts if label in ("Why", "Grund")]
    assert whys
    assert whys != [REASONS[kind].replace("_", " ")]


@pytest.mark.parametrize("language", Language)
def test_every_reason_of_a_breach_or_warning_has_its_own_words(language: Language) -> None:
    for reason in (Reason.NO_EVIDENCE, Reason.TOO_FEW_ATTEMPTS, Reason.OUT_OF_REACH):
        facts = [value for _, value in text_of(notice(reason=reason), Style(language)).facts]
        assert reason.replace("_", " ") not in facts


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", OF_AGREEMENT)
def test_what_is_said_of_the_agreement_has_its_own_words_too(language: Language, kind: Kind) -> None:
    text = text_of(notice_of_agreement(kind), Style(language, lead_link="https://crm.example.com/{lead}"))
    assert not text.title.startswith((kind.value, kind.replace("_", " ")))
    assert text.title.endswith(" 2026-Q4")
    assert text.link == ""
    assert OF_AGREEMENT[kind].replace("_", " ") not in [value for _, value in text.facts]
    assert "lead" not in text.title.lower()


def test_a_new_agreement_says_what_is_different() -> None:
    changes = ("first-touch: within 2 working_hours (was 4)", "x" * 3000)
    text = text_of(notice_of_agreement(Kind.AMENDED, at=NOON, changes=changes), ENGLISH)
    assert text.title == "New agreement in force: version 2026-Q4"
    assert text.facts[:2] == (("Version", "2026-Q4"), ("In force since", "Thu 1 Oct 2026, 14:00 (Europe/Berlin)"))
    label, value = text.facts[2]
    assert (label, len(value)) == ("Changes", texts.CHANGES_CHARS_MAX)
    assert value.startswith("first-touch: within 2 working_hours (was 4); xxx")


def test_a_withdrawn_breach_is_marked_as_a_correction() -> None:
    assert text_of(notice(Kind.WITHDRAWN), ENGLISH).title.startswith("Correction: ")
    assert text_of(notice(Kind.WITHDRAWN), GERMAN).title.startswith("Korrektur: ")


@pytest.mark.parametrize(
    ("level", "why"), [("80", "80 % of the time is used up"), ("30 minutes left", "30 minutes left")]
)
def test_a_warning_says_how_much_is_left(level: str, why: str) -> None:
    assert ("Why", why) in text_of(notice(Kind.WARNED, level=level), ENGLISH).facts


def test_instants_are_shown_in_the_zone_of_the_reader() -> None:
    tokyo = text_of(notice(), ENGLISH._replace(zone=ZoneInfo("Asia/Tokyo")))
    assert ("Due", "Thu 1 Oct 2026, 21:00 (Asia/Tokyo)") in tokyo.facts


def test_no_more_than_lead_owner_segment_and_source_is_shown_of_what_came_from_outside() -> None:
    assert "evt-private" not in str(text_of(notice(Kind.FULFILLED_LATE, **LATE), ENGLISH))


def test_a_lead_cannot_leave_its_place_in_the_link() -> None:
    link = text_of(notice(lead="../x?a=1&b#c d"), ENGLISH).link
    assert link == "https://crm.example.com/leads/..%2Fx%3Fa%3D1%26b%23c%20d"


def test_without_a_template_there_is_no_link() -> None:
    assert text_of(notice(), Style()).link == ""


def test_text_from_outside_stays_one_line_without_control_characters() -> None:
    assert plain("a\nb\x1b[31m\u202ec\ud800") == "a b [31m c"
    assert plain("x" * 500) == "x" * 199 + "…"


def test_a_text_is_cut_so_that_its_escaped_form_fits_and_no_escape_is_cut_through() -> None:
    assert fitted("a&b", 7, lambda text: text.replace("&", "&amp;")) == "a&amp;b"
    assert fitted("a&b", 6, lambda text: text.replace("&", "&amp;")) == "a…"


def test_both_languages_have_words_for_the_same_things() -> None:
    assert set(texts._ENGLISH.kinds) == set(texts._GERMAN.kinds)
    assert set(texts._ENGLISH.reasons) == set(texts._GERMAN.reasons)
