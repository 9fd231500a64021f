"""A record is an event as the contract says, or invalid for a reason that names the field."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.event import DATA_FIELDS, EVENT_TYPES, Event
from monitor.core.instant import from_rfc3339
from monitor.wire.dead_letter import DeadLetterReason as Reason
from monitor.wire.dead_letter import Headers
from monitor.wire.json_object import DEPTH_MAX, parse_object
from monitor.wire.lead_event import (
    ID_CHARS_MAX,
    NUMBER_MAX,
    TEXT_CHARS_MAX,
    VALUE_BYTES_MAX,
    InvalidRecord,
    TimeLimits,
    decode,
)

AT = from_rfc3339("2026-10-01T08:15:00Z")
LIMITS = TimeLimits(future_us=300_000_000, past_us=3_600_000_000)
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "evt-6",
    "source": "crm",
    "type": "activity.logged",
    "subject": "L-1",
    "time": "2026-10-01T08:15:00Z",
    "datacontenttype": "application/json",
    "data": {"channel": "call", "direction": "outbound", "actor": "person"},
}


def _read(changes: dict[str, Any] | None = None, data: dict[str, Any] | None = None, at: int = AT) -> Event:
    event = {**EVENT, **(changes or {})}
    if data is not None:
        event["data"] = {**EVENT["data"], **data}
    return decode(json.dumps(event).encode(), (), at, LIMITS)


def _refused(value: bytes | None, headers: Headers = ()) -> InvalidRecord:
    with pytest.raises(InvalidRecord) as refused:
        decode(value, headers, AT, LIMITS)
    return refused.value


def _refused_event(changes: dict[str, Any] | None = None, data: dict[str, Any] | None = None) -> InvalidRecord:
    with pytest.raises(InvalidRecord) as refused:
        _read(changes, data)
    return refused.value


def _binary(event: dict[str, Any]) -> list[tuple[str, bytes]]:
    names = ("specversion", "id", "source", "type", "subject", "time")
    return [(f"ce_{name}", event[name].encode()) for name in names] + [("content-type", b"application/json")]


def test_an_event_is_read_as_it_was_sent() -> None:
    data: dict[str, Any] = {**EVENT["data"], "score": 85, "value": 0.5}
    assert _read(data=data) == Event("L-1", "evt-6", "activity.logged", AT, "crm", data)


def test_a_plain_object_is_the_same_event_as_a_structured_one() -> None:
    assert _read({"specversion": None, "datacontenttype": None}) == _read()
    plain = {name: value for name, value in EVENT.items() if name not in ("specversion", "datacontenttype")}
    assert decode(json.dumps(plain).encode(), (), AT, LIMITS) == _read()


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=TEXT_CHARS_MAX)
ids = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=ID_CHARS_MAX)
numbers = st.integers(-NUMBER_MAX, NUMBER_MAX) | st.floats(-NUMBER_MAX, NUMBER_MAX)
datas = st.fixed_dictionaries(
    {"channel": st.sampled_from(["call", "other"]), "direction": st.just("inbound"), "actor": st.just("person")},
    optional={
        "owner": texts, "segment": texts, "outcome": texts, "score": numbers, "value": numbers, "into": ids,
        "employees": st.integers(0, NUMBER_MAX), "email": texts, "nested": st.dictionaries(texts, texts, max_size=3),
    },
)  # fmt: skip


@given(event_id=ids, source=ids, subject=ids, data=datas, ascii_only=st.booleans())
def test_binary_mode_equals_structured_mode(
    event_id: str, source: str, subject: str, data: dict[str, Any], ascii_only: bool
) -> None:
    event = {**EVENT, "id": event_id, "source": source, "subject": subject, "data": data}
    structured = decode(json.dumps(event, ensure_ascii=ascii_only).encode(), (), AT, LIMITS)
    binary = decode(json.dumps(data, ensure_ascii=ascii_only).encode(), _binary(event), AT, LIMITS)
    assert binary == structured
    assert structured.data == {name: value for name, value in data.items() if name in DATA_FIELDS}


json_values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=8) | st.sampled_from([float("nan"), "L-1", "call"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*EVENT, *DATA_FIELDS]) | st.text(max_size=3), inner, max_size=8)
    ),
    max_leaves=12,
)


@given(value=st.binary(max_size=200))
def test_no_bytes_raise_anything_but_invalid_record(value: bytes) -> None:
    _never_fails(value)


@given(
    changes=st.dictionaries(st.sampled_from(list(EVENT)), json_values),
    at=st.integers(0, 300),
    junk=st.binary(max_size=4),
)
def test_no_damaged_event_raises_anything_but_invalid_record(changes: dict[str, Any], at: int, junk: bytes) -> None:
    value = json.dumps({**EVENT, **changes}).encode()
    _never_fails(value)
    _never_fails(value[:at] + junk + value[at + len(junk) :])


@given(
    headers=st.lists(
        st.tuples(st.sampled_from(["ce_id", "ce_specversion", "content-type", "x"]), st.none() | st.binary())
    )
)
def test_no_headers_raise_anything_but_invalid_record(headers: list[tuple[str, bytes | None]]) -> None:
    _never_fails(json.dumps(EVENT).encode(), headers)


def _event_or_refusal(value: bytes, headers: Headers = (), at: int = AT) -> Event | InvalidRecord:
    try:
        return decode(value, headers, at, LIMITS)
    except InvalidRecord as refused:
        return refused


def _never_fails(value: bytes, headers: Headers = ()) -> None:
    read = _event_or_refusal(value, headers)
    if isinstance(read, Event):
        assert read.type in EVENT_TYPES
        assert set(read.data) <= set(DATA_FIELDS)
    else:
        assert read.reason in Reason
        assert 0 < len(read.detail) <= 300


@given(value=json_values, separators=st.sampled_from([(",", ":"), (" , ", " : "), (",\n", "\t:")]))
def test_the_fast_parser_reads_what_the_standard_library_reads(value: Any, separators: tuple[str, str]) -> None:
    text = json.dumps({"a": value}, separators=separators)
    if "NaN" in text:
        return
    assert parse_object(text.encode()) == json.loads(text)


names = st.sampled_from(['"a"', '"\\u0061"', '"b"', '":"', '"a\\":"'])
objects = st.recursive(
    st.sampled_from(["1", '":"', '"a"', "[]"]),
    lambda inner: (
        st.lists(st.tuples(names, st.sampled_from([":", " :", ": "]), inner), max_size=4).map(
            lambda pairs: "{" + ",".join(name + colon + value for name, colon, value in pairs) + "}"
        )
        | inner.map(lambda value: f"[{value}]")
    ),
)


@given(text=objects.map(lambda inner: '{"x":' + inner + "}"))
def test_a_name_that_occurs_twice_is_found_wherever_it_stands(text: str) -> None:
    found: list[str] = []

    def kept(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found.extend(name for name, _ in pairs[len(dict(pairs)) :])
        return dict(pairs)

    read = json.loads(text, object_pairs_hook=kept)
    if found:
        assert _refused(text.encode()).reason == Reason.DUPLICATE_KEY
    else:
        assert parse_object(text.encode()) == read


def test_what_the_contract_does_not_name_is_dropped() -> None:
    event = _read({"traceparent": "00-0af7"}, {"email": "ana@example.org", "deep": {"phone": ["1"]}, "owner": None})
    assert event.data == EVENT["data"]


def test_null_is_the_same_as_leaving_a_field_out() -> None:
    assert _read(data={"owner": None, "score": None}).data == EVENT["data"]
    assert _refused_event({"id": None}).reason == Reason.MISSING_FIELD
    assert _refused_event(data={"channel": None}).reason == Reason.MISSING_DATA_FIELD
    assert _read({"type": "lead.accepted", "data": None}).data == {}


def test_text_that_looks_like_a_namesake_is_only_text() -> None:
    assert _read({"id": 'a":"b', "subject": ':"source":'}, {"outcome": '":'}).id == 'a":"b'


def test_a_value_that_is_cut_off_is_refused_with_the_place() -> None:
    refused = _refused(b'{"subject": "L-')
    assert refused.reason is Reason.NOT_JSON
    assert refused.detail == "Unterminated string starting at character 12 of the value"


def test_whitespace_is_read_wherever_json_allows_it() -> None:
    assert decode(json.dumps(EVENT, indent=2, separators=(" ,\r\n", "\t:\n")).encode(), (), AT, LIMITS) == _read()


def test_a_byte_order_mark_is_skipped() -> None:
    assert decode(b"\xef\xbb\xbf" + json.dumps(EVENT).encode(), (), AT, LIMITS) == _read()


def test_an_array_is_told_to_send_one_event_per_record() -> None:
    refused = _refused(json.dumps([EVENT, EVENT]).encode())
    assert refused.reason == Reason.NOT_AN_OBJECT
    assert "one event per record" in refused.detail


@pytest.mark.parametrize("value", [None, b""])
def test_a_record_without_a_value_is_empty(value: bytes | None) -> None:
    assert _refused(value).reason == Reason.EMPTY_VALUE


def test_a_value_of_the_largest_size_is_read_and_one_byte_more_is_not() -> None:
    value = json.dumps(EVENT).encode()
    largest = value + b" " * (VALUE_BYTES_MAX - len(value))
    assert decode(largest, (), AT, LIMITS) == _read()
    assert _refused(largest + b" ").reason == Reason.TOO_LARGE


def test_nesting_is_read_as_deep_as_allowed_and_no_deeper() -> None:
    def nested(depth: int) -> bytes:
        return json.dumps(EVENT).encode()[:-1] + b',"deep":' + b"[" * depth + b"]" * depth + b"}"

    assert decode(nested(DEPTH_MAX - 1), (), AT, LIMITS) == _read()
    for depth in (DEPTH_MAX, 250, 100_000):
        assert _refused(nested(depth)).reason == Reason.TOO_DEEP


@pytest.mark.parametrize("field", ["id", "source", "subject"])
def test_an_id_is_read_at_its_largest_and_refused_beyond(field: str) -> None:
    assert _read({field: "x" * ID_CHARS_MAX})
    refused = _refused_event({field: "x" * (ID_CHARS_MAX + 1)})
    assert refused.reason == Reason.INVALID_FIELD
    assert refused.detail == f"{field} has 257 characters, more than 256"


@pytest.mark.parametrize("character", ["\x00", "\n", "\x1f", "\x7f", "\x85", "\u2028"])
def test_a_control_character_in_an_id_is_refused(character: str) -> None:
    assert _refused_event({"subject": f"L{character}1"}).reason == Reason.INVALID_FIELD
    assert _refused_event({"subject": f"L-1{character}"}).reason == Reason.INVALID_FIELD


def test_a_data_string_is_read_at_its_largest_and_refused_beyond() -> None:
    assert _read(data={"owner": "ü" * TEXT_CHARS_MAX})
    assert _refused_event(data={"owner": "ü" * (TEXT_CHARS_MAX + 1)}).reason == Reason.INVALID_DATA_FIELD


@pytest.mark.parametrize("score", [-NUMBER_MAX, 0, 85, 85.5, NUMBER_MAX])
def test_a_number_is_kept_as_it_was_written(score: float) -> None:
    kept = _read(data={"score": score}).data["score"]
    assert (kept, type(kept)) == (score, type(score))


@pytest.mark.parametrize("score", ["85", True, NUMBER_MAX + 1, 1e300, [85], {}])
def test_what_is_no_number_within_bounds_is_refused(score: object) -> None:
    refused = _refused_event(data={"score": score})
    assert refused.reason == Reason.INVALID_DATA_FIELD
    assert refused.detail.startswith("data.score must be ")


def test_a_number_that_overflows_is_refused() -> None:
    value = json.dumps(EVENT).replace('"call"', '"call", "score": 1e999').encode()
    assert _refused(value).reason == Reason.INVALID_DATA_FIELD


def test_several_mistakes_are_named_together_and_the_first_gives_the_reason() -> None:
    refused = _refused_event({"id": 5, "subject": ""}, {"score": "85"})
    assert refused.reason == Reason.INVALID_FIELD
    assert refused.detail == (
        "id must be a string, not a number; subject must not be empty; data.score must be a number, not a string"
    )


@given(secret=st.text("äéøß", min_size=12, max_size=400))
def test_a_refusal_never_repeats_a_value(secret: str) -> None:
    for field in EVENT:
        for value in (secret, [secret], {secret: secret}):
            read = _event_or_refusal(json.dumps({**EVENT, field: value}).encode())
            if isinstance(read, InvalidRecord):
                assert secret[:12] not in read.detail
                assert read.__context__ is None or read.__suppress_context__


@pytest.mark.parametrize(
    ("time", "at"),
    [
        ("2026-10-01T08:15:00.9999999Z", AT + 999_999),
        ("2026-10-01T10:15:00.000001+02:00", AT + 1),
        ("2026-10-01t08:15:00z", AT),
        ("2026-10-01T08:15:00.123456789012345678-00:00", AT + 123_456),
    ],
)
def test_a_time_is_cut_off_to_microseconds_in_utc(time: str, at: int) -> None:
    assert _read({"time": time}).at == at


@pytest.mark.parametrize(
    ("recorded_at", "reason"),
    [
        (AT - LIMITS.future_us, None),
        (AT - LIMITS.future_us - 1, Reason.TIME_IN_FUTURE),
        (AT + LIMITS.past_us, None),
        (AT + LIMITS.past_us + 1, Reason.TIME_IN_PAST),
    ],
)
def test_a_time_at_the_very_limit_is_taken(recorded_at: int, reason: Reason | None) -> None:
    read = _event_or_refusal(json.dumps(EVENT).encode(), (), recorded_at)
    assert (read.reason if isinstance(read, InvalidRecord) else None) == reason


@pytest.mark.parametrize("content_type", [b"application/json", b"Application/JSON; charset=utf-8", None])
def test_binary_mode_takes_json_however_it_is_announced(content_type: bytes | None) -> None:
    headers: Headers = [*_binary(EVENT)[:-1], ("content-type", content_type), ("ce_traceparent", b"\xff")]
    assert decode(json.dumps(EVENT["data"]).encode(), headers, AT, LIMITS) == _read()


def test_binary_mode_takes_nothing_but_json() -> None:
    headers = [*_binary(EVENT)[:-1], ("content-type", b"application/avro")]
    assert _refused(b"{}", headers).reason == Reason.UNSUPPORTED_CONTENT_TYPE
    assert (
        _refused(b"{}", [("content-type", b"application/cloudevents+avro")]).reason == Reason.UNSUPPORTED_CONTENT_TYPE
    )


def test_structured_mode_wins_where_the_content_type_says_so() -> None:
    headers = [
        *_binary({**EVENT, "id": "other"})[:-1],
        ("content-type", b"application/cloudevents+json; charset=UTF-8"),
    ]
    assert decode(json.dumps(EVENT).encode(), headers, AT, LIMITS).id == "evt-6"


def test_a_header_of_the_contract_that_occurs_twice_is_refused() -> None:
    assert _refused(b"{}", [*_binary(EVENT), ("ce_id", b"evt-7")]).reason == Reason.DUPLICATE_KEY


def test_a_header_of_the_contract_that_is_no_text_is_refused() -> None:
    assert _refused(b"{}", [("ce_specversion", b"1.0"), ("ce_id", b"\xff")]).reason == Reason.NOT_UTF8


def test_a_binary_event_without_a_required_header_misses_that_field() -> None:
    headers = [header for header in _binary(EVENT) if header[0] != "ce_subject"]
    refused = _refused(json.dumps(EVENT["data"]).encode(), headers)
    assert (refused.reason, refused.detail) == (Reason.MISSING_FIELD, "subject is missing")
