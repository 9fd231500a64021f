"""A rival: Bytewax, our core inside, leads as Python objects in memory, snapshots of them in its SQLite each second.

It reads to the end of the timeline and stops there. What it sends is not acknowledged before its snapshot is taken.
"""

import json
import sys
import tempfile
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from time import monotonic, process_time
from typing import Any

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.testing import run_main

from bench.history import one_duty
from bench.site import Site, contestant_arguments, site_of
from monitor.core.advance import advance
from monitor.core.event import Event
from monitor.core.lead import Lead
from monitor.core.outcome import Outcome
from monitor.wire.outcome import encode_outcome
from monitor.wire.timeline import decode_record

EPOCH = timedelta(seconds=1)


class Judging:
    """The judge's step, and when the first event came."""

    def __init__(self) -> None:
        self._policy = one_duty()
        self.began_s, self.began_processor_s = 0.0, 0.0

    def read(self, message: Any) -> Event:
        """One record of the timeline; there are no ticks in it."""
        if not self.began_s:
            self.began_s, self.began_processor_s = monotonic(), process_time()
        event = decode_record(message.value)
        assert isinstance(event, Event)  # noqa: S101 - nobody else writes to this topic
        return event

    def judge(self, lead: Lead | None, event: Event) -> tuple[Lead, Iterable[Outcome]]:
        """One event of one lead."""
        step = advance(lead, event, self._policy)
        return step.lead, step.outcomes


def run(where: Site, folder: Path) -> dict[str, Any]:
    """Seconds from the first record until everything is written."""
    judging = Judging()
    flow = Dataflow("judge")
    source = KafkaSource([where.bootstrap], [where.timeline], tail=False)
    events = op.map("read", op.input("timeline", flow, source), judging.read)
    outcomes = op.stateful_flat_map("judge", op.key_on("lead", events, lambda event: event.lead), judging.judge)
    messages = op.map("encode", outcomes, lambda keyed: KafkaSinkMessage(keyed[0].encode(), encode_outcome(keyed[1])))
    op.output("outcomes", messages, KafkaSink([where.bootstrap], where.outcomes))
    init_db_dir(folder, 1)
    run_main(flow, epoch_interval=EPOCH, recovery_config=RecoveryConfig(str(folder)))
    return {
        "seconds": monotonic() - judging.began_s,
        "processor_s": process_time() - judging.began_processor_s,
        "last": True,
    }


def main() -> None:
    """Nothing beside the site."""
    given = contestant_arguments().parse_args()
    with tempfile.TemporaryDirectory(prefix="lead-sla-bench-") as folder:
        measured = run(site_of(given), Path(folder))
    sys.stdout.write(json.dumps(measured) + "\n")


main()
