"""The contract of outcomes: what stands on the outcomes topic, written fast and read strictly."""

from typing import Annotated, Final, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from monitor.core.instant import RFC3339_PATTERN, NotAnInstant, from_rfc3339, to_rfc3339
from monitor.core.outcome import Delivery, Kind, Outcome, Reason
from monitor.core.quota import UNIT
from monitor.core.sentence import sentence

SOURCE: Final = "lead-sla"
_TYPES: Final = {kind: f"lead-sla.outcome.{kind}.v1" for kind in Kind}
_US_PER_S: Final = 1_000_000

Instant = Annotated[str, Field(json_schema_extra={"format": "date-time", "pattern": RFC3339_PATTERN})]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]

# A later release may add fields; readers of this one pass over them.
_CONFIG: Final = ConfigDict(strict=True, extra="ignore", hide_input_in_errors=True)


class DeliveryData(BaseModel):
    """How a quota stood; amounts in leads or points."""

    model_config = _CONFIG

    term: str = Field(description="The term: `2026-10-01`, `2026-W40`, `2026-10` or `2026-Q4`.")
    dims: dict[str, str] = Field(description="Fields that the quota is counted per, with their values.")
    target: Amount = Field(description="What is owed.")
    delivered: Amount = Field(description="What counts, that which may still be taken back included.")
    pending: Amount = Field(description="What of it may still be taken back.")
    clawed_back: Amount = Field(description="What was rejected in time for an agreed reason.")
    refused: Amount = Field(description="What did not meet the definition of the stage.")
    forecast: Amount | None = Field(description="At risk: what the term will have brought by its end. Else null.")
    forecast_low: Amount | None = Field(description="With a probability of 80 % it will be at least so much …")
    forecast_high: Amount | None = Field(description="… and at most so much.")


class OutcomeData(BaseModel):
    """One verdict, or a step towards one."""

    model_config = _CONFIG

    kind: Kind = Field(description="What is said. A verdict may be revised until the clock is `finalised`.")
    lead: str = Field(description="Id of the lead; empty: it is about a quota or the agreement itself.")
    duty: str = Field(description="Name of the duty or quota; `agreement`: the agreement itself.")
    cycle: int = Field(ge=1, description="1 for the first clock of this duty on this lead, 2 after it was recycled.")
    level: str = Field(description="Tells apart what one kind says of one clock: see the kinds. Often empty.")
    revision: int = Field(ge=0, description="How often late evidence turned this verdict.")
    policy_version: str = Field(description="Version of the agreement that judges the clock.")
    reason: Reason = Field(description="Why it is said.")
    team: str = Field(description="Team that owes the duty.")
    owner: str = Field(description="Owner at that time; empty: nobody was assigned.")
    segment: str = Field(description="Segment of the lead at that time; may be empty.")
    lead_source: str = Field(description="Where the lead came from; may be empty.")
    started_at: Instant = Field(description="When the clock started.")
    due_at: Instant = Field(description="Last instant at which a follow-up is in time.")
    limit: str = Field(description="Time allowed, as the agreement writes it.")
    calendar: str = Field(description="Calendar that working time is counted by; empty: elapsed time.")
    hold_s: Seconds = Field(description="How long the announcement waited for stragglers, in seconds.")
    evidence_ids: tuple[str, ...] = Field(
        description="Ids of the events that it rests on; withdrawn: of the one that disproved it."
    )
    evidence_at: Instant | None = Field(description="When the evidence happened.")
    late_elapsed_s: Seconds | None = Field(description="Fulfilled late: elapsed time after the due instant, seconds.")
    late_working_s: Seconds | None = Field(description="Fulfilled late: working time after the due instant, seconds.")
    supersedes: str | None = Field(description="Id of the outcome that this one replaces.")
    text: str = Field(description="The same as one sentence; names in it come from outside, escape it where shown.")
    changes: tuple[str, ...] = Field(
        default=(),
        description="Amended, of the agreement itself: what differs from the version before, in words; else not there.",
    )
    missing: str = Field(
        "",
        description="Breached definition: what the lead lacked, in one line. Rejected: why, as given. Else left out.",
    )
    delivery: DeliveryData | None = Field(None, description="Of a quota: how it stood. Else left out.")


class OutcomeEvent(BaseModel):
    """One outcome as a CloudEvents 1.0 JSON object. The same id is the same outcome again."""

    model_config = _CONFIG

    specversion: Literal["1.0"] = Field(description="CloudEvents version.")
    id: str = Field(
        pattern="^out_[0-9a-f]{32}$",
        description="Deterministic: of subject, duty, cycle, kind, level, policy version and revision.",
    )
    source: Literal["lead-sla"] = Field(description="Who says so.")
    type: str = Field(pattern=r"^lead-sla\.outcome\.[a-z_]+\.v1$", description="lead-sla.outcome.<kind>.v1")
    subject: str = Field(description="Id of the lead; of a quota its name, term and dims; or `agreement`.")
    time: Instant = Field(description="When it became true: breached at the due instant, met at the evidence instant.")
    datacontenttype: Literal["application/json"] = Field(description="Media type of data.")
    data: OutcomeData = Field(description="The outcome itself.")


