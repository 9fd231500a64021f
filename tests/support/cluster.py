"""Workers as processes, events in, outcomes out: what the tests on real brokers are made of."""

import asyncio
import json
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from monitor.cli.demo.broker import EmbeddedBroker, free_port
from monitor.cli.demo.child import Child

POLICIES = Path(__file__).parent / "policies"


def end_offsets_of(broker: object) -> str:
    """The setting that suits the broker: the embedded one reports the ends of partitions wrongly."""
    return "last_batch" if isinstance(broker, EmbeddedBroker) else "exact"


class WorkerProcess:
    """`lead-sla run` with settings of its own."""

    entry = "monitor.cli.main"
    """The module that is run."""

    def __init__(self, bootstrap: str, prefix: str, policy: Path, folder: Path, **settings: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"worker-{self.port}.log"
        self.env = {
            "KAFKA_BOOTSTRAP_SERVERS": bootstrap,
            "LEAD_SLA_TOPIC_PREFIX": prefix,
            "LEAD_SLA_POLICY_FILE": str(policy),
            "LEAD_SLA_STATE_DIR": str(folder / f"state-{self.port}"),
            "LEAD_SLA_WEB_PORT": str(self.port),
            "LEAD_SLA_PARTITIONS": "4",
            "LEAD_SLA_EVENTS_PARTITIONS": "3",
            **{f"LEAD_SLA_{name.upper()}": value for name, value in settings.items()},
        }
        self.child: Child | None = None

    def start(self) -> Self:
        """Start the process; may be called again after it ended."""
        self.child = Child([sys.executable, "-m", self.entry, "run"], self.log, self.env)
        return self

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self.child is not None:
            self.child.kill()

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        assert self.child is not None
        return self.child.stop(grace_s=30)

    def kill(self) -> None:
        """kill -9."""
        assert self.child is not None
        self.child.kill()

    def send(self, sig: signal.Signals) -> None:
        """Signal the process, to pause it for example."""
        assert self.child is not None
        self.child.send(sig)

    def get(self, path: str) -> tuple[int, str]:
        """Status and text of a page; (0, reason) when nothing answers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as answer:  # noqa: S310 - a loopback URL
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    async def ready(self, limit_s: float = 45) -> None:
        """Wait until /readyz says so."""
        until = time.monotonic() + limit_s
        while time.monotonic() < until:
            assert self.child is not None
            assert self.child.ended() is None, self.tail()
            status, _ = await asyncio.to_thread(self.get, "/readyz")
            if status == 200:
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"not ready after {limit_s} s\n{self.tail()}")

    def tail(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-6000:] if self.log.exists() else ""


def event(
    lead: str, type_: str, at_s: float, data: Mapping[str, Any] | None = None, *, source: str = "crm", n: int = 0
) -> dict[str, Any]:
    """A lead event as a plain JSON object; its id follows from its content."""
    return {
        "id": f"{lead}-{type_}-{at_s:.6f}-{n}",
        "source": source,
        "type": type_,
        "subject": lead,
        "time": rfc3339(at_s),
        "data": dict(data or {}),
    }


def touch(lead: str, at_s: float) -> dict[str, Any]:
    """A call by a person: what counts as a first touch."""
    return event(lead, "activity.logged", at_s, {"channel": "call", "direction": "outbound", "actor": "person"})


def rfc3339(at_s: float) -> str:
    """A Unix time as the contract wants it."""
    whole, micro = divmod(round(at_s * 1e6), 1_000_000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{micro:06d}Z"


async def produce(bootstrap: str, topic: str, events: Iterable[Mapping[str, Any] | bytes], key: bool = True) -> None:
    """Send events (or raw bytes) and wait for the acknowledgements."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, linger_ms=5)
    await producer.start()
    try:
        futures = []
        for item in events:
            value = item if isinstance(item, bytes) else json.dumps(item).encode()
            name = item["subject"].encode() if key and not isinstance(item, bytes) else None
            futures.append(await producer.send(topic, value, key=name))
        await asyncio.gather(*futures)
    finally:
        await producer.stop()


class Reader:
    """Reads a topic from its beginning, as long as the test needs."""

    def __init__(self, bootstrap: str, topic: str, *, committed: bool = False) -> None:
        """`committed`: leave out what no transaction committed."""
        self._consumer = AIOKafkaConsumer(
            topic,
            bootstrap_servers=bootstrap,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            metadata_max_age_ms=1000,
            isolation_level="read_committed" if committed else "read_uncommitted",
        )
        self.records: list[Any] = []
        self._outcomes: list[dict[str, Any]] = []

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()

    async def poll(self) -> None:
        """Take what is there."""
        for records in (await self._consumer.getmany(timeout_ms=200)).values():
            self.records += records

    async def until(self, enough: Any, limit_s: float = 45, why: str = "") -> None:
        """Poll until `enough(self)`; fails with what was read."""
        end = time.monotonic() + limit_s
        while not enough(self):
            if time.monotonic() > end:
                tail = [r.value[:300] for r in self.records[-5:]]
                raise AssertionError(f"not seen within {limit_s} s: {why}; {len(self.records)} records, last {tail}")
            await self.poll()

    @property
    def outcomes(self) -> list[dict[str, Any]]:
        """The `data` of each outcome, with its id."""
        self._outcomes += [outcome_of(record) for record in self.records[len(self._outcomes) :]]
        return self._outcomes


def outcome_of(record: Any) -> dict[str, Any]:
    """The `data` of an outcome, with its id and lead."""
    item = json.loads(record.value)
    return {**item["data"], "id": item["id"], "lead": item["subject"]}


FINAL_KINDS = ("met", "breached", "fulfilled_late", "cancelled")


def standing(outcomes: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str, int, str], tuple[Any, ...]]:
    """What holds in the end per (lead, duty, cycle, kind), repeats and corrections aside."""
    held: dict[tuple[str, str, int, str], tuple[Any, ...]] = {}
    newest: dict[tuple[str, str, int, str], int] = {}
    for outcome in outcomes:
        kind, level = outcome["kind"], outcome["level"]
        withdrawn = kind == "withdrawn"
        if withdrawn:
            kind, _, level = level.partition(":")
        if kind not in FINAL_KINDS:
            continue
        key = (outcome["lead"], outcome["duty"], outcome["cycle"], kind)
        order = outcome["revision"] * 2 + withdrawn
        if order < newest.get(key, -1):
            continue
        newest[key] = order
        if withdrawn:
            held.pop(key, None)
        else:
            held[key] = (outcome["due_at"], outcome["evidence_at"], outcome["owner"], outcome["started_at"])
    return held
