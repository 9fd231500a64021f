"""Brokers for the tests that need one, and the one place that decides what cannot run here."""

import gc
import os
import uuid
from collections.abc import Iterator

import pytest
from hypothesis import settings

from monitor.cli.demo.broker import EmbeddedBroker
from tests.support import kafka as real_kafka
from tests.support.kafka import KafkaBroker

NEEDED_IN_CI = os.environ.get("CI", "").lower() == "true"
# A property that is slow on a loaded machine is not wrong; `timeout` bounds every test. CI says the same of the same
# commit: it looks at the same examples each time, every other run at others.
settings.register_profile("lead-sla", deadline=None, print_blob=True, derandomize=NEEDED_IN_CI)
settings.load_profile("lead-sla")
_LEFT_OUT = "Apache Kafka: "
# What starts brokers, workers or compilers shares them: never under xdist, see the Makefile.
_WITH_PROCESSES = ("tests/e2e", "tests/integration", "tests/soak", "tests/contract/test_compiled.py")


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """One real Apache Kafka for the whole run; tests that stop or kill a broker start their own."""
    with KafkaBroker(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBroker]:
    """One embedded broker for the whole run."""
    with EmbeddedBroker(tmp_path_factory.mktemp("embedded")) as broker:
        yield broker


@pytest.fixture(
    scope="session",
    params=[pytest.param("embedded", marks=pytest.mark.embedded), pytest.param("kafka", marks=pytest.mark.kafka)],
)
def broker(request: pytest.FixtureRequest) -> EmbeddedBroker | KafkaBroker:
    """Each broker in turn: whoever takes this claims the same of both."""
    chosen: EmbeddedBroker | KafkaBroker = request.getfixturevalue(request.param)
    return chosen


@pytest.fixture
def prefix() -> str:
    """Starts the names of this test's topics and groups, so that tests sharing a broker do not meet."""
    return f"t{uuid.uuid4().hex[:10]}-"


@pytest.hookimpl(tryfirst=True)  # `-m` is applied in the same hook
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        for name in {"kafka", "embedded"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(name)
        named = any(item.get_closest_marker(name) for name in ("kafka", "embedded"))
        if named or item.path.relative_to(config.rootpath).as_posix().startswith(_WITH_PROCESSES):
            item.add_marker("processes")


def pytest_collection_finish() -> None:
    """The garbage collector need not look at thousands of collected tests while they run."""
    gc.collect()
    gc.freeze()


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("kafka") is None:
        return
    lack = real_kafka.missing()
    if lack is None:
        return
    if NEEDED_IN_CI:
        pytest.fail(f"CI=true: Apache Kafka is required, but there is {lack}", pytrace=False)
    pytest.skip(_LEFT_OUT + lack)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    if count := sum(_LEFT_OUT in str(report.longrepr) for report in skipped):
        terminalreporter.write_line(f"left out: {count} tests against Apache Kafka, {real_kafka.missing()}")
