"""A rival: Quix Streams, our core inside, packed states in its RocksDB and changelog, outcomes to their topic."""

import json
import sys
import tempfile
from collections.abc import Callable
from time import monotonic, process_time
from typing import Any

from quixstreams import Application, State

from bench.history import one_duty
from bench.site import Site, contestant_arguments, site_of
from monitor.core.advance import advance
from monitor.core.event import Event
from monitor.core.outcome import Outcome
from monitor.core.tellings import next_instant
from monitor.wire.outcome import encode_outcome
from monitor.wire.state import decode_state, encode_state
from monitor.wire.timeline import decode_record

STATE = "lead"


class Judging:
    """The judge's step, and when the first event came."""

    def __init__(self, count: int) -> None:
        self._left = count
        self._policy = one_duty()
        self.stop: Callable[[], None]
        self.began_s, self.began_processor_s = 0.0, 0.0

    def judge(self, packed: bytes, state: State) -> tuple[Outcome, ...]:
        """One record of one lead."""
        if not self.began_s:
            self.began_s, self.began_processor_s = monotonic(), process_time()
        event = decode_record(packed)
        if not isinstance(event, Event):
            return ()
        known = state.get_bytes(STATE)
        step = advance(None if known is None else decode_state(event.lead, known), event, self._policy)
        state.set_bytes(STATE, encode_state(step.lead, 0, next_instant(step.lead)))
        return step.outcomes

    def processed(self, *_: Any) -> None:
        """Called after each record."""
        self._left -= 1
        if not self._left:
            self.stop()


def run(where: Site, count: int, folder: str) -> dict[str, Any]:
    """Seconds from the first record until everything is written and the worker has left the group."""
    judging = Judging(count)
    application = Application(
        where.bootstrap,
        consumer_group=where.group,
        auto_offset_reset="earliest",
        state_dir=folder,
        loglevel="ERROR",
        commit_interval=1.0,
        on_message_processed=judging.processed,
    )
    judging.stop = application.stop
    timeline = application.topic(where.timeline, key_deserializer="str", value_deserializer="bytes")
    outcomes = application.topic(where.outcomes, key_serializer="str", value_serializer="bytes")
    frame = application.dataframe(timeline).apply(judging.judge, stateful=True, expand=True)
    frame.apply(encode_outcome).to_topic(outcomes)
    application.run()
    return {
        "seconds": monotonic() - judging.began_s,
        "processor_s": process_time() - judging.began_processor_s,
        "last": True,
    }


def main() -> None:
    """Nothing beside the site."""
    given = contestant_arguments().parse_args()
    with tempfile.TemporaryDirectory(prefix="lead-sla-bench-") as folder:
        measured = run(site_of(given), given.count, folder)
    sys.stdout.write(json.dumps(measured) + "\n")


main()