class UnreadableOutcome(ValueError):
    """These bytes are not an outcome of a version that is known here."""


# The same fields in the same order as the models above, for writing; a test holds them to these.
class _Data(msgspec.Struct, gc=False, omit_defaults=True):
    kind: Kind
    lead: str
    duty: str
    cycle: int
    level: str
    revision: int
    policy_version: str
    reason: Reason
    team: str
    owner: str
    segment: str
    lead_source: str
    started_at: str
    due_at: str
    limit: str
    calendar: str
    hold_s: float
    evidence_ids: tuple[str, ...]
    evidence_at: str | None
    late_elapsed_s: float | None
    late_working_s: float | None
    supersedes: str | None
    text: str
    changes: tuple[str, ...] = ()
    missing: str = ""
    delivery: dict[str, object] | None = None


class _Event(msgspec.Struct, gc=False):
    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: str
    datacontenttype: str
    data: _Data


_validate: Final = OutcomeEvent.__pydantic_validator__.validate_json
_encode: Final = msgspec.json.Encoder().encode


def encode_outcome(outcome: Outcome) -> bytes:
    """The record's value: equal outcomes give equal bytes. A test holds it to OutcomeEvent."""
    (
        kind, lead, duty, cycle, level, revision, policy_version, reason, at, team, owner, segment, lead_source,
        started_at, due_at, limit, calendar, evidence_ids, evidence_at, late_elapsed_us, late_working_us, supersedes,
        hold_us, changes, missing, delivery,
    ) = outcome  # fmt: skip
    time, due = to_rfc3339(at), to_rfc3339(due_at)
    data = _Data(
        kind,
        lead,
        duty,
        cycle,
        level,
        revision,
        policy_version,
        reason,
        team,
        owner,
        segment,
        lead_source,
        time if started_at == at else to_rfc3339(started_at),
        due,
        limit,
        calendar,
        hold_us / _US_PER_S,
        evidence_ids,
        None if evidence_at is None else time if evidence_at == at else to_rfc3339(evidence_at),
        _seconds(late_elapsed_us),
        _seconds(late_working_us),
        supersedes,
        sentence(outcome, time, due),
        changes,
        missing,
        None if delivery is None else _delivery(delivery),
    )
    return _encode(
        _Event("1.0", outcome.outcome_id, SOURCE, _TYPES[kind], lead or outcome.subject, time, "application/json", data)
    )


def decode_outcome(value: bytes | None) -> Outcome:
    """The outcome that `encode_outcome` was given. Raises UnreadableOutcome."""
    try:
        event: OutcomeEvent = _validate(value or b"")
        outcome = _outcome(event)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, first["loc"])) or "the value"
        raise UnreadableOutcome(f"not an outcome: {field}: {first['msg']}") from None
    except NotAnInstant as error:
        raise UnreadableOutcome(f"not an outcome: an instant {error}") from None
    if outcome.outcome_id != event.id:
        raise UnreadableOutcome("not an outcome: its id does not belong to its data")
    return outcome


def _outcome(event: OutcomeEvent) -> Outcome:
    data = event.data
    return Outcome(
        kind=data.kind,
        lead=data.lead,
        duty=data.duty,
        cycle=data.cycle,
        level=data.level,
        revision=data.revision,
        policy_version=data.policy_version,
        reason=data.reason,
        at=from_rfc3339(event.time),
        team=data.team,
        owner=data.owner,
        segment=data.segment,
        lead_source=data.lead_source,
        started_at=from_rfc3339(data.started_at),
        due_at=from_rfc3339(data.due_at),
        limit=data.limit,
        calendar=data.calendar,
        evidence_ids=data.evidence_ids,
        evidence_at=None if data.evidence_at is None else from_rfc3339(data.evidence_at),
        late_elapsed_us=_microseconds(data.late_elapsed_s),
        late_working_us=_microseconds(data.late_working_s),
        supersedes=data.supersedes,
        hold_us=round(data.hold_s * _US_PER_S),
        changes=data.changes,
        missing=data.missing,
        delivery=None if data.delivery is None else _delivered(data.delivery),
    )


def _delivery(delivery: Delivery) -> dict[str, object]:
    term, dims, *amounts = delivery
    written = (None if amount is None else amount / UNIT for amount in amounts)
    return {"term": term, "dims": dict(dims), **dict(zip(Delivery._fields[2:], written, strict=True))}


def _delivered(data: DeliveryData) -> Delivery:
    counted = (data.target, data.delivered, data.pending, data.clawed_back, data.refused)
    foreseen = (data.forecast, data.forecast_low, data.forecast_high)
    return Delivery(
        data.term,
        tuple(data.dims.items()),
        *(round(amount * UNIT) for amount in counted),
        *(None if amount is None else round(amount * UNIT) for amount in foreseen),
    )


def _seconds(duration_us: int | None) -> float | None:
    return None if duration_us is None else duration_us / _US_PER_S


def _microseconds(duration_s: float | None) -> int | None:
    return None if duration_s is None else round(duration_s * _US_PER_S)
