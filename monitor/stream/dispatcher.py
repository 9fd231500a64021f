"""The dispatcher: takes from each shelf what is due, looks once more whether it still holds, sends it, records it."""

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from monitor.core.calls import End
from monitor.core.case import Answer, Case, Change, Drop, Said
from monitor.core.casework import Directions, attempt_ended, given_up, left_unsaid, put_off, put_together
from monitor.core.lead import Lead
from monitor.core.outcome import Kind
from monitor.core.recheck import outdated
from monitor.core.routing import sendable_at
from monitor.notify.gate import DAY_S, DISABLED, GAVE_UP, Gate
from monitor.notify.outlets import Outlets
from monitor.notify.parcel import parcel_of
from monitor.notify.shelf import Entry, Shelf
from monitor.ports import ABANDONED, ChannelState, Delivery, TimeSource
from monitor.stream.desk import Desk, Step
from monitor.stream.engine.ownership import Fenced
from monitor.telemetry.channels import Queue
from monitor.telemetry.metrics import Metrics

log = logging.getLogger(__name__)

_US_PER_S: Final = 1_000_000
# Without a word of anything new: recovery may have ended, and old cases are let go of.
LOOK_EVERY_S: Final = 60.0
NOT_READY_S: Final = 0.2
"""Between two looks whether the partitions are ready."""


async def changed_or_later(changed: asyncio.Event, pause_s: float) -> None:
    """Return when the event is set, or after a pause."""
    try:
        async with asyncio.timeout(pause_s):
            await changed.wait()
    except TimeoutError:
        return


