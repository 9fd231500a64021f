"""A model of Kafka: partitions, a consumer group, transactions; the promises that the monitor rests on, no more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from aiokafka.errors import IllegalGenerationError, ProducerFenced
from faust.types.tuples import TP

from tests.simulation.world import START_AT, Reply, World

TRANSACTION_S_MAX = 20.0
POLL_S_MAX = 2.0


class Record(NamedTuple):
    """As a consumer gets it."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    timestamp_type: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    written_by: str


@dataclass
class Transaction:
    """One transaction of a transactional id."""

    state: str = "open"
    """Then "committed" or "aborted"; readers learn of it partition by partition."""
    begins: dict[TP, int] = field(default_factory=dict)
    """First offset per partition whose marker is not written yet."""
    offsets: dict[TP, int] = field(default_factory=dict)


@dataclass
class Partition:
    """A log. An entry of None is a transaction's marker: an offset without a record."""

    entries: list[tuple[Record, Transaction | None] | None] = field(default_factory=list)
    open: list[Transaction] = field(default_factory=list)

    def stable_end(self, tp: TP) -> int:
        """Where committed reading ends: before the first record of an open transaction."""
        if not self.open:
            return len(self.entries)
        return min(transaction.begins[tp] for transaction in self.open)


class Log:
    """All partitions."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._partitions: defaultdict[TP, Partition] = defaultdict(Partition)
        self._sequences: dict[tuple[str, int, TP], tuple[int, int]] = {}
        self._waiting: list[tuple[dict[TP, int], Reply]] = []

    def append(self, tp: TP, records: Sequence[Any], written_by: str, transaction: Transaction | None = None) -> int:
        """Returns the offset of the first."""
        partition = self._partitions[tp]
        base = len(partition.entries)
        if transaction is not None and tp not in transaction.begins:
            transaction.begins[tp] = base
            partition.open.append(transaction)
        timestamp_ms = START_AT // 1_000 + int(self._world.now_s * 1000)
        for n, (key, value, headers) in enumerate(records):
            record = Record(tp.topic, tp.partition, base + n, timestamp_ms, 0, key, value, tuple(headers), written_by)
            partition.entries.append((record, transaction))
        self._world.note(f"{written_by}: {tp.topic} {tp.partition} takes {base}..{base + len(records) - 1}")
        self._wake()
        return base

    def append_once(
        self, tp: TP, records: Sequence[Any], producer: tuple[str, int], number: int, tx: Transaction
    ) -> int:
        """An idempotent producer's batch: sent again, it is not written again."""
        known = self._sequences.get((*producer, tp))
        if known is not None and known[0] == number:
            return known[1]
        base = self.append(tp, records, f"{producer[0]}/{producer[1]}", tx)
        self._sequences[(*producer, tp)] = (number, base)
        return base

    def mark(self, tp: TP, transaction: Transaction) -> None:
        """Write a transaction's marker."""
        partition = self._partitions[tp]
        partition.entries.append(None)
        partition.open.remove(transaction)
        del transaction.begins[tp]
        self._wake()

    def stable_end(self, tp: TP) -> int:
        """The end for who reads what is committed."""
        return self._partitions[tp].stable_end(tp)

    def read(self, tp: TP, position: int, count: int = 1_000_000) -> tuple[list[Record], int]:
        """Committed records from there on, at most so many, and the position behind them."""
        partition, records = self._partitions[tp], []
        end = partition.stable_end(tp)
        while position < end and len(records) < count:
            entry = partition.entries[position]
            if entry is not None and (entry[1] is None or entry[1].state == "committed"):
                records.append(entry[0])
            position += 1
        return records, position

    def poll(self, positions: dict[TP, int], reply: Reply) -> None:
        """Answer as soon as there is something to read, or in the end with nothing."""
        if self._answer(positions, reply):
            return
        waiting = (positions, reply)
        self._waiting.append(waiting)
        self._world.after(POLL_S_MAX, self._give_up, waiting)

    def _answer(self, positions: dict[TP, int], reply: Reply) -> bool:
        found = {}
        for tp, position in positions.items():
            if position < self.stable_end(tp):
                found[tp] = self.read(tp, position, self._world.rng.choice((1, 3, 10, 100)))
        if found:
            reply(found)
        return bool(found)

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        self._waiting += [asked for asked in waiting if not self._answer(*asked)]

    def _give_up(self, waiting: tuple[dict[TP, int], Reply]) -> None:
        for n, other in enumerate(self._waiting):
            if other is waiting:
                del self._waiting[n]
                waiting[1]({})
                return


