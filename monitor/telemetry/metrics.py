"""The metrics of a worker, set in the words of the domain."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Final, Literal, get_args

from prometheus_client import CollectorRegistry, Histogram, disable_created_metrics, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from monitor.core.advance import Remark
from monitor.core.agreement import DUTY as AGREEMENT_DUTY
from monitor.core.agreement import OF_AGREEMENT
from monitor.core.outcome import Kind, Outcome
from monitor.telemetry.catalogue import METRICS, counter, gauge, histogram
from monitor.telemetry.channels import ChannelMetrics
from monitor.telemetry.engine import EngineMetrics
from monitor.telemetry.figures import FigureGauges
from monitor.telemetry.quotas import QUOTA_KINDS, QuotaGauges, Standings

# The `_created` twins double the number of series and nothing reads them.
disable_created_metrics()  # type: ignore[no-untyped-call]

EventResult = Literal[
    "accepted", "dead_letter", "duplicate", "out_of_order", "too_late", "erased", "merged_in_part", "merged_in_circle"
]
TickResult = Literal["sent", "held_back", "read"]
ReloadResult = Literal["adopted", "refused"]
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
    Remark.MERGED_IN_PART: "merged_in_part",
    Remark.MERGED_IN_CIRCLE: "merged_in_circle",
}
UNKNOWN_TYPE: Final = "unknown"
"""The event type of a record that could not be decoded."""
OTHER: Final = "other"
NONE: Final = "none"

_US_PER_S: Final = 1_000_000


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
        self._quotas: frozenset[str] = frozenset()
        self._teams: frozenset[str] = frozenset()
        self._segments: frozenset[str] = frozenset()
        self._types: frozenset[str] = frozenset()
        self._reasons: frozenset[str] = frozenset()

        self.engine = EngineMetrics(self.registry)
        """What Kafka does to this worker, and what the worker does about it."""
        self._events = counter("lead_sla_events_total", self.registry)
        self._dead_letters = counter("lead_sla_dead_letters_total", self.registry)
        self._clocks = _ClockGauge()
        self.registry.register(self._clocks)
        self._books = QuotaGauges()
        self.registry.register(self._books)
        self.figures = FigureGauges()
        """What leads add up to."""
        self.registry.register(self.figures)
        self._outcomes = counter("lead_sla_outcomes_total", self.registry)
        self._first_touch = histogram("lead_sla_first_touch_seconds", self.registry)
        self._lateness = histogram("lead_sla_lateness_seconds", self.registry)
        self._sales_cycle = histogram("lead_sla_sales_cycle_seconds", self.registry)
        self._batch_records = histogram("lead_sla_judge_batch_records", self.registry)
        self._batch_seconds = histogram("lead_sla_judge_batch_seconds", self.registry)
        self._detection = histogram("lead_sla_detection_delay_seconds", self.registry)
        self._onward = counter("lead_sla_onward_records_total", self.registry)
        self._ticks = counter("lead_sla_ticks_total", self.registry)
        self._skew = gauge("lead_sla_clock_skew_seconds", self.registry)
        self._lag = gauge("lead_sla_partition_lag_records", self.registry)
        self.channels = ChannelMetrics(self.registry)
        """How notices fare."""
        self._transitions = counter("lead_sla_stage_transitions_total", self.registry)
        self._policy = gauge("lead_sla_policy_info", self.registry)
        self._reloads = counter("lead_sla_policy_reloads_total", self.registry)
        self._ready = gauge("lead_sla_worker_ready", self.registry)
        gauge("lead_sla_build_info", self.registry).labels(version).set(1)

    def initialise(
        self,
        *,
        policy_version: str,
        duties: Collection[str],
        quotas: Collection[str],
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
        self._duties, self._quotas = frozenset(duties), frozenset(quotas)
        self._teams, self._segments = frozenset(teams), frozenset(segments)
        self._types, self._reasons = frozenset(event_types) | {UNKNOWN_TYPE}, frozenset(dead_letter_reasons)
        self.channels.initialise(channels)
        self._clocks.duties = self._duties
        self._policy.clear()
        self._policy.labels(policy_version).set(1)
        self.registry.unregister(self._first_touch)
        self.registry.unregister(self._lateness)
        self._first_touch = histogram("lead_sla_first_touch_seconds", self.registry, limits_s)
        self._lateness = histogram("lead_sla_lateness_seconds", self.registry, limits_s)
        self._start_at_zero()

    def _start_at_zero(self) -> None:
        for type_, result in product(self._types, get_args(EventResult)):
            self._events.labels(type_, result)
        for reason in self._reasons:
            self._dead_letters.labels(reason)
        for duty, kind, team, segment in product(self._duties, Kind, self._teams, self._segments | {NONE, OTHER}):
            self._outcomes.labels(duty, kind, team, segment)
        for quota, kind, team, segment in product(
            self._quotas, QUOTA_KINDS, self._teams, self._segments | {NONE, OTHER}
        ):
            self._outcomes.labels(quota, kind, team, segment)
        for duty in self._duties:
            self._first_touch.labels(duty)
            self._lateness.labels(duty)
        for kind in OF_AGREEMENT:
            self._outcomes.labels(AGREEMENT_DUTY, kind, NONE, NONE)
        for result in ("sent", "held_back", "read"):
            self._ticks.labels(result)
        for to in ("timeline", "facts"):
            self._onward.labels(to)
        for reloaded in get_args(ReloadResult):
            self._reloads.labels(reloaded)
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

    def watch_quotas(self, standings: Standings) -> None:
        """Ask `standings` at every scrape how the quotas stand on the partitions that this worker owns then."""
        self._books.standings = standings

    def outcomes_said(self, outcomes: Iterable[Outcome]) -> None:
        """These outcomes were acknowledged by the broker."""
        said: defaultdict[tuple[str, Kind, str, str], int] = defaultdict(int)
        touched_us: defaultdict[str, list[int]] = defaultdict(list)
        late_us: defaultdict[str, list[int]] = defaultdict(list)
        for outcome in outcomes:
            kind, evidence_at = outcome.kind, outcome.evidence_at
            duty = self._named(outcome)
            said[duty, kind, outcome.team, outcome.segment] += 1
            if evidence_at is None or outcome.revision:
                continue  # a revised verdict was measured when it was first said
            if kind is Kind.MET or kind is Kind.FULFILLED_LATE:
                touched_us[duty].append(evidence_at - outcome.started_at)
            if kind is Kind.FULFILLED_LATE:
                late_us[duty].append(evidence_at - outcome.due_at)
        for (duty, kind, team, segment), count in said.items():
            bounded = (duty, kind, _bounded(team, self._teams))
            self._outcomes.labels(*bounded, _bounded(segment, self._segments)).inc(count)
        self._observe(self._first_touch, touched_us)
        self._observe(self._lateness, late_us)

    def _named(self, outcome: Outcome) -> str:
        """The duty, the quota or the agreement that it is about, of those that are known."""
        if outcome.delivery is not None:
            return _bounded(outcome.duty, self._quotas)
        return _bounded(outcome.duty, self._duties) if outcome.lead else AGREEMENT_DUTY

    def _observe(self, waits: Histogram, by_duty: Mapping[str, Sequence[int]]) -> None:
        for duty, waits_us in by_duty.items():
            of_duty = waits.labels(duty)
            for wait_us in waits_us:
                of_duty.observe(max(0, wait_us) / _US_PER_S)

    def batch_judged(self, records: int, seconds: float) -> None:
        """One batch was judged, told and remembered."""
        self._batch_records.observe(records)
        self._batch_seconds.observe(seconds)

    def customers_won(self, cycles_us: Iterable[int]) -> None:
        """So many leads have become customers, each this long after its first event."""
        for cycle_us in cycles_us:
            self._sales_cycle.observe(cycle_us / _US_PER_S)

    def detected(self, delay_s: float) -> None:
        """A breach was announced this long after due plus hold."""
        self._detection.observe(max(0.0, delay_s))

    def tick(self, result: TickResult) -> None:
        """One tick was sent, held back or read."""
        self._ticks.labels(result).inc()

    def clock_skew(self, seconds: float) -> None:
        """The brokers' clock is that far ahead of ours."""
        self._skew.set(seconds)

    def lag(self, topic: str, partition: int, records: int) -> None:
        """That many records of a partition are not yet read."""
        self._lag.labels(topic, partition).set(records)

    def forget_partition(self, topic: str, partition: int) -> None:
        """The partition was revoked: its series disappears."""
        self._lag.remove(topic, partition)

    def remarked(self, remarks: Mapping[tuple[Remark, str], int]) -> None:
        """What the judge noted about events, by remark and type of event: stage changes and oddities."""
        for (remark, type_), count in remarks.items():
            if legality := _LEGALITY.get(remark):
                self._transitions.labels(legality).inc(count)
            elif result := _ODDITIES.get(remark):
                self.event_read(type_, result, count)

    def policy_reloaded(self, result: ReloadResult) -> None:
        """The files of the agreement had changed."""
        self._reloads.labels(result).inc()

    def passed_on(self, to: Iterable[str]) -> None:
        """A judge wrote a record for another one into each of these topics."""
        for topic in to:
            self._onward.labels(topic).inc()

    def ready(self, ready: bool) -> None:
        """This worker judges, or it does not."""
        self._ready.set(int(ready))

    def render(self) -> tuple[bytes, str]:
        """The exposition that Prometheus scrapes, and its content type."""
        return generate_latest(self.registry), CONTENT_TYPE_PLAIN_0_0_4


def _bounded(value: str, known: frozenset[str]) -> str:
    """A label value out of a known set, whatever the data says: without this a sender could fill the memory."""
    if value in known:
        return value
    return OTHER if value else NONE
