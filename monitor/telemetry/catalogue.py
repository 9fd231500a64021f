"""Every metric that this program exposes: names, types, labels and buckets in one file."""

from collections.abc import Collection, Mapping
from typing import Final, Literal, NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_WAITS_S: Final = (1, 5, 15, 30, 60, 300, 900, 1800, 3600, 7200, 14400, 28800, 86400, 172800, 432000, 864000)
_BATCH_RECORDS: Final = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000)
_BATCH_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_DELIVERY_S: Final = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14400, 86400)
_DETECTION_S: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
# A day, three, one to three weeks, one to four months, half a year, nine months, a year.
_SALES_CYCLE_S: Final = tuple(days * 86_400 for days in (1, 3, 7, 14, 21, 30, 45, 60, 90, 120, 180, 270, 365))

_ATTAINED: Final = ("duty", "period", "team", "segment", "source", "owner")
_OF_MONEY: Final = ("currency", "period")


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
        " of accepted ones (duplicate, out_of_order, too_late to change a final verdict, erased lead, merged_in_part:"
        " some of the history was no longer kept, merged_in_circle: there is no lead that goes on).",
        ("type", "result"),
    ),
    "lead_sla_dead_letters_total": Spec("counter", "Records put into the dead-letter topic, by reason.", ("reason",)),
    "lead_sla_clocks_open": Spec(
        "gauge",
        "Clocks without a final verdict on the partitions of this worker; breached: late, and nobody acted yet.",
        ("duty", "state"),
    ),
    "lead_sla_leads": Spec(
        "gauge", "Leads by the stage that they are in, on the partitions of this worker.", ("stage",)
    ),
    "lead_sla_duties_met": Spec(
        "gauge",
        "Duties met, of those judged in a period: that of the duty's objective, without one a quarter. Corrected when a"
        " verdict is.",
        _ATTAINED,
    ),
    "lead_sla_duties_judged": Spec(
        "gauge", "Duties met or breached in the period, as far as their verdicts stand.", _ATTAINED
    ),
    "lead_sla_objective_ratio": Spec("gauge", "Share of a duty that is to be met in each period.", ("duty",)),
    "lead_sla_objective_misses_left": Spec(
        "gauge",
        "How many more duties of the period may be missed as things stand; below zero: the objective is not reached.",
        ("duty", "period"),
    ),
    "lead_sla_stage_entries": Spec("gauge", "Entries of leads into a stage in a month.", ("stage", "period")),
    "lead_sla_high_quality_leads": Spec(
        "gauge", "Entries into a stage in a month that met its definition.", ("stage", "period")
    ),
    "lead_sla_follow_up_attempts": Spec(
        "gauge", "Outbound acts of persons in a month, by whether the lead was reached.", ("outcome", "period")
    ),
    "lead_sla_deals_won": Spec("gauge", "Deals won in a month, by the currency they are shown in.", _OF_MONEY),
    "lead_sla_deals_won_amount": Spec(
        "gauge",
        "What they amount to, in the agreement's currency where it has a rate; no amount is known of 'other'.",
        _OF_MONEY,
    ),
    "lead_sla_sales_goal_amount": Spec("gauge", "What is to be won in a month.", ("currency",)),
    "lead_sla_spend_amount": Spec(
        "gauge",
        "What a team has spent in a month to win customers, in the agreement's currency where it has a rate; no amount"
        " is known of the currency 'other'.",
        ("team", *_OF_MONEY),
    ),
    "lead_sla_revenue_amount": Spec(
        "gauge",
        "What customers have paid in a month less what they were given back, in the same currencies.",
        _OF_MONEY,
    ),
    "lead_sla_sales_cycle_seconds": Spec(
        "histogram",
        "Time from the first event of a lead to its first deal, of leads of which every event is still kept; a crash"
        " may leave one out.",
        (),
        _SALES_CYCLE_S,
    ),
    "lead_sla_quota_target": Spec(
        "gauge",
        "Leads or points that a quota asks for in its present term, or a ceiling allows, on the partitions of this"
        " worker; dims are the values that it is counted by, in the agreement's order.",
        ("quota", "dims"),
    ),
    "lead_sla_quota_delivered": Spec(
        "gauge", "What counts towards it so far, what may still be taken back included.", ("quota", "dims")
    ),
    "lead_sla_quota_pending": Spec("gauge", "Of that, what may still be taken back.", ("quota", "dims")),
    "lead_sla_quota_clawed_back": Spec(
        "gauge", "What sales rejected in time, so that it no longer counts.", ("quota", "dims")
    ),
    "lead_sla_quota_refused": Spec(
        "gauge", "What did not meet the definition of its stage and never counted.", ("quota", "dims")
    ),
    "lead_sla_quota_expected_by_now": Spec(
        "gauge", "What the target asks for by the last midnight, each working day the same.", ("quota", "dims")
    ),
    "lead_sla_quota_forecast": Spec(
        "gauge",
        "What the term will have brought by its end; not there while there is too little to go by.",
        ("quota", "dims"),
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
    "lead_sla_onward_records_total": Spec(
        "counter",
        "Records that a judge wrote for another: to the timeline, what a merged lead passes on and which lead came in"
        " above a ceiling; to the facts, what counts for quotas. A crash may repeat one.",
        ("to",),
    ),
    "lead_sla_ticks_total": Spec(
        "counter", "Ticks sent, held back because intake or a judge was behind, and read by the judge.", ("result",)
    ),
    "lead_sla_clock_skew_seconds": Spec(
        "gauge", "How far the brokers' clock is ahead of this worker's, as far as it is known to differ."
    ),
    "lead_sla_partition_lag_records": Spec(
        "gauge", "Records not yet read on a partition of this worker.", ("topic", "partition")
    ),
    "lead_sla_recovery_seconds": Spec("gauge", "How long the last recovery of state took."),
    "lead_sla_acknowledge_seconds": Spec(
        "histogram",
        "Time until the brokers had acknowledged what was written, by step: outcomes, states, or one transaction.",
        ("step",),
        _BATCH_S,
    ),
    "lead_sla_commits_total": Spec(
        "counter", "Commits of what was read: done; refused, because the partitions have another owner.", ("result",)
    ),
    "lead_sla_partitions_owned": Spec("gauge", "Timeline partitions that this worker judges."),
    "lead_sla_epoch": Spec("gauge", "How often this worker has given up its partitions since it started."),
    "lead_sla_drains_total": Spec(
        "counter",
        "Times that work in flight was waited for before partitions were given up: done, or timeout.",
        ("result",),
    ),
    "lead_sla_drain_seconds": Spec("histogram", "How long that took.", buckets=_BATCH_S),
    "lead_sla_batches_abandoned_total": Spec(
        "counter", "Batches given up because their partition may have another owner; they are read again."
    ),
    "lead_sla_lease_waits_total": Spec(
        "counter", "Writes that waited because the brokers had not answered a heartbeat for too long."
    ),
    "lead_sla_stale_records_repaired_total": Spec(
        "counter", "States written again because a superseded worker's older record came after the newest."
    ),
    "lead_sla_states_unreadable": Spec(
        "gauge", "Leads on the partitions of this worker whose state cannot be read; their events are dead letters."
    ),
    "lead_sla_records_deleted_unread_total": Spec(
        "counter", "Records that the brokers deleted before this worker had read them: retention is too short."
    ),
    "lead_sla_self_fenced_total": Spec(
        "counter", "Times that this worker stopped itself to be safe, also before its last restart.", ("reason",)
    ),
    "lead_sla_recovery_records_left": Spec("gauge", "Changelog records still to be read before judging begins."),
    "lead_sla_recovery_records_per_second": Spec("gauge", "Changelog records read a second, while recovering."),
    "lead_sla_recovery_seconds_left": Spec("gauge", "Seconds until recovery ends, at the present rate."),
    "lead_sla_notices_total": Spec(
        "counter",
        "Decisions about notices, with their reason; at the stage route one for each outcome that nobody is called for,"
        " and one for each notice.",
        ("stage", "decision", "reason"),
    ),
    "lead_sla_deliveries_total": Spec(
        "counter",
        "Attempts to deliver a message, by how they ended; gave_up and disabled count notices that were abandoned.",
        ("channel", "result"),
    ),
    "lead_sla_delivery_delay_seconds": Spec(
        "histogram",
        "Time from the instant that a notice could have left to its being delivered.",
        ("channel",),
        _DELIVERY_S,
    ),
    "lead_sla_channel_state": Spec(
        "gauge",
        "1 for the state that a channel is in: closed (works), open (fails, waits), half_open (is tried), disabled.",
        ("channel", "state"),
    ),
    "lead_sla_notices_waiting": Spec(
        "gauge", "Notices that wait for a channel, those for later instants included, or are under way.", ("channel",)
    ),
    "lead_sla_notices_oldest_seconds": Spec(
        "gauge", "Since when the oldest of them could have left; 0 where none could.", ("channel",)
    ),
    "lead_sla_stage_transitions_total": Spec(
        "counter", "Stage changes of leads, by whether the policy allows them.", ("legality",)
    ),
    "lead_sla_policy_info": Spec(
        "gauge",
        "Always 1; the newest version of the agreement that this worker has read is in the label.",
        ("version",),
    ),
    "lead_sla_policy_reloads_total": Spec(
        "counter",
        "Changes of the agreement's files: adopted; refused for their mistakes, which is counted anew every minute.",
        ("result",),
    ),
    "lead_sla_worker_ready": Spec("gauge", "1 while this worker judges, 0 while it starts, recovers or stops."),
    "lead_sla_build_info": Spec("gauge", "Always 1; the version is in the label.", ("version",)),
}


def counter(name: str, registry: CollectorRegistry) -> Counter:
    """The counter of that name."""
    return Counter(name, METRICS[name].help, METRICS[name].labels, registry=registry)


def gauge(name: str, registry: CollectorRegistry) -> Gauge:
    """The gauge of that name."""
    return Gauge(name, METRICS[name].help, METRICS[name].labels, registry=registry)


def histogram(name: str, registry: CollectorRegistry, more_buckets: Collection[float] = ()) -> Histogram:
    """The histogram of that name, with `more_buckets` beside its own."""
    spec = METRICS[name]
    buckets = sorted({float(bound) for bound in (*spec.buckets, *more_buckets)})
    return Histogram(name, spec.help, spec.labels, registry=registry, buckets=buckets)
