"""The proofs by name: the long form that `make soak` runs, and the short form that CI runs."""

from collections.abc import Mapping
from dataclasses import replace

from tests.soak.faults import Kind
from tests.soak.scenario import Proof

_WORKER_FAULTS: tuple[Kind, ...] = ("kill", "stop", "pause")

LONG: Mapping[str, Proof] = {
    proof.name: proof
    for proof in (
        Proof("kill", ("kill",), 20, every_s=6, lasts_s=0),
        Proof("term", ("stop",), 20, every_s=4, lasts_s=0),
        Proof("pause", _WORKER_FAULTS, 12, every_s=6, workers=(2, 3), slow_ms=300),
        Proof("compaction", _WORKER_FAULTS, 12, every_s=6, workers=(2, 3), slow_ms=300, compaction_lag_s=20),
        Proof("broker-stop", ("broker-stop",), 1, every_s=5, workers=(2, 2), own_brokers=True),
        Proof("leader-kill", ("leader-kill",), 3, every_s=15, workers=(2, 2), brokers=3, own_brokers=True),
        Proof("broker-gone", ("broker-gone",), 1, every_s=10, workers=(2, 2), brokers=3, own_brokers=True),
        Proof("rolling", ("rolling",), 1, every_s=5, workers=(2, 2), brokers=3, own_brokers=True),
        Proof("clock-step", ("clock-back", "clock-forward"), 4, every_s=12, workers=(2, 2)),
        Proof("clock-apart", ("kill", "stop"), 4, every_s=8, workers=(2, 2), clocks_s=(-300, 300)),
    )
}

SHORT: Mapping[str, Proof] = {
    "kill and term": replace(LONG["kill"], kinds=("kill", "stop"), rounds=6, every_s=3),
    "pause": replace(LONG["compaction"], rounds=3, every_s=2, workers=(2, 2), compaction_lag_s=15),
    "broker-stop": replace(LONG["broker-stop"], every_s=1, lasts_s=10),
    "leader-kill": replace(LONG["leader-kill"], rounds=1, every_s=1, lasts_s=3),
    "clock-step": replace(LONG["clock-step"], rounds=2, every_s=2, lasts_s=5),
}
