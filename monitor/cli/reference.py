"""Writes the reference in the documentation from the code: metrics, settings, tables of fields and limits, examples.

`python -m monitor.cli.reference` brings the pages up to date; it is run where README.md is.
"""

import json
import textwrap
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, get_args

from monitor.cli import diagrams, worked_examples
from monitor.cli.markdown import WIDTH, code, table
from monitor.core import event, lead
from monitor.core.outcome import Kind
from monitor.core.tables import STAGE_OF_EVENT
from monitor.ports import ChannelState
from monitor.settings.settings import Settings, describe
from monitor.telemetry import channels, engine, figures, metrics
from monitor.telemetry.catalogue import METRICS
from monitor.wire import json_object, lead_event, schemas
from monitor.wire.dead_letter import DeadLetterReason
from monitor.wire.outcome import OutcomeData
from monitor.wire.policy.bounds import BOUNDS

# What is listed in the cell of a table; a bound beyond any sensible value is not.
_WORDS_SHOWN_MAX: Final = 8
_NUMBER_SHOWN_MAX: Final = 2**53


def metrics_table() -> str:
    """Every metric with its type, labels and help."""
    rows = ((code(name), spec.type, code(*spec.labels), spec.help) for name, spec in METRICS.items())
    return table(("metric", "type", "labels", "what it says"), rows)


def labels_table() -> str:
    """The values that each label can have."""
    results = (
        get_args(metrics.EventResult), get_args(metrics.TickResult), get_args(engine.Committed),
        get_args(engine.Drained), channels.DELIVERY_RESULTS, get_args(metrics.ReloadResult),
    )  # fmt: skip
    with_result = [name for name, spec in METRICS.items() if "result" in spec.labels]
    rows = [
        ("`type`", code(*event.RECORD_TYPES, metrics.UNKNOWN_TYPE)),
        *((f"`result` of `{name}`", code(*words)) for name, words in zip(with_result, results, strict=True)),
        ("`reason` of `lead_sla_dead_letters_total`", "those of [dead letters](../reference/events.md#dead-letters)"),
        ("`reason` of `lead_sla_self_fenced_total`", code(*engine.FenceReason)),
        ("`step`", code(*get_args(engine.Step))),
        (
            "`duty`, `team`",
            f"names in the agreement; `{metrics.OTHER}` for any other; duty `agreement` for the agreement itself",
        ),
        (
            "`team` of `lead_sla_spend_amount`",
            f"those of the agreement's stages, and others until there are {figures.PAYERS_MAX}; `{metrics.OTHER}` for"
            " the rest",
        ),
        ("`segment`", f"`segments` of the agreement; `{metrics.OTHER}` for the rest, `{metrics.NONE}` without one"),
        ("`period`", f"{code(*figures.PERIODS)}: of the objective's period, of months where no duty is named"),
        (
            "`source`, `owner`",
            f"the first so many that a worker has seen, see [settings](settings.md); `{metrics.OTHER}` for the rest,"
            f" `{metrics.NONE}` without one, and always `{metrics.OTHER}` where none are asked for",
        ),
        ("`stage`", f"`stages` of the agreement, or those it has without naming any; `{metrics.OTHER}` for the rest"),
        ("`outcome`", code(*figures.OUTCOMES)),
        (
            "`currency`",
            f"that of the agreement, and at most {figures.CURRENCIES_MAX} that it has no rate for; `{metrics.OTHER}`",
        ),
        ("`kind`", code(*Kind)),
        ("`state` of `lead_sla_clocks_open`", code(*get_args(metrics.ClockState))),
        ("`state` of `lead_sla_channel_state`", code(*ChannelState)),
        ("`legality`", code(*get_args(metrics.Legality))),
        ("`topic`, `partition`", "the partitions of this worker, of the events and of the timeline"),
        ("`channel`", "`webhook`, and the names in the file of channels"),
        ("`version`", "of the program, or of the agreement"),
    ]
    return table(("label", "values"), rows)


def buckets_table() -> str:
    """The buckets of every histogram."""
    rows = (
        (code(name), ", ".join(f"{bound:.10g}" for bound in spec.buckets))
        for name, spec in METRICS.items()
        if spec.type == "histogram"
    )
    return table(("histogram", "buckets"), rows)


def settings_table() -> str:
    """Every setting with its default."""
    fields = Settings.model_json_schema(by_alias=False)["properties"].values()
    rows = (
        (code(doc.env), _type(field, {}), code(doc.default) if doc.default else "", doc.description)
        for doc, field in zip(describe(), fields, strict=True)
    )
    return table(("variable", "takes", "default", "what it is"), rows)


