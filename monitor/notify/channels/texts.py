"""What a notice says to a person, in English and in German: title, facts, why, and a link to the lead."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple
from urllib.parse import quote
from zoneinfo import ZoneInfo

from monitor.core.outcome import Kind, Outcome, Reason
from monitor.core.sentence import duration
from monitor.ports import Notice

# Names and ids from outside; longer ones tell a reader nothing, and no far end's limit is reached with these.
VALUE_CHARS_MAX: Final = 200
# What a new agreement changes: a field of a Slack message holds 2,000 characters.
CHANGES_CHARS_MAX: Final = 1_500
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC"))


class Language(StrEnum):
    """The languages that notices are written in."""

    ENGLISH = "en"
    GERMAN = "de"


class Style(NamedTuple):
    """How a channel wants to be written to."""

    language: Language = Language.ENGLISH
    zone: ZoneInfo = ZoneInfo("UTC")
    """Instants are shown as local time there."""
    lead_link: str = ""
    """URL of a lead, with `{lead}` where its id belongs; "" for no link."""


class Text(NamedTuple):
    """A notice for a person: plain text, one line each; whoever shows it escapes it for where it is shown."""

    title: str
    facts: tuple[tuple[str, str], ...]
    """Labels and values, in the order in which they matter."""
    link: str
    """URL of the lead; "" where none is configured."""
    link_label: str


class _Words(NamedTuple):
    """One language."""

    kinds: Mapping[Kind, str]
    reasons: Mapping[Reason, str]
    title: str
    agreement_title: str
    version: str
    since: str
    review_by: str
    changes: str
    nobody: str
    lead: str
    owner: str
    duty: str
    due: str
    late: str
    why: str
    limit: str
    segment: str
    source: str
    working: str
    used: str
    link_label: str
    instant: str
    days: tuple[str, ...]
    months: tuple[str, ...]


_ENGLISH: Final = _Words(
    kinds={
        Kind.WARNED: "Due soon",
        Kind.BREACHED: "Overdue",
        Kind.FULFILLED_LATE: "Followed up late",
        Kind.STALLED: "Paused too long",
        Kind.PASSED_AROUND: "Passed around",
        Kind.WITHDRAWN: "Correction: not overdue",
        Kind.AMENDED: "New agreement in force",
        Kind.REVIEW_DUE: "Agreement to be reviewed",
        Kind.REVIEW_OVERDUE: "Review of the agreement overdue",
    },
    reasons={
        Reason.NO_EVIDENCE: "nobody followed up in time",
        Reason.TOO_FEW_ATTEMPTS: "too few attempts were made in time",
        Reason.OUT_OF_REACH: "the attempts still needed do not fit in before it is due",
        Reason.AFTER_DUE: "the follow-up came after it was due",
        Reason.LATE_EVIDENCE: "a follow-up in time became known later",
        Reason.PAUSE_TOO_LONG: "the pause lasts longer than agreed",
        Reason.OWNERS_TOO_MANY: "the owner changed more often than agreed",
        Reason.NEW_VERSION: "a new version of the agreement is in force",
        Reason.REVIEW_NEAR: "the day by which it is to be reviewed is near",
        Reason.REVIEW_PASSED: "that day has passed and no newer version is in force",
    },
    title="{kind}: {duty} on lead {lead} ({owner})",
    agreement_title="{kind}: version {version}",
    version="Version",
    since="In force since",
    review_by="Review by",
    changes="Changes",
    nobody="nobody assigned",
    lead="Lead",
    owner="Owner",
    duty="Duty",
    due="Due",
    late="Late by",
    why="Why",
    limit="Limit",
    segment="Segment",
    source="Source",
    working="{elapsed} ({working} of working time)",
    used="{percent} % of the time is used up",
    link_label="Open the lead",
    instant="{day} {date} {month} {year}, {time} ({zone})",
    days=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)

_GERMAN: Final = _Words(
    kinds={
        Kind.WARNED: "Bald fällig",
        Kind.BREACHED: "Überfällig",
        Kind.FULFILLED_LATE: "Verspätet erledigt",
        Kind.STALLED: "Zu lange pausiert",
        Kind.PASSED_AROUND: "Zu oft weitergereicht",
        Kind.WITHDRAWN: "Korrektur: nicht überfällig",
        Kind.AMENDED: "Neue Vereinbarung gilt",
        Kind.REVIEW_DUE: "Vereinbarung ist zu überprüfen",
        Kind.REVIEW_OVERDUE: "Überprüfung der Vereinbarung überfällig",
    },
    reasons={
        Reason.NO_EVIDENCE: "niemand hat sich rechtzeitig gemeldet",
        Reason.TOO_FEW_ATTEMPTS: "zu wenige Versuche in der Frist",
        Reason.OUT_OF_REACH: "die noch nötigen Versuche passen nicht mehr in die Frist",
        Reason.AFTER_DUE: "die Rückmeldung kam nach der Frist",
        Reason.LATE_EVIDENCE: "eine rechtzeitige Rückmeldung wurde nachträglich bekannt",
        Reason.PAUSE_TOO_LONG: "die Pause dauert länger als vereinbart",
        Reason.OWNERS_TOO_MANY: "die Zuständigkeit wechselte öfter als vereinbart",
        Reason.NEW_VERSION: "eine neue Fassung der Vereinbarung gilt",
        Reason.REVIEW_NEAR: "der Tag, bis zu dem sie zu überprüfen ist, ist nah",
        Reason.REVIEW_PASSED: "dieser Tag ist vorbei, und keine neuere Fassung gilt",
    },
    title="{kind}: {duty} bei Lead {lead} ({owner})",
    agreement_title="{kind}: Fassung {version}",
    version="Fassung",
    since="Gilt seit",
    review_by="Überprüfung bis",
    changes="Änderungen",
    nobody="niemand zugewiesen",
    lead="Lead",
    owner="Zuständig",
    duty="Pflicht",
    due="Fällig",
    late="Verspätung",
    why="Grund",
    limit="Frist",
    segment="Segment",
    source="Quelle",
    working="{elapsed} (davon {working} Arbeitszeit)",
    used="{percent} % der Frist sind verbraucht",
    link_label="Lead öffnen",
    instant="{day}, {date}. {month} {year}, {time} Uhr ({zone})",
    days=("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"),
    months=("Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sep.", "Okt.", "Nov.", "Dez."),
)

_LANGUAGES: Final[Mapping[Language, _Words]] = {Language.ENGLISH: _ENGLISH, Language.GERMAN: _GERMAN}


def text_of(notice: Notice, style: Style) -> Text:
    """The notice in words. Of what came from outside it holds lead, owner, segment and source, nothing else."""
    outcome, words = notice.outcome, _LANGUAGES[style.language]
    kind = words.kinds.get(outcome.kind, outcome.kind.replace("_", " "))
    if not outcome.lead:
        return _of_agreement(outcome, kind, style.zone, words)
    lead, owner = plain(outcome.lead), plain(outcome.owner) or words.nobody
    facts = (
        (words.lead, lead),
        (words.owner, owner),
        (words.duty, plain(outcome.duty)),
        (words.due, _instant(outcome.due_at, style.zone, words)),
        (words.late, _lateness(outcome, words)),
        (words.why, _why(outcome, words)),
        (words.limit, plain(", ".join(part for part in (outcome.limit, outcome.calendar) if part))),
        (words.segment, plain(outcome.segment)),
        (words.source, plain(outcome.lead_source)),
    )
    return Text(
        title=words.title.format(kind=kind, duty=plain(outcome.duty), lead=lead, owner=owner),
        facts=tuple((label, value) for label, value in facts if value),
        link=style.lead_link.replace("{lead}", quote(outcome.lead, safe="", errors="replace")),
        link_label=words.link_label,
    )


def _of_agreement(outcome: Outcome, kind: str, zone: ZoneInfo, words: _Words) -> Text:
    """What is said of the agreement itself, which no lead is concerned by."""
    version, amended = plain(outcome.policy_version), outcome.kind is Kind.AMENDED
    facts = (
        (words.version, version),
        (words.since if amended else words.review_by, _instant(outcome.at if amended else outcome.due_at, zone, words)),
        (words.why, "" if amended else _why(outcome, words)),
        (words.changes, plain("; ".join(outcome.changes), CHANGES_CHARS_MAX)),
    )
    title = words.agreement_title.format(kind=kind, version=version)
    return Text(title, tuple((label, value) for label, value in facts if value), "", words.link_label)


def plain(text: str, chars_max: int = VALUE_CHARS_MAX) -> str:
    """Text from outside as one line of bounded length without control characters."""
    printable = "".join(sign if sign.isprintable() else " " for sign in text)
    return fitted(" ".join(printable.split()), chars_max)


def fitted(text: str, length_max: int, escaped: Callable[[str], str] = str) -> str:
    """The text, escaped, cut so that it is no longer than that once it is escaped; no escape is cut through."""
    if len(escaped(text)) <= length_max:
        return escaped(text)
    kept, room = [], length_max - 1
    for sign in map(escaped, text):
        room -= len(sign)
        if room < 0:
            break
        kept.append(sign)
    return "".join(kept) + "…"


def _instant(at: int, zone: ZoneInfo, words: _Words) -> str:
    local = (_EPOCH + timedelta(microseconds=at)).astimezone(zone)
    return words.instant.format(
        day=words.days[local.weekday()],
        date=local.day,
        month=words.months[local.month - 1],
        year=local.year,
        time=f"{local:%H:%M}",
        zone=zone.key,
    )


def _lateness(outcome: Outcome, words: _Words) -> str:
    if outcome.late_elapsed_us is None:
        return ""
    elapsed = duration(outcome.late_elapsed_us)
    if outcome.late_working_us is None:
        return elapsed
    return words.working.format(elapsed=elapsed, working=duration(outcome.late_working_us))


def _why(outcome: Outcome, words: _Words) -> str:
    if outcome.reason is Reason.SHARE_USED:
        return words.used.format(percent=outcome.level) if outcome.level.isdigit() else plain(outcome.level)
    return words.reasons.get(outcome.reason, outcome.reason.replace("_", " "))
