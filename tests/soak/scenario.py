"""One run of one proof: brokers, workers, load and faults from a seed; then silence, a last takeover, the checks."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from monitor.cli.failure import SELF_FENCED
from monitor.wire.policy import load_policy
from tests.soak import checks, evidence
from tests.soak.faults import Hands, Kind, schedule
from tests.soak.load import Load
from tests.soak.report import Options, Report
from tests.soak.supervised import RESTARTED, Supervised
from tests.support.cluster import Reader, standing
from tests.support.kafka import KafkaBroker
from tests.support.verdicts import Held, replayed

AGREEMENT = Path(__file__).parent / "agreement.yaml"
PARTITIONS = 4
# A wrong clock that was set right again is noticed after at most 30 s; a group that lost everybody within 20 s.
VERDICTS_S_MAX = 120.0
QUIET_S = 2.0
_LOAD_GOES_ON_S = 3.0
# Segments that close at once and are cleaned at once, so that recovery meets a changelog full of holes.
COMPACTED = {
    "cleanup.policy": "compact",
    "segment.ms": "1000",
    "min.cleanable.dirty.ratio": "0.001",
    "delete.retention.ms": "100",
    "min.compaction.lag.ms": "0",
}
BROKER_PROPERTIES = {"log.cleaner.backoff.ms": "300"}


@dataclass(frozen=True)
class Proof:
    """What a kind of run is made of."""

    name: str
    kinds: tuple[Kind, ...]
    rounds: int
    every_s: float
    workers: tuple[int, int] = (1, 1)
    """At least and at most; the seed chooses."""
    brokers: int = 1
    leads_per_s: float = 60.0
    lasts_s: float | None = None
    """Faults last no longer than this, whatever is usual for their kind."""
    slow_ms: int = 0
    """Writes are held up by as much as this, now and then."""
    compaction_lag_s: float | None = None
    """The changelog is compacted all the time, but for records younger than this; None: as in production."""
    clocks_s: tuple[int, ...] = ()
    """How wrong the clocks of the workers are from the beginning."""
    own_brokers: bool = False
    """The faults hit brokers, so they may not be shared with other runs."""

    @property
    def clocks_tampered_with(self) -> bool:
        """Then a breach may be announced early, and withdrawn."""
        return bool(self.clocks_s) or any(kind.startswith("clock") for kind in self.kinds)


async def run(proof: Proof, options: Options, brokers: Sequence[KafkaBroker], prefix: str, folder: Path) -> Report:
    """Inflict the proof once. The brokers are running; topics and group begin with `prefix`; logs go to `folder`."""
    rng = random.Random(f"{proof.name}-{options.seed}")
    bootstrap = ",".join(broker.bootstrap for broker in brokers)
    faults = schedule(rng, proof.kinds, rng.randint(*proof.workers), proof.rounds, proof.every_s, proof.lasts_s)
    report = Report(proof.name, options, faults)
    (folder / "faults").write_text("\n".join(map(str, faults)) + "\n")
    if proof.compaction_lag_s is not None:
        await _compacted_changelog(bootstrap, prefix, proof.compaction_lag_s)
    load = Load(bootstrap, prefix + "leads.events", options.seed, proof.leads_per_s)
    async with AsyncExitStack() as stack:
        workers = []
        for n in range(max(fault.worker for fault in faults) + 1):
            workers.append(await stack.enter_async_context(_worker(n, proof, options, bootstrap, prefix, folder)))
        hands = Hands(workers, brokers, prefix + "lead-sla.timeline")
        await workers[0].start().ready()
        begun_s, enough = time.time(), asyncio.Event()
        loading = asyncio.create_task(load.run(enough))
        await hands.inflict(faults)
        await asyncio.sleep(_LOAD_GOES_ON_S)
        enough.set()
        await loading
        expected = replayed(load.events, time.time() + 60, AGREEMENT)
        report.numbers |= {"workers": len(workers), "seconds": round(time.time() - begun_s)}
        await _until_said(bootstrap, prefix, expected, options, report)
        before = await evidence.gather(bootstrap, prefix, PARTITIONS, committed=options.transactional)
        after = await _last_takeover(workers, hands, bootstrap, prefix, options)
        report.numbers["stop_s_max"] = round(max(hands.stops_s), 1)
        report.ends = sum((worker.ends for worker in workers), Counter())
        report.fenced = Counter(reason for worker in workers for reason in worker.fenced_for())
    for kind, at_s in hands.inflicted if not proof.clocks_tampered_with else ():
        report.takeovers_s[kind].append(checks.silence_s(after.outcomes, at_s))
    report.problems += hands.complaints
    # A machine that is too busy is a pause, too; but nothing except a broker makes a worker fail or refuse to start.
    allowed = RESTARTED if proof.own_brokers else (SELF_FENCED,)
    report.problems += [f"a worker ended by itself with status {n}" for n in report.ends if n not in allowed]
    _judge(proof, report, load, expected, before, after)
    return report


def _worker(n: int, proof: Proof, options: Options, bootstrap: str, prefix: str, folder: Path) -> Supervised:
    own = folder / f"worker-{n}"
    own.mkdir()
    settings = {"store": options.store, "replication": str(proof.brokers), "partitions": str(PARTITIONS)}
    if options.transactional:
        settings["guarantee"] = options.guarantee
    seed = f"{proof.name}-{options.seed}"
    worker = Supervised(bootstrap, prefix, AGREEMENT, own, seed=seed, slow_ms=proof.slow_ms, **settings)
    if proof.clocks_tampered_with:
        worker.set_clock(proof.clocks_s[n] if n < len(proof.clocks_s) else 0)
    return worker


async def _compacted_changelog(bootstrap: str, prefix: str, lag_s: float) -> None:
    name = prefix + "lead-sla-leads-changelog"
    configs = {**COMPACTED, "min.compaction.lag.ms": str(round(lag_s * 1000))}
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, PARTITIONS, 1, topic_configs=configs)])
    finally:
        await admin.close()


async def _until_said(bootstrap: str, prefix: str, expected: Held, options: Options, report: Report) -> None:
    """Wait until every verdict was said, and then until nothing more is."""
    async with Reader(bootstrap, prefix + "lead-sla.outcomes", committed=options.transactional) as reader:
        try:
            await reader.until(lambda r: expected.items() <= standing(r.outcomes).items(), VERDICTS_S_MAX)
        except AssertionError:
            report.problems.append(f"not every verdict was said within {VERDICTS_S_MAX:.0f} s after the load ended")
        quiet_since_s, seen = time.monotonic(), -1
        while time.monotonic() - quiet_since_s < QUIET_S:
            await reader.poll()
            if len(reader.records) != seen:
                quiet_since_s, seen = time.monotonic(), len(reader.records)


async def _last_takeover(
    workers: Sequence[Supervised], hands: Hands, bootstrap: str, prefix: str, options: Options
) -> evidence.Evidence:
    """All stop in order, one recovers everything: what was stale must be repaired, and nothing new be said."""
    await asyncio.gather(*[hands.stop(worker) for worker in workers])
    workers[0].start()
    await workers[0].ready()
    await asyncio.sleep(QUIET_S)
    await hands.stop(workers[0])
    return await evidence.gather(bootstrap, prefix, PARTITIONS, committed=options.transactional)


def _judge(
    proof: Proof, report: Report, load: Load, expected: Held, before: evidence.Evidence, after: evidence.Evidence
) -> None:
    folded = checks.fold(after.timeline, load_policy(AGREEMENT))
    withdrawn, unfair = checks.retracted(after.outcomes, load)
    stale_before, stale_after = checks.stale(before.changelog), checks.stale(after.changelog)
    overlaps = checks.overlaps(after.outcomes) + checks.overlaps(after.changelog)
    compacted = sum(records[0].offset for records in after.changelog.values() if records)
    repeats = checks.repeats(after.outcomes)
    report.numbers |= {
        "events": len(load.events),
        "verdicts": len(expected),
        "outcomes": sum(map(len, after.outcomes.values())),
        "repeats": repeats,
        "withdrawn": withdrawn,
        "stale": len(stale_before),
        "repaired": len(set(stale_before) - set(stale_after)),
        "overlaps": len(overlaps),
        "compacted": compacted,
    }
    found = [
        *checks.verdicts(after.outcomes, expected),
        *checks.tellings(after.outcomes, folded),
        *checks.states(after.changelog, folded),
        *(f"stale after repair: {key}" for key in stale_after[:3]),
    ]
    if any(after.dead_letters.values()):
        found.append("dead letters, of good records only")
    if not proof.clocks_tampered_with:
        found += [f"announced, withdrawn and known better in time: {name}" for name in unfair[:3]]
    if report.options.transactional:
        found += [f"two writers: {place}" for place in overlaps[:3]]
        found += [f"{repeats} outcomes repeated"] if repeats else []
    else:
        report.notes += [f"two writers: {place}" for place in overlaps[:3]]
    if proof.compaction_lag_s is not None and not compacted:
        found.append("nothing was compacted: this run showed nothing")
    report.problems += found
