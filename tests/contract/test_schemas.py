"""The published schemas, the models and the examples say the same."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from monitor.core.event import DATA_FIELDS, RECORD_TYPES
from monitor.core.instant import from_rfc3339
from monitor.core.outcome import Kind
from monitor.wire.dead_letter import DeadLetter, DeadLetterReason, InvalidRecord, dead_letter
from monitor.wire.lead_event import REQUIRED_DATA, LeadData, LeadEventType, TimeLimits, decode
from monitor.wire.outcome import decode_outcome
from monitor.wire.schemas import differences, generate, write

SCHEMAS = Path(__file__).parents[2] / "schemas"
VALID = sorted((SCHEMAS / "examples/valid").iterdir())
VALID_EVENTS = [path for path in VALID if not path.name.startswith(("outcome.", "lead-explanation."))]
VALID_OUTCOMES = [path for path in VALID if path.name.startswith("outcome.")]
INVALID = sorted((SCHEMAS / "examples/invalid").iterdir())

# The examples are read as if Kafka had stamped them at this instant, with the limits of the default settings.
RECORDED_AT = from_rfc3339("2026-10-01T12:00:00Z")
LIMITS = TimeLimits(future_us=300_000_000, past_us=90 * 86_400_000_000)

# What no JSON Schema sees: whether a day exists, and what lies between the event and its record.
BEYOND_A_SCHEMA = {"time_in_future", "time_in_past"}
BEYOND_A_SCHEMA_FILES = {"time_invalid--day-that-is-none.json"}
# What a whole example file cannot show: a value of that size, and what is not wrong with a lead event at all.
WITHOUT_AN_EXAMPLE = {"too_large", "internal_record", "delivery_failed"}


def _schema(name: str) -> Draft202012Validator:
    schema = json.loads((SCHEMAS / name).read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def _name(path: Path) -> str:
    return path.name


def test_the_folder_holds_what_the_models_say() -> None:
    assert differences(SCHEMAS) == []


def test_a_file_that_is_missing_changed_or_left_over_is_named(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "outcome.schema.json").unlink()
    (tmp_path / "asyncapi.json").write_text("{}")
    (tmp_path / "lead.lost.schema.json").write_text("{}")
    assert differences(tmp_path) == [
        "asyncapi.json: differs from the models",
        "outcome.schema.json: missing",
        "lead.lost.schema.json: no longer generated, remove it",
    ]


def test_the_contract_and_the_core_know_the_same_types_and_fields() -> None:
    assert set(get_args(LeadEventType)) == set(RECORD_TYPES)
    assert tuple(LeadData.model_fields) == DATA_FIELDS
    assert {name for names in REQUIRED_DATA.values() for name in names} <= set(DATA_FIELDS)


def test_every_event_type_and_every_outcome_kind_has_an_example() -> None:
    names = {path.name for path in VALID}
    assert names >= {f"{event_type}.json" for event_type in RECORD_TYPES}
    assert names >= {f"outcome.{kind}.json" for kind in Kind}


def test_every_reason_has_an_example() -> None:
    shown = {path.name.partition("--")[0] for path in INVALID}
    assert shown == {reason.value for reason in DeadLetterReason} - WITHOUT_AN_EXAMPLE


@pytest.mark.parametrize("path", VALID_EVENTS, ids=_name)
def test_a_valid_event_is_valid_for_the_schemas_and_for_the_decoder(path: Path) -> None:
    example = json.loads(path.read_text())
    _schema("lead-event.schema.json").validate(example)
    _schema(f"{example['type']}.schema.json").validate(example)
    event = decode(path.read_bytes(), (), RECORDED_AT, LIMITS)
    assert (event.lead, event.id, event.type) == (example["subject"], example["id"], example["type"])
    known = {name: value for name, value in example["data"].items() if name in DATA_FIELDS and value is not None}
    assert event.data == known


@pytest.mark.parametrize("event_type", RECORD_TYPES)
def test_the_schema_of_one_type_refuses_the_others(event_type: str) -> None:
    schema = _schema(f"{event_type}.schema.json")
    accepted = [path for path in VALID_EVENTS if schema.is_valid(json.loads(path.read_text()))]
    assert {json.loads(path.read_text())["type"] for path in accepted} == {event_type}


@pytest.mark.parametrize("path", INVALID, ids=_name)
def test_an_invalid_example_ends_in_the_reason_that_it_is_named_for(path: Path) -> None:
    with pytest.raises(InvalidRecord) as refused:
        decode(path.read_bytes(), (), RECORDED_AT, LIMITS)
    assert refused.value.reason == path.name.partition("--")[0]
    assert 0 < len(refused.value.detail) <= 300


@pytest.mark.parametrize("path", [path for path in INVALID if path.suffix == ".json"], ids=_name)
def test_the_schemas_refuse_every_mistake_that_a_schema_can_see(path: Path) -> None:
    example = json.loads(path.read_text())
    unseen = path.name.partition("--")[0] in BEYOND_A_SCHEMA or path.name in BEYOND_A_SCHEMA_FILES
    assert _schema("lead-event.schema.json").is_valid(example) == unseen
    if isinstance(example, dict) and example.get("type") in RECORD_TYPES:
        assert _schema(f"{example['type']}.schema.json").is_valid(example) == unseen


@pytest.mark.parametrize("path", VALID_OUTCOMES, ids=_name)
def test_an_outcome_is_valid_for_its_schema_and_for_our_own_reader(path: Path) -> None:
    example = json.loads(path.read_text())
    _schema("outcome.schema.json").validate(example)
    assert decode_outcome(path.read_bytes()).outcome_id == example["id"]


def test_an_explained_lead_is_valid_for_its_schema_which_asks_for_everything() -> None:
    example = json.loads((SCHEMAS / "examples/valid/lead-explanation.json").read_text())
    schema = _schema("lead-explanation.schema.json")
    schema.validate(example)
    for part in ("spans", "clocks"):
        assert not schema.is_valid({name: value for name, value in example.items() if name != part})
    assert not schema.is_valid({**example, "judged_until": "yesterday"})


def test_the_headers_of_a_dead_letter_keep_to_their_schema() -> None:
    schema = _schema("dead-letter-headers.schema.json")
    for reason in DeadLetterReason:
        letter = DeadLetter(reason, "score must be a number", "leads.events", 3, 41, 1_790_856_000_000, None, b"{", ())
        _, _, headers = dead_letter(**letter._asdict())
        schema.validate({name: (value or b"").decode() for name, value in headers})
    assert not schema.is_valid({})


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    generated = generate()
    document = json.loads(generated["asyncapi.json"])
    references = list(_references(document))
    assert len(references) > 10
    for reference in references:
        path, _, pointer = reference.partition("#")
        found: Any = document if not path else json.loads(generated[path.removeprefix("./")])
        for step in pointer.split("/")[1:]:
            found = found[step]


def test_the_asyncapi_examples_are_valid() -> None:
    messages = json.loads(generate()["asyncapi.json"])["components"]["messages"]
    structured, binary = messages["leadEvent"]["examples"][0], messages["binaryEvent"]["examples"][0]
    headers = [(name, value.encode()) for name, value in binary["headers"].items()]
    assert decode(json.dumps(structured["payload"]).encode(), (), RECORDED_AT, LIMITS) == decode(
        json.dumps(binary["payload"]).encode(), headers, RECORDED_AT, LIMITS
    )


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for name, value in part.items():
            if name == "$ref":
                yield value
            else:
                yield from _references(value)
    elif isinstance(part, list):
        for item in part:
            yield from _references(item)
