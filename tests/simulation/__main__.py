"""Every step of one seed: `python -m tests.simulation SEED GUARANTEE`."""

import sys

from tests.simulation.scenario import Simulation

simulation = Simulation(int(sys.argv[1]), sys.argv[2])
simulation.run()
print(*simulation.world.steps(), sep="\n")  # noqa: T201
simulation.check()
