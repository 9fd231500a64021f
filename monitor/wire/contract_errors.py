"""Why a lead event breaks its contract, in words that name the field and the fix but repeat no value."""

from collections.abc import Sequence
from typing import Final

from pydantic_core import ErrorDetails

from monitor.wire.dead_letter import DeadLetterReason, InvalidRecord
from monitor.wire.json_object import json_type

_REASON_OF_FIELD: Final = {
    "specversion": DeadLetterReason.UNSUPPORTED_SPECVERSION,
    "datacontenttype": DeadLetterReason.UNSUPPORTED_CONTENT_TYPE,
    "type": DeadLetterReason.UNKNOWN_TYPE,
    "time": DeadLetterReason.TIME_INVALID,
}


def invalid_record(errors: Sequence[ErrorDetails]) -> InvalidRecord:
    """The first error gives the reason; the detail names every field that is wrong, as far as it fits."""
    first: dict[str, ErrorDetails] = {}
    for error in errors:
        # Behind data.<field> stand the members of a union that were tried; the contract has nothing so deep.
        first.setdefault(".".join(map(str, error["loc"][:2])), error)
    reason = _reason(next(iter(first.values())))
    return InvalidRecord(reason, "; ".join(f"{field} {_what(error)}" for field, error in first.items()))


def _reason(error: ErrorDetails) -> DeadLetterReason:
    location = error["loc"]
    if len(location) > 1:
        return DeadLetterReason.INVALID_DATA_FIELD
    if _is_missing(error):
        return DeadLetterReason.MISSING_FIELD
    return _REASON_OF_FIELD.get(str(location[0]), DeadLetterReason.INVALID_FIELD)


def _is_missing(error: ErrorDetails) -> bool:
    return error["type"] == "missing" or error["input"] is None


def _what(error: ErrorDetails) -> str:
    given, bounds = error["input"], error.get("ctx", {})
    if _is_missing(error):
        return "is missing"
    match error["type"]:
        case "string_type":
            return f"must be a string, not {json_type(given)}"
        case "int_type" | "float_type":
            return f"must be a number, not {json_type(given)}"
        case "model_type" | "model_attributes_type":
            return f"must be an object, not {json_type(given)}"
        case "literal_error":
            return f"must be {bounds['expected']}"
        case "string_too_long":
            return f"has {len(given)} characters, more than {bounds['max_length']}"
        case "string_too_short":
            return "must not be empty"
        case "string_pattern_mismatch" if error["loc"] == ("datacontenttype",):
            return "must be application/json"
        case "string_pattern_mismatch":
            return "must not hold control characters"
        case "finite_number":
            return "must be finite"
        case "less_than_equal":
            return f"must be at most {bounds['le']}"
        case "greater_than_equal":
            return f"must be at least {bounds['ge']}"
    return "is invalid"
