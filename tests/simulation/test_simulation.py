"""Whatever stops, stands still or is lost at whatever step: the verdicts are the replay's, told and remembered once.

The first hundred seeds run in `make check`, a thousand in `make test`, SIMULATION_SEEDS sets another number. A failure
prints its seed and every step; `python -m tests.simulation SEED GUARANTEE` shows them again.
"""

import logging
import os
from collections.abc import Iterator

import pytest

from tests.simulation.scenario import GUARANTEES, Simulation

SEEDS = int(os.environ.get("SIMULATION_SEEDS", "1000"))
SEEDS_IN_CHECK, AT_ONCE = 100, 25
CROWDED_SEED, PORTIONS = 1, 40


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Workers in trouble have a lot to say."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def firsts() -> Iterator[object]:
    """The first seed of each portion."""
    for first in range(0, SEEDS, AT_ONCE):
        yield pytest.param(first, marks=[pytest.mark.slow] if first >= SEEDS_IN_CHECK else [])


@pytest.mark.parametrize("guarantee", GUARANTEES)
@pytest.mark.parametrize("first", list(firsts()))
def test_whatever_happens_at_whatever_step_every_verdict_is_right_and_told(first: int, guarantee: str) -> None:
    for seed in range(first, min(first + AT_ONCE, SEEDS)):
        simulation = Simulation(seed, guarantee)
        try:
            simulation.run()
            simulation.check()
        except BaseException:
            print(f"seed {seed}, {guarantee}:")  # noqa: T201 - shown with the failure
            print(*simulation.world.steps(), sep="\n")  # noqa: T201
            raise


@pytest.mark.slow
@pytest.mark.parametrize("guarantee", GUARANTEES)
@pytest.mark.parametrize("portion", range(PORTIONS))
def test_a_worker_may_be_killed_before_any_of_its_steps(portion: int, guarantee: str) -> None:
    undisturbed = Simulation(CROWDED_SEED, guarantee, kill_at=0)
    undisturbed.run()
    assert undisturbed.steps > 500
    for step in range(1 + portion, undisturbed.steps, PORTIONS):
        simulation = Simulation(CROWDED_SEED, guarantee, kill_at=step)
        try:
            simulation.run()
            simulation.check()
        except BaseException:
            print(f"seed {CROWDED_SEED}, {guarantee}, killed at step {step}:")  # noqa: T201 - shown with the failure
            print(*simulation.world.steps(), sep="\n")  # noqa: T201
            raise


@pytest.mark.parametrize("guarantee", GUARANTEES)
def test_the_same_seed_takes_the_same_steps(guarantee: str) -> None:
    runs = [Simulation(7, guarantee), Simulation(7, guarantee)]
    for simulation in runs:
        simulation.run()
    assert list(runs[0].world.steps()) == list(runs[1].world.steps())
