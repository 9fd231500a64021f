"""How things are measured: two ways of doing a job in turns, in processor time where one process does it all."""

import gc
from collections.abc import Callable
from statistics import median
from time import process_time
from typing import NamedTuple

Work = Callable[[], object]


class Row(NamedTuple):
    """One line of the table."""

    what: str
    unit: str
    value: float
    baseline: str
    baseline_value: float
    goal: str = ""

    @property
    def ratio(self) -> float:
        """The figure, in units of its baseline."""
        return self.value / self.baseline_value


def cpu_s(work: Work) -> float:
    """Processor seconds of one run; what other processes do to this machine hardly shows in it."""
    gc.collect()
    started_s = process_time()
    work()
    return process_time() - started_s


def in_turns(ours: Work, baseline: Work, repeats: int) -> tuple[float, float]:
    """Median processor seconds of each. They take turns, so that a slow minute of the machine meets both."""
    seconds = [(cpu_s(ours), cpu_s(baseline)) for _ in range(repeats)]
    return median(s for s, _ in seconds), median(s for _, s in seconds)
