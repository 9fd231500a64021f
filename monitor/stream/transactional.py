"""Tell, remember and commit as one Kafka transaction: all of a batch takes place, or nothing of it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError, ProducerFenced

from monitor.ports import TimeSource
from monitor.stream.durably import letters, pass_on, records_of, tellings
from monitor.stream.engine.batches import BATCH_BYTES_MAX, REQUEST_BYTES_MAX, Send, State, send_in_batches
from monitor.stream.engine.ownership import Fenced, SelfFenced
from monitor.stream.intake import SendAll, Topics
from monitor.stream.judged import Judged
from monitor.telemetry.engine import EngineMetrics, FenceReason

log = logging.getLogger(__name__)

# How long the broker lets a transaction stay open whose worker says nothing more: readers of committed records
# wait behind it. Kafka's own default is 60 s; a batch takes a tenth of a second.
TRANSACTION_S_MAX = 20.0
# Starting means finding the coordinator and, after a crash, waiting until it has ended the predecessor's
# transaction.
BEGIN_S_MAX = 30.0
# The broker answers the first write of a transaction with "try again" while it is still finishing the one before,
# which takes some milliseconds.
RETRY_MS = 10


class Transactional:
    """A producer with a transactional id of its own for each partition, so that the broker fences a predecessor.

    Starting one ends whatever its predecessor had open, and from then on refuses everything of it. When a
    transaction does not end as it should, the worker stops: the next start lets the broker decide.
    """

    alone = True

    def __init__(
        self,
        client: Mapping[str, Any],
        group: str,
        ids: str,
        topics: Topics,
        source: str,
        changelog: str,
        send_all: SendAll,
        epoch: Callable[[], int],
        time: TimeSource,
        metrics: EngineMetrics,
    ) -> None:
        """`client`: connection settings of aiokafka; `ids`: what transactional ids begin with; `source`: the topic
        that is judged; `send_all`: writes what belongs to no transaction; `epoch`: that of the present assignment.
        """
        self._client = dict(client)
        self._group = group
        self._ids = ids
        self._topics = topics
        self._source = source
        self._changelog = changelog
        self._send_all = send_all
        self._epoch = epoch
        self._time = time
        self._metrics = metrics
        self._producers: dict[int, AIOKafkaProducer] = {}

    async def begin(self, partitions: Collection[int]) -> None:
        """See Durably. Raises KafkaError and TimeoutError when the coordinator does not answer."""
        await self.end()
        for partition in partitions:
            self._producers[partition] = AIOKafkaProducer(
                **self._client,
                transactional_id=f"{self._ids}-{partition}",
                transaction_timeout_ms=int(TRANSACTION_S_MAX * 1_000),
                linger_ms=0,
                retry_backoff_ms=RETRY_MS,
                max_batch_size=BATCH_BYTES_MAX,
                max_request_size=REQUEST_BYTES_MAX,
            )
        async with asyncio.timeout(BEGIN_S_MAX):
            await asyncio.gather(*(producer.start() for producer in self._producers.values()))

    async def write(self, partition: int, epoch: int, judged: Judged, next_offset: int) -> int | None:
        """See Durably; the offset is committed inside the transaction.

        What goes to other judges is not part of it. The end of a transaction takes up an offset that nobody ever reads;
        behind it a partition of the timeline would look as if it had not been judged to its end.
        """
        await pass_on(self._send_all, self._topics, judged, epoch)
        async with self._transaction(partition, epoch) as producer:
            position = {TopicPartition(self._source, partition): next_offset}
            _, _, offset, _ = await asyncio.gather(
                self._send(producer, self._topics.dead_letters, partition, letters(self._source, partition, judged)),
                self._send(producer, self._topics.outcomes, partition, tellings(judged)),
                self._send(producer, self._changelog, partition, records_of(judged.states)),
                producer.send_offsets_to_transaction(position, self._group),
            )
        return offset

    async def repair(self, partition: int, epoch: int, states: Sequence[State]) -> None:
        """See Durably."""
        async with self._transaction(partition, epoch) as producer:
            await self._send(producer, self._changelog, partition, records_of(states))

    async def end(self) -> None:
        """See Durably."""
        producers, self._producers = self._producers, {}
        ended = await asyncio.gather(*(producer.stop() for producer in producers.values()), return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                log.info("a producer did not stop in order: %s", type(error).__name__)

    @asynccontextmanager
    async def _transaction(self, partition: int, epoch: int) -> AsyncIterator[AIOKafkaProducer]:
        """Raises Fenced before anything was written, SelfFenced when it is not certain what was."""
        producer = self._producers.get(partition)
        if producer is None or epoch != self._epoch():
            raise Fenced
        started_s = self._time.elapsed_s()
        try:
            async with asyncio.timeout(TRANSACTION_S_MAX):
                await producer.begin_transaction()
                yield producer
                await producer.commit_transaction()
        except ProducerFenced as fenced:
            raise SelfFenced(FenceReason.SUPERSEDED, f"partition {partition} has a new owner") from fenced
        except (KafkaError, TimeoutError) as error:
            raise SelfFenced(
                FenceReason.UNSURE, f"a transaction on partition {partition} did not end: {type(error).__name__}"
            ) from error
        self._metrics.acknowledged("transaction", self._time.elapsed_s() - started_s)
        if epoch != self._epoch():
            raise Fenced  # it took place, but what is in memory is not this batch's any more

    @staticmethod
    async def _send(producer: AIOKafkaProducer, topic: str, partition: int, records: Sequence[Send]) -> int | None:
        return await send_in_batches(producer, producer.create_batch, topic, partition, records)
