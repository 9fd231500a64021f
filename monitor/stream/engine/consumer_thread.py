"""The thread that talks to the brokers for the consumer: reads what is committed, and feeds the lease."""

from __future__ import annotations

from typing import Any

from aiokafka import AIOKafkaConsumer
from faust.transport.drivers import aiokafka as driver

from monitor.stream.engine import records
from monitor.stream.engine.host import Host

# Faust lets a fetch wait 1.5 s. Apache Kafka answers as soon as there is a record; the embedded broker lets up to
# half of the wait go by, at every hop.
FETCH_WAIT_MS_MAX = 100


class ConsumerThread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]
    """Reads only what is committed, and tells the lease of each heartbeat that was answered."""

    def _create_worker_consumer(self, transport: Any) -> AIOKafkaConsumer:
        records.install()
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS_MAX
        return consumer

    def watch_heartbeats(self) -> None:
        """Wrap the coordinator's heartbeat once; a new coordinator is wrapped at its first assignment."""
        app: Host = self.app
        coordinator = self._ensure_consumer()._coordinator
        if getattr(coordinator, "_lease_watched", False):
            return
        beat = coordinator._do_heartbeat

        async def watched() -> bool:
            asked_s = app.elapsed_s()  # before the request: the session is counted from when it was sent
            answered: bool = await beat()
            if answered:
                app.ownership.heard(asked_s)
            return answered

        coordinator._do_heartbeat = watched
        coordinator._lease_watched = True