@dataclass
class Member:
    """Of the consumer group."""

    heard_s: float
    generation: int = -1
    joining: Reply | None = None
    partitions: list[TP] = field(default_factory=list)


class Assignment(NamedTuple):
    """What a member gets."""

    generation: int
    partitions: list[TP]


class Group:
    """The coordinator of the one consumer group: sessions, generations, committed offsets."""

    def __init__(self, world: World, partitions: Sequence[Sequence[TP]], session_s: float, rebalance_s: float) -> None:
        """`partitions`: those that go together."""
        self._world = world
        self._bundles = partitions
        self._session_s = session_s
        self._rebalance_s = rebalance_s
        self._members: dict[str, Member] = {}
        self._generation = 0
        self._rebalancing = False
        self.committed: dict[TP, int] = {}

    def join(self, name: str, reply: Reply) -> None:
        """Answered with the generation when everybody has joined."""
        member = self._members.setdefault(name, Member(self._world.now_s))
        member.joining = reply
        self._rebalance()
        self._complete_if_all_joined()

    def sync(self, name: str, generation: int, reply: Reply) -> None:
        """Answered with the Assignment, or with None if that generation is over."""
        member = self._members.get(name)
        if member is None or generation != self._generation or self._rebalancing:
            reply(None)
        else:
            self._alive(name, member)
            reply(Assignment(generation, member.partitions))

    def leave(self, name: str, reply: Reply) -> None:
        """The others share what it had."""
        if self._members.pop(name, None) is not None:
            self._rebalance()
            self._complete_if_all_joined()
        reply(True)

    def heartbeat(self, name: str, generation: int, reply: Reply) -> None:
        """Answered with "alive", "rebalance" or "unknown"."""
        member = self._members.get(name)
        if member is None or member.generation != generation:
            reply("unknown")
            return
        self._alive(name, member)
        reply("rebalance" if self._rebalancing else "alive")

    def commit(self, name: str, generation: int, offsets: Mapping[TP, int], reply: Reply) -> None:
        """Refused unless the member is of the present generation."""
        member = self._members.get(name)
        if member is None or generation != self._generation or member.generation != generation:
            self._world.note(f"{name}: a commit is refused")
            reply(IllegalGenerationError())
            return
        self.committed.update(offsets)
        reply(True)

    def owner(self, tp: TP) -> str | None:
        """The member that has this partition."""
        return next((name for name, member in self._members.items() if tp in member.partitions), None)

    def _alive(self, name: str, member: Member) -> None:
        member.heard_s = self._world.now_s
        self._world.after(self._session_s + 0.001, self._expire, name, member)

    def _rebalance(self) -> None:
        if not self._rebalancing:
            self._rebalancing = True
            self._world.after(self._rebalance_s, self._complete, self._generation)

    def _expire(self, name: str, member: Member) -> None:
        late = self._world.now_s - member.heard_s >= self._session_s
        if self._members.get(name) is member and late and member.joining is None:
            self._world.note(f"{name}: its session is over")
            del self._members[name]
            self._rebalance()
            self._complete_if_all_joined()

    def _complete_if_all_joined(self) -> None:
        if self._rebalancing and self._members and all(member.joining for member in self._members.values()):
            self._complete(self._generation)

    def _complete(self, generation: int) -> None:
        if generation != self._generation or not self._rebalancing:
            return
        self._members = {name: member for name, member in self._members.items() if member.joining}
        self._generation += 1
        self._rebalancing = False
        names = sorted(self._members)
        self._world.rng.shuffle(names)
        for n, name in enumerate(names):
            member = self._members[name]
            partitions = [tp for bundle in self._bundles[n :: len(names)] for tp in bundle]
            reply, member.joining = member.joining, None
            member.generation, member.partitions = self._generation, partitions
            self._alive(name, member)
            self._world.note(f"{name}: generation {self._generation}, {[tp[:] for tp in partitions]}")
            if reply is not None:
                reply(self._generation)


