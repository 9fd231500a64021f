"""`make soak`: the long proofs, one line a run, a summary, and the folder of what failed."""

import argparse
import asyncio
import logging
import random
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.soak.proofs import LONG
from tests.soak.report import Options, Report
from tests.soak.scenario import BROKER_PROPERTIES, Proof, run
from tests.support.kafka import KafkaBroker, KafkaCluster


def main() -> int:
    """The exit status: 1 when any run failed."""
    asked = _arguments()
    failed: list[str] = []
    runs = 0
    for name in asked.only or LONG:
        for seed in range(asked.seed, asked.seed + asked.runs):
            report, folder = _run(LONG[name], Options(seed, asked.guarantee, asked.store))
            runs += 1
            print(report, flush=True)  # noqa: T201 - what this command is for
            if report.problems:
                failed.append(f"{name} seed={seed}: {folder}")
                print(f"    logs and data: {folder}", flush=True)  # noqa: T201
            else:
                shutil.rmtree(folder)
    print(f"{runs} runs from seed {asked.seed}, {len(failed)} failed", *failed, sep="\n    ")  # noqa: T201
    return 1 if failed else 0


def _run(proof: Proof, options: Options) -> tuple[Report, Path]:
    folder = Path(tempfile.mkdtemp(prefix=f"lead-sla-soak-{proof.name}-{options.seed}-"))
    # While brokers are away the clients of the load complain many times a second.
    logging.basicConfig(filename=folder / "load.log", force=True, format="%(asctime)s %(name)s: %(message)s")
    with ExitStack() as stack:
        if proof.brokers == 1:
            brokers = [stack.enter_context(KafkaBroker(folder / "kafka", BROKER_PROPERTIES))]
        else:
            brokers = stack.enter_context(KafkaCluster(folder / "kafka", BROKER_PROPERTIES)).nodes
        try:
            return asyncio.run(run(proof, options, brokers, "", folder)), folder
        except Exception as error:  # one run that cannot be finished must not end the others
            return Report(proof.name, options, problems=[f"{type(error).__name__}: {error}"]), folder


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make soak ARGS=...", description=__doc__)
    parser.add_argument("--only", action="append", choices=LONG, help="this proof alone; may be given again")
    parser.add_argument("--seed", type=int, default=random.randrange(10_000), help="of the first run")
    parser.add_argument("--runs", type=int, default=1, help="runs of each proof, with this seed and those after it")
    parser.add_argument("--guarantee", choices=["at_least_once", "transactional"], default="at_least_once")
    parser.add_argument("--store", choices=["memory", "rocksdb"], default="memory")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
