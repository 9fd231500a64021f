"""How the quotas stand, as metrics."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from monitor.core.outcome import Kind
from monitor.core.quota import UNIT
from monitor.core.standing import Standing
from monitor.telemetry.catalogue import METRICS

QUOTA_KINDS: Final = (Kind.MET, Kind.BREACHED, Kind.AT_RISK, Kind.WITHDRAWN, Kind.FINALISED, Kind.CORRECTED)
"""What may be said of a quota."""
Standings = Callable[[], Iterable[Standing]]
"""Gives how the quotas of this worker's partitions stand; asked at every scrape."""
_FIGURES: Final = ("target", "delivered", "pending", "clawed_back", "refused", "expected_by_now", "forecast")


class QuotaGauges(Collector):
    """Asks the books when scraped: a quota that belongs to another worker now leaves no series behind."""

    def __init__(self) -> None:
        self.standings: Standings = tuple

    def collect(self) -> Iterator[Metric]:
        """One family for each figure."""
        names = [f"lead_sla_quota_{figure}" for figure in _FIGURES]
        families = {name: GaugeMetricFamily(name, METRICS[name].help, labels=METRICS[name].labels) for name in names}
        for standing in self.standings():
            labels = (standing.quota, "/".join(standing.dims))
            for name, amount in zip(names, _amounts(standing), strict=True):
                if amount is not None:
                    families[name].add_metric(labels, amount)
        yield from families.values()


def _amounts(standing: Standing) -> Iterator[float | None]:
    delivered, pending, clawed_back, refused, *_ = standing.figures
    yield None if standing.target is None else standing.target / UNIT
    yield from (of.weight / UNIT for of in (delivered, pending, clawed_back, refused))
    yield None if standing.target is None else standing.expected_by_now / UNIT
    yield None if standing.forecast is None else standing.forecast.expected
