"""Faust's producer with whole batches to one partition, fenced right before they leave."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from weakref import WeakKeyDictionary

from aiokafka.producer.message_accumulator import BatchBuilder
from faust.transport.drivers import aiokafka as driver

from monitor.stream.engine.batches import Send, send_in_batches
from monitor.stream.engine.host import Host
from monitor.stream.engine.ownership import Fenced


class Producer(driver.Producer):  # type: ignore[misc]
    """Sends whole batches to one partition, and nothing of an epoch that is over."""

    app: Host

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._epochs: WeakKeyDictionary[BatchBuilder, int] = WeakKeyDictionary()

    async def on_start(self) -> None:
        """Start, then stand before the sender: the last look before bytes leave."""
        await super().on_start()
        sender = self._ensure_producer()._sender
        send = sender._send_produce_req

        async def fenced_send(node_id: int, batches: dict[Any, Any]) -> None:
            live = {}
            for tp, batch in batches.items():
                epoch = self._epochs.get(batch._builder)
                try:
                    if epoch is not None:
                        await self.app.ownership.may_write(epoch)
                    live[tp] = batch
                except Fenced as fenced:
                    batch.failure(exception=fenced)
                    sender._muted_partitions.discard(tp)
            if live:
                await send(node_id, live)
            else:
                sender._in_flight.discard(node_id)

        sender._send_produce_req = fenced_send

    async def send_all(self, topic: str, partition: int, records: Iterable[Send], epoch: int | None) -> int | None:
        """Produce to one partition in order and wait until the broker has acknowledged all.

        `epoch`: refuse once it is over; None for records that any worker may write. Returns the last offset,
        None when there was nothing to send. Raises Fenced, or KafkaError when the broker refuses.
        """
        return await send_in_batches(self._ensure_producer(), lambda: self._builder(epoch), topic, partition, records)

    def _builder(self, epoch: int | None) -> BatchBuilder:
        builder = self._ensure_producer().create_batch()
        if epoch is not None:
            self._epochs[builder] = epoch
        return builder
