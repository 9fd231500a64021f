"""What a scrape shows after the monitor has spoken in its own words."""

from prometheus_client.parser import text_string_to_metric_families

from monitor.core.advance import Remark
from monitor.core.outcome import Kind, Outcome, Reason
from monitor.ports import ChannelState
from monitor.telemetry.catalogue import METRICS
from monitor.telemetry.channels import DELIVERY_RESULTS, Queue
from monitor.telemetry.metrics import Metrics

LIMIT_S = 437.5


def metrics_of_a_policy() -> Metrics:
    metrics = Metrics(version="0.1.0")
    metrics.initialise(
        policy_version="2026-Q4",
        duties=["first-touch", "acceptance"],
        quotas=(),
        teams=["sales"],
        segments=["enterprise"],
        limits_s=[LIMIT_S],
        channels=["webhook"],
        event_types=["lead.created"],
        dead_letter_reasons=["not_json"],
    )
    return metrics


def samples(metrics: Metrics) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    text = metrics.render()[0].decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(metrics: Metrics, sample: str, **labels: str) -> float | None:
    return samples(metrics).get((sample, frozenset(labels.items())))


def test_the_sales_cycle_is_measured_in_seconds() -> None:
    metrics = metrics_of_a_policy()
    metrics.customers_won([86_400_000_000, 86_400_000_001])
    assert value(metrics, "lead_sla_sales_cycle_seconds_bucket", le="86400.0") == 1
    assert value(metrics, "lead_sla_sales_cycle_seconds_count") == 2


def outcome(kind: Kind, **changes: object) -> Outcome:
    said = Outcome(
        kind=kind,
        lead="lead-1",
        duty="first-touch",
        cycle=1,
        level="",
        revision=0,
        policy_version="2026-Q4",
        reason=Reason.IN_TIME,
        at=0,
        team="sales",
        owner="ana",
        segment="enterprise",
        lead_source="web",
        started_at=1_000_000,
        due_at=1_000_000 + int(LIMIT_S * 1e6),
        limit="437.5 seconds elapsed",
        calendar="",
        evidence_ids=(),
        evidence_at=None,
    )
    return said._replace(**changes)  # type: ignore[arg-type]


def test_every_family_of_a_scrape_is_declared_and_every_declared_one_is_scraped() -> None:
    metrics = metrics_of_a_policy()
    metrics.lag("leads.events", 0, 3)
    text = metrics.render()[0].decode()
    typed = dict(line.split()[2:4] for line in text.splitlines() if line.startswith("# TYPE"))
    assert typed == {name: spec.type for name, spec in METRICS.items()}


def test_every_label_combination_of_the_policy_starts_at_zero() -> None:
    metrics = metrics_of_a_policy()
    for kind in Kind:
        for segment in ("enterprise", "none", "other"):
            labels = {"duty": "acceptance", "kind": kind.value, "team": "sales", "segment": segment}
            assert value(metrics, "lead_sla_outcomes_total", **labels) == 0
    for result in DELIVERY_RESULTS:
        assert value(metrics, "lead_sla_deliveries_total", channel="webhook", result=result) == 0
    assert value(metrics, "lead_sla_events_total", type="unknown", result="dead_letter") == 0
    assert value(metrics, "lead_sla_dead_letters_total", reason="not_json") == 0
    assert value(metrics, "lead_sla_ticks_total", result="held_back") == 0
    assert value(metrics, "lead_sla_stage_transitions_total", legality="illegal") == 0
    assert value(metrics, "lead_sla_first_touch_seconds_count", duty="acceptance") == 0
    assert value(metrics, "lead_sla_clocks_open", duty="acceptance", state="breached") == 0
    assert value(metrics, "lead_sla_worker_ready") == 0
    assert value(metrics, "lead_sla_build_info", version="0.1.0") == 1


def test_what_a_sender_writes_never_makes_a_new_series() -> None:
    metrics = metrics_of_a_policy()
    metrics.initialise(
        policy_version="2026-Q4",
        duties=["first-touch"],
        quotas=(),
        teams=["sales"],
        segments=["enterprise"],
        limits_s=[],
        channels=["webhook"],
        event_types=["lead.created"],
        dead_letter_reasons=["not_json", "other"],
    )
    series = len(samples(metrics))
    for number in range(50):
        metrics.outcomes_said([outcome(Kind.MET, segment=f"segment-{number}", evidence_at=2_000_000)])
        metrics.event_read(f"lead.invented_{number}", "dead_letter")
        metrics.dead_lettered(f"reason-{number}")
        metrics.channels.attempted("webhook", "ok")
    assert len(samples(metrics)) == series
    labels = {"duty": "first-touch", "kind": "met", "team": "sales"}
    assert value(metrics, "lead_sla_outcomes_total", **labels, segment="other") == 50
    assert value(metrics, "lead_sla_events_total", type="unknown", result="dead_letter") == 50


