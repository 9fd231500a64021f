"""Faust's producer with whole batches to one partition, fenced right before they leave."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from aiokafka.producer.message_accumulator import BatchBuilder
from faust.transport.drivers import aiokafka as driver

from monitor.stream.engine.batches import Send, send_in_batches
from monitor.stream.engine.host import Host
from monitor.stream.engine.sender_fence import SenderFence


class Producer(driver.Producer):  # type: ignore[misc]
    """Sends whole batches to one partition, and nothing of an epoch that is over."""

    app: Host

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._fence = SenderFence(self.app.ownership)

    async def on_start(self) -> None:
        """Start, and put the fence up."""
        await super().on_start()
        self._fence.stand_before(self._ensure_producer()._sender)

    async def send_all(self, topic: str, partition: int, records: Iterable[Send], epoch: int | None) -> int | None:
        """Produce to one partition in order and wait until the broker has acknowledged all.

        `epoch`: refuse once it is over; None for records that any worker may write. Returns the last offset,
        None when there was nothing to send. Raises Fenced, or KafkaError when the broker refuses.
        """
        producer = self._ensure_producer()

        def new_builder() -> BatchBuilder:
            builder = producer.create_batch()
            return builder if epoch is None else self._fence.mark(builder, epoch)

        return await send_in_batches(producer, new_builder, topic, partition, records)