def event_types_table() -> str:
    """Every event type in the order of its precedence."""
    any_event: Mapping[str, Any] = json.loads(schemas.generate()["lead-event.schema.json"])
    meaning = {option["title"]: option["description"] for option in any_event["oneOf"]}
    rows = (
        (
            code(type_),
            meaning[type_],
            code(*lead_event.REQUIRED_DATA.get(type_, ())),
            code(STAGE_OF_EVENT[type_]) if type_ in STAGE_OF_EVENT else "",
        )
        for type_ in event.RECORD_TYPES
    )
    return table(("type", "meaning", "`data` must have", "stage it moves the lead into, unless it names one"), rows)


def event_fields_table() -> str:
    """The fields of an event beside data."""
    schema = lead_event.LeadEvent.model_json_schema()
    head = ("field", "type", "needed", "what it is")
    return table(
        head,
        (
            (name, type_, "yes" if name.strip("`") in schema["required"] else "no", text)
            for name, type_, text in _fields(schema)
        ),
    )


def data_fields_table() -> str:
    """The fields of data."""
    rows = (
        (name, type_, "lead" if name.strip("`") in event.ATTRIBUTES else "event", text)
        for name, type_, text in _fields(lead_event.LeadData.model_json_schema())
    )
    return table(("field", "type", "kept with", "what it is"), rows)


def outcome_fields_table() -> str:
    """The fields of an outcome's data."""
    return table(("field", "type", "what it is"), _fields(OutcomeData.model_json_schema()))


def _fields(schema: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
    for name, field in schema["properties"].items():
        yield code(name), _type(field, schema.get("$defs", {})), field["description"]


def _type(field: Mapping[str, Any], defs: Mapping[str, Any]) -> str:
    """The JSON type of a field in words, with its bounds."""
    option = next(option for option in field.get("anyOf", (field,)) if option.get("type") != "null")
    option = defs[option["$ref"].rpartition("/")[2]] if "$ref" in option else option
    if "enum" in option:
        return code(*option["enum"]) if len(option["enum"]) <= _WORDS_SHOWN_MAX else "one of the words below"
    if "const" in option:
        return code(option["const"])
    if field.get("format") == "date-time" or option.get("format") == "date-time":
        return "RFC 3339"
    text = {"string": "text", "integer": "whole number", "array": "list of texts"}.get(option["type"], option["type"])
    if "maxLength" in option:
        text += f", up to {option['maxLength']} characters"
    above = option.get("exclusiveMinimum")
    least = option.get("minimum") if above is None else f"above {above:g}"
    if option.get("maximum", _NUMBER_SHOWN_MAX) < _NUMBER_SHOWN_MAX:
        return f"{text}, {least} to {int(option['maximum'])}"
    return f"{text}, not negative" if least == 0 else text


def dead_letters_table() -> str:
    """Every reason for a dead letter."""
    return table(("reason", "meaning"), ((code(reason.value), reason.meaning) for reason in DeadLetterReason))


def bounds_table() -> str:
    """The limits of the contract of events."""
    rows = (
        ("value of a record", f"{lead_event.VALUE_BYTES_MAX} bytes"),
        ("nesting of objects and arrays", f"{json_object.DEPTH_MAX} levels"),
        ("ids, source, subject", f"1 to {lead_event.ID_CHARS_MAX} characters, no control characters"),
        ("texts in `data`", f"{lead_event.TEXT_CHARS_MAX} characters"),
        ("numbers", "2^53 either way"),
        ("events kept for each lead", f"{lead.EVIDENCE_MAX}"),
    )
    return table(("what", "limit"), rows)


def policy_limits_table() -> str:
    """The limits of a policy file."""
    return table(("what", "at most"), BOUNDS)


def predicate_fields() -> str:
    """The fields that a condition may ask for."""
    return textwrap.fill(f"{code(*event.DATA_FIELDS)}.", WIDTH, break_on_hyphens=False) + "\n"


BLOCKS: Final[Mapping[str, Callable[[], str]]] = {
    **diagrams.BLOCKS,
    **worked_examples.BLOCKS,
    "metrics": metrics_table,
    "metric-labels": labels_table,
    "metric-buckets": buckets_table,
    "settings": settings_table,
    "event-types": event_types_table,
    "event-fields": event_fields_table,
    "data-fields": data_fields_table,
    "event-bounds": bounds_table,
    "dead-letters": dead_letters_table,
    "outcome-fields": outcome_fields_table,
    "policy-limits": policy_limits_table,
    "predicate-fields": predicate_fields,
}


def generate(pages: Mapping[str, str]) -> dict[str, str]:
    """The pages, by path, with all that is generated in them made anew. Raises UnknownBlock."""
    return {path: diagrams.replace_generated(text, BLOCKS) for path, text in pages.items()}


def read_pages(root: Path) -> dict[str, str]:
    """Every page of the documentation by its path below `root`. Raises OSError."""
    paths = sorted([*root.glob("*.md"), *root.glob("docs/**/*.md")])
    return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in paths}


if __name__ == "__main__":
    for page, content in generate(read_pages(Path())).items():
        Path(page).write_text(content, encoding="utf-8")
