"""The exposition follows Prometheus' own conventions, judged by promtool."""

import subprocess
from decimal import Decimal

from monitor.core.counting import LiveCounts
from monitor.core.event import RECORD_TYPES
from monitor.core.money import Finance
from monitor.core.policy import Objective
from monitor.core.tally import KPIS, Line, Period
from monitor.core.term import Every
from monitor.ports import ChannelState
from monitor.telemetry.catalogue import METRICS
from monitor.telemetry.channels import Queue
from monitor.telemetry.metrics import Metrics
from tests.support.agreement import duty, policy
from tests.support.programs import needed


def full_exposition() -> bytes:
    metrics = Metrics(version="0.1.0")
    metrics.initialise(
        policy_version="2026-Q4",
        duties=["first-touch"],
        quotas=(),
        teams=["sales", "marketing"],
        segments=["enterprise", 'odd "quoted"\nname'],
        limits_s=[5, 300, 14400],
        channels=["webhook"],
        event_types=RECORD_TYPES,
        dead_letter_reasons=["not_json"],
    )
    metrics.channels.watch({"webhook": lambda: Queue(ChannelState.OPEN, 3, 60.0)})
    metrics.lag("leads.events", 0, 3)
    finance = Finance("EUR", {"EUR": Decimal(1)}, {Every.MONTH: Decimal(50_000)})
    agreed = policy(duty(objective=Objective(95, "week")))._replace(finance=finance, segments=("enterprise",))
    metrics.figures.initialise(agreed, sources_max=2, owners_max=2)
    counts: dict[tuple[str, Period, Line], int] = {
        ("first-touch", "current", ("met", "sales", "enterprise", 'odd "quoted"\nsource', "ana")): 3,
        (KPIS, "previous", ("won", "EUR")): 1,
        (KPIS, "current", ("entered", "mql")): 2,
        (KPIS, "current", ("qualified", "mql")): 2,
    }
    live = LiveCounts({"mql": 2}, counts, {("previous", ("won", "EUR")): Decimal("9.50")})
    metrics.figures.live_counts = lambda: live
    return metrics.render()[0]


def test_promtool_finds_nothing_to_say_about_the_metrics() -> None:
    promtool = needed("promtool")
    check = subprocess.run([promtool, "check", "metrics"], input=full_exposition(), capture_output=True, timeout=30)
    assert (check.returncode, check.stdout, check.stderr) == (0, b"", b"")


def test_every_metric_of_the_catalogue_is_among_those_that_promtool_has_seen() -> None:
    typed = [line.split()[2] for line in full_exposition().decode().splitlines() if line.startswith("# TYPE")]
    assert sorted(typed) == sorted(METRICS)
