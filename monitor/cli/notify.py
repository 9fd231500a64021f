"""`lead-sla notify --test CHANNEL`: a sample notice over one channel, and what its far end answered."""

import asyncio
from typing import Final

import typer

from monitor.cli.failure import BAD_INPUT, UNAVAILABLE, Failure
from monitor.core.outcome import Kind, Outcome, Reason
from monitor.notify.channel import Channel, PagerDuty
from monitor.ports import Delivery, Notice, TimeSource, alone
from monitor.settings.channels import channels_of
from monitor.settings.settings import Settings
from monitor.sinks.opening import open_sink
from monitor.stream.clock import SystemTime
from monitor.wire.policy.values import nearest

_US_PER_MINUTE: Final = 60_000_000


def notify_sample(name: str, settings: Settings) -> None:
    """Send a sample and print the answer. Raises SettingsError, and Failure when it is not delivered."""
    channels = {channel.name: channel for channel in channels_of(settings)}
    if name not in channels:
        fix = nearest(name, channels) if channels else "configure one: docs/operating/notices.md"
        raise Failure(f"there is no channel {name}; {fix}", BAD_INPUT)
    for delivery in asyncio.run(_send(channels[name], SystemTime())):
        said = f"{name}: {{}}; the far end: {delivery.answer}"
        if not delivery.delivered:
            again = "a worker would try again" if delivery.retryable else "a worker would not try again"
            code = UNAVAILABLE if delivery.retryable else BAD_INPUT
            raise Failure(said.format(f"not delivered ({delivery.reason}), {again}"), code)
        typer.echo(said.format("delivered"))


async def _send(channel: Channel, time: TimeSource) -> list[Delivery]:
    sink = open_sink(channel, time)
    # A pager must not ring on: its incident is closed again at once.
    kinds = (Kind.BREACHED, Kind.WITHDRAWN) if isinstance(channel.far_end, PagerDuty) else (Kind.BREACHED,)
    try:
        return [await sink.deliver(alone(_sample(kind, time.now_at()))) for kind in kinds]
    finally:
        await sink.close()


def _sample(kind: Kind, now_at: int) -> Notice:
    """A breach of a minute ago that nobody has to do anything about; its id is new each time, so nobody drops it."""
    outcome = Outcome(
        kind=kind, lead=f"sample-{now_at}", duty="sample", cycle=1, level="", revision=0, policy_version="sample",
        reason=Reason.NO_EVIDENCE, at=now_at - _US_PER_MINUTE, team="sales", owner="nobody", segment="",
        lead_source="lead-sla notify --test", started_at=now_at - 6 * _US_PER_MINUTE, due_at=now_at - _US_PER_MINUTE,
        limit="5 minutes elapsed", calendar="", evidence_ids=(), evidence_at=None,
    )  # fmt: skip
    return Notice(outcome.outcome_id, outcome)
