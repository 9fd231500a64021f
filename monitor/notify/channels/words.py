"""The words of notices, in English and in German."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from monitor.core.outcome import Kind, Reason
from monitor.core.routing import News


class Language(StrEnum):
    """The languages that notices are written in."""

    ENGLISH = "en"
    GERMAN = "de"


class Words(NamedTuple):
    """One language."""

    kinds: Mapping[Kind, str]
    kinds_of: Mapping[tuple[News, Kind], str]
    """Where the news is another than follow-up, and so is the word."""
    reasons: Mapping[Reason, str]
    units: Mapping[str, tuple[str, str]]
    """One and several of each unit of limits."""
    undone: str
    later: str
    title: str
    agreement_title: str
    quota_title: str
    digest_title: str
    folded_title: str
    more: str
    item: str
    version: str
    since: str
    review_by: str
    changes: str
    nobody: str
    lead: str
    owner: str
    team: str
    duty: str
    due: str
    late: str
    why: str
    still_open: str
    nothing_done: str
    reassign: str
    corrects: str
    limit: str
    segment: str
    source: str
    delivered: str
    counted: str
    taken_back: str
    refused: str
    expected: str
    between: str
    working: str
    used: str
    lead_link: str
    acknowledge_link: str
    snooze_link: str
    instant: str
    thousands: str
    days: tuple[str, ...]
    months: tuple[str, ...]


_ENGLISH: Final = Words(
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
        Kind.AT_RISK: "At risk",
        Kind.CORRECTED: "Changed after it was final",
        Kind.MET: "Done",
        Kind.CANCELLED: "Cancelled",
    },
    kinds_of={
        (News.REJECTION, Kind.MET): "Rejected",
        (News.DEFINITION, Kind.BREACHED): "Not as agreed",
        (News.DEFINITION, Kind.WITHDRAWN): "Correction: as agreed",
        (News.QUOTA, Kind.MET): "Target reached",
        (News.QUOTA, Kind.BREACHED): "Target missed",
        (News.QUOTA, Kind.WITHDRAWN): "Correction",
    },
    reasons={
        Reason.NO_EVIDENCE: "nobody followed up in time",
        Reason.TOO_FEW_ATTEMPTS: "too few attempts were made in time",
        Reason.OUT_OF_REACH: "the attempts still needed do not fit in before it is due",
        Reason.DEFINITION_NOT_MET: "the lead is not what was agreed",
        Reason.REJECTED: "the lead was given back",
        Reason.AFTER_DUE: "the follow-up came after it was due",
        Reason.LATE_EVIDENCE: "a follow-up in time became known later",
        Reason.PAUSE_TOO_LONG: "the pause lasts longer than agreed",
        Reason.OWNERS_TOO_MANY: "the owner changed more often than agreed",
        Reason.NEW_VERSION: "a new version of the agreement is in force",
        Reason.REVIEW_NEAR: "the day by which it is to be reviewed is near",
        Reason.REVIEW_PASSED: "that day has passed and no newer version is in force",
        Reason.TARGET_REACHED: "the last lead that was needed came in",
        Reason.TARGET_MISSED: "the term has ended",
        Reason.FORECAST_LOW: "the forecast for the end of the term is too low",
        Reason.COUNT_CHANGED: "leads were taken back, or came late",
        Reason.CHANGED_AFTER_FINAL: "leads were taken back, or came late",
    },
    units={
        "working_minutes": ("working minute", "working minutes"),
        "working_hours": ("working hour", "working hours"),
        "working_days": ("working day", "working days"),
        "seconds": ("second", "seconds"),
        "minutes": ("minute", "minutes"),
        "hours": ("hour", "hours"),
        "days": ("day", "days"),
    },
    undone="Correction: not done after all",
    later="{kind}, {after} later",
    title="{kind}: {duty} on lead {lead} ({owner})",
    agreement_title="{kind}: version {version}",
    quota_title="{kind}: {duty} {term}",
    digest_title="While you were away: {count} notices",
    folded_title="{kinds}: {count} at once",
    more="and {count} more",
    item="{kind}: {duty}, {subject}{owner}, due {due}",
    version="Version",
    since="In force since",
    review_by="Review by",
    changes="Changes",
    nobody="nobody assigned",
    lead="Lead",
    owner="Owner",
    team="Team",
    duty="Duty",
    due="Due",
    late="Late by",
    why="Why",
    still_open="Still open",
    nothing_done="{after} after the breach nobody has acted",
    reassign="{text}; please reassign",
    corrects="Corrects",
    limit="Limit",
    segment="Segment",
    source="Source",
    delivered="Delivered",
    counted="{delivered} of {target}",
    taken_back="Taken back",
    refused="Refused",
    expected="Expected",
    between="{expected} (between {low} and {high})",
    working="{elapsed} ({working} of working time)",
    used="{percent} % of the time is used up",
    lead_link="Open the lead",
    acknowledge_link="Acknowledge",
    snooze_link="Snooze",
    instant="{day} {date} {month} {year}, {time} ({zone})",
    thousands=",",
    days=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)

_GERMAN: Final = Words(
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
        Kind.AT_RISK: "Gefährdet",
        Kind.CORRECTED: "Nachträglich geändert",
        Kind.MET: "Erledigt",
        Kind.CANCELLED: "Aufgehoben",
    },
    kinds_of={
        (News.REJECTION, Kind.MET): "Zurückgewiesen",
        (News.DEFINITION, Kind.BREACHED): "Nicht wie vereinbart",
        (News.DEFINITION, Kind.WITHDRAWN): "Korrektur: wie vereinbart",
        (News.QUOTA, Kind.MET): "Ziel erreicht",
        (News.QUOTA, Kind.BREACHED): "Ziel verfehlt",
        (News.QUOTA, Kind.WITHDRAWN): "Korrektur",
    },
    reasons={
        Reason.NO_EVIDENCE: "niemand hat sich rechtzeitig gemeldet",
        Reason.TOO_FEW_ATTEMPTS: "zu wenige Versuche in der Frist",
        Reason.OUT_OF_REACH: "die noch nötigen Versuche passen nicht mehr in die Frist",
        Reason.DEFINITION_NOT_MET: "der Lead ist nicht, was vereinbart ist",
        Reason.REJECTED: "der Lead wurde zurückgegeben",
        Reason.AFTER_DUE: "die Rückmeldung kam nach der Frist",
        Reason.LATE_EVIDENCE: "eine rechtzeitige Rückmeldung wurde nachträglich bekannt",
        Reason.PAUSE_TOO_LONG: "die Pause dauert länger als vereinbart",
        Reason.OWNERS_TOO_MANY: "die Zuständigkeit wechselte öfter als vereinbart",
        Reason.NEW_VERSION: "eine neue Fassung der Vereinbarung gilt",
        Reason.REVIEW_NEAR: "der Tag, bis zu dem sie zu überprüfen ist, ist nah",
        Reason.REVIEW_PASSED: "dieser Tag ist vorbei, und keine neuere Fassung gilt",
        Reason.TARGET_REACHED: "der letzte noch fehlende Lead ist da",
        Reason.TARGET_MISSED: "der Zeitraum ist zu Ende",
        Reason.FORECAST_LOW: "die Prognose für das Ende des Zeitraums ist zu niedrig",
        Reason.COUNT_CHANGED: "Leads wurden zurückgenommen oder kamen nachträglich",
        Reason.CHANGED_AFTER_FINAL: "Leads wurden zurückgenommen oder kamen nachträglich",
    },
    units={
        "working_minutes": ("Arbeitsminute", "Arbeitsminuten"),
        "working_hours": ("Arbeitsstunde", "Arbeitsstunden"),
        "working_days": ("Arbeitstag", "Arbeitstage"),
        "seconds": ("Sekunde", "Sekunden"),
        "minutes": ("Minute", "Minuten"),
        "hours": ("Stunde", "Stunden"),
        "days": ("Tag", "Tage"),
    },
    undone="Korrektur: doch nicht erledigt",
    later="{kind}, {after} danach",
    title="{kind}: {duty} bei Lead {lead} ({owner})",
    agreement_title="{kind}: Fassung {version}",
    quota_title="{kind}: {duty} {term}",
    digest_title="Während Ihrer Abwesenheit: {count} Meldungen",
    folded_title="{kinds}: {count} auf einmal",
    more="und {count} weitere",
    item="{kind}: {duty}, {subject}{owner}, fällig {due}",
    version="Fassung",
    since="Gilt seit",
    review_by="Überprüfung bis",
    changes="Änderungen",
    nobody="niemand zugewiesen",
    lead="Lead",
    owner="Zuständig",
    team="Team",
    duty="Pflicht",
    due="Fällig",
    late="Verspätung",
    why="Grund",
    still_open="Weiter offen",
    nothing_done="{after} nach Fristablauf ist noch nichts geschehen",
    reassign="{text}; bitte neu zuweisen",
    corrects="Berichtigt",
    limit="Frist",
    segment="Segment",
    source="Quelle",
    delivered="Geliefert",
    counted="{delivered} von {target}",
    taken_back="Zurückgenommen",
    refused="Abgelehnt",
    expected="Erwartet",
    between="{expected} (zwischen {low} und {high})",
    working="{elapsed} (davon {working} Arbeitszeit)",
    used="{percent} % der Frist sind verbraucht",
    lead_link="Lead öffnen",
    acknowledge_link="Bestätigen",
    snooze_link="Später erinnern",
    instant="{day}, {date}. {month} {year}, {time} Uhr ({zone})",
    thousands=".",
    days=("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"),
    months=("Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sep.", "Okt.", "Nov.", "Dez."),
)

LANGUAGES: Final[Mapping[Language, Words]] = {Language.ENGLISH: _ENGLISH, Language.GERMAN: _GERMAN}
