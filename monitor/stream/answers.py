"""What people answer to notices, brought to the cases of this worker."""

from collections.abc import Callable
from functools import partial

from monitor.core.answers import acknowledged, sent_again, snoozed
from monitor.core.case import Case, Change
from monitor.ports import NotReady, TimeSource
from monitor.stream.desk import Desk
from monitor.stream.engine.app import LeadApp
from monitor.stream.engine.ownership import Fenced

_US_PER_S = 1_000_000


class AnswerDesk:
    """See `monitor.ports.Answers`."""

    def __init__(self, app: LeadApp, desk: Desk, time: TimeSource) -> None:
        self._app = app
        self._desk = desk
        self._time = time

    async def acknowledge(self, notice_id: str, by: str) -> int:
        """See Answers."""
        return await self._answer(notice_id, partial(_acknowledged, notice_id, by, self._time.now_at()))

    async def snooze(self, notice_id: str, seconds: int) -> int:
        """See Answers."""
        now_at = self._time.now_at()
        return await self._answer(notice_id, partial(_snoozed, notice_id, now_at + seconds * _US_PER_S, now_at))

    async def send_again(self, notice_id: str, channel: str) -> int:
        """See Answers."""
        return await self._answer(notice_id, partial(_sent_again, notice_id, channel, self._time.now_at()))

    def other_workers(self) -> list[str]:
        """See Answers."""
        return sorted(self._app.worker_urls() - {self._app.engine.advertised_url})

    async def _answer(self, notice_id: str, step: Callable[[Case], Change]) -> int:
        if self._app.rebalancing or not self._app.tables.actives_ready:
            raise NotReady("partitions are being moved; try again in a few seconds")
        try:
            return await self._desk.answer(notice_id, step)
        except Fenced:
            raise NotReady("the partition of this notice is being moved; try again in a few seconds") from None


def _acknowledged(notice_id: str, by: str, at: int, case: Case) -> Change:
    return acknowledged(case, notice_id, by, at)


def _snoozed(notice_id: str, until: int, at: int, case: Case) -> Change:
    return snoozed(case, notice_id, until, at)


def _sent_again(notice_id: str, channel: str, at: int, case: Case) -> Change:
    asked = [item for item in case.items if notice_id in (item.notice_id, item.message)]
    return sent_again(case, [item for item in asked if channel in ("", item.call.channel)], at)
