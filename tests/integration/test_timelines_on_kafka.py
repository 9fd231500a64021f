"""The timelines that say `kafka: yes`, all at once through a real worker on a real Apache Kafka."""

from pathlib import Path
from typing import Any

import pytest

from monitor.core.event import Event
from monitor.core.instant import to_rfc3339
from monitor.core.outcome import Kind
from monitor.wire.outcome import decode_outcome
from tests.support.cluster import Reader, WorkerProcess, produce
from tests.support.expectations import differences, kinds_of
from tests.support.timeline import Expects, events_of, read_timeline

FOLDER = Path(__file__).parents[1] / "timelines"
SCRIPTS = [t for path in sorted(FOLDER.glob("*.timeline")) if "kafka" in (t := read_timeline(path)).headers]
AGREEMENT = FOLDER / "agreements" / "every-rule.yaml"
TEN_YEARS_S = 3650 * 86_400

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]


def sent(event: Event, script: str) -> dict[str, Any]:
    """The event as a producer sends it, on a lead of this script's own."""
    return {
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "subject": f"{script}.{event.lead}",
        "time": to_rfc3339(event.at),
        "data": dict(event.data),
    }


def all_wrong(records: list[Any]) -> dict[str, list[str]]:
    """How scripts differ from how they end. What is taken back meanwhile depends on who was faster."""
    outcomes = [decode_outcome(record.value) for record in records]
    found: dict[str, list[str]] = {}
    for timeline in SCRIPTS:
        script, end = f"{timeline.path.stem}.", timeline.steps[-1]
        assert isinstance(end, Expects)
        said = [o._replace(lead=o.lead.removeprefix(script)) for o in outcomes if o.lead.startswith(script)]
        kinds = kinds_of(timeline) - {Kind.WITHDRAWN}
        if lines := differences(end, said, kinds, timeline.headers["zone"]):
            found[timeline.path.stem] = lines
    return found


async def test_the_scripts_end_on_kafka_as_they_say(kafka: Any, prefix: str, tmp_path: Path) -> None:
    assert len(SCRIPTS) >= 8
    assert {timeline.agreement for timeline in SCRIPTS} == {AGREEMENT}
    with WorkerProcess(kafka.bootstrap, prefix, AGREEMENT, tmp_path, time_past_s_max=str(TEN_YEARS_S)) as worker:
        await worker.ready()
        events = [sent(event, timeline.path.stem) for timeline in SCRIPTS for event in events_of(timeline)]
        await produce(kafka.bootstrap, prefix + "leads.events", events)
        async with Reader(kafka.bootstrap, prefix + "lead-sla.outcomes") as reader:
            try:
                await reader.until(lambda r: not all_wrong(r.records), 60)
            except AssertionError:
                assert all_wrong(reader.records) == {}, worker.tail()
        assert worker.stop() == 0, worker.tail()
