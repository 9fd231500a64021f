"""The baseline: Faust as its documentation shows it, agents event by event and a Table of JSON, with our core inside.

Prints how long it took until every state was in the changelog.
"""

import argparse
import asyncio
import json
import sys
from time import monotonic
from typing import Any

import faust
import msgspec

from bench.broker import PARTITIONS, Site
from bench.history import one_duty
from bench.inprocess import ANY_TIME
from monitor.core.advance import advance
from monitor.core.event import Event
from monitor.core.lead import Lead
from monitor.stream.positions import Positions
from monitor.wire.lead_event import decode
from monitor.wire.outcome import encode_outcome


def build(where: Site, count: int, *, whole: bool) -> tuple[faust.App, dict[str, float], asyncio.Event]:
    """The application; the times it notes; set once the last event was judged."""
    began: dict[str, float] = {}
    judged = asyncio.Event()
    policy = one_duty()
    app = faust.App(
        where.group,
        broker=f"kafka://{where.bootstrap}",
        store="memory://",
        topic_partitions=PARTITIONS,
        topic_disable_leader=True,
        topic_allow_declare=False,
        table_standby_replicas=0,
        web_enabled=False,
        autodiscover=False,
        datadir=None,
        broker_session_timeout=6.0,
        broker_heartbeat_interval=1.0,
        broker_rebalance_timeout=6.0,
        consumer_auto_offset_reset="earliest",
    )
    timeline = app.topic(where.topics.timeline, key_type=bytes, value_serializer="json")
    outcomes = app.topic(where.topics.outcomes, key_type=bytes, value_type=bytes, value_serializer="raw")
    leads = app.Table("leads", partitions=PARTITIONS, key_type=str)
    left = count

    async def judge(records: Any) -> None:
        nonlocal left
        async for value in records:
            began.setdefault("s", monotonic())
            event = msgspec.convert(value, Event)
            known = leads.get(event.lead)
            step = advance(None if known is None else msgspec.convert(known, Lead), event, policy)
            for outcome in step.outcomes:
                await outcomes.send(key=outcome.lead.encode(), value=encode_outcome(outcome))
            leads[event.lead] = msgspec.to_builtins(step.lead)
            left -= 1
            if not left:
                judged.set()

    app.agent(timeline)(judge)
    if whole:
        raw = app.topic(where.topics.events, key_type=bytes, value_type=bytes, value_serializer="raw")

        async def intake(records: Any) -> None:
            async for value in records:
                began.setdefault("s", monotonic())
                event = decode(value, (), 0, ANY_TIME)
                await timeline.send(key=event.lead.encode(), value=msgspec.to_builtins(event))

        app.agent(raw)(intake)

    return app, began, judged


async def run(where: Site, count: int, *, whole: bool) -> dict[str, float]:
    """Seconds from the first event until every state is in the changelog."""
    app, began, judged = build(where, count, whole=whole)
    positions = Positions({"bootstrap_servers": where.bootstrap}, where.group, probe_ends=where.probe_ends)
    app.finalize()
    await app.start()
    try:
        await judged.wait()
        while sum((await positions.ends(where.changelog, PARTITIONS)).values()) < count:  # noqa: ASYNC110 - ask
            await asyncio.sleep(0.01)
        return {"seconds": monotonic() - began["s"]}
    finally:
        await positions.stop()
        await app.stop()


def main() -> None:
    """The arguments are those of `bench.broker.child`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("bootstrap")
    parser.add_argument("prefix")
    parser.add_argument("count", type=int)
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--probe-ends", action="store_true")
    given = parser.parse_args()
    where = Site(given.bootstrap, given.probe_ends, given.prefix)
    measured = asyncio.run(run(where, given.count, whole=given.whole))
    sys.stdout.write(json.dumps(measured) + "\n")


main()
