"""The AsyncAPI document: which record stands on which topic, with which key and headers."""

from typing import Any, Final

from monitor.wire.examples import lead_events

# Counts changes of the contracts, not releases of the program.
CONTRACT_VERSION: Final = "1.0.0"
_SCHEMA_FORMAT: Final = "application/schema+json;version=draft-2020-12"
_TEXT: Final = {"type": "string"}


def asyncapi() -> dict[str, Any]:
    """AsyncAPI 3.0, with the topic names that the settings have by default."""
    messages = _messages()
    channels = {
        "leadEvents": _channel("leads.events", "What happened to leads, as tools send it.", "leadEvent", "binaryEvent"),
        "timeline": _channel(
            "lead-sla.timeline",
            "Internal: valid events by lead, and ticks. Its format may change with any release.",
            "timelineRecord",
        ),
        "outcomes": _channel("lead-sla.outcomes", "Verdicts, and steps towards them.", "outcome"),
        "deadLetters": _channel("lead-sla.dead-letters", "Records that could not be used.", "deadLetter"),
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "lead-sla",
            "version": CONTRACT_VERSION,
            "description": "Watches the agreement between marketing and sales being kept, live.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": {
            "readLeadEvents": _operation("receive", "leadEvents"),
            "appendTimeline": _operation("send", "timeline"),
            "judgeTimeline": _operation("receive", "timeline"),
            "tellOutcomes": _operation("send", "outcomes"),
            "keepDeadLetters": _operation("send", "deadLetters"),
        },
        "components": {"messages": messages},
    }


def _messages() -> dict[str, Any]:
    return {
        **_event_messages(),
        "timelineRecord": {
            "title": "Timeline record",
            "summary": "Internal: version byte, kind byte, MessagePack.",
            "contentType": "application/octet-stream",
            "bindings": _key("Id of the lead, UTF-8; null for a tick."),
        },
        "outcome": {
            "title": "Outcome",
            "summary": "A structured CloudEvent; may be repeated after a crash, then with the same id.",
            "contentType": "application/cloudevents+json",
            "payload": _payload("outcome.schema.json"),
            "bindings": _key("Id of the lead, UTF-8."),
        },
        "deadLetter": {
            "title": "Dead letter",
            "summary": "The original record, its key and value unchanged, with the reason behind its headers.",
            "contentType": "application/octet-stream",
            "headers": _payload("dead-letter-headers.schema.json"),
            "bindings": _key("Key of the original record."),
        },
    }


def _event_messages() -> dict[str, Any]:
    example = lead_events()["lead.assigned"]
    attributes = ("specversion", "id", "source", "type", "subject", "time")
    key = _key("Anything; it is not read.")
    return {
        "leadEvent": {
            "title": "Lead event",
            "summary": "CloudEvents 1.0 in structured JSON, or the same fields without specversion.",
            "contentType": "application/cloudevents+json",
            "payload": _payload("lead-event.schema.json"),
            "bindings": key,
            "examples": [{"name": "assigned", "payload": example}],
        },
        "binaryEvent": {
            "title": "Lead event, binary mode",
            "summary": "CloudEvents 1.0 in the binary mode of its Kafka binding: the value is data alone.",
            "contentType": "application/json",
            "headers": {
                "type": "object",
                "properties": {f"ce_{name}": _TEXT for name in attributes} | {"content-type": _TEXT},
                "required": [f"ce_{name}" for name in attributes],
            },
            "payload": _payload("lead-event.schema.json#/$defs/LeadData"),
            "bindings": key,
            "examples": [
                {
                    "name": "assigned",
                    "headers": {f"ce_{name}": example[name] for name in attributes},
                    "payload": example["data"],
                }
            ],
        },
    }


def _key(description: str) -> dict[str, Any]:
    return {"kafka": {"key": {**_TEXT, "description": description}, "bindingVersion": "0.5.0"}}


def _payload(reference: str) -> dict[str, Any]:
    return {"schemaFormat": _SCHEMA_FORMAT, "schema": {"$ref": f"./{reference}"}}


def _channel(address: str, description: str, *messages: str) -> dict[str, Any]:
    references = {name: {"$ref": f"#/components/messages/{name}"} for name in messages}
    return {"address": address, "description": description, "messages": references}


def _operation(action: str, channel: str) -> dict[str, Any]:
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}}
