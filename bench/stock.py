"""The baseline: Faust as its documentation shows it, agents event by event and a Table of JSON, with our core inside.

Prints how long it took until every state was in the changelog, or how long recovery took.
"""

import asyncio
import json
import sys
import tempfile
from time import monotonic, process_time
from typing import Any

import faust
import msgspec

from bench.history import ANY_TIME, one_duty
from bench.json_lead import as_json, lead_of
from bench.site import PARTITIONS, Site, contestant_arguments, site_of
from monitor.core.advance import advance
from monitor.core.event import Event
from monitor.stream.positions import Positions
from monitor.wire.lead_event import decode
from monitor.wire.outcome import encode_outcome


class Noted:
    """What happened when."""

    def __init__(self) -> None:
        self.assigned_s = 0.0
        self.began_s, self.began_processor_s = 0.0, 0.0
        self.recovered, self.judged = asyncio.Event(), asyncio.Event()

    async def assigned(self, *_: Any, **__: Any) -> None:
        """The group has given us our partitions."""
        self.assigned_s = monotonic()

    async def table_recovered(self) -> None:
        """The table is as it was."""
        self.recovered.set()

    def begin(self) -> None:
        """The first event."""
        if not self.began_s:
            self.began_s, self.began_processor_s = monotonic(), process_time()


def application(where: Site) -> faust.App:
    """With the settings of its documentation, and the sessions that all contestants have."""
    return faust.App(
        where.group,
        broker=f"kafka://{where.bootstrap}",
        store="memory://",
        topic_partitions=PARTITIONS,
        topic_disable_leader=True,
        topic_allow_declare=False,
        table_standby_replicas=0,
        web_enabled=False,
        autodiscover=False,
        datadir=tempfile.mkdtemp(prefix="lead-sla-bench-"),
        broker_session_timeout=6.0,
        broker_heartbeat_interval=1.0,
        broker_rebalance_timeout=6.0,
        consumer_auto_offset_reset="earliest",
    )


def judging(app: faust.App, where: Site, left: int, noted: Noted, *, whole: bool) -> None:
    """The agent that judges `left` events, its table, and with `whole` the intake before it."""
    policy = one_duty()
    timeline = app.topic(where.timeline, key_type=bytes, value_serializer="json")
    outcomes = app.topic(where.outcomes, key_type=bytes, value_type=bytes, value_serializer="raw")
    leads = app.Table("leads", partitions=PARTITIONS, key_type=str)
    leads.on_recover(noted.table_recovered)

    async def judge(records: Any) -> None:
        nonlocal left
        async for value in records:
            noted.begin()
            event = msgspec.convert(value, Event)
            known = leads.get(event.lead)
            step = advance(None if known is None else lead_of(known), event, policy)
            for outcome in step.outcomes:
                await outcomes.send(key=outcome.lead.encode(), value=encode_outcome(outcome))
            leads[event.lead] = as_json(step.lead)
            left -= 1
            if not left:
                noted.judged.set()

    app.agent(timeline)(judge)
    if whole:
        raw = app.topic(where.events, key_type=bytes, value_type=bytes, value_serializer="raw")

        async def intake(records: Any) -> None:
            async for value in records:
                noted.begin()
                event = decode(value, (), 0, ANY_TIME)
                await timeline.send(key=event.lead.encode(), value=msgspec.to_builtins(event))

        app.agent(raw)(intake)


async def run(where: Site, count: int, *, whole: bool) -> dict[str, float | bool]:
    """Seconds from the first event until every state is in the changelog; without events, of recovery."""
    app, noted = application(where), Noted()
    judging(app, where, count, noted, whole=whole)
    app.on_partitions_assigned.connect(noted.assigned, weak=False)
    positions = Positions({"bootstrap_servers": where.bootstrap}, where.group, probe_ends=where.probe_ends)
    app.finalize()
    started_s = process_time()
    await app.start()
    try:
        if not count:
            await noted.recovered.wait()
            recovered_s, processor_s = monotonic() - noted.assigned_s, process_time() - started_s
            return {"recovered_s": recovered_s, "recovery_processor_s": processor_s, "last": True}
        await noted.judged.wait()
        while sum((await positions.ends(where.changelog, PARTITIONS)).values()) < count:  # noqa: ASYNC110 - ask
            await asyncio.sleep(0.01)
        seconds, processor_s = monotonic() - noted.began_s, process_time() - noted.began_processor_s
        return {"seconds": seconds, "processor_s": processor_s, "last": True}
    finally:
        await positions.stop()
        await app.stop()


def main() -> None:
    """`--whole` begins with raw events."""
    parser = contestant_arguments()
    parser.add_argument("--whole", action="store_true")
    given = parser.parse_args()
    measured = asyncio.run(run(site_of(given), given.count, whole=given.whole))
    sys.stdout.write(json.dumps(measured) + "\n")


main()
