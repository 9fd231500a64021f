"""Every metric that this program exposes: names, labels and buckets in one file, set in the words of the domain."""

from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import product
from typing import Final, Literal, NamedTuple, get_args

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from monitor.core.advance import Remark
from monitor.core.outcome import Kind, Outcome
from monitor.ports import DELIVERY_REASONS

# The `_created` twins double the number of series and nothing reads them.
disable_created_metrics()  # type: ignore[no-untyped-call]

EventResult = Literal["accepted", "dead_letter", "duplicate", "out_of_order", "too_late", "erased"]
TickResult = Literal["sent", "held_back", "read"]
Legality = Literal["legal", "skipped", "illegal"]
ClockState = Literal["running", "breached"]
OpenClocks = Callable[[], Mapping[tuple[str, ClockState], int]]
"""Gives the number of open clocks by duty and state; asked at every scrape."""

_LEGALITY: Final[Mapping[Remark, Legality]] = {
    Remark.TRANSITION_LEGAL: "legal",
    Remark.TRANSITION_SKIPPED: "skipped",
    Remark.TRANSITION_ILLEGAL: "illegal",
}
_ODDITIES: Final[Mapping[Remark, EventResult]] = {
    Remark.DUPLICATE: "duplicate",
    Remark.OUT_OF_ORDER: "out_of_order",
    Remark.TOO_LATE: "too_late",
    Remark.ERASED: "erased",
}
UNKNOWN_TYPE: Final = "unknown"
"""The event type of a record that could not be decoded."""
GAVE_UP: Final = "gave_up"
OTHER: Final = "other"
NONE: Final = "none"

_DELIVERY_RESULTS: Final = frozenset(DELIVERY_REASONS) | {GAVE_UP}
_US_PER_S: Final = 1_000_000
_WAITS_S: Final = (1, 5, 15, 30, 60, 300, 900, 1800, 3600, 7200, 14400, 28800, 86400, 172800, 432000, 864000)
_BATCH_RECORDS: Final = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000)
_BATCH_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_DETECTION_S: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)


class Spec(NamedTuple):
    """What one metric is: its type, the help that a scrape shows, its labels and, for histograms, its buckets."""

    type: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


METRICS: Final[Mapping[str, Spec]] = {
    "lead_sla_events_total": Spec(
        "counter",
        "Lead events by type (unknown: not decodable): accepted or dead_letter at intake; what else the judge noted"
        " of accepted ones (duplicate, out_of_order, too_late to change a final verdict, erased lead).",
        ("type", "result"),
    ),
    "lead_sla_dead_letters_total": Spec("counter", "Records put into the dead-letter topic, by reason.", ("reason",)),
    "lead_sla_clocks_open": Spec(
        "gauge",
        "Clocks without a final verdict on the partitions of this worker; breached: late, and nobody acted yet.",
        ("duty", "state"),
    ),
    "lead_sla_outcomes_total": Spec(
        "counter",
        "Outcomes said; a crash may repeat one. Segments that the policy does not name are 'other'.",
        ("duty", "kind", "team", "segment"),
    ),
    "lead_sla_first_touch_seconds": Spec(
        "histogram", "Elapsed time from a clock's start to the act that met it, late or not.", ("duty",), _WAITS_S
    ),
    "lead_sla_lateness_seconds": Spec(
        "histogram", "Elapsed time from the due instant to an act that came too late.", ("duty",), _WAITS_S
    ),
    "lead_sla_judge_batch_records": Spec("histogram", "Records judged in one batch.", buckets=_BATCH_RECORDS),
    "lead_sla_judge_batch_seconds": Spec(
        "histogram", "Time to judge one batch, tell its outcomes and remember its leads.", buckets=_BATCH_S
    ),
    "lead_sla_detection_delay_seconds": Spec(
        "histogram", "Time from due plus hold to the breach being announced.", buckets=_DETECTION_S
    ),
    "lead_sla_ticks_total": Spec(
        "counter", "Ticks sent, held back because intake was behind, and read by the judge.", ("result",)
    ),
    "lead_sla_partition_lag_records": Spec(
        "gauge", "Records not yet read on a partition of this worker.", ("topic", "partition")
    ),
    "lead_sla_recovery_seconds": Spec("gauge", "How long the last recovery of state took."),
    "lead_sla_deliveries_total": Spec(
        "counter",
        "Attempts to deliver a notice, by how they ended; gave_up counts the notices that were abandoned.",
        ("channel", "result"),
    ),
    "lead_sla_stage_transitions_total": Spec(
        "counter", "Stage changes of leads, by whether the policy allows them.", ("legality",)
    ),
    "lead_sla_worker_ready": Spec("gauge", "1 while this worker judges, 0 while it starts, recovers or stops."),
    "lead_sla_build_info": Spec("gauge", "Always 1; the version is in the label.", ("version",)),
}


