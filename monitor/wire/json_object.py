"""One JSON object out of untrusted bytes, or the reason why there is none."""

import json
from collections.abc import Iterable, Mapping
from typing import Final, NoReturn

from pydantic_core import from_json

from monitor.wire.dead_letter import DeadLetterReason, InvalidRecord

# The contract nests two deep; payloads that tools wrap around or into it were seen up to eight deep.
DEPTH_MAX: Final = 32
_KEY_CHARS_SHOWN: Final = 60
_WHITESPACE: Final = b" \t\r\n"
_BOM: Final = b"\xef\xbb\xbf"


def parse_object(value: bytes) -> dict[str, object]:
    """The object, with the last word of RFC 8259 and I-JSON: no name twice, no NaN, no half characters.

    A byte order mark in front is skipped: RFC 8259 allows that, and some exports on Windows write one.
    Raises InvalidRecord.
    """
    try:
        parsed = from_json(value, allow_inf_nan=False)
    except ValueError:
        parsed = _parse_slowly(value)
    if type(parsed) is not dict:
        raise InvalidRecord(DeadLetterReason.NOT_AN_OBJECT, _not_an_object(parsed))
    # Without whitespace every name ends in `":`, and so may some text: there are at least as many as names.
    # When there are no more than names that were kept, none was lost to a namesake.
    if value.translate(None, _WHITESPACE).count(b'":') != _count_names(parsed, 1):
        _parse_slowly(value)
    return parsed


def _parse_slowly(value: bytes) -> object:
    """Ten times slower than the fast way, and able to say what is wrong."""
    try:
        text = value.removeprefix(_BOM).decode()
    except UnicodeDecodeError as error:
        raise InvalidRecord(DeadLetterReason.NOT_UTF8, f"byte {error.start} of the value is not UTF-8") from None
    try:
        parsed: object = json.loads(text, object_pairs_hook=_without_namesakes, parse_constant=_not_a_number)
        json.dumps(parsed, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        what = error.msg.removesuffix(" at")
        raise InvalidRecord(DeadLetterReason.NOT_JSON, f"{what} at character {error.pos} of the value") from None
    except UnicodeEncodeError:
        raise InvalidRecord(
            DeadLetterReason.LONE_SURROGATE, "a string has half a surrogate pair, such as \\ud83d without \\ude00"
        ) from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        raise InvalidRecord(DeadLetterReason.NOT_JSON, "a number has too many digits") from None
    return parsed


def _without_namesakes(pairs: Iterable[tuple[str, object]]) -> Mapping[str, object]:
    parsed: dict[str, object] = {}
    for name, value in pairs:
        if name in parsed:
            shown = ascii(name[:_KEY_CHARS_SHOWN])
            raise InvalidRecord(DeadLetterReason.DUPLICATE_KEY, f"{shown} occurs twice in one object")
        parsed[name] = value
    return parsed


def _not_a_number(constant: str) -> NoReturn:
    raise InvalidRecord(DeadLetterReason.NOT_JSON, f"{constant} is not JSON; leave the field out instead")


def _count_names(parsed: dict[str, object] | list[object], depth: int) -> int:
    if depth > DEPTH_MAX:
        raise _too_deep()
    count = 0
    items: Iterable[object] = parsed
    if isinstance(parsed, dict):
        count, items = len(parsed), parsed.values()
    for item in items:
        if isinstance(item, (dict, list)):  # a tuple: this runs for every value of every event
            count += _count_names(item, depth + 1)
    return count


def _too_deep() -> InvalidRecord:
    return InvalidRecord(DeadLetterReason.TOO_DEEP, f"arrays and objects are nested more than {DEPTH_MAX} deep")


def json_type(value: object) -> str:
    """What JSON calls this value, with its article."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:
            return "an object"


def _not_an_object(parsed: object) -> str:
    if isinstance(parsed, list):
        return "the value is an array; send one event per record"
    if isinstance(parsed, str):
        return "the value is a string; send the object itself, not its JSON inside a string"
    return f"the value is {json_type(parsed)}; send one object per record"