@dataclass
class TransactionalId:
    """What the transaction coordinator knows of one."""

    epoch: int = 0
    transaction: Transaction | None = None
    ended: str = "committed"
    """How the last transaction ended."""
    waiting: list[Reply] = field(default_factory=list)


class Transactions:
    """The transaction coordinator."""

    def __init__(self, world: World, log: Log, group: Group) -> None:
        self._world = world
        self._log = log
        self._group = group
        self._ids: defaultdict[str, TransactionalId] = defaultdict(TransactionalId)

    def begin_producer(self, name: str, reply: Reply) -> None:
        """Fence whoever used this id before, end what is open, answer with the new epoch."""
        known = self._ids[name]
        known.epoch += 1
        epoch = known.epoch
        self._world.note(f"{name}: epoch {epoch} begins")

        def answer(_: Any = None) -> None:
            reply(epoch if known.epoch == epoch else ProducerFenced())

        if known.transaction is None:
            answer()
            return
        known.waiting.append(answer)
        if known.transaction.state == "open":
            self._end(name, known, "aborted")

    def produce(self, name: str, epoch: int, number: int, tp: TP, records: Sequence[Any], reply: Reply) -> None:
        """Add records to the transaction; answered with the offset of the first."""
        transaction = self._open(name, epoch, reply)
        if transaction is not None:
            reply(self._log.append_once(tp, records, (name, epoch), number, transaction))

    def add_offsets(self, name: str, epoch: int, offsets: Mapping[TP, int], reply: Reply) -> None:
        """Commit these with the transaction."""
        transaction = self._open(name, epoch, reply)
        if transaction is not None:
            transaction.offsets.update(offsets)
            reply(True)

    def end(self, name: str, epoch: int, reply: Reply) -> None:
        """Commit. Answered when every marker is written; asked again, the answer is the same."""
        known = self._ids[name]
        if epoch != known.epoch:
            reply(ProducerFenced())
        elif known.transaction is None:
            reply(True if known.ended == "committed" else ProducerFenced())
        elif known.transaction.state == "aborted":
            reply(ProducerFenced())
        else:
            known.waiting.append(reply)
            if known.transaction.state == "open":
                self._end(name, known, "committed")

    def _open(self, name: str, epoch: int, reply: Reply) -> Transaction | None:
        known = self._ids[name]
        if epoch != known.epoch or (known.transaction is not None and known.transaction.state != "open"):
            self._world.note(f"{name}: a write of epoch {epoch} is fenced")
            reply(ProducerFenced())
            return None
        if known.transaction is None:
            known.transaction = Transaction()
            self._world.after(TRANSACTION_S_MAX, self._time_out, name, known.transaction)
        return known.transaction

    def _time_out(self, name: str, transaction: Transaction) -> None:
        known = self._ids[name]
        if known.transaction is transaction and transaction.state == "open":
            self._world.note(f"{name}: a transaction was open for too long")
            known.epoch += 1
            self._end(name, known, "aborted")

    def _end(self, name: str, known: TransactionalId, how: str) -> None:
        transaction = known.transaction
        assert transaction is not None
        transaction.state = how
        left: list[TP | None] = [*transaction.begins, None]
        self._world.note(f"{name}: a transaction is {how}")

        def mark(tp: TP | None) -> None:
            if tp is not None:
                self._log.mark(tp, transaction)
            elif how == "committed":
                self._group.committed.update(transaction.offsets)
            left.remove(tp)
            if not left:
                known.transaction, known.ended = None, how
                waiting, known.waiting = known.waiting, []
                for reply in waiting:
                    reply(True)

        for tp in list(left):
            self._world.after(self._world.delay_s(), mark, tp)


class Cluster:
    """Everything that outlives a worker."""

    def __init__(self, world: World, bundles: Sequence[Sequence[TP]], session_s: float, rebalance_s: float) -> None:
        self.world = world
        self.log = Log(world)
        self.group = Group(world, bundles, session_s, rebalance_s)
        self.transactions = Transactions(world, self.log, self.group)

    def unread(self, ends: Mapping[TP, int]) -> Collection[TP]:
        """Partitions of which the group has not committed everything before these ends."""
        return [tp for tp, end in ends.items() if self.group.committed.get(tp, 0) < end]
