"""Dead letters: why a record could not be used, and the record itself, unchanged, so that it can be sent again."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple, Self

# Long enough for a field, a reason and the fix; short enough for a header, a log line and a table cell.
DETAIL_CHARS_MAX: Final = 300
SCHEMA: Final = "1"

_PREFIX: Final = "lead-sla-dlq-"
HEADER_NAMES: Final = tuple(
    _PREFIX + name for name in ("reason", "detail", "topic", "partition", "offset", "timestamp", "schema")
)

Headers = Sequence[tuple[str, bytes | None]]
"""Kafka record headers in order; a name may occur more than once, a value may be null."""


class DeadLetterReason(StrEnum):
    """Why a record is a dead letter: a bounded vocabulary, fit for a metric label."""

    meaning: str
    """One sentence for whoever looks at the dead letter."""

    def __new__(cls, value: str, meaning: str) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    EMPTY_VALUE = "empty_value", "The record has no value."
    TOO_LARGE = "too_large", "The value is longer than the contract allows."
    NOT_UTF8 = "not_utf8", "The value, or a header of the contract, is not UTF-8."
    NOT_JSON = "not_json", "The value is not JSON; NaN and Infinity are not either."
    DUPLICATE_KEY = "duplicate_key", "A name occurs twice in one JSON object, or a header of the contract twice."
    LONE_SURROGATE = "lone_surrogate", "A string holds half a UTF-16 pair, which is no character."
    TOO_DEEP = "too_deep", "Arrays and objects are nested deeper than the contract allows."
    NOT_AN_OBJECT = "not_an_object", "The value is JSON but not one object: one event per record."
    UNSUPPORTED_SPECVERSION = "unsupported_specversion", "The CloudEvents version is not 1.0."
    UNSUPPORTED_CONTENT_TYPE = "unsupported_content_type", "The content type is not JSON."
    MISSING_FIELD = "missing_field", "A field that every event needs is missing or null."
    UNKNOWN_TYPE = "unknown_type", "The event type is not one of the contract."
    INVALID_FIELD = "invalid_field", "A field beside data has a wrong type or breaks its bounds."
    MISSING_DATA_FIELD = "missing_data_field", "A field of data that this event type needs is missing or empty."
    INVALID_DATA_FIELD = "invalid_data_field", "A field of data has a wrong type, breaks its bounds or its vocabulary."
    TIME_WITHOUT_OFFSET = "time_without_offset", "The time is a local time that does not say where."
    TIME_INVALID = "time_invalid", "The time is not an RFC 3339 date and time."
    TIME_IN_FUTURE = (
        "time_in_future",
        "The time lies further after the record's timestamp, or after this time tomorrow, than the settings allow.",
    )
    TIME_IN_PAST = "time_in_past", "The time lies further before the record's timestamp than the settings allow."
    INTERNAL_RECORD = "internal_record", "A record on one of our own topics cannot be read."
    DELIVERY_FAILED = "delivery_failed", "A notice could not be delivered to a channel; the detail names it."


class InvalidRecord(Exception):
    """A record that breaks the contract; `detail` names the field, never repeats a value, and is bounded."""

    def __init__(self, reason: DeadLetterReason, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = _bounded(detail)

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"


class NotADeadLetter(ValueError):
    """The record lacks a dead letter's headers, or they cannot be read."""


class DeadLetter(NamedTuple):
    """The original record, and why and where it was refused."""

    reason: str
    """A DeadLetterReason; text, because a newer release may know more of them."""
    detail: str
    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    """The original record's timestamp, milliseconds since the epoch."""
    key: bytes | None
    value: bytes | None
    headers: Headers


def dead_letter(
    *,
    key: bytes | None,
    value: bytes | None,
    headers: Headers,
    reason: str,
    detail: str,
    topic: str,
    partition: int,
    offset: int,
    timestamp_ms: int,
) -> tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]]]:
    """Key, value and headers of the record to append to the dead-letter topic; see DeadLetter for the fields.

    Key and value are those of the original. Its headers come first and ours last, so that ours win wherever
    the last of a name counts, whatever names the original used.
    """
    texts = (reason, _bounded(detail), topic, partition, offset, timestamp_ms, SCHEMA)
    # A detail must never be what makes a dead letter unwritable: what is not text becomes "?".
    ours = [(name, str(text).encode("utf-8", "replace")) for name, text in zip(HEADER_NAMES, texts, strict=True)]
    return key, value, [*headers, *ours]


def read_dead_letter(key: bytes | None, value: bytes | None, headers: Headers) -> DeadLetter:
    """What `dead_letter` was given. Raises NotADeadLetter."""
    last = {name: index for index, (name, _) in enumerate(headers) if name in HEADER_NAMES}
    texts = [_text(headers, last, name) for name in HEADER_NAMES]
    reason, detail, topic, partition, offset, timestamp_ms, schema = texts
    if schema != SCHEMA:
        raise NotADeadLetter(f"header {_PREFIX}schema is not {SCHEMA}: written by another release")
    try:
        numbers = int(partition), int(offset), int(timestamp_ms)
    except ValueError as error:
        raise NotADeadLetter(f"headers {_PREFIX}partition, -offset and -timestamp must be whole numbers") from error
    ours = set(last.values())
    original = [header for index, header in enumerate(headers) if index not in ours]
    return DeadLetter(reason, detail, topic, *numbers, key, value, original)


def _text(headers: Headers, last: dict[str, int], name: str) -> str:
    raw = headers[last[name]][1] if name in last else None
    if raw is None:
        raise NotADeadLetter(f"header {name} is missing")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise NotADeadLetter(f"header {name} is not UTF-8") from error


def _bounded(detail: str) -> str:
    return detail if len(detail) <= DETAIL_CHARS_MAX else detail[: DETAIL_CHARS_MAX - 1] + "…"
