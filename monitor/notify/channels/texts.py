"""What a message says to a person: title, facts, a line for each of several notices, and links."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from urllib.parse import quote
from zoneinfo import ZoneInfo

from monitor.core.outcome import Delivery, Kind, Outcome, Reason
from monitor.core.quota_sentence import amount
from monitor.core.routing import Asks, news_of
from monitor.core.sentence import duration
from monitor.notify.channels.words import LANGUAGES, Language, Words
from monitor.ports import Notice

# Names and ids from outside; longer ones tell a reader nothing, and no far end's limit is reached with these.
VALUE_CHARS_MAX: Final = 200
# What a new agreement changes: a field of a Slack message holds 2,000 characters.
CHANGES_CHARS_MAX: Final = 1_500
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC"))


class Style(NamedTuple):
    """How a channel wants to be written to."""

    language: Language = Language.ENGLISH
    zone: ZoneInfo = ZoneInfo("UTC")
    """Instants are shown as local time there."""
    lead_link: str = ""
    """URL of a lead, with `{lead}` where its id belongs; "" for no link."""


class Link(NamedTuple):
    """A page to open."""

    label: str
    url: str


class Item(NamedTuple):
    """One notice of several."""

    text: str
    url: str
    """Of its lead; "" where there is none."""


class Text(NamedTuple):
    """A message for a person: plain text, one line each; whoever shows it escapes it for where it is shown."""

    title: str
    facts: tuple[tuple[str, str], ...]
    """Labels and values, in the order in which they matter."""
    links: tuple[Link, ...]
    items: tuple[Item, ...] = ()
    """Of several notices some, the worst first."""
    more: str = ""
    """How many there are beside those; "" where there are none."""


def single_text(notice: Notice, style: Style) -> Text:
    """One notice in words. Of what came from outside it holds lead, owner, segment and source, nothing else."""
    outcome, words = notice.outcome, LANGUAGES[style.language]
    kind = headline(notice, words)
    if outcome.delivery is not None:
        return _of_quota(notice, outcome.delivery, kind, words)
    if not outcome.lead:
        return _of_agreement(outcome, kind, style.zone, words)
    lead, owner = plain(outcome.lead), plain(outcome.owner) or words.nobody
    return Text(
        title=words.title.format(kind=kind, duty=plain(outcome.duty), lead=lead, owner=owner),
        facts=_known(
            (words.lead, lead),
            (words.owner, owner),
            (words.duty, plain(outcome.duty)),
            (words.due, instant(outcome.due_at, style.zone, words)),
            (words.still_open, _still_open(notice, words)),
            (words.corrects, _corrects(outcome, style.zone, words)),
            (words.late, _lateness(outcome, words)),
            (words.why, _why(outcome, words)),
            (words.limit, _limit(outcome, words)),
            (words.segment, plain(outcome.segment)),
            (words.source, plain(outcome.lead_source)),
        ),
        links=tuple(Link(words.lead_link, url) for url in (url_of(outcome, style),) if url),
    )


def kind_of(outcome: Outcome, words: Words) -> str:
    """What has happened, in two or three words."""
    kind, news = outcome.kind, news_of(outcome)
    if kind is Kind.WITHDRAWN and outcome.level == Kind.MET.value and outcome.lead:
        return words.undone
    return words.kinds_of.get((news, kind)) or words.kinds.get(kind, kind.replace("_", " "))


def headline(notice: Notice, words: Words) -> str:
    """The same, and how long ago that was where it is a later step of a ladder."""
    kind = kind_of(notice.outcome, words)
    return words.later.format(kind=kind, after=limit_in_words(notice.after, words)) if notice.after else kind


def url_of(outcome: Outcome, style: Style) -> str:
    """The page of its lead; "" where there is none."""
    return style.lead_link.replace("{lead}", quote(outcome.lead, safe="", errors="replace")) if outcome.lead else ""


def _of_quota(notice: Notice, delivery: Delivery, kind: str, words: Words) -> Text:
    """How a quota stands."""
    outcome = notice.outcome
    expected = ""
    if delivery.forecast is not None:
        low, high = (amount(each or 0) for each in (delivery.forecast_low, delivery.forecast_high))
        expected = words.between.format(expected=amount(delivery.forecast), low=low, high=high)
    facts = _known(
        (words.delivered, words.counted.format(delivered=amount(delivery.delivered), target=amount(delivery.target))),
        (words.expected, expected),
        (words.taken_back, amount(delivery.clawed_back) if delivery.clawed_back else ""),
        (words.refused, amount(delivery.refused) if delivery.refused else ""),
        (words.still_open, _still_open(notice, words)),
        (words.why, _why(outcome, words)),
        (words.team, plain(outcome.team)),
    )
    return Text(words.quota_title.format(kind=kind, duty=plain(outcome.duty), term=term_in_words(delivery)), facts, ())


def term_in_words(delivery: Delivery) -> str:
    """Of which term, and of what part of a quota is spoken: `2026-10 enterprise`."""
    return plain(" ".join((delivery.term, *(value for _, value in delivery.dims))))


def _of_agreement(outcome: Outcome, kind: str, zone: ZoneInfo, words: Words) -> Text:
    """What is said of the agreement itself, which no lead is concerned by."""
    version, amended = plain(outcome.policy_version), outcome.kind is Kind.AMENDED
    facts = _known(
        (words.version, version),
        (words.since if amended else words.review_by, instant(outcome.at if amended else outcome.due_at, zone, words)),
        (words.why, "" if amended else _why(outcome, words)),
        (words.changes, plain("; ".join(outcome.changes), CHANGES_CHARS_MAX)),
    )
    return Text(words.agreement_title.format(kind=kind, version=version), facts, ())


def _known(*facts: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((label, value) for label, value in facts if value)


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


def instant(at: int, zone: ZoneInfo, words: Words) -> str:
    """An instant as the clock shows it there."""
    local = (_EPOCH + timedelta(microseconds=at)).astimezone(zone)
    return words.instant.format(
        day=words.days[local.weekday()],
        date=local.day,
        month=words.months[local.month - 1],
        year=local.year,
        time=f"{local:%H:%M}",
        zone=zone.key,
    )


def limit_in_words(written: str, words: Words) -> str:
    """A limit of the agreement, such as `2 working_hours`, in the words of the reader; anything else as it is."""
    counted, *rest = written.split(", ")
    number, _, unit = counted.removesuffix(" elapsed").partition(" ")
    unit = unit.removesuffix("s") + "s"
    if unit in words.units:
        counted = f"{number} {words.units[unit][number != '1']}"
    return plain(", ".join([counted, *rest]))


def _limit(outcome: Outcome, words: Words) -> str:
    limit = limit_in_words(outcome.limit, words) if outcome.limit else ""
    return plain(", ".join(part for part in (limit, outcome.calendar) if part))


def _still_open(notice: Notice, words: Words) -> str:
    """What a step of a ladder says that comes later, and asks for."""
    if not notice.after:
        return ""
    text = words.nothing_done.format(after=limit_in_words(notice.after, words))
    return words.reassign.format(text=text) if notice.asks is Asks.REASSIGN else text


def _corrects(outcome: Outcome, zone: ZoneInfo, words: Words) -> str:
    """What was said before and is taken back; when that was."""
    if outcome.kind is not Kind.WITHDRAWN:
        return ""
    said = outcome._replace(kind=Kind(outcome.level)) if outcome.level in (Kind.BREACHED, Kind.MET) else outcome
    return f"{kind_of(said, words)}, {instant(outcome.at, zone, words)}"


def _lateness(outcome: Outcome, words: Words) -> str:
    if outcome.late_elapsed_us is None:
        return ""
    elapsed = duration(outcome.late_elapsed_us)
    if outcome.late_working_us is None:
        return elapsed
    return words.working.format(elapsed=elapsed, working=duration(outcome.late_working_us))


def _why(outcome: Outcome, words: Words) -> str:
    if outcome.reason is Reason.SHARE_USED:
        return words.used.format(percent=outcome.level) if outcome.level.isdigit() else plain(outcome.level)
    reason = words.reasons.get(outcome.reason, outcome.reason.replace("_", " "))
    return f"{reason}: {plain(outcome.missing)}" if outcome.missing else reason
