"""The thread that talks to the brokers for the consumer: reads what is committed, and feeds the lease."""

from __future__ import annotations

import asyncio
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.protocol.group import HeartbeatRequest, SyncGroupRequest
from faust.transport.drivers import aiokafka as driver

from monitor.stream.engine import records
from monitor.stream.engine.host import Host
from monitor.stream.engine.known_topics import until_known
from monitor.stream.engine.ownership import SelfFenced
from monitor.telemetry.engine import FenceReason

# Faust lets a fetch wait 1.5 s. Apache Kafka answers as soon as there is a record; the embedded broker lets up to
# half of the wait go by, at every hop.
FETCH_WAIT_MS_MAX = 100


class ConsumerThread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]
    """Reads only what is committed, and tells the lease whenever the coordinator counts us in."""

    def _create_worker_consumer(self, transport: Any) -> AIOKafkaConsumer:
        records.install()
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS_MAX
        return consumer

    async def on_start(self) -> None:
        """Start, and listen to what the group's coordinator answers."""
        await super().on_start()
        app: Host = self.app
        coordinator = self._ensure_consumer()._coordinator
        send = coordinator._send_req

        async def watched(request: Any) -> Any:
            asked_s = app.elapsed_s()  # before the request: the session is counted from when it was sent
            response = await send(request)
            # While the group rebalances heartbeats are answered with an error: without us it ends after a while.
            if isinstance(request, HeartbeatRequest | SyncGroupRequest) and not response.error_code:
                app.ownership.heard(asked_s)
            return response

        coordinator._send_req = watched
        coordinator._perform_assignment = self._informed(coordinator._perform_assignment)

    def _informed(self, perform: Any) -> Any:
        """Partitions of a topic that the brokers do not name would be handed out to nobody, and stay so."""

        async def informed(response: Any) -> Any:
            consumer, app = self._ensure_consumer(), self.app
            client = consumer._client

            def unknown() -> set[str]:
                topics = consumer._subscription.subscription.topics
                return {topic for topic in topics if not client.cluster.partitions_for_topic(topic)}

            if left := await until_known(unknown, client.force_metadata_update, app.conf.broker_session_timeout / 2):
                stop = SelfFenced(FenceReason.TOPICS_UNKNOWN, f"the brokers do not name {', '.join(sorted(left))}")
                asyncio.run_coroutine_threadsafe(app.crash(stop), self.parent_loop)
            return await perform(response)

        return informed

    async def _fetch_records(
        self, consumer: Any, active_partitions: Any, timeout: float | None = None, max_records: int | None = None
    ) -> Any:
        """Take what has arrived, or wait until something does; never across a change of the assignment.

        aiokafka's own fetch waits until the change is over and then takes records of the new assignment, from
        behind the position that was sought for it: whoever asked before does not know what to do with them.
        """

        def assignment() -> Any:
            state = consumer._subscription
            return None if state.reassignment_in_progress else state.subscription.assignment

        async def arrived() -> Any:
            if began_under is None or assignment() is not began_under:
                return {}
            records.leave_as_read(consumer._fetcher._records.values())
            return await fetch(consumer, active_partitions, timeout=0, max_records=max_records)

        fetch, began_under = super()._fetch_records, assignment()
        found = await arrived()
        if found or not self.consumer.flow_active:
            return found
        waiter = consumer._fetcher._create_fetch_waiter()
        done, _ = await asyncio.wait([waiter], timeout=timeout)
        if not done:
            waiter.cancel()
            return {}
        waiter.result()  # raises what the brokers refuse
        return await arrived()

    async def on_thread_stop(self) -> None:
        """Stop the consumer. aiokafka may raise a cancellation of its own; Faust would then never see the end."""
        try:
            await super().on_thread_stop()
        except asyncio.CancelledError:
            await self._ensure_consumer()._client.close()
