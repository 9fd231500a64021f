"""What a report is made from: outcomes with the instants at which they were said, and the replayed events."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from monitor.core.event import Event
from monitor.core.heard import Said, once
from monitor.core.policy import Policy
from monitor.core.replay import Replay


class Records(NamedTuple):
    """Everything that was read, up to an instant."""

    said: Sequence[Said]
    """Each outcome once."""
    repeated: int
    how: Literal["recorded", "replayed", "presumed"]
    """How it is known when an outcome was said."""
    events: Sequence[Event] | None
    """None: none were read."""
    replay: Replay | None
    """Of these events."""
    left_out: int
    """Records that are no outcome or no event."""
    known_until: int


def records_of(
    said: Sequence[Said] | None,
    events: Sequence[Event] | None,
    policy: Policy,
    *,
    recorded: bool = False,
    left_out: int = 0,
    until: int | None = None,
) -> Records:
    """Outcomes that were read, else those that the agreement says of the events.

    `recorded`: the brokers have told when each was said. `until`: time ends then; None: with the newest record.
    Raises CalendarExhausted.
    """
    newest = [event.at for event in events or ()] + [each.at for each in said or ()]
    known_until = max(newest, default=0) if until is None else until
    replay = None if events is None else Replay(policy)
    replayed: list[Said] = []
    if replay is not None:
        replayed = [Said(outcome, replay.now) for outcome in replay.run(events or (), known_until)]
    if said is None:
        return Records(replayed, 0, "replayed", events, replay, left_out, known_until)
    heard = _by(said, known_until)
    first = list(once(heard).values())
    how: Literal["recorded", "presumed"] = "recorded" if recorded else "presumed"
    return Records(first, len(heard) - len(first), how, events, replay, left_out, known_until)


def _by(said: Iterable[Said], until: int) -> list[Said]:
    return [each for each in said if each.at <= until]
