"""What `make run` starts, as a process: seen by who looks on, and gone without a trace afterwards."""

import asyncio
import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaConsumer

from monitor.cli.demo.broker import HOST, EmbeddedBroker, PortTaken, free_port, require_free
from tests.support.kafka import KafkaBroker

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(180)]

ROOT = Path(__file__).parents[2]
MAKE_RUN = ["make", "-o", ".venv/.ready", "run"]  # the environment is there already: the test runs in it
COMMAND = [str(Path(sys.executable).with_name("lead-sla")), "demo"]
FIRST_VERDICT_S_MAX, STOP_S_MAX = 30.0, 20.0
VERDICT = re.compile(r"verdict (?:met|breached|warned) [a-z-]+ (L-\S+) ")


class Demo:
    """A running demonstration whose lines are read as they come."""

    def __init__(
        self,
        folder: Path,
        *options: str,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
        command: list[str] = COMMAND,
    ) -> None:
        self.port = port or free_port()
        environment = {name: value for name, value in os.environ.items() if "KAFKA_BOOTSTRAP" not in name}
        environment |= {"LEAD_SLA_WEB_PORT": str(self.port), "LEAD_SLA_STATE_DIR": str(folder / "state")}
        environment |= settings or {}
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [*command, *options],
            cwd=folder if command is COMMAND else ROOT, env=environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        self.lines: list[str] = []
        self._new: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.children: set[int] = set()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._new.put(line.rstrip("\n"))

    def see(self, wanted: Callable[[str], object], within_s: float) -> str:
        """The first line from now on that is wanted."""
        give_up = self.began + within_s
        while True:
            try:
                line = self._new.get(timeout=max(0.0, give_up - time.monotonic()))
            except queue.Empty:
                pytest.fail(f"not seen within {within_s} s; the last lines were {self.lines[-5:]}")
            self.lines.append(line)
            if wanted(line):
                return line

    def see_verdict(self) -> str:
        """The lead of the first verdict."""
        found = VERDICT.match(self.see(VERDICT.match, FIRST_VERDICT_S_MAX))
        assert found is not None
        self.children = {child.pid for child in psutil.Process(self.process.pid).children(recursive=True)}
        return found[1]

    def ports(self) -> set[int]:
        """Where it and its children listen."""
        pids = {self.process.pid, *self.children}
        return {
            connection.laddr.port
            for pid in pids
            for connection in psutil.Process(pid).net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN
        }

    def page(self, path: str) -> bytes:
        with urllib.request.urlopen(f"http://{HOST}:{self.port}{path}", timeout=10) as answer:
            body: bytes = answer.read()
            return body

    def interrupt(self) -> tuple[int, float]:
        """Ctrl-C: the exit status, and how many seconds it took."""
        asked = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(timeout=STOP_S_MAX + 20)
        return status, time.monotonic() - asked

    def errors(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read()

    def kill(self) -> None:
        """End it whatever its state: its children do not outlive it."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Demo]]:
    started: list[Demo] = []

    def begin(
        *options: str,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
        command: list[str] = COMMAND,
    ) -> Demo:
        started.append(Demo(tmp_path, *options, port=port, settings=settings, command=command))
        return started[-1]

    yield begin
    for demo in started:
        demo.kill()


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def require_nothing_left(demo: Demo, ports: set[int]) -> None:
    give_up = time.monotonic() + 5
    while any(map(alive, demo.children)) and time.monotonic() < give_up:
        time.sleep(0.05)
    assert [pid for pid in demo.children if alive(pid)] == []
    for port in ports:
        require_free(port)


@pytest.mark.slow
def test_make_run_itself_ends_with_status_0_when_interrupted(start: Callable[..., Demo]) -> None:
    demo = start(command=MAKE_RUN)
    demo.see_verdict()
    ports = demo.ports()
    (shown,) = [
        child for child in psutil.Process(demo.process.pid).children() if "lead-sla" in " ".join(child.cmdline())
    ]
    shown.send_signal(signal.SIGINT)
    assert demo.process.wait(timeout=STOP_S_MAX) == 0, demo.errors()
    require_nothing_left(demo, ports)


@pytest.mark.slow
def test_ctrl_c_at_the_terminal_reaches_make_too_and_leaves_nothing_running(start: Callable[..., Demo]) -> None:
    """Make waits for the demonstration, then reports the interruption in its own way."""
    demo = start(command=MAKE_RUN)
    demo.see_verdict()
    ports = demo.ports()
    os.killpg(demo.process.pid, signal.SIGINT)
    demo.process.wait(timeout=STOP_S_MAX)
    assert "Traceback" not in demo.errors()
    require_nothing_left(demo, ports)


@pytest.mark.slow
def test_it_shows_verdicts_deliveries_and_pages_and_leaves_nothing_behind_twice(start: Callable[..., Demo]) -> None:
    demo = start()
    lead = demo.see_verdict()
    assert json.loads(demo.page("/readyz"))["status"] == "ok"
    assert b"lead_sla_outcomes_total" in demo.page("/metrics")
    timeline = json.loads(demo.page(f"/leads/{lead}"))
    assert timeline["lead"] == lead
    assert timeline["clocks"]
    summary = demo.see(re.compile(r"summary .*deliveries_verified=[1-9]").match, 60)
    assert "deliveries_refused=0" in summary
    ports = demo.ports()
    assert len(ports) == 3, "broker, worker, webhook receiver"
    assert len(demo.children) == 4, "broker and worker, each with its watcher"
    status, took_s = demo.interrupt()
    assert (status, demo.errors()) == (0, "")
    assert took_s < STOP_S_MAX
    require_nothing_left(demo, ports)

    second = start(port=demo.port)
    second.see_verdict()
    assert second.interrupt()[0] == 0
    require_nothing_left(second, {demo.port})


@pytest.mark.slow
def test_it_ends_by_itself_after_the_seconds_asked_for(start: Callable[..., Demo]) -> None:
    demo = start("--seconds", "3")
    demo.see(lambda line: line.startswith("total "), 60)
    assert demo.process.wait(timeout=STOP_S_MAX) == 0
    require_nothing_left(demo, {demo.port})


@pytest.mark.slow
def test_a_worker_that_dies_is_told_with_the_end_of_its_log(start: Callable[..., Demo]) -> None:
    demo = start()
    demo.see_verdict()
    worker = next(
        child for child in psutil.Process(demo.process.pid).children() if "monitor.cli.main" in child.cmdline()
    )
    worker.kill()
    assert demo.process.wait(timeout=STOP_S_MAX) == 4
    errors = demo.errors()
    assert errors.startswith("lead-sla: the worker ended with status -9; the end of ")
    assert "worker.log" in errors
    assert "Traceback" not in errors
    require_nothing_left(demo, {demo.port})


def test_a_taken_port_is_named_before_anything_starts(start: Callable[..., Demo], tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        demo = start(port=port)
        assert demo.process.wait(timeout=20) == 1
    expected = f"lead-sla: port {port} is taken by another program; set LEAD_SLA_WEB_PORT to a free port\n"
    assert demo.errors() == expected
    assert not (tmp_path / "state").exists()


def test_kafka_that_does_not_answer_is_named(start: Callable[..., Demo]) -> None:
    demo = start(settings={"KAFKA_BOOTSTRAP_SERVERS": f"{HOST}:{free_port()}"})
    assert demo.process.wait(timeout=60) == 3
    errors = demo.errors()
    assert "set KAFKA_BOOTSTRAP_SERVERS to a broker that does" in errors
    assert "Traceback" not in errors


def settings_for(broker: EmbeddedBroker | KafkaBroker, prefix: str) -> dict[str, str]:
    ends = "last_batch" if isinstance(broker, EmbeddedBroker) else "exact"
    return {
        "KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap,
        "LEAD_SLA_BROKER_END_OFFSETS": ends,
        "LEAD_SLA_TOPIC_PREFIX": prefix,
    }


@pytest.mark.slow
def test_a_kafka_that_is_there_already_is_used_and_left_running(
    start: Callable[..., Demo], broker: EmbeddedBroker | KafkaBroker, prefix: str
) -> None:
    demo = start(settings=settings_for(broker, prefix))
    assert demo.see(lambda line: line.startswith("kafka "), 30) == f"kafka {broker.bootstrap}"
    demo.see_verdict()
    assert len(demo.children) == 2, "the worker and its watcher"
    assert demo.interrupt()[0] == 0
    require_nothing_left(demo, {demo.port})
    with pytest.raises(PortTaken):
        require_free(int(broker.bootstrap.rsplit(":", 1)[1]))


async def test_only_the_producer_runs_where_others_judge(
    start: Callable[..., Demo], embedded: EmbeddedBroker, prefix: str
) -> None:
    demo = start("--produce-only", "--seconds", "3", settings=settings_for(embedded, prefix))
    assert await asyncio.to_thread(demo.process.wait, 60) == 0
    async with AIOKafkaConsumer(
        prefix + "leads.events", bootstrap_servers=embedded.bootstrap, auto_offset_reset="earliest"
    ) as consumer:
        first = await asyncio.wait_for(consumer.getone(), 10)
    assert first.key.startswith(b"L-")


def test_a_producer_that_waits_for_kafka_can_be_stopped(start: Callable[..., Demo]) -> None:
    demo = start("--produce-only", settings={"KAFKA_BOOTSTRAP_SERVERS": f"{HOST}:{free_port()}"})
    demo.see(lambda line: line.startswith("waiting for Kafka at "), 30)
    status, took_s = demo.interrupt()
    assert status == 0
    assert took_s < STOP_S_MAX
