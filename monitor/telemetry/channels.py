"""How notices fare on each channel, as metrics."""

from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import product
from typing import Final, NamedTuple

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from monitor.core.calls import End, Silence
from monitor.core.case import Decision, Drop, Stage
from monitor.ports import ABANDONED, DELIVERY_REASONS, ChannelState
from monitor.telemetry.catalogue import METRICS, counter, histogram

DELIVERY_RESULTS: Final = (*DELIVERY_REASONS, *ABANDONED)
# What is decided at each stage, and why: every series starts at zero.
DECISIONS: Final[Mapping[tuple[Stage, str], tuple[str, ...]]] = {
    (Stage.ROUTE, "quiet"): tuple(Silence),
    (Stage.ROUTE, "repeated"): ("heard_before",),
    (Stage.ROUTE, "waiting"): ("called",),
    (Stage.ROUTE, "dropped"): (*End, Drop.REPLACED, Drop.OVERTAKEN, Drop.ACKNOWLEDGED, Drop.FULL),
    (Stage.RECHECK, "dropped"): (*End, Drop.REPLACED, Drop.OVERTAKEN, Drop.LAPSED),
    (Stage.RECHECK, "put_off"): ("due",),
    (Stage.FOLD, "folded"): ("due",),
    (Stage.DELIVER, "delivered"): ("called",),
    (Stage.DELIVER, "waiting"): DELIVERY_REASONS[1:],
    (Stage.DELIVER, "dropped"): (*End, *Drop),
    (Stage.DELIVER, "failed"): (*DELIVERY_REASONS[1:], *ABANDONED),
    (Stage.ANSWER, "acknowledged"): ("asked",),
    (Stage.ANSWER, "snoozed"): ("asked",),
    (Stage.ANSWER, "refused"): ("snoozed_too_often",),
    (Stage.ANSWER, "put_off"): ("due",),
    (Stage.ANSWER, "dropped"): (Drop.ACKNOWLEDGED,),
    (Stage.ANSWER, "sent_again"): ("due",),
}


class Queue(NamedTuple):
    """What a channel looks like at one moment."""

    state: ChannelState
    waiting: int
    oldest_s: float
    """Since when the oldest of them could have left."""


class _Queues(Collector):
    """Asks the channels when scraped."""

    def __init__(self) -> None:
        self.watched: Mapping[str, Callable[[], Queue]] = {}

    def collect(self) -> Iterator[Metric]:
        queues = {channel: look() for channel, look in self.watched.items()}
        state, waiting, oldest = (
            GaugeMetricFamily(name, METRICS[name].help, labels=METRICS[name].labels)
            for name in ("lead_sla_channel_state", "lead_sla_notices_waiting", "lead_sla_notices_oldest_seconds")
        )
        for channel, queue in queues.items():
            for each in ChannelState:
                state.add_metric((channel, each.value), int(queue.state is each))
            waiting.add_metric((channel,), queue.waiting)
            oldest.add_metric((channel,), queue.oldest_s)
        yield from (state, waiting, oldest)


class ChannelMetrics:
    """Set by whoever sends notices; the names of channels are the settings' own, so labels are bounded."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._decisions = counter("lead_sla_notices_total", registry)
        self._deliveries = counter("lead_sla_deliveries_total", registry)
        self._delay = histogram("lead_sla_delivery_delay_seconds", registry)
        self._queues = _Queues()
        registry.register(self._queues)

    def initialise(self, channels: Collection[str]) -> None:
        """Start every series of these channels at zero."""
        for (stage, decision), reasons in DECISIONS.items():
            for reason in reasons:
                self._decisions.labels(stage, decision, reason)
        for channel, result in product(channels, DELIVERY_RESULTS):
            self._deliveries.labels(channel, result)
        for channel in channels:
            self._delay.labels(channel)

    def watch(self, queues: Mapping[str, Callable[[], Queue]]) -> None:
        """Ask these channels, by name, at every scrape."""
        self._queues.watched = queues

    def decided(self, decision: Decision) -> None:
        """Something was decided about a notice."""
        self._decisions.labels(decision.stage, decision.decision, decision.reason).inc()

    def attempted(self, channel: str, result: str) -> None:
        """One attempt ended so, or one notice was abandoned."""
        self._deliveries.labels(channel, result).inc()

    def delivered(self, channel: str, delay_s: float) -> None:
        """A notice arrived, so long after it could have left."""
        self._delay.labels(channel).observe(max(0.0, delay_s))
