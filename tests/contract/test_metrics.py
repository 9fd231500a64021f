"""The exposition follows Prometheus' own conventions, judged by promtool."""

import subprocess

from monitor.core.event import RECORD_TYPES
from monitor.ports import ChannelState
from monitor.telemetry.channels import Queue
from monitor.telemetry.metrics import Metrics
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
    return metrics.render()[0]


def test_promtool_finds_nothing_to_say_about_the_metrics() -> None:
    promtool = needed("promtool")
    check = subprocess.run([promtool, "check", "metrics"], input=full_exposition(), capture_output=True, timeout=30)
    assert (check.returncode, check.stdout, check.stderr) == (0, b"", b"")
