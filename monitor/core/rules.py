"""What an event may do to clocks, sorted by its type: most events can do nothing to most of them."""

from typing import NamedTuple

from monitor.core.duty import Condition, Duty


class Start(NamedTuple):
    """A duty whose clock an event may start, if `when` holds."""

    duty: Duty
    when: Condition


class Turn(NamedTuple):
    """A duty whose clock an event may end or move."""

    duty: str
    met_by: Condition
    """What meets it; of a cadence, what ends it early."""
    counts: Condition
    cancelled_by: Condition
    reset_by: Condition
    paused_by: Condition
    resumed_by: Condition


class Rules(NamedTuple):
    """What an event of one type may do to clocks. Conditions are cut down to the alternatives that name the type."""

    starts: tuple[Start, ...]
    turns: tuple[Turn, ...]


def rules_of(duties: tuple[Duty, ...], type_: str) -> Rules:
    """The rules for events of that type."""
    starts = (Start(duty, _alternatives(duty.starts, type_)) for duty in duties)
    turns = (_turn(duty, type_) for duty in duties)
    return Rules(tuple(start for start in starts if start.when), tuple(turn for turn in turns if any(turn[1:])))


def _turn(duty: Duty, type_: str) -> Turn:
    attempts, pausing = duty.attempts, duty.pausing
    conditions = (
        duty.met_by if attempts is None else attempts.until,
        () if attempts is None else attempts.counts,
        duty.cancelled_by,
        duty.reset_by,
        () if pausing is None else pausing.begins,
        () if pausing is None else pausing.ends,
    )
    return Turn(duty.name, *(_alternatives(condition, type_) for condition in conditions))


def _alternatives(condition: Condition, type_: str) -> Condition:
    return tuple(match for match in condition if type_ in match.types)
