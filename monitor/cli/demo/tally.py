"""What has been seen so far of a running demonstration, counted for the view."""

from collections import Counter, deque
from typing import Final, NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from monitor.cli.demo.funnel import Planned
from monitor.cli.demo.receiver import Received
from monitor.core.outcome import Kind, Outcome

VERDICTS_SHOWN: Final = 12
VERDICTS: Final = frozenset({Kind.WARNED, Kind.MET, Kind.BREACHED, Kind.FULFILLED_LATE, Kind.WITHDRAWN, Kind.CANCELLED})
_ClockKey = tuple[str, str, int]


class Share(NamedTuple):
    """Duties met, of those judged."""

    met: int = 0
    judged: int = 0


class Tally:
    """Counts of one run."""

    def __init__(self) -> None:
        self.ready = False
        """The worker judges."""
        self.leads = 0
        self.sent = 0
        self.accepted = 0
        self.dead_letters = 0
        self.clocks: dict[tuple[str, str], int] = {}
        """Open clocks by duty and state."""
        self.kinds: Counter[Kind] = Counter()
        self.verdicts: deque[Outcome] = deque(maxlen=VERDICTS_SHOWN)
        self.owners: dict[str, Share] = {}
        self.verified = 0
        self.refused = 0
        self.newest_lead = ""
        """The lead that the newest outcome is about."""
        self.revisable: dict[_ClockKey, tuple[str, bool]] = {}
        """Owner and whether met, of verdicts that are not final."""

    def produced(self, planned: Planned) -> None:
        """A record was acknowledged by the broker."""
        self.sent += 1
        self.leads = max(self.leads, planned.number)

    def delivered(self, received: Received) -> None:
        """The webhook was called."""
        if received.verified:
            self.verified += 1
        else:
            self.refused += 1

    def said(self, outcome: Outcome) -> bool:
        """An outcome was read; whether it is a verdict that people are shown."""
        self.kinds[outcome.kind] += 1
        self.newest_lead = outcome.lead
        clock = (outcome.lead, outcome.duty, outcome.cycle)
        if outcome.kind in (Kind.MET, Kind.BREACHED):
            self._count(clock, -1)
            self.revisable[clock] = (outcome.owner, outcome.kind is Kind.MET)
            self._count(clock, +1)
        elif outcome.kind is Kind.WITHDRAWN and outcome.level in (Kind.MET, Kind.BREACHED):
            self._count(clock, -1)
            self.revisable.pop(clock, None)
        elif outcome.kind is Kind.FINALISED:
            self.revisable.pop(clock, None)
        if outcome.kind not in VERDICTS:
            return False
        self.verdicts.append(outcome)
        return True

    def _count(self, clock: _ClockKey, by: int) -> None:
        if clock in self.revisable:
            owner, met = self.revisable[clock]
            share = self.owners.get(owner, Share())
            self.owners[owner] = Share(share.met + by * met, share.judged + by)

    def scraped(self, exposition: str) -> None:
        """The worker's metrics, as text. Raises ValueError for what is not Prometheus' format."""
        accepted = dead_letters = 0.0
        for family in text_string_to_metric_families(exposition):
            for sample in family.samples:
                # All names begin with the two words of the product's.
                name = sample.name.split("_", 2)[-1]
                if name == "events_total" and sample.labels["result"] == "accepted":
                    accepted += sample.value
                elif name == "dead_letters_total":
                    dead_letters += sample.value
                elif name == "clocks_open":
                    self.clocks[sample.labels["duty"], sample.labels["state"]] = int(sample.value)
                elif name == "worker_ready":
                    self.ready = sample.value == 1
        self.accepted, self.dead_letters = int(accepted), int(dead_letters)
