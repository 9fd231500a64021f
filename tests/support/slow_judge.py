"""A second judge, slow and plain: from a lead's whole history at once to all that stands in the end.

It shares with the core the words (events, policies, predicates) and the calendar, and nothing of the judging. What is
final is out of its sight: it must be given the events that arrived while they still counted.
"""

from collections.abc import Sequence

from monitor.core.event import Event
from monitor.core.policy import Duty, Policy, Rhythm
from tests.support.slow_clock import Said, SlowClock, Start, Verdict
from tests.support.slow_history import AFTER_ALL, Moment, Position, holds_at, moments_of


def judge(events: Sequence[Event], policy: Policy, until: int) -> set[Verdict]:
    """All that stands once everything up to `until` was told, which lies at least the longest hold behind every event.

    The first silence that counts as an acceptance moves the lead on, and so changes what comes after it, and only
    that: judge again with that acceptance in the history, until there is no further one.
    """
    silences: list[int] = []
    while True:
        moments = moments_of(events, silences, policy)
        clocks = [clock for duty in policy.duties for clock in _clocks_of(duty, moments, policy, until)]
        found = [clock.silent_at for clock in clocks if clock.silent_at is not None]
        further = sorted(at for at in found if at not in silences)
        if not further:
            return {_verdict_of(said, clock, events[0].lead, moments) for clock in clocks for said in clock.said}
        silences.append(further[0])


def _clocks_of(duty: Duty, moments: list[Moment], policy: Policy, until: int) -> list[SlowClock]:
    """Every clock of the duty, each followed through all that happened after its start."""
    starts = [Start(m.position, m.at, m.event.id, m) for m in moments if holds_at(duty.starts, m)]
    clocks: list[SlowClock] = []
    while starts:
        start = min(starts, key=lambda candidate: candidate.position)
        starts.remove(start)
        if any(_in_the_way(clock, start, duty) for clock in clocks):
            continue
        clock = SlowClock(duty, len(clocks) + 1, start, policy)
        for moment in moments:
            if moment.position > start.position:
                clock.happens(moment)
        clock.time_passes(until - duty.hold_us + 1)
        clocks.append(clock)
        starts += _successors(clock, moments, until)
    return clocks


def _in_the_way(clock: SlowClock, start: Start, duty: Duty) -> bool:
    """One clock in a round; where the duty repeats, one that has not ended.

    In an independent rhythm one that was due is not in the way either, though it waits for a late touch.
    """
    if clock.round != start.known.round:
        return False
    ended = clock.breached_or_ended if duty.rhythm is Rhythm.INDEPENDENT else clock.end
    return not duty.repeats or ended is None or ended > start.position


def _successors(clock: SlowClock, moments: list[Moment], until: int) -> list[Start]:
    """The next clock of a rhythm, while the lead is in the same round: at the touch, or at the due instant."""
    rhythm = clock.duty.rhythm
    if rhythm is None or clock.cancelled_in_time:
        return []
    if rhythm is Rhythm.SEQUENTIAL:
        touch = clock.met_at
        return (
            []
            if touch is None or touch.round != clock.round
            else [Start(touch.position, touch.at, touch.event.id, touch)]
        )
    if clock.paused_at is not None and clock.end is None:
        return []
    position: Position = (clock.due_at, AFTER_ALL, "", "")
    known = [moment for moment in moments if moment.position < position][-1]
    if clock.due_at + clock.duty.hold_us > until or known.round != clock.round:
        return []
    return [Start(position, clock.due_at, "", known)]


def _verdict_of(said: Said, clock: SlowClock, lead: str, moments: list[Moment]) -> Verdict:
    owner = [moment.owner for moment in moments if moment.at <= said.at][-1]
    return Verdict(lead, clock.duty.name, clock.cycle, *said[:4], owner, said.reason, said.evidence_ids)
