"""What the judge of a partition reads, and what it makes of a batch; the shell makes it durable."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple, Protocol

from monitor.core.advance import Remark
from monitor.core.outcome import Outcome
from monitor.core.policy import Policy

_LOG_APPEND_TIME = 1
"""Kafka's code for a timestamp that the broker gave."""


class ReadTick(NamedTuple):
    """A tick as it stands in the topic."""

    at: int
    """By the clock of the worker that sent it."""
    appended_at: int | None
    """By the clock of the broker; None where the topic keeps the sender's time instead."""

    @property
    def passed_at(self) -> int:
        """A clock that is fast moves nobody's time: no more has passed than the broker's clock says."""
        return min(self.at, self.appended_at or self.at)


class Onward(NamedTuple):
    """A record for another judge: what a merged lead passes on, a fact for the books, what a lead has to learn."""

    to: Literal["timeline", "facts"]
    key: str
    """Chooses the partition, too."""
    value: bytes


class Judged(NamedTuple):
    """What one batch brought about; nothing of it is remembered yet."""

    outcomes: list[Outcome]
    states: list[tuple[bytes, bytes | None]]
    """In the order in which they must be written; None: nothing is kept of that key any more."""
    damaged: list[tuple[Any, str]]
    """(record, what is wrong with it)."""
    remarks: Counter[tuple[Remark, str]]
    """How often each remark was made, by the type of the event."""
    tick: ReadTick | None
    """The newest tick of the batch."""
    onward: list[Onward]
    cycles_us: Sequence[int] = ()
    """How long it took until leads became customers: one for each that did."""


class PartitionJudging(Protocol):
    """Folds the records of one partition. After a fold that could not be stored it must be thrown away."""

    judged_to: int
    """Every record before this offset is judged, told and remembered, as far as is known here."""
    set_aside: int
    """States that cannot be read, and are not judged."""

    def first_at(self) -> int | None:
        """When the next tick is needed, microseconds since the epoch; None: not for anything that is known."""
        ...

    def adopt(self, policy: Policy) -> None:
        """Judge by this policy from the next batch on."""
        ...

    def fold(self, records: Iterable[Any]) -> Judged:
        """Judge records in their order; those that the states already contain change nothing."""
        ...

    def remember(self, judged: Judged, changelog_offset: int | None, *, alone: bool = True) -> None:
        """The batch is told and its states are acknowledged: from now on they are the truth.

        `alone`: nobody else can have written to this partition of the changelog. Otherwise what somebody wrote in
        between, a superseded worker for one, is left for the next recovery to read.
        """
        ...


def appended_at(record: Any) -> int | None:
    """The last microsecond of the millisecond in which the broker took the record; None where it does not say."""
    return int(record.timestamp) * 1_000 + 999 if record.timestamp_type == _LOG_APPEND_TIME else None


def kept_to(judged: Judged, changelog_offset: int, read_to: int | None, *, alone: bool) -> int:
    """The changelog offset that a shard contains after a batch of which the last state stands at that offset."""
    unread = changelog_offset - len(judged.states) - (-1 if read_to is None else read_to)
    return changelog_offset if alone or not unread else read_to or 0
