"""How notices fare on each channel, as metrics."""

from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import product
from typing import Final, NamedTuple

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from monitor.ports import ABANDONED, DELIVERY_REASONS, ChannelState
from monitor.telemetry.catalogue import METRICS, counter, histogram

DELIVERY_RESULTS: Final = (*DELIVERY_REASONS, *ABANDONED)


class Queue(NamedTuple):
    """What a channel looks like at one moment."""

    state: ChannelState
    waiting: int
    oldest_s: float
    """How long ago the outcome of the oldest notice that waits was told."""


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
        self._deliveries = counter("lead_sla_deliveries_total", registry)
        self._delay = histogram("lead_sla_delivery_delay_seconds", registry)
        self._queues = _Queues()
        registry.register(self._queues)

    def initialise(self, channels: Collection[str]) -> None:
        """Start every series of these channels at zero."""
        for channel, result in product(channels, DELIVERY_RESULTS):
            self._deliveries.labels(channel, result)
        for channel in channels:
            self._delay.labels(channel)

    def watch(self, queues: Mapping[str, Callable[[], Queue]]) -> None:
        """Ask these channels, by name, at every scrape."""
        self._queues.watched = queues

    def attempted(self, channel: str, result: str) -> None:
        """One attempt ended so, or one notice was abandoned."""
        self._deliveries.labels(channel, result).inc()

    def delivered(self, channel: str, delay_s: float) -> None:
        """A notice arrived, so long after its outcome was told."""
        self._delay.labels(channel).observe(max(0.0, delay_s))