def test_a_lead_without_a_segment_counts_as_none() -> None:
    metrics = metrics_of_a_policy()
    metrics.outcomes_said([outcome(Kind.BREACHED, segment="")])
    labels = {"duty": "first-touch", "kind": "breached", "team": "sales", "segment": "none"}
    assert value(metrics, "lead_sla_outcomes_total", **labels) == 1


def test_each_outcome_of_a_batch_is_counted_and_a_revised_one_is_not_measured_again() -> None:
    metrics = metrics_of_a_policy()
    met = outcome(Kind.MET, evidence_at=3_000_000)
    metrics.outcomes_said([met, outcome(Kind.BREACHED), met, met._replace(revision=1)])
    labels = {"duty": "first-touch", "team": "sales", "segment": "enterprise"}
    assert value(metrics, "lead_sla_outcomes_total", **labels, kind="met") == 3
    assert value(metrics, "lead_sla_outcomes_total", **labels, kind="breached") == 1
    assert value(metrics, "lead_sla_first_touch_seconds_count", duty="first-touch") == 2


def test_an_act_at_the_very_limit_falls_into_the_bucket_of_that_limit() -> None:
    metrics = metrics_of_a_policy()
    at_the_limit = 1_000_000 + int(LIMIT_S * 1e6)
    metrics.outcomes_said([outcome(Kind.MET, evidence_at=at_the_limit)])
    metrics.outcomes_said([outcome(Kind.FULFILLED_LATE, evidence_at=at_the_limit + 1)])
    bucket = "lead_sla_first_touch_seconds_bucket"
    assert value(metrics, bucket, duty="first-touch", le="437.5") == 1
    assert value(metrics, bucket, duty="first-touch", le="+Inf") == 2


def test_only_a_late_act_has_lateness_and_a_breach_alone_has_no_first_touch() -> None:
    metrics = metrics_of_a_policy()
    metrics.outcomes_said([outcome(Kind.BREACHED)])
    metrics.outcomes_said([outcome(Kind.MET, evidence_at=3_000_000)])
    assert value(metrics, "lead_sla_lateness_seconds_count", duty="first-touch") == 0
    assert value(metrics, "lead_sla_first_touch_seconds_sum", duty="first-touch") == 2.0
    due_at = outcome(Kind.MET).due_at
    metrics.outcomes_said([outcome(Kind.FULFILLED_LATE, evidence_at=due_at + 30_000_000)])
    assert value(metrics, "lead_sla_lateness_seconds_sum", duty="first-touch") == 30.0


def test_open_clocks_are_counted_at_the_scrape_and_a_removed_duty_is_other() -> None:
    metrics = metrics_of_a_policy()
    counts: dict[tuple[str, str], int] = {
        ("first-touch", "running"): 4,
        ("gone", "breached"): 1,
        ("older", "breached"): 2,
    }
    metrics.watch_clocks(lambda: counts)  # type: ignore[arg-type,return-value]
    assert value(metrics, "lead_sla_clocks_open", duty="first-touch", state="running") == 4
    assert value(metrics, "lead_sla_clocks_open", duty="other", state="breached") == 3
    counts.clear()
    assert value(metrics, "lead_sla_clocks_open", duty="first-touch", state="running") == 0
    assert value(metrics, "lead_sla_clocks_open", duty="other", state="breached") is None


def test_a_revoked_partition_leaves_no_series_behind() -> None:
    metrics = metrics_of_a_policy()
    before = samples(metrics)
    metrics.lag("leads.events", 0, 7)
    assert value(metrics, "lead_sla_partition_lag_records", topic="leads.events", partition="0") == 7
    metrics.forget_partition("leads.events", 0)
    metrics.forget_partition("leads.events", 1)
    assert samples(metrics) == before


def test_a_new_policy_brings_its_limits_as_buckets() -> None:
    metrics = metrics_of_a_policy()
    metrics.initialise(
        policy_version="2026-Q4",
        duties=["first-touch"],
        quotas=(),
        teams=["sales"],
        segments=[],
        limits_s=[7.0],
        channels=[],
        event_types=[],
        dead_letter_reasons=[],
    )
    assert value(metrics, "lead_sla_first_touch_seconds_bucket", duty="first-touch", le="7.0") == 0
    assert value(metrics, "lead_sla_first_touch_seconds_bucket", duty="first-touch", le="437.5") is None


