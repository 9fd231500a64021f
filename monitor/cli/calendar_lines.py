"""`lead-sla calendar`: questions about working time, one JSON object a line, answered in order."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from monitor.core.backwards import before
from monitor.core.calendar import Calendar, CalendarExhausted
from monitor.core.instant import from_rfc3339, to_rfc3339
from monitor.core.limit import Limit
from monitor.core.pauses import due_after
from monitor.wire.policy import nearest, read_limit

# A question has some two hundred characters; the longest list of pauses that anybody writes has a few thousand.
LINE_LENGTH_MAX: Final = 65_536
Question = Mapping[str, Any]
Answer = dict[str, Any]


class BadQuestion(ValueError):
    """The message says what is wrong and what to write."""


def answers(calendars: Mapping[str, Calendar], lines: Iterable[bytes]) -> Iterator[tuple[bool, str]]:
    """For each line whether it could be answered, and the answer; empty lines are passed over."""
    for line in lines:
        if not line.strip():
            continue
        try:
            answer = _answer(calendars, _question(line))
        except (BadQuestion, CalendarExhausted, OverflowError) as error:
            yield False, json.dumps({"error": str(error)})
        else:
            yield True, json.dumps(answer)


def _question(line: bytes) -> Question:
    if len(line) > LINE_LENGTH_MAX:
        raise BadQuestion(f"the line is longer than {LINE_LENGTH_MAX} bytes")
    try:
        question = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadQuestion("the line is not UTF-8; save it as UTF-8") from None
    except (ValueError, RecursionError):
        raise BadQuestion("the line is not JSON; write one object a line") from None
    if not isinstance(question, dict):
        raise BadQuestion('the line is not an object; write for example {"calendar": "munich", "at": …}')
    return question


def _answer(calendars: Mapping[str, Calendar], question: Question) -> Answer:
    name = _text(question, "calendar")
    if name not in calendars:
        raise BadQuestion(f"calendar: unknown calendar {name[:64]!r}; {nearest(name, calendars)}")
    keys = frozenset(question) - {"calendar"}
    for asked, answered in _KINDS:
        if keys == asked:
            return answered(calendars[name], question)
    raise BadQuestion("keys: ask with start and within (and pauses), from and to, due and before, or at")


def _due(calendar: Calendar, question: Question) -> Answer:
    pauses = _pauses(question.get("pauses", []))
    due_at = due_after(calendar, _instant(question, "start"), _limit(question, "within"), pauses)
    closing = not calendar.is_open(due_at) and calendar.is_open(due_at - 1)
    return {"due": to_rfc3339(due_at), "practical": to_rfc3339(calendar.next_open(due_at) if closing else due_at)}


def _elapsed(calendar: Calendar, question: Question) -> Answer:
    from_at, to_at = _instant(question, "from"), _instant(question, "to")
    if to_at < from_at:
        raise BadQuestion("to: is before from; exchange the two")
    return {"working_seconds": _seconds(calendar.elapsed(from_at, to_at)), "elapsed_seconds": _seconds(to_at - from_at)}


def _before(calendar: Calendar, question: Question) -> Answer:
    return {"at": to_rfc3339(before(calendar, _instant(question, "due"), _limit(question, "before")))}


def _open(calendar: Calendar, question: Question) -> Answer:
    at = _instant(question, "at")
    return {"open": calendar.is_open(at), "next_open": to_rfc3339(calendar.next_open(at))}


_KINDS: Final[tuple[tuple[frozenset[str], Callable[[Calendar, Question], Answer]], ...]] = (
    (frozenset({"start", "within"}), _due),
    (frozenset({"start", "within", "pauses"}), _due),
    (frozenset({"from", "to"}), _elapsed),
    (frozenset({"due", "before"}), _before),
    (frozenset({"at"}), _open),
)


def _text(question: Question, key: str) -> str:
    value = question.get(key)
    if not isinstance(value, str):
        raise BadQuestion(f"{key}: {'is missing' if value is None else 'is no text'}")
    return value


def _instant(question: Question, key: str) -> int:
    return _parsed(key, _text(question, key))


def _parsed(key: str, text: str) -> int:
    try:
        return from_rfc3339(text)
    except ValueError as error:
        raise BadQuestion(f"{key}: {error}") from None


def _limit(question: Question, key: str) -> Limit:
    try:
        return read_limit(_text(question, key))
    except ValueError as error:
        raise BadQuestion(f"{key}: {error}") from None


def _pauses(value: object) -> list[tuple[int, int]]:
    pauses = []
    for n, pause in enumerate(value if isinstance(value, list) else [None]):
        if not (isinstance(pause, list) and len(pause) == 2 and all(isinstance(end, str) for end in pause)):
            raise BadQuestion("pauses: write a list of [FROM, TO] pairs of instants")
        from_at, to_at = (_parsed(f"pauses[{n}]", end) for end in pause)
        if to_at < from_at:
            raise BadQuestion(f"pauses[{n}]: ends before it begins; exchange the two")
        pauses.append((from_at, to_at))
    return pauses


def _seconds(duration_us: int) -> int | float:
    return duration_us / 1_000_000 if duration_us % 1_000_000 else duration_us // 1_000_000
