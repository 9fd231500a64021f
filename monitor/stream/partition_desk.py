"""The cases of one partition: outcomes in, cases out. No Kafka in here, and nothing is sent from here."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from heapq import heappop, heappush
from typing import Any, Final, NamedTuple

from monitor.core.case import Case, Change, Decision, Said, key_of
from monitor.core.casework import Directions, heard
from monitor.stream.engine.shards import Shard
from monitor.wire.case import decode_case, encode_case
from monitor.wire.outcome import UnreadableOutcome, decode_outcome
from monitor.wire.state import UnreadableState, state_header

_US_PER_MS: Final = 1_000
# Nobody writes one case four billion times between two rebalances.
_WRITES_BITS: Final = 32
State = tuple[bytes, bytes | None]
"""Key and packed case; None: it is forgotten."""


class Heard(NamedTuple):
    """What a batch of outcomes brought about."""

    damaged: list[tuple[Any, str]]
    """(record, what is wrong with it)."""
    decisions: list[Decision]


class PartitionDesk:
    """One writer at a time: whoever changes something holds `lock` until it is remembered or abandoned."""

    def __init__(self, shard: Shard, generation: int, place: Callable[[bytes, Case | None], None]) -> None:
        """Reads the whole shard once. `place` is told of every case that something waits of, and of each change.

        `generation`: of the group, in which the partition was assigned.
        """
        self.lock = asyncio.Lock()
        self.set_aside = 0
        """Cases that cannot be read: nothing is sent of them, and outcomes of theirs are dead letters."""
        self._shard = shard
        self._least = generation << _WRITES_BITS
        self._place = place
        self._touched: dict[bytes, Case | None] = {}
        self._old: list[tuple[int, bytes]] = []
        """When cases may be forgotten; entries may be outdated."""
        for key, packed in shard.items():
            try:
                header = state_header(packed)
                if header.open:
                    place(key, decode_case(packed))
            except UnreadableState:
                self.set_aside += 1
            else:
                if header.next_at:
                    heappush(self._old, (header.next_at, key))

    def case(self, key: bytes) -> Case | None:
        """The case as it is, what was changed since the last write included. Raises UnreadableState."""
        if key in self._touched:
            return self._touched[key]
        packed = self._shard.get(key)
        return None if packed is None else decode_case(packed)

    def fold(self, records: Iterable[Any], directions: Directions) -> Heard:
        """Hear outcomes in their order; those that were heard before change nothing."""
        damaged: list[tuple[Any, str]] = []
        decisions: list[Decision] = []
        for record in records:
            try:
                said = Said(decode_outcome(record.value), record.timestamp * _US_PER_MS, record.offset)
                key = key_of(said.outcome).encode("utf-8", "replace")
                change = heard(self.case(key), said, directions)
            except (UnreadableOutcome, UnreadableState) as unreadable:
                damaged.append((record, str(unreadable)))
                continue
            decisions += change.decisions
            if change.case is not None:
                self._touched[key] = change.case
        return Heard(damaged, decisions)

    def step(self, key: bytes, step: Callable[[Case], Change]) -> tuple[Decision, ...]:
        """Change one case, if it is there and can be read."""
        with suppress(UnreadableState):
            case = self.case(key)
            if case is not None:
                change = step(case)
                self._touched[key] = change.case
                return change.decisions
        return ()

    def forget_old(self, now_at: int) -> None:
        """Let go of cases that nothing can come of any more."""
        while self._old and self._old[0][0] <= now_at:
            _, key = heappop(self._old)
            with suppress(UnreadableState):
                case = self.case(key)
                at = None if case is None else case.forget_at()
                if at is not None and at <= now_at:
                    self._touched[key] = None

    def containing(self, notice_id: str) -> list[bytes]:
        """Keys of the cases that know a notice or message of that id: looked for in the packed bytes, where it stands
        as it is. It happens when people answer, and then milliseconds do not matter.
        """
        wanted = notice_id.encode()
        return [key for key, packed in self._shard.items() if wanted in packed]

    def states(self) -> list[State]:
        """What has to be written.

        The number in a header is higher than that of the record before, and than any of an earlier generation of the
        group: a superseded worker does not learn of the new one, so whatever it still writes is older.
        """
        return [
            (key, None if case is None else encode_case(case, max(self._number(key) + 1, self._least)))
            for key, case in self._touched.items()
        ]

    def remember(self, states: list[State], changelog_offset: int) -> None:
        """These are acknowledged, the last of them at that offset: from now on they are the truth.

        What somebody wrote in between, a superseded worker for one, is left for the next recovery to read.
        """
        read_to = self._shard.changelog_offset
        alone = changelog_offset - len(states) == (-1 if read_to is None else read_to)
        self._shard.put_all(states, changelog_offset if alone else read_to or 0)
        touched, self._touched = self._touched, {}
        for key, case in touched.items():
            self._place(key, case)
            forget_at = None if case is None else case.forget_at()
            if forget_at is not None:
                heappush(self._old, (forget_at, key))

    def abandon(self) -> None:
        """What was changed since the last write was not written."""
        self._touched.clear()

    def _number(self, key: bytes) -> int:
        packed = self._shard.get(key)
        return -1 if packed is None else state_header(packed).offset
