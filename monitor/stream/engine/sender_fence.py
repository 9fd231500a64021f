"""The last look before bytes leave: stands before aiokafka's sender, because what was queued before a pause leaves
after it.
"""

from typing import Any
from weakref import WeakKeyDictionary

from aiokafka.producer.message_accumulator import BatchBuilder

from monitor.stream.engine.ownership import Fenced, Ownership


class SenderFence:
    """Lets a batch pass while its epoch lasts and the lease holds; one that may not pass fails with Fenced."""

    def __init__(self, ownership: Ownership) -> None:
        self._ownership = ownership
        self._epochs: WeakKeyDictionary[BatchBuilder, int] = WeakKeyDictionary()

    def mark(self, builder: BatchBuilder, epoch: int) -> BatchBuilder:
        """This batch belongs to that epoch; a batch without a mark always passes."""
        self._epochs[builder] = epoch
        return builder

    def stand_before(self, sender: Any) -> None:
        """Wrap the sender's method that writes to the socket."""
        send = sender._send_produce_req

        async def fenced_send(node_id: int, batches: dict[Any, Any]) -> None:
            passing = {}
            for tp, batch in batches.items():
                epoch = self._epochs.get(batch._builder)
                try:
                    if epoch is not None:
                        await self._ownership.may_write(epoch)
                    passing[tp] = batch
                except Fenced as fenced:
                    batch.failure(exception=fenced)
                    sender._muted_partitions.discard(tp)
            if passing:
                await send(node_id, passing)
            else:
                sender._in_flight.discard(node_id)

        sender._send_produce_req = fenced_send
