"""The notifier: an agent of its own on the outcomes, so that a slow channel never delays a verdict."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Final

from faust.types.tuples import TP

from monitor.notify.line import DISABLED, Ended
from monitor.notify.notice import Quiet, notice_of
from monitor.notify.outbox import Outbox
from monitor.stream.engine.lanes import Batch
from monitor.stream.intake import SendAll, Topics, letter
from monitor.telemetry.metrics import Metrics
from monitor.wire.dead_letter import DeadLetterReason
from monitor.wire.outcome import UnreadableOutcome, decode_outcome

log = logging.getLogger(__name__)

_US_PER_MS: Final = 1_000


class Notifier:
    """Delivers what somebody is told about, a lead's notices in order; what can't be delivered is a dead letter.

    A batch that was begun and not finished is begun again after a restart: notices keep their id.
    """

    def __init__(self, topics: Topics, outbox: Outbox, send_all: SendAll, metrics: Metrics) -> None:
        """Without channels outcomes are read all the same: one added later must not begin with all of history."""
        self._topics = topics
        self._outbox = outbox
        self._send_all = send_all
        self._metrics = metrics

    async def take(self, batch: Batch) -> None:
        """Return when each notice of the batch is, for each of its channels, delivered or in dead letters."""
        if not self._outbox.couriers:
            return
        await asyncio.gather(*(work for record in batch.records for work in self._tell(batch.tp, record)))

    def _tell(self, tp: TP, record: Any) -> list[Coroutine[Any, Any, None]]:
        try:
            notice = notice_of(decode_outcome(record.value))
        except UnreadableOutcome as unreadable:
            return [self._bury(tp, record, DeadLetterReason.INTERNAL_RECORD, str(unreadable))]
        if isinstance(notice, Quiet):
            return []
        return [
            self._settle(tp, record, channel, ending)
            for channel, ending in self._outbox.send(notice, record.timestamp * _US_PER_MS)
        ]

    async def _settle(self, tp: TP, record: Any, channel: str, ending: asyncio.Future[Ended]) -> None:
        ended = await ending
        if ended.result == "ok":
            return
        waiting = ended.waiting
        why = ended.result if ended.result == waiting.last or not waiting.last else f"{ended.result}, {waiting.last}"
        detail = f"{channel}: {why} after {waiting.attempts} attempts"
        # That a channel is disabled has been said, once.
        level = logging.INFO if ended.result == DISABLED else logging.ERROR
        log.log(level, "notice %s was not delivered: %s %s", waiting.notice.notice_id, detail, ended.answer)
        await self._bury(tp, record, DeadLetterReason.DELIVERY_FAILED, detail)

    async def _bury(self, tp: TP, record: Any, reason: DeadLetterReason, detail: str) -> None:
        self._metrics.dead_lettered(reason)
        await self._send_all(self._topics.dead_letters, tp.partition, [letter(tp, record, reason, detail)], None)