class Dispatcher:
    """Sends over every channel of this worker, until cancelled."""

    def __init__(
        self,
        desk: Desk,
        outlets: Outlets,
        lead_of: Callable[[int, str], Lead | None],
        ready: Callable[[], bool],
        time: TimeSource,
        metrics: Metrics,
        *,
        wait: Callable[[asyncio.Event, float], Awaitable[None]] = changed_or_later,
        share: Callable[[], float] = random.random,
    ) -> None:
        """`lead_of`: the remembered state of a lead of a partition.

        `ready`: leads and cases are those of the same assignment.
        `share` gives the random numbers in [0, 1) that spread out attempts.
        """
        self.gates = {channel: Gate(rules) for channel, (_, rules) in outlets.sinks.items()}
        self._sinks = {channel: sink for channel, (sink, _) in outlets.sinks.items()}
        self._pages = outlets.pages
        self._desk = desk
        self._lead_of = lead_of
        self._ready = ready
        self._time = time
        self._metrics = metrics
        self._wait = wait
        self._share = share
        self._sending: set[asyncio.Task[None]] = set()
        self._finishing = False
        metrics.channels.watch({channel: partial(self.queue, channel) for channel in self._sinks})

    async def run(self) -> None:
        """Raises KafkaError, and whatever is a defect of ours: nothing is lost by it."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for channel in self._sinks:
                    tasks.create_task(self._serve(channel, tasks))
                tasks.create_task(self._tidy())
        except ExceptionGroup as group:
            raise group.exceptions[0] from group

    async def finish(self, limit_s: float) -> None:
        """Begin nothing more, and wait until what is on its way has arrived and that is recorded."""
        self._finishing = True
        if self._sending:
            await asyncio.wait(set(self._sending), timeout=limit_s)

    def queue(self, channel: str) -> Queue:
        """What a channel looks like now."""
        shelf = self._desk.shelves[channel]
        oldest_at = shelf.oldest_at()
        oldest_s = 0.0 if oldest_at is None else (self._time.now_at() - oldest_at) / _US_PER_S
        return Queue(self.gates[channel].state, len(shelf), oldest_s)

    async def close(self) -> None:
        """Release connections; may be called again."""
        await asyncio.gather(*(sink.close() for sink in self._sinks.values()))

    async def _serve(self, channel: str, tasks: asyncio.TaskGroup) -> None:
        shelf, gate, changed = self._desk.shelves[channel], self.gates[channel], self._desk.changed[channel]
        while True:
            changed.clear()
            if self._finishing or not self._ready():
                await self._wait(changed, NOT_READY_S)
                continue
            now_s, now_at = self._time.elapsed_s(), self._time.now_at()
            while gate.state is ChannelState.DISABLED and (entries := shelf.next(now_at)):
                await self._give_up(channel, entries, DISABLED, "")
            while gate.free_at_s(now_s) <= now_s and (entries := shelf.next(now_at)):
                if leaving := await self._checked(channel, entries, now_at):
                    gate.begin(now_s)
                    task = tasks.create_task(self._send(channel, leaving))
                    self._sending.add(task)
                    task.add_done_callback(self._sending.discard)
            await self._wait(changed, self._pause_s(shelf, gate, now_s, now_at))

    async def _tidy(self) -> None:
        while True:
            await self._wait(asyncio.Event(), LOOK_EVERY_S)
            if self._ready():
                now_at = self._time.now_at()
                with suppress(Fenced):
                    await self._desk.forget_old(now_at)
                for channel, shelf in list(self._desk.orphans.items()):
                    shelf.wake_at(now_at)  # brings forward what is due
                    late = shelf.begin(shelf.overdue(now_at - round(DAY_S * _US_PER_S)))
                    await self._give_up(channel, late, GAVE_UP, "there is no such channel")

    def _pause_s(self, shelf: Shelf, gate: Gate, now_s: float, now_at: int) -> float:
        wake_at, free_s = shelf.wake_at(now_at), gate.free_at_s(now_s)
        if wake_at is None or free_s == float("inf"):
            return LOOK_EVERY_S
        return min(LOOK_EVERY_S, max((wake_at - now_at) / _US_PER_S, free_s - now_s))

    async def _checked(self, channel: str, entries: list[Entry], now_at: int) -> list[Entry]:
        """Those that may leave now; of the others it is recorded why they do not."""
        leaving: list[Entry] = []
        steps: list[tuple[Entry, Step]] = []
        routing, reach = self._desk.directions
        for entry in entries:
            call = entry.item.call
            lead = self._lead_of(entry.home[0], entry.outcome.lead) if entry.outcome.lead else None
            why = outdated(entry.outcome, call, lead, closes=channel in reach.incidents and _closes(entry))
            recipient = None if routing is None else routing.recipients.get(call.recipient)
            opens_at = sendable_at(now_at, recipient, call.page)
            if why is not None:
                steps.append((entry, partial(_leave, entry, why, now_at)))
            elif opens_at > now_at:
                steps.append((entry, partial(_put_off, entry, opens_at)))
            else:
                leaving.append(entry)
        await self._record(channel, steps)
        return leaving

    async def _send(self, channel: str, entries: list[Entry]) -> None:
        message, gate = parcel_of(entries, self._pages), self.gates[channel]
        if len(entries) > 1:
            # So that whoever tries it again, after a crash too, tries the same message.
            await self._change([(entry, partial(_seal, entry, message.message_id)) for entry in entries])
        delivery = await self._sinks[channel].deliver(message)
        before, now_at = gate.state, self._time.now_at()
        attempts = 1 + max(entry.item.attempts for entry in entries)
        pause_s = gate.answered(delivery, attempts, self._time.elapsed_s(), self._share())
        self._metrics.channels.attempted(channel, delivery.reason)
        if gate.state is not before:
            _log_change(channel, before, gate.state, delivery)
        give_up_at = max(_since(entry) for entry in entries) + round(gate.rules.give_up_s * _US_PER_S)
        next_at = None if pause_s is None else now_at + round(pause_s * _US_PER_S)
        if delivery.delivered:
            for entry in entries:
                self._metrics.channels.delivered(channel, (now_at - _since(entry)) / _US_PER_S)
            await self._answered(channel, entries, Answer(True, delivery.reason, None))
        elif next_at is None or next_at > give_up_at:
            result = delivery.reason if next_at is None else GAVE_UP
            said = f"{delivery.reason} {delivery.answer}".rstrip()
            await self._give_up(channel, entries, result, said, tried=True)
        else:
            await self._answered(channel, entries, Answer(False, delivery.reason, next_at))
        if gate.state is ChannelState.OPEN:
            shelf = self._desk.shelves[channel]
            overdue = shelf.overdue(now_at - round(gate.rules.give_up_s * _US_PER_S))
            await self._give_up(channel, shelf.begin(overdue), GAVE_UP, "the channel fails")
        self._desk.changed[channel].set()

    async def _answered(self, channel: str, entries: Sequence[Entry], answer: Answer) -> None:
        now_at, directions = self._time.now_at(), self._desk.directions
        await self._record(channel, [(each, partial(_answer, each, answer, now_at, directions)) for each in entries])

    async def _give_up(
        self, channel: str, entries: Sequence[Entry], result: str, detail: str, *, tried: bool = False
    ) -> None:
        """Dead letters first, then the cases: a crash in between repeats the letters. `tried`: once more, just now."""
        by_partition: defaultdict[int, list[Entry]] = defaultdict(list)
        for entry in entries:
            by_partition[entry.home[0]].append(entry)
            if result in ABANDONED and channel in self._sinks:
                self._metrics.channels.attempted(channel, result)
            # That a channel is disabled has been said, once.
            level = logging.INFO if result == DISABLED else logging.ERROR
            log.log(level, "notice %s was not delivered: %s: %s %s", entry.item.notice_id, channel, result, detail)
        for partition, some in by_partition.items():
            await self._desk.bury(
                partition,
                [Said(each.outcome, each.told_at, each.order) for each in some],
                [f"{channel}: {result}, attempts: {each.item.attempts + tried}" for each in some],
            )
        now_at = self._time.now_at()
        await self._record(channel, [(each, partial(_fail, each, result, now_at, tried)) for each in entries])

    async def _record(self, channel: str, steps: Sequence[tuple[Entry, Step]]) -> None:
        """These are under way no more. What cannot be written belongs to somebody else, who sends it again."""
        try:
            await self._change(steps)
        finally:
            shelves = self._desk.shelves if channel in self._desk.shelves else self._desk.orphans
            if channel in shelves:
                shelves[channel].ended([entry for entry, _ in steps])

    async def _change(self, steps: Sequence[tuple[Entry, Step]]) -> None:
        by_partition: defaultdict[int, list[tuple[bytes, Step]]] = defaultdict(list)
        for entry, step in steps:
            partition, key = entry.home
            by_partition[partition].append((key, step))
        try:
            await self._desk.change(by_partition)
        except Fenced:
            log.info("what became of %s notices was not recorded: their partition has another owner", len(steps))


def _since(entry: Entry) -> int:
    """When it could have left for the first time."""
    return max(entry.item.at, entry.told_at)


def _closes(entry: Entry) -> bool:
    return entry.outcome.kind in (Kind.MET, Kind.FULFILLED_LATE, Kind.CANCELLED, Kind.WITHDRAWN)


def _leave(entry: Entry, why: End | Drop, at: int, case: Case) -> Change:
    return left_unsaid(case, [entry.item], why, at)


def _put_off(entry: Entry, until: int, case: Case) -> Change:
    return put_off(case, [entry.item], until)


def _seal(entry: Entry, message_id: str, case: Case) -> Change:
    return put_together(case, [entry.item], message_id)


def _answer(entry: Entry, answer: Answer, at: int, directions: Directions, case: Case) -> Change:
    return attempt_ended(case, [entry.item], answer, at, directions)


def _fail(entry: Entry, result: str, at: int, tried: bool, case: Case) -> Change:
    return given_up(case, [entry.item], result, at, tried=tried)


def _log_change(name: str, before: ChannelState, now: ChannelState, delivery: Delivery) -> None:
    said = f"{delivery.reason} {delivery.answer}".rstrip()
    match now:
        case ChannelState.DISABLED:
            log.error("channel %s is disabled until the next start: its far end wants no more notices (%s)", name, said)
        case ChannelState.OPEN if before in (ChannelState.CLOSED, ChannelState.HALF_OPEN):
            log.warning("channel %s fails again and again, notices wait: %s", name, said)
        case ChannelState.CLOSED:
            log.info("channel %s works again", name)
