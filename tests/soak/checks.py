"""What must be true of a run when all is quiet. Each check returns what it found, and judges nothing else."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, NamedTuple

from monitor.core.instant import from_rfc3339
from monitor.core.policy import Policy
from monitor.stream.engine.shards import MemoryShard
from monitor.stream.judge import AGREEMENT_PARTITION
from monitor.stream.partition_judge import PartitionJudge
from monitor.wire.outcome import encode_outcome
from monitor.wire.state import state_header
from tests.soak.load import Load
from tests.soak.traced_worker import HEADER
from tests.support.cluster import outcome_of, standing
from tests.support.leads import Events
from tests.support.verdicts import Held

# A complaint names so many examples, and the number of all.
_EXAMPLES = 3
_FOLD_RECORDS = 2_000


class Folded(NamedTuple):
    """What the records of the timeline say: the authority on outcomes and states, step by step."""

    outcomes: dict[str, bytes]
    """Id to content."""
    states: dict[int, dict[bytes, bytes]]
    """Per partition, lead to packed state."""


def fold(timeline: Mapping[int, list[Any]], policy: Policy) -> Folded:
    """Judge the whole timeline from its beginning, in memory, undisturbed."""
    said: dict[str, bytes] = {}
    states: dict[int, dict[bytes, bytes]] = {}
    for partition, records in timeline.items():
        shard = MemoryShard()
        judge = PartitionJudge(shard, policy, agreement=partition == AGREEMENT_PARTITION)
        for start in range(0, len(records), _FOLD_RECORDS):
            chunk = records[start : start + _FOLD_RECORDS]
            judged = judge.fold(chunk)
            judge.remember(judged, chunk[-1].offset)
            said.update((outcome.outcome_id, encode_outcome(outcome)) for outcome in judged.outcomes)
        states[partition] = dict(shard.items())
    return Folded(said, states)


def verdicts(outcomes: Mapping[int, list[Any]], expected: Held) -> Iterator[str]:
    """Every lead's final verdict is that of the offline replay of the input."""
    held = standing(outcome_of(record) for record in every(outcomes))
    yield from _complaint("verdict missing or wrong", [k for k, v in expected.items() if held.get(k) != v])
    yield from _complaint("verdict of nothing", [k for k in held if k not in expected])


def tellings(outcomes: Mapping[int, list[Any]], folded: Folded) -> Iterator[str]:
    """Every outcome that the timeline gives was told, with exactly this content, and nothing else was."""
    told: dict[str, bytes] = {}
    for record in every(outcomes):
        id_ = json.loads(record.value)["id"]
        if told.setdefault(id_, record.value) != record.value:
            yield f"outcome {id_} repeated with another content (offset {record.partition}:{record.offset})"
    yield from _complaint("outcome missing", folded.outcomes.keys() - told.keys())
    yield from _complaint("outcome that the timeline does not give", told.keys() - folded.outcomes.keys())
    both = told.keys() & folded.outcomes.keys()
    yield from _complaint("outcome wrong", [id_ for id_ in both if told[id_] != folded.outcomes[id_]])


def repeats(outcomes: Mapping[int, list[Any]]) -> int:
    """How many records repeat an outcome that was told before."""
    ids = [json.loads(record.value)["id"] for record in every(outcomes)]
    return len(ids) - len(set(ids))


def retracted(outcomes: Mapping[int, list[Any]], load: Load) -> tuple[int, list[str]]:
    """How many breaches were withdrawn; and those of which all that happened in time was in Kafka before the due."""
    said = [outcome_of(record) for record in every(outcomes)]
    withdrawn = {o["id"]: o for o in said if o["kind"] == "withdrawn" and o["level"] == "breached"}.values()
    by_lead: defaultdict[str, Events] = defaultdict(list)
    for item in load.events:
        by_lead[item["subject"]].append(item)
    unfair = []
    for outcome in withdrawn:
        due_at = from_rfc3339(outcome["due_at"])
        in_time = [item for item in by_lead[outcome["lead"]] if from_rfc3339(item["time"]) <= due_at]
        if all(load.acknowledged_s[item["id"]] < due_at / 1e6 for item in in_time):
            unfair.append(f"{outcome['lead']} {outcome['duty']} due {outcome['due_at']}")
    return len(withdrawn), unfair


def states(changelog: Mapping[int, list[Any]], folded: Folded) -> Iterator[str]:
    """The newest state of each lead in the changelog is, byte for byte, what the timeline gives."""
    for partition, records in changelog.items():
        newest: dict[bytes, bytes] = {}
        for record in records:
            known = newest.get(record.key)
            if known is None or state_header(record.value).offset >= state_header(known).offset:
                newest[record.key] = record.value
        right = folded.states[partition]
        wrong = [key for key in newest.keys() | right.keys() if newest.get(key) != right.get(key)]
        yield from _complaint(f"state missing or wrong in partition {partition}", wrong)


def stale(changelog: Mapping[int, list[Any]]) -> list[str]:
    """Keys whose last changelog record is not their newest, with the offsets of both."""
    found = []
    for partition, records in changelog.items():
        newest: dict[bytes, Any] = {}
        last: dict[bytes, Any] = {}
        for record in records:
            known = newest.get(record.key)
            if known is None or state_header(record.value).offset >= state_header(known.value).offset:
                newest[record.key] = record
            last[record.key] = record
        found += [
            f"{key.decode()}: newest at {partition}:{newest[key].offset}, last at {partition}:{record.offset}"
            for key, record in last.items()
            if record.value != newest[key].value
        ]
    return found


def overlaps(topic: Mapping[int, list[Any]]) -> list[str]:
    """Writers that wrote on after the next one had begun: in order of offsets each must be one unbroken run.

    A writer is a process in one epoch of its ownership, so a partition that was given back is another writer's.
    """
    found = []
    for partition, records in topic.items():
        ended: set[str] = set()
        before = ""
        for writer, run in groupby(records, key=writer_of):
            if writer in ended:
                first = next(iter(run))
                found.append(f"{first.topic} {partition}:{first.offset}: {writer} after {before}")
            ended.add(before)
            before = writer
    return found


def silence_s(outcomes: Mapping[int, list[Any]], at_s: float) -> float:
    """How long after that Unix time the partition that waited longest got an outcome again: what a takeover costs."""
    waited = [0.0]
    for records in outcomes.values():
        waited += [min((later for r in records if (later := r.timestamp / 1000 - at_s) > 0), default=0.0)]
    return max(waited)


def writer_of(record: Any) -> str:
    """Process and epoch."""
    return str(dict(record.headers)[HEADER].decode())


def every(topic: Mapping[int, list[Any]]) -> Iterator[Any]:
    """The records of all partitions."""
    for records in topic.values():
        yield from records


def _complaint(what: str, names: Iterable[object]) -> Iterator[str]:
    found = sorted(map(str, names))
    if found:
        yield f"{what}: {len(found)}, for example {', '.join(found[:_EXAMPLES])}"
