"""What the engine overrides and touches of Faust and aiokafka is still as it was when that was written."""

import ast
import inspect
import re
from collections.abc import Iterator
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, Final

import pytest
from mode.services import ServiceTask

from monitor.stream.engine import app, consumer, consumer_thread, producer, store, transport

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "docs" / "internals" / "engine.md").read_text()
PINNED: Final = {"faust-streaming": "0.15.3", "aiokafka": "0.14.0"}

# By heading of docs/internals/engine.md: the functions and classes that the hook rests on, with a fingerprint of
# their source. `print_fingerprints` below writes them anew.
GROUND: Final[dict[str, dict[str, str]]] = {
    "getmany": {
        "faust.transport.consumer:Consumer.getmany": "5c87d5d37428",
        "faust.transport.consumer:Consumer._wait_next_records": "62b6a4fb3f1c",
        "faust.transport.consumer:Consumer._drain_messages": "b62bd6539aeb",
        "faust.transport.consumer:Consumer.on_buffer_full": "56407f0f3829",
        "faust.transport.consumer:Consumer.on_buffer_drop": "04e594f5fd1d",
        "faust.transport.consumer:ThreadDelegateConsumer._getmany": "c9411e5de5a4",
        "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._fetch_records": "8e15801cd1ae",
        "faust.types.tuples:ConsumerMessage": "f17272f838d1",
        "faust.types.tuples:Message": "a54f6d2fb025",
        "aiokafka.consumer.fetcher:Fetcher.fetched_records": "377ee3925c9f",
    },
    "fetch": {
        "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._fetch_records": "8e15801cd1ae",
        "aiokafka.consumer.fetcher:Fetcher.fetched_records": "377ee3925c9f",
        "aiokafka.consumer.fetcher:Fetcher._create_fetch_waiter": "98430710b43a",
        "aiokafka.consumer.subscription_state:Subscription._begin_reassignment": "b90615c1d02b",
        "aiokafka.consumer.subscription_state:SubscriptionState.reassignment_in_progress": "441d2f440726",
    },
    "records-as-read": {
        "aiokafka.consumer.fetcher:Fetcher._proc_fetch_request": "120083e326eb",
        "aiokafka.consumer.fetcher:FetchResult": "da332176786f",
        "aiokafka.consumer.fetcher:PartitionRecords._unpack_records": "64d9a048c8ea",
        "aiokafka.consumer.fetcher:PartitionRecords._consumer_record": "d988b9ef0d7f",
    },
    "schema": {
        "faust.serializers.schemas:Schema.compile": "46a59f0edae9",
        "faust.app.base:App.create_event": "904d043407c6",
    },
    "commit-in-order": {
        "faust.transport.consumer:Consumer._new_offset": "0a7caf14c0a2",
        "faust.transport.consumer:Consumer._filter_tps_with_pending_acks": "c45de12732d4",
        "faust.transport.consumer:Consumer._filter_committable_offsets": "8697d17213c6",
        "faust.transport.consumer:Consumer._should_commit": "c4a45ac66a56",
        "faust.transport.consumer:Consumer._add_gap": "38926c8cb7f6",
        "faust.transport.consumer:Consumer.ack": "386826236bb5",
        "faust.transport.consumer:ThreadDelegateConsumer._commit": "e79b7f8f3def",
        "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._commit": "d26ce85fdec4",
        "aiokafka.consumer.subscription_state:SubscriptionState.subscription": "7768bf481367",
        "aiokafka.consumer.subscription_state:Assignment": "081dad2e2b67",
        "aiokafka.consumer.subscription_state:TopicPartitionState.has_valid_position": "7f2b301baca4",
        "aiokafka.consumer.subscription_state:TopicPartitionState.position": "e5c9720d0fec",
    },
    "changelog-positions": {
        "faust.transport.consumer:ThreadDelegateConsumer.seek_wait": "802bf5fcfc34",
        "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._seek_wait": "906df6f0e086",
        "faust.tables.recovery:Recovery._seek_offsets": "0d0a5bb059c9",
        "faust.tables.recovery:Recovery.need_recovery": "b941264a6522",
        "faust.tables.recovery:Recovery._slurp_changelogs": "43660121cfa4",
    },
    "store": {
        "faust.tables.base:Collection._new_store": "325d44c72ab7",
        "faust.stores.base:Store": "55998f7c16a8",
        "faust.tables.recovery:Recovery._slurp_changelogs": "43660121cfa4",
        "faust.tables.recovery:Recovery.flush_buffers": "67391d06774b",
    },
    "table-folders": {"faust.app.base:App._create_directories": "5f68f68ff65c"},
    "resume-order": {
        "faust.transport.consumer:Consumer.resume_partitions": "ac313cef15ef",
        "faust.transport.consumer:Consumer.resume_flow": "ec1fff970fcf",
        "faust.tables.recovery:Recovery.on_recovery_completed": "8952e57ca77c",
        "mode.utils.queues:FlowControlEvent.resume": "6662379eef1f",
    },
    "seek": {
        "faust.transport.consumer:Consumer.perform_seek": "3abec3df46b4",
        "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread.seek_to_committed": "f037ef0a4002",
        "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread.earliest_offsets": "9e58f803d891",
    },
    "drain": {
        "faust.transport.consumer:Consumer.on_partitions_revoked": "bff85c032527",
        "faust.transport.consumer:Consumer.stop_flow": "3cdef0be226f",
        "faust.transport.consumer:Consumer.commit": "ca4e85d024ef",
        "faust.app.base:App._on_partitions_revoked": "289e06db160c",
        "faust.app.base:App._on_partitions_assigned": "87d6dabfbdaf",
    },
    "end-offsets": {
        "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread.highwaters": "4641398afc54",
        "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._highwaters": "1afbdf05e89e",
        "faust.tables.recovery:Recovery._build_highwaters": "e325e558d2b6",
    },
    "lease": {
        "faust.transport.consumer:Consumer.on_partitions_assigned": "cb323f47e1bb",
        "aiokafka.consumer.group_coordinator:GroupCoordinator._do_heartbeat": "e9a9a9516623",
        "aiokafka.consumer.group_coordinator:GroupCoordinator._send_req": "9def76135c72",
        "aiokafka.consumer.group_coordinator:CoordinatorGroupRebalance._send_sync_group_request": "23f2d5123629",
        "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread.on_start": "5550ff514f9b",
        "aiokafka.consumer.group_coordinator:GroupCoordinator._heartbeat_routine": "0c4b6cf1f0df",
    },
    "known-topics": {
        "aiokafka.consumer.group_coordinator:GroupCoordinator._perform_assignment": "4674d69bfb90",
        "aiokafka.client:AIOKafkaClient.force_metadata_update": "b857eeb36444",
        "faust.assignor.partition_assignor:PartitionAssignor._get_copartitioned_groups": "9a0a50dabb71",
    },
    "fenced-send": {
        "faust.transport.drivers.aiokafka:Producer.on_start": "d63cc87feff6",
        "aiokafka.producer.sender:Sender.__init__": "3a9159ad6321",
        "aiokafka.producer.sender:Sender._sender_routine": "92df9018a3a3",
        "aiokafka.producer.sender:Sender._send_produce_req": "9693c30e1aa0",
        "aiokafka.producer.message_accumulator:MessageBatch.__init__": "eed4eaa64339",
        "aiokafka.producer.message_accumulator:MessageBatch.failure": "88a8cb5374f4",
    },
    "whole-batches": {
        "aiokafka.producer.producer:AIOKafkaProducer.create_batch": "59962f6db0b0",
        "aiokafka.producer.producer:AIOKafkaProducer.send_batch": "94a05520ee3c",
        "aiokafka.producer.message_accumulator:BatchBuilder.append": "c0b2e09ce51f",
        "aiokafka.producer.message_accumulator:BatchBuilder.close": "fe13b8cb192c",
    },
    "consumer-settings": {
        "faust.transport.drivers.aiokafka:Consumer._new_consumer_thread": "991867355aba",
        "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._create_worker_consumer": "9246a21942b3",
        "faust.transport.drivers.aiokafka:Transport": "0c35eaac607e",
        "aiokafka.consumer.consumer:AIOKafkaConsumer.__init__": "2558b49ccd1c",
        "aiokafka.consumer.consumer:AIOKafkaConsumer.start": "29e48f52197b",
    },
    "thread-stop": {
        "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread.on_thread_stop": "b7b22072f6a9",
        "mode.threads:ServiceThread._start_thread": "1efbcdec5692",
        "aiokafka.consumer.consumer:AIOKafkaConsumer.stop": "943e5035e1b1",
        "aiokafka.consumer.fetcher:Fetcher.close": "0b77f19bfb86",
    },
    "header-names": {
        "aiokafka.consumer.fetcher:PartitionRecords._unpack_records": "64d9a048c8ea",
        "aiokafka.record.memory_records:_MemoryRecordsPy": "eba443547e40",
        "aiokafka.record.default_records:_DefaultRecordBatchPy": "10879d728912",
    },
    "owner-of-a-partition": {
        "faust.assignor.partition_assignor:PartitionAssignor.changelog_distribution": "2f01f29505ec"
    },
    "crash-event": {"mode.services:Service._crash": "a3295771d772"},
}
HOOKS: Final = [(heading, path) for heading, ground in GROUND.items() for path in ground]
OURS: Final = (
    app.LeadApp, app.StateTable, store.PartitionStore, transport.BatchSchema, consumer_thread.ConsumerThread,
    consumer.Consumer, producer.Producer, transport.Transport,
)  # fmt: skip
NAMED_TUPLE: Final = {"_replace", "_asdict", "_fields"}
BY_METACLASS: Final = {"_abc_impl", "logger"}


