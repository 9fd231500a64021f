"""Which acts on a lead counted for a clock, and why the others did not."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from monitor.core import event as ev
from monitor.core.lead import ATTEMPTS_MAX, Clock
from monitor.core.matching import Happening, holds_any
from monitor.core.policy import Attempts, Condition, Duty, Match
from monitor.core.retelling import Seen
from monitor.core.sentence import duration
from monitor.core.tables import ClockState

_US_PER_S = 1_000_000


class Act(NamedTuple):
    """Something done while a clock was open."""

    at: int
    id: str
    channel: str
    counted: bool
    why: str
    """Why it did not count; empty if it did."""


def acts(clock: Clock, duty: Duty, seen: Sequence[Seen]) -> tuple[Act, ...]:
    """Every activity after the start until the clock ended, of a duty that asks for activities."""
    attempts = duty.attempts
    asked = tuple(
        match
        for match in (duty.met_by if attempts is None else attempts.counts)
        if ev.ACTIVITY_LOGGED in match.types and match.stages is None
    )
    return tuple(_acts(clock, duty, asked, seen)) if asked else ()


def _acts(clock: Clock, duty: Duty, asked: Condition, seen: Sequence[Seen]) -> Iterator[Act]:
    counted = {(attempt.at, attempt.id) for attempt in clock.attempts}
    if clock.state in (ClockState.MET, ClockState.FULFILLED_LATE):
        counted.add((clock.ended_at or 0, clock.ended_by))
    last_at: int | None = None
    for now, *_ in _after_start(clock, seen):
        event = now.event
        if event.type == ev.ACTIVITY_LOGGED:
            counts = (event.at, event.id) in counted
            why = "" if counts else _why_not(clock, duty, asked, now, last_at)
            if any((event.at, event.id) == (attempt.at, attempt.id) for attempt in clock.attempts):
                last_at = event.at
            yield Act(event.at, event.id, str(event.data.get("channel", "")), counts, why)
        if clock.ended_at is not None and (event.at, event.id) == (clock.ended_at, clock.ended_by):
            return


def _after_start(clock: Clock, seen: Sequence[Seen]) -> Sequence[Seen]:
    for n, (now, *_) in enumerate(seen):
        if (now.event.at, now.event.id) == (clock.started_at, clock.started_by):
            return _until(clock, seen[n + 1 :])
    return _until(clock, [each for each in seen if each.now.event.at > clock.started_at])


def _until(clock: Clock, seen: Sequence[Seen]) -> Sequence[Seen]:
    return [each for each in seen if clock.ended_at is None or each.now.event.at <= clock.ended_at]


def _why_not(clock: Clock, duty: Duty, asked: Condition, now: Happening, last_at: int | None) -> str:
    if duty.name in now.event.barred:
        return "it arrived when the verdict was final for its source"
    missing = min(([*_missing(match, now)] for match in asked), key=len)
    if missing:
        return missing[0]
    return "the verdict was final" if duty.attempts is None else _not_an_attempt(clock, duty.attempts, now, last_at)


def _missing(match: Match, now: Happening) -> Iterator[str]:
    """What the act would need to be one of these, in words."""
    data, any_ = now.event.data, Match(match.types)
    if not holds_any((any_._replace(direction=match.direction),), now):
        yield f"it is {data.get('direction', 'of unknown direction')}, not {match.direction}"
    if not holds_any((any_._replace(actor=match.actor),), now):
        yield _wrong_actor(match.actor, now)
    if not holds_any((any_._replace(channels=match.channels),), now):
        yield f"its channel is {data.get('channel', 'not known')}, not {_either(match.channels)}"
    if not holds_any((any_._replace(outcomes=match.outcomes),), now):
        yield f"its outcome is {data.get('outcome', 'not known')}, not {_either(match.outcomes)}"
    if not holds_any((any_._replace(when=match.when),), now):
        yield f"it is not so that {'' if match.when is None else match.when.text}"


def _wrong_actor(wanted: str | None, now: Happening) -> str:
    actor = now.event.data.get("actor", "not known")
    if wanted != "owner":
        return f"its actor is {actor}, not {wanted}"
    if actor == "automation":
        return "its actor is automation, not the owner"
    return f"it was done by {now.event.data.get('actor_id')}, not by the owner {now.attributes.get('owner')}"


def _either(words: frozenset[str] | None) -> str:
    return " or ".join(sorted(words or ()))


def _not_an_attempt(clock: Clock, agreed: Attempts, now: Happening, last_at: int | None) -> str:
    data, at = now.event.data, now.event.at
    if data.get("channel") == "call" and agreed.call_s_min:
        length_s = data.get("duration_s")
        if not isinstance(length_s, int | float):
            return f"how long the call was is not known; agreed are {duration(agreed.call_s_min * _US_PER_S)} at least"
        if length_s < agreed.call_s_min:
            return f"the call took {length_s:g} s; agreed are {duration(agreed.call_s_min * _US_PER_S)} at least"
    if last_at is not None and at < last_at + agreed.spacing_us:
        return (
            f"it came {duration(at - last_at)} after the last one that counted; "
            f"agreed are {duration(agreed.spacing_us)} at least"
        )
    return f"{ATTEMPTS_MAX} had counted" if len(clock.attempts) >= ATTEMPTS_MAX else "the verdict was final"
