"""What a row of the table is, and how the rows of one process are measured: contestants in turns, in processor time."""

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from statistics import median
from time import process_time
from typing import Literal, NamedTuple, TypeVar

Work = Callable[[], object]
Measured = TypeVar("Measured")


class Goal(NamedTuple):
    """A bound that the figure, or its ratio to the baseline, should keep."""

    of: Literal["figure", "ratio"]
    sense: Literal["at least", "at most"]
    bound: float


class Row(NamedTuple):
    """One line of the table; the n-th figure was measured beside the n-th figure of the baseline."""

    what: str
    unit: str
    figures: Sequence[float]
    baseline: str
    baseline_figures: Sequence[float]
    goal: Goal | None = None

    @property
    def ratios(self) -> list[float]:
        """Each figure in units of the baseline's of the same turn: a slow minute of the machine meets both."""
        return [ours / theirs for ours, theirs in zip(self.figures, self.baseline_figures, strict=True)]

    @property
    def met(self) -> bool | None:
        """Whether the median keeps the goal; None without one."""
        if self.goal is None:
            return None
        measured = median(self.ratios if self.goal.of == "ratio" else self.figures)
        return measured >= self.goal.bound if self.goal.sense == "at least" else measured <= self.goal.bound


class LeftOut(NamedTuple):
    """A row that cannot be measured here, and why."""

    what: str
    why: str
    failed: bool = False
    """It should have been measured."""


class Scale(NamedTuple):
    """How much is measured: quick leaves out the brokers, full adds what takes minutes."""

    quick: bool
    full: bool
    rivals: bool

    @property
    def repeats(self) -> int:
        """Turns of each contestant."""
        return 3 if self.quick else 5


def promise(figures: Sequence[float], promised: float) -> list[float]:
    """A baseline that is not measured but promised: the same in every turn."""
    return [promised] * len(figures)


def cpu_s(work: Work) -> float:
    """Processor seconds of one run; what other processes do to this machine hardly shows in it."""
    gc.collect()
    started_s = process_time()
    work()
    return process_time() - started_s


def in_turns(ours: Work, baseline: Work, repeats: int) -> tuple[list[float], list[float]]:
    """Processor seconds of each, A B A B."""
    seconds = [(cpu_s(ours), cpu_s(baseline)) for _ in range(repeats)]
    return [s for s, _ in seconds], [s for _, s in seconds]


def turns(contestants: Mapping[str, Callable[[], Measured]], repeats: int) -> dict[str, list[Measured]]:
    """What each of them measures, A B C A B C."""
    figures: dict[str, list[Measured]] = {name: [] for name in contestants}
    for _ in range(repeats):
        for name, measure in contestants.items():
            figures[name].append(measure())
    return figures


def per_second(count: int, seconds: Iterable[float]) -> list[float]:
    """How many a second, for each duration."""
    return [count / s for s in seconds]


def us_each(count: int, seconds: Iterable[float]) -> list[float]:
    """Microseconds for each of `count`, for each duration."""
    return [s / count * 1e6 for s in seconds]


Rows = Iterator[Row | LeftOut]