def fingerprint(path: str) -> str:
    found = resolve_name(path)
    if isinstance(found, property):
        found = found.fset or found.fget
    elif isinstance(found, ServiceTask):
        found = found.fun
    return blake2b(inspect.getsource(found).encode(), digest_size=6).hexdigest()


def print_fingerprints() -> None:
    """For whoever upgrades: `python -c 'from tests.contract.test_engine_hooks import *; print_fingerprints()'`."""
    for heading, path in HOOKS:
        if fingerprint(path) != GROUND[heading][path]:
            print(f'"{path}": "{fingerprint(path)}",')  # noqa: T201


def on_the_page() -> set[str]:
    """Every name in backticks, without the class before it."""
    return {word.rpartition(".")[2] for word in re.findall(r"`([\w.]+)`", PAGE)}


@pytest.mark.parametrize("package", PINNED)
def test_the_packages_that_are_hooked_into_are_pinned(package: str) -> None:
    assert version(package) == PINNED[package], "read docs/internals/engine.md before you upgrade it"
    declared = re.findall(rf'"{package}(?:\[\w+\])?==([\d.]+)"', (ROOT / "pyproject.toml").read_text())
    assert declared == [PINNED[package]]


@pytest.mark.parametrize(("heading", "path"), HOOKS)
def test_what_a_hook_rests_on_is_as_it_was(heading: str, path: str) -> None:
    if fingerprint(path) != GROUND[heading][path]:
        pytest.fail(f"{path} has changed: read docs/internals/engine.md#{heading}, then adapt the hook", pytrace=False)


