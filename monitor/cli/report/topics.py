"""Outcomes and events as the brokers have kept them, for a report that is given no files."""

from typing import NamedTuple

from monitor.bootstrap import kafka_access
from monitor.cli.files import history_of
from monitor.core.event import Event
from monitor.core.heard import Said
from monitor.settings.settings import Settings
from monitor.stream.past import past_of
from monitor.wire.lead_event import InvalidRecord, TimeLimits, decode
from monitor.wire.outcome import UnreadableOutcome, decode_outcome

_US_PER_S = 1_000_000


class Past(NamedTuple):
    """Everything from the beginnings of the topics to their present ends."""

    said: list[Said]
    events: list[Event]
    left_out: int
    """Records on the events topic that are no events, for which dead letters say why, or lie far from all others."""
    unreadable: list[str]
    """Records on the outcomes topic that are no outcomes, one message each."""


async def read_past(settings: Settings) -> Past:
    """An outcome was said when its record was written. Raises NoSuchTopic and KafkaError."""
    client, probe_ends = kafka_access(settings).client(), settings.broker_end_offsets == "last_batch"
    said, unreadable = list[Said](), list[str]()
    async for stood in past_of(client, settings.topics.outcomes, probe_ends=probe_ends):
        try:
            said.append(Said(decode_outcome(stood.value), stood.at))
        except UnreadableOutcome as error:
            unreadable.append(f"{stood.where}: {error}")
    limits = TimeLimits(settings.time_future_s_max * _US_PER_S, settings.time_past_s_max * _US_PER_S)
    events, left_out = list[Event](), 0
    async for stood in past_of(client, settings.topics.events, probe_ends=probe_ends):
        try:
            events.append(decode(stood.value, stood.headers, stood.at, limits))
        except InvalidRecord:
            left_out += 1
    first, last = history_of(event.at for event in events)
    near = [event for event in events if first <= event.at <= last]
    return Past(said, near, left_out + len(events) - len(near), unreadable)
