"""One seed: made-up leads, workers that are killed, paused and stopped at any step, and what must hold afterwards."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from faust.types.tuples import TP

from monitor.core.account import Figures
from monitor.core.attainment import Attainment, Verdicts
from monitor.core.calls import Silence, calls_for
from monitor.core.case import State
from monitor.core.ceiling import SOURCE
from monitor.core.event import Event
from monitor.core.instant import from_rfc3339
from monitor.core.lead import Evidence, Lead
from monitor.core.limit import Limit, LimitUnit
from monitor.core.outcome import Outcome
from monitor.core.policy import Target
from monitor.core.quota import Quota
from monitor.core.replay import Replay
from monitor.core.standing import Standing
from monitor.core.term import Every
from monitor.stream.book_judge import BookJudge
from monitor.stream.engine.recovery import PartitionRecovery
from monitor.stream.engine.shards import MemoryShard
from monitor.stream.judge import AGREEMENT_PARTITION
from monitor.stream.partition_judge import PartitionJudge
from monitor.wire.case import decode_case
from monitor.wire.lead_event import decode
from monitor.wire.outcome import decode_outcome, encode_outcome
from monitor.wire.state import PAGE_KEYS, decode_key, decode_page, decode_state
from tests.simulation.kafka import Cluster, Record
from tests.simulation.people import REACH, People
from tests.simulation.worker import BOOKS, CASES, CHANGELOG, LIMITS, SESSION_S, TOPICS, Machine
from tests.simulation.world import START_AT, World
from tests.support.agreement import ACCEPTANCE, S, duty, policy
from tests.support.cluster import event, standing, touch
from tests.support.quotas import quota

GUARANTEES = ("at_least_once", "transactional")
TROUBLE_S, END_S = 42.0, 64.0


def seconds(count: int) -> Target:
    """A limit of so many seconds."""
    return Target(Limit(LimitUnit.ELAPSED, count * S, f"{count} seconds elapsed"), None)


def per_day(name: str, target: int, **changes: object) -> Quota:
    """Leads that sales has accepted, counted on each day."""
    return quota(name, every=Every.DAY, stage="sal", per=(), targets={(): target * 1000}, **changes)


QUOTAS = (per_day("accepted", 2), per_day("capacity", 1, ceiling=True, claw_back=None), per_day("many", 50))
POLICY = policy(
    duty(targets=(seconds(8),), warn_at=(50,)), ACCEPTANCE._replace(targets=(seconds(5),), hold_us=2 * S)
)._replace(quotas=QUOTAS)
COUNTED = {quota.name for quota in QUOTAS}
START_S = START_AT / 1e6


class Simulation:
    """Everything follows from the seed and the guarantee."""

    def __init__(self, seed: int, guarantee: str, kill_at: int | None = None) -> None:
        """`kill_at`: the only trouble there is, a kill before the worker takes its step of this number."""
        self.steps = 0
        """That workers have taken."""
        self._kill_at = kill_at
        by_transactions = guarantee == "transactional"
        self.world = World(seed)
        rng = self.rng = self.world.rng
        bundles = [[TP(TOPICS.events, n)] for n in range(TOPICS.events_partitions)]
        bundles += [
            [TP(TOPICS.timeline, n), TP(TOPICS.facts, n), TP(TOPICS.outcomes, n)] for n in range(TOPICS.partitions)
        ]
        rng.shuffle(bundles)
        self.cluster = Cluster(self.world, bundles, SESSION_S, SESSION_S)
        self.by_transactions = by_transactions
        self.people = People(self.world)
        self.input: list[dict[str, Any]] = []
        self.arrived_s: dict[str, float] = {}
        self._trouble = rng.choice((0.001, 0.004, 0.01))
        self._kinds = rng.choice((("kill",), ("pause",), ("kill", "pause", "terminate")))
        self._left = rng.randint(1, 10)
        holes = rng.choice((0.0, 0.0, 0.02)) if kill_at is None else 0.0
        self.machines = [
            Machine(
                self.cluster, POLICY, f"worker-{name}", self.people, by_transactions=by_transactions,
                disk=rng.random() < 0.5, holes=holes,
            )
            for name in "abc"[: rng.choice((1, 2, 2, 3))]
        ]  # fmt: skip

    def run(self) -> None:
        """To the end, and then once more with one worker on all that is there, its disk empty or not."""
        leads = [f"L{n}" for n in range(self.rng.randint(3, 8))]
        for lead in leads:
            self._make_up(lead, 1 + self.rng.random() * 20, self.rng.choice(leads))
        for machine in self.machines:
            machine.on_step = self._disturb
            self.world.at(self.rng.choice((0.0, self.rng.random() * 20)), machine.start)
        self.world.run(TROUBLE_S)
        self._left = 0
        self.world.calm_down()
        self.world.run(END_S)
        for machine in self.machines:
            machine.retire()
        last = Machine(self.cluster, POLICY, "last", self.people, by_transactions=self.by_transactions, disk=False)
        last.disk = self.rng.choice([None, *(machine.disk for machine in self.machines)])
        self.machines.append(last)
        last.start()
        self.world.run(
            END_S + 4.5 * SESSION_S
        )  # a lost answer costs more than a session; the next idle tick is not yet sent
        last.retire()  # what still runs would be taken apart by the garbage collector, in the middle of another world

    def _make_up(self, lead: str, at_s: float, other: str) -> None:
        rng, base_s = self.rng, START_S + at_s
        story = [event(lead, "lead.assigned", base_s, {"owner": rng.choice(("ana", "ben"))})]
        if rng.random() < 0.6:
            story.append(touch(lead, base_s + rng.random() * 12))
        if rng.random() < 0.3:
            story.append(event(lead, "lead.handed_off", base_s + 1))
        if rng.random() < 0.3:
            story.append(event(lead, "lead.accepted", base_s + 1 + rng.random() * 8))
        if rng.random() < 0.3:
            story.append(event(lead, "lead.recycled", base_s + rng.random() * 10))
            story.append(event(lead, "lead.assigned", base_s + 10, {"owner": "cem"}))
        story += [
            event(lead, "lead.updated", base_s + rng.random() * 15, {"score": n}) for n in range(rng.randint(0, 5))
        ]
        if rng.random() < 0.3:
            story.append(event(lead, "lead.merged", base_s + rng.random() * 12, {"into": other}))
        if rng.random() < 0.3:
            story.append(rng.choice(story))
        for item in story:
            late_s = rng.random() * (10 if rng.random() < 0.1 else 0.2)
            self.world.at(self._at_s(item) + late_s, self._produce, item)

    def _at_s(self, item: dict[str, Any]) -> float:
        return (decoded(item).at - START_AT) / 1e6

    def _produce(self, item: dict[str, Any]) -> None:
        tp = TP(TOPICS.events, self.rng.randrange(TOPICS.events_partitions))
        self.cluster.log.append(tp, [(None, json.dumps(item).encode(), ())], "crm")
        self.input.append(item)
        self.arrived_s.setdefault(item["id"], self.world.now_s)

    def _disturb(self, machine: Machine) -> None:
        process = machine.process
        self.steps += 1
        if self._kill_at is not None:
            if self.steps == self._kill_at:
                machine.kill()
            return
        if self._left == 0 or process.paused or self.rng.random() >= self._trouble * (20 if process.sending else 1):
            return
        self._left -= 1
        what = self.rng.choice(self._kinds)
        if what == "kill":
            machine.kill()
        elif what == "pause":
            process.pause(self.rng.choice((1.0, 2 * SESSION_S, 2 * SESSION_S)) * (0.5 + self.rng.random()))
        else:
            machine.terminate()

    def check(self) -> None:
        """Raises AssertionError for the first promise that was not kept."""
        errors = [error for machine in self.machines for error in machine.errors]
        assert errors == [], f"a worker crashed: {errors!r}"
        overlaps = [overlap for machine in self.machines for process in machine.overlaps for overlap in process]
        assert overlaps == [], "a superseded worker wrote"
        read = [
            record for partition in range(TOPICS.partitions) for record in self._records(TOPICS.outcomes, partition)
        ]
        replay = Replay(POLICY)
        outcomes = list(replay.run(map(decoded, self.input), START_AT + round(END_S * 1e6)))
        self._check_verdicts(read, replay, outcomes)
        self._check_books(replay)
        self._check_notices(read)
        for partition in range(TOPICS.partitions):
            self._check_partition(partition)

    def _records(self, topic: str, partition: int) -> list[Record]:
        return self.cluster.log.read(TP(topic, partition), 0)[0]

    def _check_verdicts(self, read: Iterable[Record], replay: Replay, outcomes: Iterable[Outcome]) -> None:
        expected = told(map(encode_outcome, outcomes))
        said = told(record.value for record in read)
        assert standing(said) == standing(expected), "the verdicts are not the replay's"
        for outcome in said:
            # What came through two merges may reach the lead behind a tick: see Ticker.
            if outcome["kind"] == "withdrawn" and outcome["level"] == "breached" and not self._chained(outcome["lead"]):
                arrived_s = max(self.arrived_s[item["id"]] for item in self._told_of(outcome["lead"]))
                assert arrived_s + START_S > instant_s(outcome["due_at"]), "a breach was announced against the evidence"
        states = {
            (partition, record.key or b""): record.value or b""
            for partition in range(TOPICS.partitions)
            for record in self._records(CHANGELOG, partition)
        }
        leads = {key.decode(): packed for (_, key), packed in states.items() if key[0] != 1}
        assert {lead: history(decode_state(lead, packed)) for lead, packed in leads.items()} == {
            lead: history(known) for lead, known in replay.leads.items()
        }, "what is known of leads is not what the replay knows"
        assert live(states) == attained(outcomes), "what is counted is not what stands in the replay"

    def _check_books(self, replay: Replay) -> None:
        """What counts is what counts in the replay, however often it was told, and nothing is left to be said."""
        expected = {} if replay.book is None else counted(replay.book.standings())
        found = {}
        for partition in range(TOPICS.partitions):
            facts, books = self._records(TOPICS.facts, partition), MemoryShard()
            assert self.cluster.group.committed.get(TP(TOPICS.facts, partition), 0) == len(facts), "facts were left"
            books.put_all([(record.key or b"", record.value) for record in self._records(BOOKS, partition)], 0)
            kept, folded = (BookJudge(shard, POLICY, lambda quota: True) for shard in (books, MemoryShard()))
            folded.fold(facts)
            found.update(counted(kept.standings()))
            assert counted(kept.standings()) == counted(folded.standings()), "the books are not what the facts say"
        assert found == expected, "the books are not the replay's"

    def _check_notices(self, read: Iterable[Record]) -> None:
        """Whoever was to be called was told, or it is kept why not; nothing waits; repetitions are the same message."""
        shards = {partition: MemoryShard() for partition in range(TOPICS.partitions)}
        for partition, shard in shards.items():
            records = self._records(CASES, partition)
            PartitionRecovery(shard).fold(records, len(records))
            last = max([record.offset for record in self._records(TOPICS.outcomes, partition)], default=-1)
            assert self.cluster.group.committed.get(TP(TOPICS.outcomes, partition), 0) > last, "outcomes were left"
        cases = [decode_case(packed) for shard in shards.values() for _, packed in shard.items()]
        items = {item.notice_id: item for case in cases for item in case.items}
        assert [item for item in items.values() if item.state is State.WAITING] == [], "a notice waits for ever"
        for outcome in (decode_outcome(record.value) for record in read):
            if not isinstance(calls_for(outcome, POLICY.notices, REACH), Silence):
                assert outcome.outcome_id in items, f"nobody was called: {outcome}"
        heard: dict[str, set[str]] = {}
        for message in self.people.heard:
            for notice in message.notices:
                heard.setdefault(notice.notice_id, set()).add(message.message_id)
        for notice_id, item in items.items():
            assert item.state is not State.DELIVERED or notice_id in heard, "what is delivered was never sent"
            assert item.state is not State.FAILED, "a far end that works again was given up"
            assert item.reason or item.state is State.DELIVERED
        assert set(heard) <= set(items)

    def _merged_into(self, lead: str) -> set[str]:
        return {m["subject"] for m in self.input if m["type"] == "lead.merged" and m["data"]["into"] == lead}

    def _chained(self, lead: str) -> bool:
        """Whether merges that end in this lead follow on one another."""
        return any(self._merged_into(old) for old in self._merged_into(lead))

    def _told_of(self, lead: str) -> list[dict[str, Any]]:
        """All events of the lead and of those merged into it."""
        return [item for item in self.input if item["subject"] in {lead, *self._merged_into(lead)}]

    def _check_partition(self, partition: int) -> None:
        """What the timeline says once it is folded from its beginning was told and is remembered, and nothing else."""
        timeline = self._records(TOPICS.timeline, partition)
        committed = self.cluster.group.committed.get(TP(TOPICS.timeline, partition), 0)
        assert committed == len(timeline), f"partition {partition} was not judged to its end"
        shard = MemoryShard()
        judge = PartitionJudge(shard, POLICY, agreement=partition == AGREEMENT_PARTITION)
        judged = judge.fold(timeline)
        judge.remember(judged, 0)
        expected = Counter(map(encode_outcome, judged.outcomes))
        said = Counter(record.value for record in self._records(TOPICS.outcomes, partition) if not of_quota(record.key))
        assert set(said) == set(expected), f"partition {partition}: outcomes are missing or wrong"
        if self.by_transactions:
            assert said == expected, f"partition {partition}: an outcome was told twice"
        changelog = self._records(CHANGELOG, partition)
        states = dict(shard.items())
        assert {r.key: r.value for r in changelog} == states, f"partition {partition}: a last state is not the newest"
        if self.by_transactions:
            epochs = [int(record.written_by.split("/")[1]) for record in changelog]
            assert epochs == sorted(epochs), f"partition {partition} had two writers"


def history(lead: Lead) -> list[tuple[Evidence, tuple[Any, ...]]]:
    """What is known of a lead, in whatever order and how often it was passed on."""
    return [
        (piece.but(piece.barred, None), piece.via[:3] if piece.via else ())
        for piece in lead.evidence
        if piece.source != SOURCE  # how often a lead was above a ceiling for a while depends on what came first
    ]


def counted(standings: Iterable[Standing]) -> dict[Any, Figures]:
    """By quota, dims and term; of those that count anything."""
    return {standing[:3]: standing.figures for standing in standings if standing.figures.delivered.leads}


def of_quota(key: bytes | None) -> bool:
    """Whether the outcome under this key is a quota's."""
    return (key or b"").decode().partition("/")[0] in COUNTED