def test_every_heading_of_the_page_has_its_ground_and_the_other_way_round() -> None:
    assert re.findall(r"^### (.+)$", PAGE, re.MULTILINE) == list(GROUND)


def overridden(ours: type[Any]) -> Iterator[str]:
    """The names that a class of ours takes the place of in a class that is not ours."""
    foreign = [base for base in ours.__mro__[1:] if not base.__module__.startswith("monitor.") and base is not object]
    for name in vars(ours):
        if not name.startswith("__") and name not in BY_METACLASS and any(name in vars(base) for base in foreign):
            yield name


@pytest.mark.parametrize("ours", OURS)
def test_every_override_is_explained(ours: type[Any]) -> None:
    assert [name for name in overridden(ours) if name not in on_the_page()] == [], "name it in docs/internals/engine.md"


def touched(source: str) -> Iterator[str]:
    """Private names that a module uses of objects that it did not make itself."""
    nodes = list(ast.walk(ast.parse(source)))
    own = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    attributes = [node for node in nodes if isinstance(node, ast.Attribute) and re.match("_[^_]", node.attr)]
    own |= {node.attr for node in attributes if isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self"}
    for node in attributes:
        if node.attr not in NAMED_TUPLE and (ast.unparse(node.value) != "self" or node.attr not in own):
            yield node.attr


def test_every_private_name_that_is_touched_is_explained() -> None:
    unexplained = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in (ROOT / "monitor").rglob("stream/**/*.py")
        for name in touched(path.read_text())
        if name not in on_the_page()
    }
    assert unexplained == set(), "name it in docs/internals/engine.md, with its reason"


def test_nothing_outside_the_engine_touches_a_private_name() -> None:
    outside = [path for path in (ROOT / "monitor").rglob("stream/*.py") if list(touched(path.read_text()))]
    assert outside == [], "move it into monitor/stream/engine"


def test_a_private_name_of_others_is_noticed() -> None:
    mine = "class A:\n def f(self, other):\n  self._mine = 1\n  return self._mine, self._theirs, other._mine\n"
    assert list(touched(mine)) == ["_theirs", "_mine"]
