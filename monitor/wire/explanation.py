"""The contract of an explained lead: what `GET /leads/{id}` and `lead-sla explain --json` answer."""

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from monitor.core.deciding import NOT_KNOWN
from monitor.core.event import Scalar
from monitor.core.explanation import STRETCHES_MAX, VERDICTS, ClockStory, Explanation
from monitor.core.instant import to_rfc3339
from monitor.core.lead import by_time
from monitor.core.outcome import Kind, Reason
from monitor.core.sentence import sentence
from monitor.core.spans import Span, Step
from monitor.core.tables import ClockState
from monitor.wire.outcome import Instant, Seconds

_CONFIG: Final = ConfigDict(strict=True, extra="ignore", hide_input_in_errors=True)
_US_PER_S: Final = 1_000_000


class _Model(BaseModel):
    model_config = _CONFIG


class StretchData(_Model):
    """Time that counted, without a break."""

    from_at: Instant = Field(description="Its beginning.")
    to_at: Instant = Field(description="Its end; that instant does not belong to it.")


class PauseData(_Model):
    """Time in which a clock stood still."""

    from_at: Instant = Field(description="When it began.")
    to_at: Instant | None = Field(description="When it ended; null: the clock stands still.")
    by: str = Field(description="Id of the event that began it.")
    ended_by: str | None = Field(description="Id of the event that ended it, or the clock with it.")
    stalled: bool = Field(description="It lasted longer than the agreement allows.")


class WarningData(_Model):
    """A warning of a clock."""

    level: str = Field(description="The percentage used up, or the time left.")
    at: Instant = Field(description="When it comes.")
    said: bool = Field(description="It was said, and stands.")


class ActData(_Model):
    """Something that was done while a clock was open."""

    at: Instant = Field(description="When it was done.")
    id: str = Field(description="Id of the event.")
    channel: str = Field(description="Through which channel; may be empty.")
    counted: bool = Field(description="It met the duty, or was an attempt that counts.")
    why: str = Field(description="Why it did not count; empty if it did.")


class ShareData(_Model):
    """One owner's part in the time of a clock, pauses left out."""

    owner: str = Field(description="Empty: nobody was assigned.")
    elapsed_s: Seconds = Field(description="Elapsed time until the deadline at most, seconds.")
    working_s: Seconds = Field(description="Of it the time that the clock's calendar counts, seconds.")
    late_elapsed_s: Seconds = Field(description="Elapsed time after the deadline, seconds.")
    late_working_s: Seconds = Field(description="Of it the time that the clock's calendar counts, seconds.")


class ClockData(_Model):
    """One clock, and what its verdict rests on."""

    duty: str = Field(description="Name of the duty in the agreement.")
    cycle: int = Field(ge=1, description="1 for the first clock of this duty on this lead, 2 for the next, …")
    round: int = Field(ge=1, description="1 until the lead leaves the funnel, 2 after that, …")
    team: str = Field(description="Team that owes the duty.")
    state: ClockState = Field(description="Where the clock stands.")
    final: bool = Field(description="Nothing can revise the verdict any more.")
    verdict: Kind | None = Field(description="The newest verdict that stands; null: none so far.")
    reason: Reason | None = Field(description="Why that was said, or the newest step towards it.")
    text: str = Field(description="The same as one sentence; names in it come from outside, escape it where shown.")
    evidence_ids: tuple[str, ...] = Field(description="Ids of the events that this rests on.")
    policy_version: str = Field(description="Version of the agreement that the clock is judged by.")
    limit: str = Field(description="Time allowed, as the agreement writes it.")
    calendar: str | None = Field(description="Calendar that working time is counted by; null: elapsed time.")
    target: str = Field(
        description="The condition of the target that applies, as the agreement writes it; or `every lead`, "
        f"`every other lead`; `{NOT_KNOWN}` when the evidence or the version of the agreement is gone."
    )
    started_at: Instant = Field(description="When it started.")
    started_by: str | None = Field(description="Id of the event that started it; null: the passing of time.")
    first_due_at: Instant = Field(description="The due instant when it started.")
    due_at: Instant = Field(description="Last instant at which a follow-up is in time.")
    practical_at: Instant = Field(description="The same, or the next opening where that is a closing instant.")
    reach_at: Instant | None = Field(description="Until when the attempts still needed can be made.")
    ended_at: Instant | None = Field(description="When it ended.")
    ended_by: str | None = Field(description="Id of the event that ended it.")
    used_s: Seconds = Field(description="All of the time that counted, until the deadline at most, seconds.")
    segments: tuple[StretchData, ...] = Field(
        description=f"The time that counted, the newest {STRETCHES_MAX} stretches at most."
    )
    pauses: tuple[PauseData, ...] = Field(description="When it stood still.")
    warnings: tuple[WarningData, ...] = Field(description="Its warnings.")
    attempts_needed: int = Field(ge=0, description="Attempts that a duty of several still needs.")
    acts: tuple[ActData, ...] = Field(description="What was done while it was open, and whether it counted.")
    owners: tuple[ShareData, ...] = Field(description="Each owner's part in its time.")


class SpanData(_Model):
    """What the lead waited for, and how long."""

    round: int = Field(ge=1, description="1 until the lead leaves the funnel, 2 after that, …")
    step: Step = Field(description="What it waited for, since the step before.")
    team: str = Field(description="Team that answers for it; may be empty.")
    from_at: Instant = Field(description="Since when.")
    to_at: Instant | None = Field(description="Until when; null: it still waits.")
    elapsed_s: Seconds = Field(description="Elapsed time, seconds.")
    working_s: Seconds | None = Field(description="Working time, seconds; null: no calendar says which that is.")


