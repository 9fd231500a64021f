"""The words of timelines: what happened to a lead, who did what, how long it took."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from monitor.core import event as ev
from monitor.core.event import Scalar

T = TypeVar("T")
CHANNELS = (*ev.CHANNELS, "chat")
_TIME = re.compile(r"(\d{2}:\d{2}(?::\d{2}(?:\.\d{6})?)?)([+-]\d{2}:\d{2})?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)us)?")


class TimelineError(ValueError):
    """A script cannot be read; the message names file and line."""


class Words:
    """The words of one line, taken from the left."""

    def __init__(self, words: list[str]) -> None:
        self._words = words

    def __bool__(self) -> bool:
        return bool(self._words)

    def peek(self) -> str:
        return self._words[0] if self._words else ""

    def take(self, what: str = "a word") -> str:
        if not self._words:
            raise TimelineError(f"{what} is missing at the end of the line")
        return self._words.pop(0)

    def given(self, *phrase: str) -> bool:
        """Take the phrase if it comes next."""
        if tuple(self._words[: len(phrase)]) != phrase:
            return False
        del self._words[: len(phrase)]
        return True

    def before(self, word: str) -> "Words":
        """The words before `word`; those from it on stay."""
        cut = self._words.index(word) if word in self._words else len(self._words)
        head, self._words = self._words[:cut], self._words[cut:]
        return Words(head)


def lead_event(words: Words) -> tuple[str, dict[str, Scalar]]:
    """`created`, `assigned to ana`, `moved to sql`, `merged into L-2`, …"""
    verb = words.take("what happened to the lead")
    if verb == "assigned" and words.given("to"):
        return ev.LEAD_ASSIGNED, {"owner": words.take("the owner")}
    if verb == "moved" and words.given("to"):
        return ev.LEAD_STAGE_CHANGED, {"stage": words.take("the stage")}
    if verb == "merged" and words.given("into"):
        return ev.LEAD_MERGED, {"into": words.take("the other lead")}
    if verb == "handed" and words.given("off"):
        return ev.LEAD_HANDED_OFF, {}
    plain = ("created", "updated", "accepted", "rejected", "recycled", "disqualified", "erased")
    if verb not in plain:
        choice = ", ".join((*plain, "assigned to, moved to, merged into, handed off"))
        raise TimelineError(f"a lead cannot be `{verb}`; it can be {choice}")
    return f"lead.{verb}", {}


def activity(words: Words) -> tuple[str, dict[str, Scalar]]:
    """`call by ana`, `email by automation`, `inbound call`."""
    direction = "inbound" if words.given("inbound") else "outbound"
    channel = words.take()
    if channel not in CHANNELS:
        raise TimelineError(f"unknown step `{channel}`; write for example `lead L-1 assigned to ana`, `call by ana`")
    data: dict[str, Scalar] = {"channel": channel, "direction": direction, "actor": "person"}
    if words.given("by", "automation"):
        data["actor"] = "automation"
    elif words.given("by"):
        data["actor_id"] = words.take("who acted")
    return ev.ACTIVITY_LOGGED, data


def level(words: Words) -> str:
    """`50%`, `30 working_minutes left`, or the number of a pause, a reset, a change of owner."""
    if words.peek().endswith("%"):
        return words.take().rstrip("%")
    if not words.peek().isdigit():
        return ""
    number = words.take()
    if not words.peek().endswith(("hours", "minutes", "seconds", "days")):
        return number
    level = f"{number} {limit(words, words.take())}"
    if not words.given("left"):
        raise TimelineError(f"`{level}` lacks `left`")
    return f"{level} left"


def seconds(words: Words) -> int:
    text = words.take("how long it took")
    if not text.isdigit() or not words.given("s"):
        raise TimelineError(f"`for {text}` is no length; write `for 25 s`")
    return int(text)


def instant_at(day: date, text: str, zone: ZoneInfo) -> int:
    """When the clocks there show that time of the day, which must be once, or be said with its offset."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise TimelineError(f"`{text}` is no time; write 09:00, 09:00:30 or 09:00:30.000001")
    try:
        local = datetime.fromisoformat(f"{day} {found[1]}")
    except ValueError as error:
        raise TimelineError(f"`{text}`: {error}") from None
    meant = {
        (at - _EPOCH) // _US: at.strftime("%z")
        for fold in (0, 1)
        if (at := local.replace(tzinfo=zone, fold=fold).astimezone(UTC).astimezone(zone)).replace(tzinfo=None) == local
        and found[2] in (None, f"{at.strftime('%z')[:3]}:{at.strftime('%z')[3:]}")
    }
    if len(meant) != 1:
        often = "never" if not meant else "twice; add its offset, such as +02:00"
        raise TimelineError(f"{day} {text} happens {often} in {zone.key}")
    return next(iter(meant))


def scalar(text: str) -> Scalar:
    if text in ("true", "false"):
        return text == "true"
    return int(text) if text.isdigit() else text


def duration_us(text: str) -> int:
    found = _DURATION.fullmatch(text)
    if found is None or not text:
        raise TimelineError(f"`{text}` is no duration; write for example 1h30m, 45s or 1us")
    hours, minutes, seconds, rest_us = (int(part or 0) for part in found.groups())
    return ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + rest_us


def limit(words: Words, unit: str) -> str:
    return f"{unit} elapsed" if words.given("elapsed") else unit


def one_of(names: Callable[[str], T], text: str) -> T:
    try:
        return names(text)
    except ValueError as error:
        raise TimelineError(str(error)) from None
