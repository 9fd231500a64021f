"""Writes the published contracts from the models, and says where a folder differs from them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from monitor.core import event as ev
from monitor.wire.asyncapi import asyncapi
from monitor.wire.dead_letter import DETAIL_CHARS_MAX, HEADER_NAMES, SCHEMA, DeadLetterReason
from monitor.wire.examples import valid_files
from monitor.wire.explanation import LeadAnswer
from monitor.wire.lead_event import REQUIRED_DATA, LeadEvent
from monitor.wire.outcome import OutcomeEvent
from monitor.wire.report.report import ReportData

Schema = dict[str, Any]

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
# One mistake each, and some are not even text: written by hand, next to what is generated.
_HAND_KEPT: Final = "examples/invalid"

_MEANING: Final[Mapping[str, str]] = {
    ev.LEAD_CREATED: "The lead exists from now on.",
    ev.LEAD_UPDATED: "Something is known of the lead that was not before.",
    ev.LEAD_STAGE_CHANGED: "The lead entered another stage of the funnel.",
    ev.LEAD_HANDED_OFF: "One team gave the lead to another.",
    ev.LEAD_ASSIGNED: "Somebody owns the lead now.",
    ev.LEAD_ACCEPTED: "The team that was given the lead took it.",
    ev.LEAD_REJECTED: "The team that was given the lead gave it back.",
    ev.LEAD_RECYCLED: "The lead goes back to be nurtured.",
    ev.LEAD_DISQUALIFIED: "The lead is none.",
    ev.LEAD_MERGED: "The lead, a duplicate or converted, goes on as another one.",
    ev.LEAD_ERASED: "Everything known of the lead is to be forgotten.",
    ev.ACTIVITY_LOGGED: "Somebody or something was in contact with the lead, or tried to be.",
    ev.DEAL_WON: "The lead has bought.",
    ev.DEAL_LOST: "The lead will not buy, for now.",
    ev.SPEND_RECORDED: "A team has spent money to win customers.",
    ev.REVENUE_RECORDED: "A customer has paid, or was given back (below zero).",
}


def generate() -> dict[str, str]:
    """Path below the folder of schemas to text."""
    schemas: dict[str, Schema] = {f"{event_type}.schema.json": _event_schema(event_type) for event_type in _MEANING}
    schemas["lead-event.schema.json"] = _any_event_schema()
    schemas["outcome.schema.json"] = _published(OutcomeEvent, "Outcome")
    schemas["lead-explanation.schema.json"] = _published(LeadAnswer, "Lead, explained")
    schemas["report.schema.json"] = _published(ReportData, "Report")
    schemas["dead-letter-headers.schema.json"] = _dead_letter_headers()
    schemas["asyncapi.json"] = asyncapi()
    schemas |= {f"examples/valid/{name}": example for name, example in valid_files().items()}
    return {path: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for path, schema in sorted(schemas.items())}


def write(folder: Path) -> None:
    """Write every generated file; what is not generated is left alone. Raises OSError."""
    for path, text in generate().items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def differences(folder: Path) -> list[str]:
    """What `write` would change, and what it no longer writes: one line per file, empty when all is well."""
    generated = generate()
    found: list[str] = []
    for path, text in generated.items():
        target = folder / path
        if not target.is_file():
            found.append(f"{path}: missing")
        elif target.read_bytes() != text.encode():
            found.append(f"{path}: differs from the models")
    for target in sorted(folder.rglob("*")):
        path = target.relative_to(folder).as_posix()
        if target.is_file() and path not in generated and not path.startswith(_HAND_KEPT):
            found.append(f"{path}: no longer generated, remove it")
    return found


def _any_event_schema() -> Schema:
    schema = _published(LeadEvent, "Lead event")
    schema["oneOf"] = [
        {"title": event_type, "description": meaning, **_refinement(event_type)}
        for event_type, meaning in _MEANING.items()
    ]
    return schema


def _event_schema(event_type: str) -> Schema:
    schema = _published(LeadEvent, event_type)
    schema["description"] = _MEANING[event_type]
    refinement = _refinement(event_type)
    for name, narrowed in refinement["properties"].items():
        schema["properties"][name] |= narrowed
    schema["properties"]["type"].pop("enum")
    schema["required"] += [name for name in refinement["required"] if name not in schema["required"]]
    return schema


def _refinement(event_type: str) -> Schema:
    """What an event of this type needs beyond what all events need."""
    properties: Schema = {"type": {"const": event_type}}
    names = list(REQUIRED_DATA.get(event_type, ()))
    if not names:
        return {"properties": properties, "required": ["type"]}
    given = {"type": "string", "minLength": 1}
    properties["data"] = {"type": "object", "properties": dict.fromkeys(names, given), "required": names}
    return {"properties": properties, "required": ["type", "data"]}


def _published(model: type[BaseModel], title: str) -> Schema:
    schema = model.model_json_schema()
    for part in (schema, *schema.get("$defs", {}).values()):
        for field in part.get("properties", {}).values():
            # Pydantic repeats the name as a title, and says null as default where leaving out is meant.
            field.pop("title", None)
            field.pop("default", None)
    return {"$schema": _DIALECT, **schema, "title": title}


def _dead_letter_headers() -> Schema:
    texts: Mapping[str, Schema] = {
        "reason": {
            "description": "Why the record is here. A later release may know more reasons.",
            "anyOf": [{"const": reason.value, "description": reason.meaning} for reason in DeadLetterReason],
        },
        "detail": {"description": "Which field, and the fix; no values.", "maxLength": DETAIL_CHARS_MAX},
        "topic": {"description": "Topic of the original record.", "minLength": 1},
        "partition": {"description": "Partition of the original record.", "pattern": "^[0-9]+$"},
        "offset": {"description": "Offset of the original record.", "pattern": "^[0-9]+$"},
        "timestamp": {
            "description": "Timestamp of the original record, milliseconds since the epoch.",
            "pattern": "^-?[0-9]+$",
        },
        "schema": {"description": "Version of these headers.", "const": SCHEMA},
    }
    return {
        "$schema": _DIALECT,
        "title": "Dead letter headers",
        "description": (
            "Added behind the headers of the original record, as UTF-8; where a name occurs twice the last one "
            "counts. Key and value are those of the original record."
        ),
        "type": "object",
        "properties": {
            name: {"type": "string", **text} for name, text in zip(HEADER_NAMES, texts.values(), strict=True)
        },
        "required": list(HEADER_NAMES),
    }
