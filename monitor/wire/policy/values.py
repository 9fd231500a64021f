"""Single values of a policy file: texts, names, dates, times of day, limits, durations, percentages."""

import re
from collections.abc import Callable, Iterable
from collections.abc import Mapping as Readable
from datetime import date
from difflib import get_close_matches
from typing import Final, TypeVar

from monitor.core.calendar import Hours
from monitor.core.limit import Limit, LimitUnit
from monitor.wire.policy.fault import Faults, Refused, quoted
from monitor.wire.policy.tree import Mapping, Node, Scalar, Sequence

T = TypeVar("T")
Examples = Readable[str, str]
"""Keys that must be there, each with a value to propose when it is not."""

# Half of what a calendar searches through: a clock that starts years after the agreement still finds its due instant.
LIMIT_DAYS_MAX: Final = 1830
TEXT_LENGTH_MAX: Final = 200
_US: Final = {"second": 1_000_000, "minute": 60_000_000, "hour": 3_600_000_000, "day": 86_400_000_000}
# Names become metric labels, parts of ids and keys of mappings.
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_LIMIT: Final = re.compile(r"(-?[0-9]{1,6}) +(working_)?(second|minute|hour|day)s?( +elapsed)?")
_PERIOD: Final = re.compile(r"([0-9]{1,2}:[0-9]{2}) *- *([0-9]{1,2}:[0-9]{2})")
_COUNT: Final = re.compile(r"[0-9]{1,6}")
_PERCENT: Final = re.compile(r"([0-9]{1,3})%")
_LIMIT_FIX: Final = "write for example 4 working_hours, 1 working_days or 30 minutes elapsed"
_DURATION_FIX: Final = "write for example 30 seconds, 10 minutes or 24 hours"


def text(node: Node, instead: str = "") -> str:
    """A text that is not empty; `instead` is the fix for a number. Raises Refused, as everything here does."""
    if not isinstance(node, Scalar):
        raise Refused(node, f"is {node.kind}, not a single text", "write one value")
    if node.kind == "nothing" or not node.text.strip():
        raise Refused(node, "has no value", "write a value behind the colon, or remove the key")
    if node.kind != "text":
        raise Refused(
            node, f"{quoted(node.text)} is {node.kind}, not text", instead or f'put it into quotes: "{node.text[:60]}"'
        )
    if len(node.text) > TEXT_LENGTH_MAX:
        raise Refused(node, f"is longer than {TEXT_LENGTH_MAX} characters", "shorten it")
    return node.text


def name(node: Node) -> str:
    """A short name."""
    value = text(node)
    if not _NAME.fullmatch(value):
        raise Refused(
            node,
            f"{quoted(value)} is not a name",
            "begin with a small letter or digit, then use these, - and _, 64 at most",
        )
    return value


def one_of(known: Iterable[str], what: str) -> Callable[[Node], str]:
    """Reads one of the known words; `what` they are, for the message."""
    words = tuple(known)

    def read(node: Node) -> str:
        value = text(node)
        if value not in words:
            raise Refused(node, f"unknown {what} {quoted(value)}", nearest(value, words))
        return value

    return read


def nearest(value: str, words: Iterable[str]) -> str:
    """The fix for a word that is not known."""
    known = list(words)
    near = get_close_matches(value[:TEXT_LENGTH_MAX], known, n=1)
    return f"write {near[0]}" if near else f"use one of {', '.join(known)}" if known else "remove it"


def several(faults: Faults, reader: Callable[[Node], T]) -> Callable[[Node], tuple[T, ...]]:
    """Reads a list that is not empty, or a single value as a list of one."""

    def read(node: Node) -> tuple[T, ...]:
        items = node.items if isinstance(node, Sequence) else [node]
        if not items:
            raise Refused(node, "is an empty list", "name at least one, or remove the key")
        return tuple(part for item in items for part in faults.read(lambda each: (reader(each),), item, ()))

    return read


def mapping(faults: Faults, node: Node, required: Examples, optional: Iterable[str] = ()) -> Mapping:
    """The node as a mapping with these keys; unknown and missing ones become faults. Raises Refused."""
    known = (*required, *optional)
    if not isinstance(node, Mapping):
        raise Refused(node, f"is {node.kind}, not a mapping", f"write keys with values: {', '.join(known)}")
    for key, place in node.keys.items():
        if key not in known:
            near = get_close_matches(key[:TEXT_LENGTH_MAX], known, n=1)
            write = f"write {near[0]}" if near else "remove it"
            faults.add(place, "unknown key", f"{write}; known keys are {', '.join(known)}")
    for key, example in required.items():
        if key not in node.entries:
            faults.add(node, f"{key} is missing", f"add {key}: {example}")
    return node


def iso_date(node: Node) -> date:
    """A date."""
    value = text(node)
    try:
        day = date.fromisoformat(value)
    except ValueError:
        day = None
    if day is None or value != day.isoformat():
        raise Refused(node, f"{quoted(value)} is no date", "write year-month-day, such as 2026-10-01")
    if not 2000 <= day.year < 2100:
        raise Refused(node, f"{value} is outside the years 2000 to 2099", "write a year between them")
    return day


