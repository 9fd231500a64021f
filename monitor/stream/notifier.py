"""The notifier: an agent of its own on the outcomes, so that a slow channel never delays a verdict."""

import logging
from typing import Any

from faust.types.tuples import TP

from monitor.notify.delivery import Backoff, deliver_with_retry
from monitor.notify.notice import Quiet, notice_of
from monitor.ports import Delivery, Sink, TimeSource
from monitor.stream.engine.lanes import Batch
from monitor.stream.intake import SendAll, Topics, letter
from monitor.telemetry.metrics import GAVE_UP, Metrics
from monitor.wire.dead_letter import DeadLetterReason
from monitor.wire.outcome import UnreadableOutcome, decode_outcome

log = logging.getLogger(__name__)


class Notifier:
    """Delivers what somebody is told about, in the order of the log; what can't be delivered is a dead letter.

    A batch that was begun and not finished is begun again after a restart: notices keep their id.
    """

    def __init__(
        self, topics: Topics, sink: Sink | None, backoff: Backoff, send_all: SendAll, time: TimeSource, metrics: Metrics
    ) -> None:
        """Without a sink outcomes are read all the same: a sink added later must not begin with all of history."""
        self._topics = topics
        self._sink = sink
        self._backoff = backoff
        self._send_all = send_all
        self._time = time
        self._metrics = metrics

    async def take(self, batch: Batch) -> None:
        """Return when each notice of the batch is delivered or in dead letters."""
        if self._sink is None:
            return
        for record in batch.records:
            await self._tell(batch.tp, record, self._sink)

    async def _tell(self, tp: TP, record: Any, sink: Sink) -> None:
        try:
            notice = notice_of(decode_outcome(record.value))
        except UnreadableOutcome as unreadable:
            await self._bury(tp, record, DeadLetterReason.INTERNAL_RECORD, str(unreadable))
            return
        if isinstance(notice, Quiet):
            return

        def attempted(delivery: Delivery) -> None:
            self._metrics.delivery_attempted(sink.name, delivery.reason)

        ended = await deliver_with_retry(sink, notice, self._time, self._backoff, attempted=attempted)
        if not ended.last.delivered:
            self._metrics.delivery_attempted(sink.name, GAVE_UP)
            detail = f"{sink.name}: {ended.last.reason} after {ended.attempts} attempts"
            log.error("notice %s was not delivered: %s", notice.notice_id, detail)
            await self._bury(tp, record, DeadLetterReason.DELIVERY_FAILED, detail)

    async def _bury(self, tp: TP, record: Any, reason: DeadLetterReason, detail: str) -> None:
        self._metrics.dead_lettered(reason)
        await self._send_all(self._topics.dead_letters, tp.partition, [letter(tp, record, reason, detail)], None)