class _ClockGauge(Collector):
    """Counts open clocks when scraped, so that a revoked partition leaves no series behind."""

    name: Final = "lead_sla_clocks_open"
    states: Final[tuple[ClockState, ...]] = ("running", "breached")

    def __init__(self) -> None:
        self.duties: frozenset[str] = frozenset()
        self.open_clocks: OpenClocks = dict

    def collect(self) -> Iterator[Metric]:
        counts = dict.fromkeys(product(sorted(self.duties), self.states), 0)
        for (duty, state), count in self.open_clocks().items():
            key = (_bounded(duty, self.duties), state)
            counts[key] = counts.get(key, 0) + count
        family = GaugeMetricFamily(self.name, METRICS[self.name].help, labels=METRICS[self.name].labels)
        for labels, count in counts.items():
            family.add_metric(labels, count)
        yield family


class Metrics:
    """The metrics of one process, in a registry of its own; usable at once, zeros appear with `initialise`."""

    def __init__(self, registry: CollectorRegistry | None = None, *, version: str = "") -> None:
        self.registry = registry or CollectorRegistry()
        self._duties: frozenset[str] = frozenset()
        self._teams: frozenset[str] = frozenset()
        self._segments: frozenset[str] = frozenset()
        self._channels: frozenset[str] = frozenset()
        self._types: frozenset[str] = frozenset()
        self._reasons: frozenset[str] = frozenset()

        self._events = self._counter("lead_sla_events_total")
        self._dead_letters = self._counter("lead_sla_dead_letters_total")
        self._clocks = _ClockGauge()
        self.registry.register(self._clocks)
        self._outcomes = self._counter("lead_sla_outcomes_total")
        self._said: dict[tuple[str, Kind, str, str], Counter] = {}
        self._first_touch = self._histogram("lead_sla_first_touch_seconds")
        self._lateness = self._histogram("lead_sla_lateness_seconds")
        self._batch_records = self._histogram("lead_sla_judge_batch_records")
        self._batch_seconds = self._histogram("lead_sla_judge_batch_seconds")
        self._detection = self._histogram("lead_sla_detection_delay_seconds")
        self._ticks = self._counter("lead_sla_ticks_total")
        self._lag = self._gauge("lead_sla_partition_lag_records")
        self._recovery = self._gauge("lead_sla_recovery_seconds")
        self._deliveries = self._counter("lead_sla_deliveries_total")
        self._transitions = self._counter("lead_sla_stage_transitions_total")
        self._ready = self._gauge("lead_sla_worker_ready")
        self._gauge("lead_sla_build_info").labels(version).set(1)

    def initialise(
        self,
        *,
        duties: Collection[str],
        teams: Collection[str],
        segments: Collection[str],
        limits_s: Collection[float],
        channels: Collection[str],
        event_types: Collection[str],
        dead_letter_reasons: Collection[str],
    ) -> None:
        """Fix the vocabulary of every label and start each combination at zero.

        `limits_s` are the policy's limits in seconds: each becomes a bucket, so that the share in time is exact.
        May be called again for a new policy; then the histograms of waits start afresh.
        """
        self._duties, self._teams, self._segments = frozenset(duties), frozenset(teams), frozenset(segments)
        self._channels, self._types = frozenset(channels), frozenset(event_types) | {UNKNOWN_TYPE}
        self._reasons = frozenset(dead_letter_reasons)
        self._clocks.duties = self._duties
        self.registry.unregister(self._first_touch)
        self.registry.unregister(self._lateness)
        self._first_touch = self._histogram("lead_sla_first_touch_seconds", limits_s)
        self._lateness = self._histogram("lead_sla_lateness_seconds", limits_s)
        self._start_at_zero()

    def _start_at_zero(self) -> None:
        for type_, result in product(self._types, get_args(EventResult)):
            self._events.labels(type_, result)
        for reason in self._reasons:
            self._dead_letters.labels(reason)
        for duty, kind, team, segment in product(self._duties, Kind, self._teams, self._segments | {NONE, OTHER}):
            self._outcomes.labels(duty, kind, team, segment)
        for duty in self._duties:
            self._first_touch.labels(duty)
            self._lateness.labels(duty)
        for result in ("sent", "held_back", "read"):
            self._ticks.labels(result)
        for channel, result in product(self._channels, _DELIVERY_RESULTS):
            self._deliveries.labels(channel, result)
        for legality in get_args(Legality):
            self._transitions.labels(legality)

    def event_read(self, type: str, result: EventResult, count: int = 1) -> None:
        """Intake read a record, or the judge noted something about an accepted event."""
        self._events.labels(type if type in self._types else UNKNOWN_TYPE, result).inc(count)

    def dead_lettered(self, reason: str) -> None:
        """One record went to the dead letters."""
        self._dead_letters.labels(_bounded(reason, self._reasons)).inc()

    def watch_clocks(self, open_clocks: OpenClocks) -> None:
        """Ask `open_clocks` at every scrape for the clocks on the partitions that this worker owns then."""
        self._clocks.open_clocks = open_clocks

    def outcome_said(self, outcome: Outcome) -> None:
        """One outcome was acknowledged by the broker."""
        duty = _bounded(outcome.duty, self._duties)
        team, segment = _bounded(outcome.team, self._teams), _bounded(outcome.segment, self._segments)
        labels = (duty, outcome.kind, team, segment)
        said = self._said.get(labels) or self._said.setdefault(labels, self._outcomes.labels(*labels))
        said.inc()
        if outcome.evidence_at is None or outcome.revision or outcome.kind not in (Kind.MET, Kind.FULFILLED_LATE):
            return  # a revised verdict was measured when it was first said
        self._first_touch.labels(duty).observe(max(0, outcome.evidence_at - outcome.started_at) / _US_PER_S)
        if outcome.kind is Kind.FULFILLED_LATE:
            self._lateness.labels(duty).observe(max(0, outcome.evidence_at - outcome.due_at) / _US_PER_S)

    def batch_judged(self, records: int, seconds: float) -> None:
        """One batch was judged, told and remembered."""
        self._batch_records.observe(records)
        self._batch_seconds.observe(seconds)

    def detected(self, delay_s: float) -> None:
        """A breach was announced this long after due plus hold."""
        self._detection.observe(max(0.0, delay_s))

    def tick(self, result: TickResult) -> None:
        """One tick was sent, held back or read."""
        self._ticks.labels(result).inc()

    def lag(self, topic: str, partition: int, records: int) -> None:
        """That many records of a partition are not yet read."""
        self._lag.labels(topic, partition).set(records)

    def forget_partition(self, topic: str, partition: int) -> None:
        """The partition was revoked: its series disappears."""
        self._lag.remove(topic, partition)

    def recovered(self, seconds: float) -> None:
        """State was recovered in that time."""
        self._recovery.set(seconds)

    def delivery_attempted(self, channel: str, result: str) -> None:
        """One attempt to deliver a notice ended, `result` being its reason, or GAVE_UP for one abandoned."""
        self._deliveries.labels(_bounded(channel, self._channels), _bounded(result, _DELIVERY_RESULTS)).inc()

    def remarked(self, remarks: Mapping[tuple[Remark, str], int]) -> None:
        """What the judge noted about events, by remark and type of event: stage changes and oddities."""
        for (remark, type_), count in remarks.items():
            if legality := _LEGALITY.get(remark):
                self._transitions.labels(legality).inc(count)
            elif result := _ODDITIES.get(remark):
                self.event_read(type_, result, count)

    def ready(self, ready: bool) -> None:
        """This worker judges, or it does not."""
        self._ready.set(int(ready))

    def render(self) -> tuple[bytes, str]:
        """The exposition that Prometheus scrapes, and its content type."""
        return generate_latest(self.registry), CONTENT_TYPE_PLAIN_0_0_4

    def _counter(self, name: str) -> Counter:
        return Counter(name, METRICS[name].help, METRICS[name].labels, registry=self.registry)

    def _gauge(self, name: str) -> Gauge:
        return Gauge(name, METRICS[name].help, METRICS[name].labels, registry=self.registry)

    def _histogram(self, name: str, more_buckets: Collection[float] = ()) -> Histogram:
        spec = METRICS[name]
        buckets = sorted({float(bound) for bound in (*spec.buckets, *more_buckets)})
        return Histogram(name, spec.help, spec.labels, registry=self.registry, buckets=buckets)


def _bounded(value: str, known: frozenset[str]) -> str:
    """A label value out of a known set, whatever the data says: without this a sender could fill the memory."""
    if value in known:
        return value
    return OTHER if value else NONE