class EventData(_Model):
    """An event as it is kept."""

    at: Instant = Field(description="When it happened.")
    id: str = Field(description="Its id.")
    type: str = Field(description="Its type.")
    source: str = Field(description="Who sent it.")
    lead: str = Field(description="Id of the lead that it happened to; another one, if that was merged into this.")
    data: dict[str, Scalar] = Field(description="What it said.")


class ToldData(_Model):
    """The newest thing said of one kind and level of one clock."""

    duty: str = Field(description="Name of the duty.")
    cycle: int = Field(description="Which clock of the duty.")
    kind: Kind = Field(description="What was said.")
    level: str = Field(description="See the outcome.")
    revision: int = Field(ge=0, description="How often late evidence turned it.")
    standing: bool = Field(description="False: it was withdrawn since.")
    at: Instant = Field(description="When it became true.")
    due_at: Instant = Field(description="The due instant in force then.")


class LeadAnswer(_Model):
    """A lead: what is known of it, what was said of it, and why."""

    lead: str = Field(description="Id of the lead.")
    erased: bool = Field(description="Everything known of it was forgotten.")
    merged_into: str | None = Field(description="Id of the lead that it goes on as.")
    stage: str = Field(description="Its stage; empty: not known.")
    attributes: dict[str, Scalar] = Field(description="What is known of it.")
    clocks: tuple[ClockData, ...] = Field(description="Its clocks in the order in which they started.")
    spans: tuple[SpanData, ...] = Field(description="Where its time went until the first touch, round by round.")
    timeline: tuple[EventData, ...] = Field(description="The events that are kept, in order of judgement.")
    said: tuple[ToldData, ...] = Field(description="What was said of it.")
    judged_until: Instant | None = Field(description="Everything up to then was judged; null: no tick was read so far.")


def lead_answer(explained: Explanation) -> dict[str, Any]:
    """Ready for JSON; it keeps to LeadAnswer."""
    lead = explained.lead
    answer = LeadAnswer(
        lead=lead.id,
        erased=lead.erased,
        merged_into=None if lead.merged is None else lead.merged.into,
        stage=lead.fold.stage,
        attributes=dict(lead.fold.attributes),
        clocks=tuple(map(_clock, explained.clocks)),
        spans=tuple(map(_span, explained.spans)),
        timeline=tuple(
            EventData(
                at=to_rfc3339(piece.at), id=piece.id, type=piece.type, source=piece.source,
                lead=lead.id if piece.via is None else piece.via.path[0], data=dict(piece.data),
            )
            for piece in lead.evidence
        ),
        said=tuple(
            ToldData(
                duty=told.duty, cycle=told.cycle, kind=told.kind, level=told.level, revision=told.revision,
                standing=told.standing, at=to_rfc3339(told.at), due_at=to_rfc3339(told.due_at),
            )
            for told in lead.told
        ),
        judged_until=_instant(lead.known_until or None),
    )  # fmt: skip
    return answer.model_dump(mode="json")


def _clock(story: ClockStory) -> ClockData:
    clock, said = story.clock, story.said
    first_due_at = clock.due_at if clock.first_due_at is None else clock.first_due_at
    return ClockData(
        duty=clock.duty,
        cycle=clock.cycle,
        round=clock.round + 1,
        team=clock.team,
        state=clock.state,
        final=clock.final,
        verdict=said.kind if said is not None and said.kind in VERDICTS else None,
        reason=None if said is None else said.reason,
        text="" if said is None else sentence(said),
        evidence_ids=() if said is None else said.evidence_ids,
        policy_version=clock.policy_version,
        limit=clock.limit,
        calendar=clock.calendar or None,
        target=story.target,
        started_at=to_rfc3339(clock.started_at),
        started_by=_id(clock.started_by),
        first_due_at=to_rfc3339(first_due_at),
        due_at=to_rfc3339(clock.due_at),
        practical_at=to_rfc3339(story.practical_at),
        reach_at=_instant(clock.reach_at),
        ended_at=_instant(clock.ended_at),
        ended_by=_id(clock.ended_by),
        used_s=_seconds(story.used_us),
        segments=tuple(
            StretchData(from_at=to_rfc3339(from_at), to_at=to_rfc3339(to_at)) for from_at, to_at in story.stretches
        ),
        pauses=tuple(
            PauseData(
                from_at=to_rfc3339(pause.from_at), to_at=_instant(pause.to_at), by=pause.by,
                ended_by=_id(pause.ended_by), stalled=pause.stalled,
            )
            for pause in story.pauses
        ),
        warnings=tuple(WarningData(level=level, at=to_rfc3339(at), said=said) for level, at, said in story.warnings),
        attempts_needed=clock.needed,
        acts=tuple(ActData(**{**act._asdict(), "at": to_rfc3339(act.at)}) for act in story.acts),
        owners=tuple(
            ShareData(
                owner=share.owner, elapsed_s=_seconds(share.elapsed_us), working_s=_seconds(share.working_us),
                late_elapsed_s=_seconds(share.late_elapsed_us), late_working_s=_seconds(share.late_working_us),
            )
            for share in story.shares
        ),
    )  # fmt: skip


def _span(span: Span) -> SpanData:
    return SpanData(
        round=span.round + 1,
        step=span.step,
        team=span.team,
        from_at=to_rfc3339(span.from_at),
        to_at=_instant(span.to_at),
        elapsed_s=_seconds(span.elapsed_us),
        working_s=None if span.working_us is None else _seconds(span.working_us),
    )


def _id(event_id: str) -> str | None:
    return None if by_time(event_id) else event_id


def _instant(at: int | None) -> str | None:
    return None if at is None else to_rfc3339(at)


def _seconds(duration_us: int) -> float:
    return duration_us / _US_PER_S
