"""The contract of lead events, and the one way from a Kafka record to a judged `Event`."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema

from monitor.core import event as ev
from monitor.core.event import Event, Scalar
from monitor.core.instant import RFC3339_PATTERN, InstantWithoutOffset, NotAnInstant, from_rfc3339
from monitor.wire.contract_errors import invalid_record
from monitor.wire.dead_letter import DeadLetterReason, Headers, InvalidRecord
from monitor.wire.json_object import parse_object

__all__ = ["DeadLetterReason", "InvalidRecord", "LeadEvent", "TimeLimits", "decode"]

# Four times Kafka Connect's usual event of 64 KiB, a quarter of the broker's default limit: what is larger is
# no event but a page of them.
VALUE_BYTES_MAX: Final = 256 * 1024
# The longest ids seen are URNs around a UUID and Snowplow's sources, all below 128; as the record's key 256
# characters are 1 KiB at most.
ID_CHARS_MAX: Final = 256
# Names and codes, not notes: a picklist label of a CRM has 255 characters at most.
TEXT_CHARS_MAX: Final = 256
# Date, time, offset and more digits of fraction than any clock has.
TIME_CHARS_MAX: Final = 64
# Integers up to here are the same in every JSON parser (RFC 7493, section 2.2).
NUMBER_MAX: Final = 2**53

LeadEventType = Literal[
    "lead.created", "lead.updated", "lead.stage_changed", "lead.handed_off", "lead.assigned", "lead.accepted",
    "lead.rejected", "lead.recycled", "lead.disqualified", "lead.merged", "lead.erased", "activity.logged",
    "deal.won", "deal.lost", "spend.recorded", "revenue.recorded",
]  # fmt: skip

# Fields of `data` without which an event of this type cannot be judged.
REQUIRED_DATA: Final[Mapping[str, tuple[str, ...]]] = {
    ev.LEAD_STAGE_CHANGED: ("stage",),
    ev.LEAD_ASSIGNED: ("owner",),
    ev.LEAD_REJECTED: ("reason",),
    ev.LEAD_DISQUALIFIED: ("reason",),
    ev.LEAD_MERGED: ("into",),
    ev.ACTIVITY_LOGGED: ("channel", "direction", "actor"),
    ev.DEAL_WON: ("amount", "currency"),
    ev.SPEND_RECORDED: ("amount", "currency", "team"),
    ev.REVENUE_RECORDED: ("amount", "currency"),
}

Id = Annotated[
    str, Field(min_length=1, max_length=ID_CHARS_MAX, pattern=r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]+$")
]
Text = Annotated[str, Field(max_length=TEXT_CHARS_MAX)]
# As text, for a number in JSON is no decimal; fifteen digits are more than any company has, four are a tenth of a pip.
AMOUNT_PATTERN: Final = r"^-?[0-9]{1,15}(?:\.[0-9]{1,4})?$"
_SIGNED: Final = {"type": "number", "minimum": -NUMBER_MAX, "maximum": NUMBER_MAX}
Number = Annotated[int | float, Field(ge=-NUMBER_MAX, le=NUMBER_MAX, allow_inf_nan=False), WithJsonSchema(_SIGNED)]
Count = Annotated[
    int | float, Field(ge=0, le=NUMBER_MAX, allow_inf_nan=False), WithJsonSchema({**_SIGNED, "minimum": 0})
]

# What the contract does not name is dropped here and kept nowhere; errors never carry the input.
_CONFIG: Final = ConfigDict(strict=True, extra="ignore", hide_input_in_errors=True)


class LeadData(BaseModel):
    """What is known of the lead, and of what happened. Null means the same as leaving the field out."""

    model_config = _CONFIG

    owner: Text | None = Field(None, description="Who answers for the lead now; empty: nobody.")
    team: Text | None = Field(None, description="Team of the owner.")
    segment: Text | None = Field(None, description="Segment that targets and reports are cut by.")
    source: Text | None = Field(None, description="Where the lead came from, such as a form or a fair.")
    persona: Text | None = Field(None, description="Buyer persona.")
    campaign: Text | None = Field(None, description="Campaign that brought the lead.")
    grade: Text | None = Field(None, description="Fit, as marketing grades it, such as A.")
    score: Number | None = Field(None, description="Interest, as marketing scores it.")
    industry: Text | None = Field(None, description="Industry of the lead's company.")
    employees: Count | None = Field(None, description="Size of the lead's company.")
    country: Text | None = Field(None, description="Country of the lead's company.")
    value: Number | None = Field(None, description="Expected deal value, in the currency of the agreement.")
    waiting_on: Text | None = Field(None, description="Who has to move next, such as prospect; empty: nobody.")
    company: Text | None = Field(None, description="Company of the lead, by a name or a code.")
    has_email: bool | None = Field(None, description="Whether there is an address to write to; never the address.")
    next_meeting_at: Text | None = Field(None, description="When the next meeting is; empty: none is agreed.")
    relief: Text | None = Field(
        None, description="Ceiling above which the lead came in; lead-sla says so, nobody else has to."
    )
    stage: Text | None = Field(None, description="Stage of the funnel that the event moves the lead into.")
    channel: Literal["call", "email", "meeting", "message", "social", "form", "visit", "other"] | None = Field(
        None, description="By what means the activity happened."
    )
    direction: Literal["inbound", "outbound"] | None = Field(None, description="Outbound: from us to the lead.")
    actor: Literal["person", "automation"] | None = Field(
        None, description="Whether a person acted or a sequence, a bot, an auto-reply."
    )
    outcome: Text | None = Field(None, description="How the activity ended, such as connected.")
    reason: Text | None = Field(None, description="Code of why the lead was rejected, recycled or disqualified.")
    duration_s: Count | None = Field(None, description="How long the activity took, in seconds.")
    into: Id | None = Field(None, description="Id of the lead that this one was merged into.")
    actor_id: Text | None = Field(
        None, description="Who acted, by the same name as owner; left out: taken to be the owner."
    )
    amount: Annotated[str, Field(pattern=AMOUNT_PATTERN)] | None = Field(
        None, description="Of a deal, spend or revenue: a decimal number, as text."
    )
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = Field(
        None, description="Of the amount: a code of ISO 4217, such as EUR."
    )


class LeadEvent(BaseModel):
    """One thing that happened to one lead: CloudEvents 1.0 JSON, or the same fields without `specversion`."""

    model_config = _CONFIG

    specversion: Literal["1.0"] | None = Field(None, description="CloudEvents version; may be left out.")
    datacontenttype: Annotated[str, Field(pattern="^application/json( *;.*)?$")] | None = Field(
        None, description="Media type of data; may be left out."
    )
    type: LeadEventType = Field(description="What happened.")
    id: Id = Field(description="Unique within its source; a repeated id is the same event again.")
    source: Id = Field(description="The system that says so; late events are accepted per source.")
    subject: Id = Field(description="Id of the lead; of spend its campaign, or any other name.")
    time: str = Field(
        max_length=TIME_CHARS_MAX,
        description="When it happened, RFC 3339 with an offset; cut off to microseconds.",
        json_schema_extra={"format": "date-time", "pattern": RFC3339_PATTERN},
    )
    data: LeadData | None = Field(None, description="What is known of the lead, and of what happened.")


class TimeLimits(NamedTuple):
    """How far an event's time may lie from its record's timestamp, in microseconds; one bad clock moves nothing."""

    future_us: int
    past_us: int


_validate: Final = LeadEvent.__pydantic_validator__.validate_python

# The CloudEvents Kafka binding, binary mode: context attributes are headers, the value is `data`.
_ATTRIBUTE_OF_HEADER: Final[Mapping[str, str]] = {
    "content-type": "datacontenttype",
    "ce_specversion": "specversion",
    "ce_id": "id",
    "ce_source": "source",
    "ce_type": "type",
    "ce_subject": "subject",
    "ce_time": "time",
}
_CLOUDEVENTS: Final = "application/cloudevents"


def decode(value: bytes | None, headers: Headers, recorded_at: int, limits: TimeLimits) -> Event:
    """The event in a Kafka record.

    `recorded_at`: the record's timestamp, as far as it is believed, in microseconds since the epoch. Raises
    InvalidRecord and nothing else, whatever the bytes.
    """
    if not value:
        raise InvalidRecord(DeadLetterReason.EMPTY_VALUE, "the record has no value")
    if len(value) > VALUE_BYTES_MAX:
        raise InvalidRecord(
            DeadLetterReason.TOO_LARGE, f"the value has {len(value)} bytes, more than {VALUE_BYTES_MAX}"
        )
    attributes = _binary_attributes(headers) if headers else None
    parsed = parse_object(value)
    given = parsed if attributes is None else {**attributes, "data": parsed}
    try:
        event: LeadEvent = _validate(given)
    except ValidationError as error:
        broken = invalid_record(error.errors(include_url=False))
    else:
        data = _data(event.type, event.data)
        return Event(event.subject, event.id, event.type, _at(event.time, recorded_at, limits), event.source, data)
    raise broken  # outside of the except clause: the cause holds what the sender wrote


def _data(event_type: str, data: LeadData | None) -> dict[str, Scalar]:
    given: dict[str, Any] = {} if data is None else data.__dict__
    kept = {name: value for name, value in given.items() if value is not None}
    for name in REQUIRED_DATA.get(event_type, ()):
        if not kept.get(name):
            raise InvalidRecord(DeadLetterReason.MISSING_DATA_FIELD, f"data.{name} is missing; {event_type} needs it")
    return kept


def _at(time: str, recorded_at: int, limits: TimeLimits) -> int:
    try:
        at = from_rfc3339(time)
    except InstantWithoutOffset as error:
        raise InvalidRecord(DeadLetterReason.TIME_WITHOUT_OFFSET, f"time {error}") from None
    except NotAnInstant as error:
        raise InvalidRecord(DeadLetterReason.TIME_INVALID, f"time {error}") from None
    if at - recorded_at > limits.future_us:
        raise InvalidRecord(DeadLetterReason.TIME_IN_FUTURE, _too_far(at - recorded_at, "after", limits.future_us))
    if recorded_at - at > limits.past_us:
        raise InvalidRecord(DeadLetterReason.TIME_IN_PAST, _too_far(recorded_at - at, "before", limits.past_us))
    return at


def _too_far(distance_us: int, side: str, limit_us: int) -> str:
    return (
        f"time lies {distance_us // 1_000_000} s {side} its record, more than the {limit_us // 1_000_000} s that the "
        "settings allow"
    )


def _binary_attributes(headers: Headers) -> dict[str, str] | None:
    """The context attributes of a binary CloudEvent; None where the value holds the whole event."""
    attributes: dict[str, str] = {}
    for name, raw in headers:
        attribute = _ATTRIBUTE_OF_HEADER.get(name)
        if attribute is None or raw is None:
            continue
        if attribute in attributes:
            raise InvalidRecord(DeadLetterReason.DUPLICATE_KEY, f"header {name} occurs twice")
        try:
            attributes[attribute] = raw.decode()
        except UnicodeDecodeError:
            raise InvalidRecord(DeadLetterReason.NOT_UTF8, f"header {name} is not UTF-8") from None
    content_type = attributes.get("datacontenttype", "").lower()
    if content_type.startswith(_CLOUDEVENTS):
        if "json" not in content_type:
            raise InvalidRecord(
                DeadLetterReason.UNSUPPORTED_CONTENT_TYPE, f"header content-type must be {_CLOUDEVENTS}+json"
            )
        return None
    if "specversion" not in attributes:
        return None
    if content_type:
        attributes["datacontenttype"] = content_type
    return attributes
