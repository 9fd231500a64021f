"""Real Apache Kafka brokers (KRaft), each a process of its own, for tests: one alone, or three together."""

import fcntl
import functools
import hashlib
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

from monitor.cli.demo.broker import HOST, free_port, require_free, wait_until_answering
from monitor.cli.demo.child import Child

_ROOT = Path(__file__).parents[2]
_POM = _ROOT / "tests" / "kafka" / "pom.xml"
JAVA_MIN = 17  # Kafka 4 brokers do not start on less


@functools.cache
def missing() -> str | None:
    """What keeps Apache Kafka from running here, in a few words; None when nothing does."""
    java = shutil.which("java")
    if java is None:
        return f"no Java {JAVA_MIN} or newer"
    banner = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', banner)
    if version is None or int(version[1]) < JAVA_MIN:
        return f"no Java {JAVA_MIN} or newer"
    if not _libs_folder().exists() and shutil.which("mvn") is None:
        return "no Maven to fetch Apache Kafka with"
    return None


def libs() -> Path:
    """The folder with the server's jars, fetched by Maven on first use. Raises RuntimeError if it cannot be."""
    folder = _libs_folder()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name("lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # parts of the tests that run side by side: the others wait for the first
        if not folder.exists():
            _fetch(folder)
    return folder


def _fetch(folder: Path) -> None:
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    done = subprocess.run(
        [
            "mvn", "-q", "-B", "-f", str(_POM), "dependency:copy-dependencies",
            "-DincludeScope=runtime", f"-DoutputDirectory={partial}",
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"Maven could not fetch Apache Kafka:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    partial.rename(folder)


def _libs_folder() -> Path:
    """Named after what the pom asks for: another version gets another folder."""
    return _ROOT / ".cache" / "kafka-libs" / hashlib.sha256(_POM.read_bytes()).hexdigest()[:12]


class KafkaBroker:
    """One broker and controller in one process; its data stays in its folder until the folder is removed."""

    def __init__(
        self, folder: Path, properties: Mapping[str, str] | None = None, node_id: int = 1, *, lives_long: bool = False
    ) -> None:
        """Data, configuration and log go to `folder`; `properties` are added to or override the server's.

        `lives_long`: it starts slowly and is as fast as it can be later.
        """
        self.log = folder / "kafka.log"
        self.port = free_port()
        self.controller_port = free_port()
        self.node_id = node_id
        self.properties = dict(properties or {})
        self._folder = folder
        self._java = _java if lives_long else _brief_java
        self._child: Child | None = None

    @property
    def bootstrap(self) -> str:
        """Its address, `host:port`; the same after a restart."""
        return f"{HOST}:{self.port}"

    @property
    def running(self) -> bool:
        """It was started, and neither stopped nor killed since."""
        return self._child is not None

    @property
    def pid(self) -> int:
        """The server's process id. Raises RuntimeError when it was not started."""
        return self._running().pid

    def start(self) -> str:
        """Format the storage the first time, start, wait for an answer, return the address."""
        config = self._folder / "server.properties"
        if not config.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            config.write_text("".join(f"{key}={value}\n" for key, value in self._settings().items()))
            self._format(config)
        require_free(self.port)
        heap = "-Xmx384m" if _VOTERS in self.properties else "-Xmx512m"
        self._child = Child(self._java("-Xms256m", heap, "kafka.Kafka", str(config)), self.log)
        wait_until_answering(self.bootstrap, self._child)
        return self.bootstrap

    def stop(self) -> None:
        """Shut down in order; harmless when it is not running."""
        if self._child is not None:
            self._child.send(signal.SIGCONT)
            self._child.stop(grace_s=30)
            self._child = None

    def kill(self) -> None:
        """End it as a crash would."""
        self._running().kill()
        self._child = None

    def restart(self) -> str:
        """Stop, if need be, and start again on the same data and port."""
        self.stop()
        return self.start()

    def pause(self) -> None:
        """Freeze it: connections stay open, nothing answers."""
        self._running().send(signal.SIGSTOP)

    def resume(self) -> None:
        """Undo `pause`."""
        self._running().send(signal.SIGCONT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _running(self) -> Child:
        if self._child is None:
            raise RuntimeError("this broker is not running")
        return self._child

    def _settings(self) -> dict[str, str]:
        alone = {"controller.quorum.bootstrap.servers": f"{HOST}:{self.controller_port}"}
        return {
            "process.roles": "broker,controller",
            "node.id": str(self.node_id),
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://{HOST}:{self.controller_port}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "PLAINTEXT",
            "controller.listener.names": "CONTROLLER",
            "log.dirs": str(self._folder / "data"),
            "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            "group.initial.rebalance.delay.ms": "0",
            # A killed broker may come back once its session is over; the default of 9 s only makes tests wait.
            "broker.session.timeout.ms": "3000",
            "broker.heartbeat.interval.ms": "500",
            **({} if _VOTERS in self.properties else alone),
            **self.properties,
        }

    def _format(self, config: Path) -> None:
        alone = [] if _VOTERS in self.properties else ["--standalone"]
        command = _brief_java("kafka.tools.StorageTool", "format", *alone, "-t", _cluster_id(), "-c", str(config))
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"Kafka's storage could not be formatted:\n{done.stdout}{done.stderr}")


class KafkaCluster:
    """Three brokers that are controllers too; every topic on all three, a write acknowledged by at least two."""

    def __init__(self, folder: Path, properties: Mapping[str, str] | None = None) -> None:
        """Each broker has a folder of its own in `folder`; `properties` are added to or override the servers'."""
        self.nodes = [KafkaBroker(folder / f"broker-{n}", node_id=n) for n in (1, 2, 3)]
        voters = ",".join(f"{node.node_id}@{HOST}:{node.controller_port}" for node in self.nodes)
        for node in self.nodes:
            node.properties |= {_VOTERS: voters, **_REPLICATED, **(properties or {})}

    @property
    def bootstrap(self) -> str:
        """The addresses of all three, separated by commas."""
        return ",".join(node.bootstrap for node in self.nodes)

    def __enter__(self) -> Self:
        with ThreadPoolExecutor(len(self.nodes)) as pool:  # side by side: none answers before two are there
            list(pool.map(KafkaBroker.start, self.nodes))
        return self

    def __exit__(self, *_: object) -> None:
        for node in self.nodes:
            if node.running:
                node.kill()  # in order the last ones would wait for controllers that are gone


_VOTERS = "controller.quorum.voters"
_REPLICATED = {
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "share.coordinator.state.topic.replication.factor": "3",
    "share.coordinator.state.topic.min.isr": "2",
    # A dead follower leaves the in-sync replicas after this; the default of 30 s only makes tests wait.
    "replica.lag.time.max.ms": "5000",
}


def _java(*arguments: str) -> list[str]:
    quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
    return ["java", quiet, "-cp", f"{libs()}/*", *arguments]


def _brief_java(*arguments: str) -> list[str]:
    """Without the second compiler: what lives for minutes spends more on it than it gives back."""
    return _java("-XX:TieredStopAtLevel=1", *arguments)


def _cluster_id() -> str:
    """Kafka wants 16 bytes in URL-safe base64; one constant serves every test broker, each is alone."""
    return "bGVhZC1zbGEtdGVzdHMtMQ"
