"""What intake works on, and what the clock of a producer may and may not do."""

import asyncio
import json
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types.tuples import TP

from monitor.core.instant import from_rfc3339
from monitor.stream.engine.batches import Send
from monitor.stream.engine.lanes import Batch
from monitor.stream.intake import Intake, Topics
from monitor.telemetry.metrics import Metrics
from monitor.wire.lead_event import TimeLimits
from tests.support.agreement import DAY, HOUR

NOW = from_rfc3339("2026-10-01T08:00:00Z")
TOPICS = Topics("events", 1, "timeline", "facts", "outcomes", "dead-letters", 1)


def went_to(time: str, recorded: str, now_at: int = NOW) -> str:
    """The topic that an event of that time goes to, in a record with that timestamp."""
    sent: list[str] = []

    async def send_all(topic: str, partition: int, records: Sequence[Send], epoch: int | None) -> None:
        sent.append(topic)

    value = {"id": "1", "source": "crm", "type": "lead.created", "subject": "L-1", "time": time}
    record: Any = SimpleNamespace(
        key=b"", value=json.dumps(value).encode(), headers=(), offset=0, timestamp=from_rfc3339(recorded) // 1_000
    )
    intake = Intake(TOPICS, TimeLimits(HOUR, 90 * DAY), send_all, lambda: now_at, Metrics())
    asyncio.run(intake.take(Batch(TP("events", 0), [record], 1)))
    (topic,) = sent
    return topic


@pytest.mark.parametrize(
    ("time", "recorded", "topic"),
    [
        ("2026-10-01T08:00:00Z", "2026-10-01T08:00:00Z", "timeline"),
        ("9997-03-01T00:00:00Z", "2026-10-01T08:00:00Z", "dead-letters"),
        # The producer's clock is wrong as a whole: it stamps the record, too.
        ("9997-03-01T00:00:00Z", "9997-03-01T00:00:00Z", "dead-letters"),
        ("2026-10-03T08:00:00Z", "2026-10-03T08:00:00Z", "dead-letters"),
        # What happened is told rightly, and only the record's timestamp is wrong.
        ("2026-10-01T08:00:00Z", "9997-03-01T00:00:00Z", "timeline"),
        # An old backlog is read after a long outage.
        ("2020-10-01T08:00:00Z", "2020-10-01T08:00:00Z", "timeline"),
    ],
)
def test_one_wrong_clock_of_a_producer_moves_nothing(time: str, recorded: str, topic: str) -> None:
    assert went_to(time, recorded) == topic


def test_a_worker_whose_own_clock_is_hours_behind_takes_what_others_send() -> None:
    assert went_to("2026-10-01T08:00:00Z", "2026-10-01T08:00:00Z", now_at=NOW - 20 * HOUR) == "timeline"


def test_topics_are_told_with_the_numbers_of_their_partitions() -> None:
    topics = Topics("leads.events", 3, "timeline", "facts", "outcomes", "dead-letters", 8)
    assert str(topics) == "leads.events with 3 partitions; timeline, facts, outcomes, dead-letters with 8 each"