def hours(node: Node) -> Hours:
    """The opening hours of a day: a period or a list of periods, which may be empty."""
    items = node.items if isinstance(node, Sequence) else [node]
    periods = tuple(_period(item) for item in items)
    for item, (_, closes), (opens, _) in zip(items[1:], periods, periods[1:], strict=False):
        if opens < closes:
            raise Refused(
                item, "opens before the period before it has closed", "write periods in order, without overlap"
            )
    return periods


def _period(node: Node) -> tuple[int, int]:
    value = text(node)
    found = _PERIOD.fullmatch(value)
    if found is None:
        raise Refused(node, f"{quoted(value)} is no period", "write HH:MM-HH:MM, such as 09:00-17:30")
    opens, closes = (_minutes(node, time) for time in found.groups())
    if opens >= closes:
        raise Refused(
            node, f"{value} closes before it opens", "for a night write up to 24:00, and from 00:00 on the next day"
        )
    return opens, closes


def _minutes(node: Node, time: str) -> int:
    hour, minute = map(int, time.split(":"))
    if minute > 59 or hour * 60 + minute > 1440:
        raise Refused(node, f"{time} is no time of day", "write 00:00 to 24:00")
    return hour * 60 + minute


def limit(node: Node) -> Limit:
    """The time a duty allows; says how it is counted."""
    return limit_of(node, text(node, _LIMIT_FIX))


def limit_of(node: Node, value: str) -> Limit:
    """The same of a text that is only part of what stands in that place."""
    found = _LIMIT.fullmatch(value)
    if found is None or (found[2] and (found[4] or found[3] == "second")):
        raise Refused(node, f"{quoted(value)} is no limit", _LIMIT_FIX)
    amount, unit = int(found[1]), found[3]
    if amount <= 0:
        raise Refused(node, f"{value} leaves no time", _LIMIT_FIX)
    if found[2]:
        days = unit == "day"
        return Limit(LimitUnit.WORKING_DAYS if days else LimitUnit.WORKING_TIME, amount * (days or _US[unit]), value)
    if not found[4]:
        working = "" if unit == "second" else f"{amount} working_{unit}s or "
        raise Refused(
            node,
            f"{value} does not say whether working or elapsed time counts",
            f"write {working}{amount} {unit}s elapsed",
        )
    if amount * _US[unit] > LIMIT_DAYS_MAX * _US["day"]:
        raise Refused(node, f"{value} is more than {LIMIT_DAYS_MAX} days", "shorten the limit")
    return Limit(LimitUnit.ELAPSED, amount * _US[unit], value)


def read_limit(written: str) -> Limit:
    """The same of a text that stands in no file. Raises ValueError."""
    try:
        return limit(Scalar(1, "", written, plain=True))
    except Refused as refused:
        raise ValueError(f"{refused.message}; {refused.fix}") from None


def duration_us(node: Node) -> int:
    """A plain waiting time, in microseconds."""
    value = text(node, _DURATION_FIX)
    found = _LIMIT.fullmatch(value)
    if found is None or found[2] or found[4]:
        raise Refused(node, f"{quoted(value)} is no duration", _DURATION_FIX)
    amount_us = int(found[1]) * _US[found[3]]
    if not 0 <= amount_us <= LIMIT_DAYS_MAX * _US["day"]:
        raise Refused(node, f"{value} is not within 0 to {LIMIT_DAYS_MAX} days", _DURATION_FIX)
    return amount_us


def count(least: int, most: int) -> Callable[[Node], int]:
    """Reads a whole number within these bounds."""

    def read(node: Node) -> int:
        if not isinstance(node, Scalar) or not node.plain or not _COUNT.fullmatch(node.text):
            shown = quoted(node.text) if isinstance(node, Scalar) else node.kind
            raise Refused(node, f"{shown} is no whole number", f"write a number from {least} to {most}, without quotes")
        if not least <= int(node.text) <= most:
            raise Refused(node, f"{node.text} is not within {least} to {most}", "write a number between them")
        return int(node.text)

    return read


def truth(node: Node) -> bool:
    """`true` or `false`."""
    if not isinstance(node, Scalar) or node.kind != "a truth value":
        shown = quoted(node.text) if isinstance(node, Scalar) else node.kind
        raise Refused(node, f"{shown} is no truth value", "write true or false, without quotes")
    return node.text.lower() == "true"


def percent(node: Node) -> int:
    """A percentage from 1 to 99."""
    found = _PERCENT.fullmatch(node.text) if isinstance(node, Scalar) else None
    if found is None or not 1 <= int(found[1]) <= 99:
        shown = quoted(node.text) if isinstance(node, Scalar) else node.kind
        raise Refused(node, f"{shown} is no percentage from 1% to 99%", "write for example 80%")
    return int(found[1])
