"""What was seen in a run, as one line."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from tests.soak.faults import Fault


@dataclass(frozen=True)
class Options:
    """What varies between two runs of the same proof."""

    seed: int
    guarantee: str = "at_least_once"
    store: str = "memory"

    @property
    def transactional(self) -> bool:
        """Then nothing is repeated for a reader of committed records."""
        return self.guarantee == "transactional"


@dataclass
class Report:
    """What was seen; its text is one line, and one for each problem and note. Takeovers: median and longest."""

    proof: str
    options: Options
    faults: Sequence[Fault] = ()
    numbers: dict[str, float] = field(default_factory=dict)
    takeovers_s: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """By kind of fault, how long after each the last partition got outcomes again."""
    ends: Counter[int] = field(default_factory=Counter)
    """How often a worker ended by itself, by exit status."""
    fenced: Counter[str] = field(default_factory=Counter)
    """How often one stopped itself to be safe, by reason."""
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Worth a look, and no failure."""

    def __str__(self) -> str:
        options, faults = self.options, Counter(fault.kind for fault in self.faults)
        words = [f"{self.proof} seed={options.seed} {options.guarantee} {options.store}"]
        words.append(f"faults[{_words(faults)}]")
        words += [f"{name}={value:g}" for name, value in self.numbers.items()]
        took = {kind: f"{median(took):.1f}/{max(took):.1f}" for kind, took in self.takeovers_s.items()}
        words.append(f"takeover_s[{_words(took)}]")
        words.append(f"exits[{_words(self.ends)}] self_fenced[{_words(self.fenced)}]")
        words.append("FAILED" if self.problems else "ok")
        return "\n    ".join([" ".join(words), *self.problems, *(f"noted: {note}" for note in self.notes)])


def _words(counts: Mapping[Any, object]) -> str:
    return " ".join(f"{name}:{count}" for name, count in sorted(counts.items()))