def live(states: Mapping[tuple[int, bytes], bytes]) -> dict[str, Attainment]:
    """What the pages of all partitions add up to, by duty."""
    counts: Counter[tuple[str, str]] = Counter()
    for (_, key), packed in states.items():
        if key.startswith(PAGE_KEYS):
            for line, count in decode_page(packed).counts.items():
                counts[decode_key(key).subject, line[0]] += count
    return {
        each.name: Attainment(counts[each.name, "met"], counts[each.name, "met"] + counts[each.name, "breached"])
        for each in POLICY.duties
    }


def attained(outcomes: Iterable[Outcome]) -> dict[str, Attainment]:
    """The same of what stands of these outcomes."""
    verdicts = Verdicts()
    for outcome in outcomes:
        if outcome.lead:
            verdicts.hear(outcome)
    return {report.duty: report.attainment for report in verdicts.by_duty(POLICY)}


def decoded(item: dict[str, Any]) -> Event:
    """As intake reads it."""
    return decode(json.dumps(item).encode(), (), 0, LIMITS)


def told(values: Iterable[bytes | None]) -> list[dict[str, Any]]:
    """The data of outcomes, with id and lead."""
    read = [json.loads(value or b"") for value in values]
    return [{**item["data"], "id": item["id"], "lead": item["subject"]} for item in read]


def instant_s(text: str) -> float:
    """An instant of an outcome as a Unix time."""
    return from_rfc3339(text) / 1e6
