"""Nothing of an epoch that is over reaches the socket; what other epochs and nobody's records need, passes."""

import asyncio
from typing import Any

from aiokafka.producer.message_accumulator import BatchBuilder, MessageBatch
from aiokafka.structs import TopicPartition
from prometheus_client import CollectorRegistry

from monitor.stream.engine.ownership import Fenced, Ownership
from monitor.stream.engine.sender_fence import SenderFence
from monitor.telemetry.engine import EngineMetrics

ZERO, ONE = TopicPartition("changelog", 0), TopicPartition("changelog", 1)


class Sender:
    """What aiokafka's sender shows to the fence, and what reached the socket."""

    def __init__(self) -> None:
        self._in_flight = {1}
        self._muted_partitions = {ZERO, ONE}
        self.sent: list[TopicPartition] = []

    async def _send_produce_req(self, node_id: int, batches: dict[TopicPartition, Any]) -> None:
        self.sent += batches


def fenced() -> tuple[Ownership, SenderFence, Sender]:
    ownership = Ownership(6.0, lambda: 0.0, EngineMetrics(CollectorRegistry()))
    ownership.heard(0.0)
    fence, sender = SenderFence(ownership), Sender()
    fence.stand_before(sender)
    return ownership, fence, sender


def batch(tp: TopicPartition, fence: SenderFence, epoch: int | None) -> MessageBatch:
    builder = BatchBuilder(16_384, 0, is_transactional=False, key_serializer=None, value_serializer=None)
    made = MessageBatch(tp, builder if epoch is None else fence.mark(builder, epoch), 30.0, 0.0)
    made.drain_ready()  # as the sender has taken it; else a failure is kept for somebody who waits for that
    return made


async def test_a_batch_of_the_present_epoch_passes() -> None:
    ownership, fence, sender = fenced()
    await sender._send_produce_req(1, {ZERO: batch(ZERO, fence, ownership.epoch)})
    assert sender.sent == [ZERO]


async def test_a_batch_of_an_epoch_that_is_over_fails_and_the_others_pass() -> None:
    ownership, fence, sender = fenced()
    old, anybodys = batch(ZERO, fence, ownership.epoch), batch(ONE, fence, None)
    ownership.next_epoch()
    await sender._send_produce_req(1, {ZERO: old, ONE: anybodys})
    assert sender.sent == [ONE]
    assert isinstance(old.future.exception(), Fenced)
    assert sender._muted_partitions == {ONE}, "the sender takes its own partition off the list itself"


async def test_when_nothing_may_pass_the_sender_is_free_again() -> None:
    ownership, fence, sender = fenced()
    old = batch(ZERO, fence, ownership.epoch)
    ownership.next_epoch()
    await sender._send_produce_req(1, {ZERO: old})
    assert (sender.sent, sender._in_flight) == ([], set())
    assert isinstance(old.future.exception(), Fenced)


async def test_a_batch_waits_for_the_lease() -> None:
    now_s = [0.0]
    ownership = Ownership(6.0, lambda: now_s[0], EngineMetrics(CollectorRegistry()))
    ownership.heard(0.0)
    fence, sender = SenderFence(ownership), Sender()
    fence.stand_before(sender)
    now_s[0] = 5.5
    sending = asyncio.create_task(sender._send_produce_req(1, {ZERO: batch(ZERO, fence, 0)}))
    await asyncio.sleep(0.05)
    assert sender.sent == []
    ownership.heard(5.5)
    await asyncio.wait_for(sending, 1.0)
    assert sender.sent == [ZERO]
