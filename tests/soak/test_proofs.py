"""The proofs in their short form: what clusters do to workers, on real Kafka; `make soak` runs the long form."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.soak import clock
from tests.soak.proofs import SHORT
from tests.soak.report import Options
from tests.soak.scenario import BROKER_PROPERTIES, Proof, run
from tests.support.kafka import KafkaBroker, KafkaCluster
from tests.support.programs import lacking

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(240)]
# Another seed is another run of the same proof; a failure prints the one it had.
SEED = int(os.environ.get("SOAK_SEED", "1"))


async def proved(proof: Proof, folder: Path, prefix: str, brokers: list[KafkaBroker], **options: Any) -> None:
    report = await run(proof, Options(SEED, **options), brokers, prefix, folder)
    print(report)  # noqa: T201 - shown when the test fails
    assert report.problems == [], f"{report}\nlogs: {folder}"


async def test_killed_and_stopped_under_load_a_worker_says_what_the_replay_says(
    kafka: KafkaBroker, prefix: str, tmp_path: Path
) -> None:
    await proved(SHORT["kill and term"], tmp_path, prefix, [kafka], store="rocksdb")


@pytest.mark.parametrize("guarantee", ["at_least_once", "transactional"])
async def test_paused_workers_with_slow_writes_over_a_changelog_that_is_compacted(
    prefix: str, tmp_path: Path, guarantee: str
) -> None:
    with KafkaBroker(tmp_path / "kafka", BROKER_PROPERTIES) as broker:
        await proved(SHORT["pause"], tmp_path, prefix, [broker], guarantee=guarantee)


async def test_a_broker_that_is_away_for_a_while(prefix: str, tmp_path: Path) -> None:
    with KafkaBroker(tmp_path / "kafka") as broker:
        await proved(SHORT["broker-stop"], tmp_path, prefix, [broker])


async def test_the_leader_of_three_brokers_is_killed(prefix: str, tmp_path: Path) -> None:
    with KafkaCluster(tmp_path / "kafka") as cluster:
        await proved(SHORT["leader-kill"], tmp_path, prefix, cluster.nodes)


async def test_wall_clocks_that_step_by_an_hour_change_no_verdict(
    kafka: KafkaBroker, prefix: str, tmp_path: Path
) -> None:
    if lack := clock.missing():
        lacking(lack, "gcc libc6-dev")
    await proved(SHORT["clock-step"], tmp_path, prefix, [kafka])