def test_measurements_of_the_worker_reach_the_scrape() -> None:
    metrics = metrics_of_a_policy()
    metrics.batch_judged(30, 0.2)
    metrics.detected(-0.001)
    metrics.tick("sent")
    metrics.engine.recovered(1.5)
    metrics.remarked({(Remark.TRANSITION_SKIPPED, "lead.accepted"): 1, (Remark.TOO_LATE, "lead.created"): 2})
    metrics.ready(True)
    assert value(metrics, "lead_sla_judge_batch_records_sum") == 30
    assert value(metrics, "lead_sla_judge_batch_seconds_bucket", le="0.25") == 1
    assert value(metrics, "lead_sla_detection_delay_seconds_sum") == 0
    assert value(metrics, "lead_sla_ticks_total", result="sent") == 1
    assert value(metrics, "lead_sla_recovery_seconds") == 1.5
    assert value(metrics, "lead_sla_stage_transitions_total", legality="skipped") == 1
    assert value(metrics, "lead_sla_events_total", type="lead.created", result="too_late") == 2
    assert value(metrics, "lead_sla_worker_ready") == 1


def test_a_channel_shows_its_state_and_what_waits_as_they_are_when_scraped() -> None:
    metrics = metrics_of_a_policy()
    queue = Queue(ChannelState.OPEN, 3, 61.5)
    metrics.channels.watch({"webhook": lambda: queue})
    for state, shown in (("closed", 0), ("open", 1), ("half_open", 0), ("disabled", 0)):
        assert value(metrics, "lead_sla_channel_state", channel="webhook", state=state) == shown
    assert value(metrics, "lead_sla_notices_waiting", channel="webhook") == 3
    assert value(metrics, "lead_sla_notices_oldest_seconds", channel="webhook") == 61.5
    queue = Queue(ChannelState.CLOSED, 0, 0.0)
    assert value(metrics, "lead_sla_channel_state", channel="webhook", state="open") == 0


def test_a_delivery_is_counted_with_its_delay_which_is_never_negative() -> None:
    metrics = metrics_of_a_policy()
    metrics.channels.attempted("webhook", "ok")
    metrics.channels.delivered("webhook", 2.5)
    metrics.channels.delivered("webhook", -0.1)
    assert value(metrics, "lead_sla_deliveries_total", channel="webhook", result="ok") == 1
    assert value(metrics, "lead_sla_delivery_delay_seconds_sum", channel="webhook") == 2.5
    assert value(metrics, "lead_sla_delivery_delay_seconds_count", channel="webhook") == 2


def test_two_instances_share_nothing() -> None:
    one, other = metrics_of_a_policy(), metrics_of_a_policy()
    one.tick("read")
    assert value(other, "lead_sla_ticks_total", result="read") == 0


def test_only_the_newest_version_of_the_agreement_is_shown() -> None:
    metrics = metrics_of_a_policy()
    assert value(metrics, "lead_sla_policy_info", version="2026-Q4") == 1
    metrics.initialise(
        policy_version="2027-Q1",
        duties=["first-touch"],
        quotas=(),
        teams=["sales"],
        segments=[],
        limits_s=[],
        channels=[],
        event_types=[],
        dead_letter_reasons=[],
    )
    assert value(metrics, "lead_sla_policy_info", version="2026-Q4") is None
    assert value(metrics, "lead_sla_policy_info", version="2027-Q1") == 1


def test_outcomes_of_the_agreement_itself_have_a_series_from_the_start() -> None:
    metrics = metrics_of_a_policy()
    labels = {"duty": "agreement", "team": "none", "segment": "none"}
    assert value(metrics, "lead_sla_outcomes_total", kind="review_overdue", **labels) == 0
    metrics.outcomes_said([outcome(Kind.AMENDED, lead="", duty="agreement", team="", segment="")])
    assert value(metrics, "lead_sla_outcomes_total", kind="amended", **labels) == 1


def test_reloads_of_the_agreement_are_counted_from_zero() -> None:
    metrics = metrics_of_a_policy()
    assert value(metrics, "lead_sla_policy_reloads_total", result="refused") == 0
    metrics.policy_reloaded("refused")
    assert value(metrics, "lead_sla_policy_reloads_total", result="refused") == 1
