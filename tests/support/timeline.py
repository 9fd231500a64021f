"""Reads timelines, the readable scripts of tests/timelines/; README.md there describes the language."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monitor.core import event as ev
from monitor.core.event import Event
from monitor.core.outcome import Kind, Reason
from tests.support.timeline_words import (
    TimelineError,
    Words,
    activity,
    duration_us,
    instant_at,
    lead_event,
    level,
    limit,
    one_of,
    scalar,
    seconds,
)

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HEADERS = ("agreement", "zone", "live only", "kafka")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)


class Arrives(NamedTuple):
    """An event reaches the monitor, at once or later than it happened."""

    at: int
    event: Event


class Passes(NamedTuple):
    """Nothing happens until then."""

    at: int


class Stops(NamedTuple):
    """The monitor is down from here: events pile up, nobody looks at the time."""

    at: int


class Starts(NamedTuple):
    """The monitor is back and has read what piled up."""

    at: int


class Verdict(NamedTuple):
    """One expected outcome; `details` are the parts that the script mentions."""

    line: int
    lead: str
    duty: str
    cycle: int
    kind: Kind
    level: str
    details: dict[str, object]


class Expects(NamedTuple):
    """What stands at this point, all of it."""

    line: int
    verdicts: tuple[Verdict, ...]


Step = Arrives | Passes | Stops | Starts | Expects


@dataclass
class Timeline:
    """One script."""

    path: Path
    claim: str
    headers: dict[str, str]
    steps: list[Step] = field(default_factory=list)

    @property
    def agreement(self) -> Path:
        """The policy file."""
        return self.path.parent / "agreements" / self.headers["agreement"]


def read_timeline(path: Path) -> Timeline:
    """The script in that file. Raises TimelineError, naming file and line."""
    reader = _Reader(path)
    number = 0
    try:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            reader.line(number, line)
        return reader.whole()
    except TimelineError as error:
        raise TimelineError(f"{path.name}:{number}: {error}") from None


class _Reader:
    def __init__(self, path: Path) -> None:
        self._timeline = Timeline(path, "", {})
        self._zone = ZoneInfo("UTC")
        self._date: date | None = None
        self._now_at = 0
        self._lead = ""
        self._last: Event | None = None
        self._line = 0
        self._up = True
        self._expecting: list[Verdict] | None = None
        self._expects_line = 0

    def line(self, number: int, text: str) -> None:
        self._line = number
        if number == 1:
            if not text.startswith("# ") or not text.endswith("."):
                raise TimelineError("the first line is a comment that says in a sentence what the script claims")
            self._timeline.claim = text[2:]
            return
        text = text.split("#")[0].strip()
        if not text:
            return
        name, colon, value = text.partition(": ")
        if colon and name in HEADERS:
            self._header(name, value.strip())
            return
        for name in ("agreement", "zone"):
            if name not in self._timeline.headers:
                raise TimelineError(f"no `{name}:` above the first step")
        words = Words(text.split())
        if words.given("expect"):
            self._expect(words)
        else:
            self._close()
            self._timeline.steps.append(self._step(words))
        if words:
            raise TimelineError(f"nothing is expected from `{words.peek()}` on")

    def whole(self) -> Timeline:
        self._close()
        steps = self._timeline.steps
        if not steps or not isinstance(steps[-1], Expects):
            raise TimelineError("a script ends with what it expects")
        if not self._up:
            raise TimelineError("the monitor never starts again; write `monitor starts`")
        return self._timeline

    def _header(self, name: str, value: str) -> None:
        if self._timeline.steps or name in self._timeline.headers:
            raise TimelineError(f"`{name}:` belongs once, above the first step")
        self._timeline.headers[name] = value
        if name == "zone":
            try:
                self._zone = ZoneInfo(value)
            except (ZoneInfoNotFoundError, ValueError):
                raise TimelineError(f"unknown zone {value}; write for example Europe/Berlin") from None
        if name == "agreement" and not self._timeline.agreement.is_file():
            raise TimelineError(f"no agreement {value} in agreements/")

    def _step(self, words: Words) -> Step:
        happened_at = self._instant(words)
        if words.given("nothing"):
            return Passes(self._now(happened_at))
        if words.given("monitor", "stops"):
            self._up = False
            return Stops(self._now(happened_at))
        if words.given("monitor", "starts"):
            self._up = True
            return Starts(self._now(happened_at))
        event = self._event(words.before("arrives"), happened_at)
        arrived_at = self._instant(words) if words.given("arrives") else happened_at
        if arrived_at < event.at:
            raise TimelineError("it arrives before it happens")
        self._last = event
        return Arrives(self._now(arrived_at), event)

    def _now(self, at: int) -> int:
        if at < self._now_at:
            raise TimelineError("the monitor sees this before the line above; put lines in order of arrival")
        self._now_at = at
        return at

    def _event(self, words: Words, at: int) -> Event:
        if words.given("again"):
            if self._last is None or words:
                raise TimelineError("`again` stands alone, behind the event that arrives again")
            return self._last
        if words.given("lead"):
            self._lead = words.take("the lead's name")
            type_, data = lead_event(words)
        else:
            type_, data = activity(words)
        source = "crm"
        while words:
            word = words.take()
            name, sign, value = word.partition("=")
            if word == "on":
                self._lead = words.take("the lead's name")
            elif word == "from":
                source = words.take("the source")
            elif word == "for":
                data["duration_s"] = seconds(words)
            elif word == "connected":
                data["outcome"] = word
            elif word == "because":
                data["reason"] = words.take("the reason")
            elif sign and name in ev.DATA_FIELDS:
                data[name] = scalar(value)
            else:
                raise TimelineError(f"unknown word `{word}`; fields are written name=value")
        if not self._lead:
            raise TimelineError("no lead was named so far; write `on L-1`")
        return Event(self._lead, f"e{self._line:03}", type_, at, source, data)

    def _expect(self, words: Words) -> None:
        if self._expecting is None:
            self._expecting, self._expects_line = [], self._line
        if words.given("nothing"):
            return
        kind = one_of(Kind, words.take("the kind of outcome"))
        taken_back = one_of(Kind, words.take("the kind taken back")).value if kind is Kind.WITHDRAWN else ""
        duty = words.take("the duty")
        said_level = ":".join(part for part in (taken_back, level(words)) if part)
        lead, cycle, details = self._lead, 1, {}
        while words:
            name = words.take()
            if name == "lead":
                lead = words.take("the lead's name")
            elif name == "cycle":
                cycle = int(words.take("the number of the cycle"))
            else:
                field_name, value = self._detail(name, words)
                details[field_name] = value
        self._expecting.append(Verdict(self._line, lead, duty, cycle, kind, said_level, details))

    def _detail(self, name: str, words: Words) -> tuple[str, object]:
        readers: dict[str, tuple[str, Callable[[], object]]] = {
            "at": ("at", lambda: self._instant(words)),
            "due": ("due_at", lambda: self._instant(words)),
            "started": ("started_at", lambda: self._instant(words)),
            "late": ("late_elapsed_us", lambda: duration_us(words.take("a duration"))),
            "working": ("late_working_us", lambda: duration_us(words.take("a duration"))),
            "because": ("reason", lambda: one_of(Reason, words.take("the reason"))),
            "owner": ("owner", lambda: words.take("the owner").replace("nobody", "")),
            "team": ("team", lambda: words.take("the team")),
            "segment": ("segment", lambda: words.take("the segment")),
            "limit": ("limit", lambda: f"{words.take('the amount')} {limit(words, words.take('the unit'))}"),
        }
        if name not in readers:
            raise TimelineError(f"unknown detail `{name}`; known are lead, cycle, {', '.join(readers)}")
        field_name, read = readers[name]
        return field_name, read()

    def _close(self) -> None:
        if self._expecting is not None:
            self._timeline.steps.append(Expects(self._expects_line, tuple(self._expecting)))
            self._expecting = None

    def _instant(self, words: Words) -> int:
        weekday = words.take() if words.peek() in WEEKDAYS else None
        if _DATE.fullmatch(words.peek()):
            try:
                self._date = date.fromisoformat(words.take())
            except ValueError as error:
                raise TimelineError(str(error)) from None
        if self._date is None:
            raise TimelineError("no date was given so far; begin the line with one")
        if weekday is not None and WEEKDAYS[self._date.weekday()] != weekday:
            raise TimelineError(f"{self._date} is a {WEEKDAYS[self._date.weekday()]}, not a {weekday}")
        return instant_at(self._date, words.take("a time"), self._zone)


def shown(at: int, zone: str) -> str:
    """An instant as scripts write it."""
    local = (_EPOCH + at * _US).astimezone(ZoneInfo(zone))
    seconds = f":{local:%S}" if local.second or local.microsecond else ""
    fraction = f".{local:%f}" if local.microsecond else ""
    return f"{local:%a %Y-%m-%d %H:%M}{seconds}{fraction}"


def events_of(timeline: Timeline) -> Iterator[Event]:
    """The events, in order of arrival, repeated ones repeated."""
    return (step.event for step in timeline.steps if isinstance(step, Arrives))
