"""What a worker's partitions add up to, as metrics: the funnel, duties kept, what key figures count, the ledger."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import product
from typing import Final, get_args

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from monitor.core.counting import MET, QUALIFIED, LiveCounts
from monitor.core.definition import qualified_stage
from monitor.core.ledger import SPEND, Booked
from monitor.core.money import NOTHING, Money, converted
from monitor.core.policy import Policy
from monitor.core.quota import UNIT
from monitor.core.records import ATTEMPT, CONNECTED, ENTERED, NOT_CONNECTED, WON
from monitor.core.tally import KPIS, OTHER, Line, Period
from monitor.core.term import Every
from monitor.telemetry.catalogue import METRICS

NONE: Final = "none"
"""The label of what has no segment, source or owner."""
PERIODS: Final[tuple[Period, ...]] = get_args(Period)
# Currencies that the agreement has no rate for and that have figures of their own; five would be many.
CURRENCIES_MAX: Final = 20
# Teams that spend, those that the agreement names among them; it has two sides.
PAYERS_MAX: Final = 20
OUTCOMES: Final = (CONNECTED, NOT_CONNECTED)
"""Of attempts."""

_Series = dict[tuple[str, ...], float]


class FigureGauges(Collector):
    """Asks for live counts when scraped: a partition that was revoked leaves no series behind.

    Names of the agreement start at zero, and any other name counts as `other`.
    """

    def __init__(self) -> None:
        self.live_counts: Callable[[], LiveCounts] = LiveCounts
        self.booked: Callable[[], Iterable[Booked]] = tuple
        self._policy: Policy | None = None
        self._teams: Mapping[str, Collection[str]] = {}
        """By duty."""
        self._segments: Collection[str] = ()
        self._stages: Collection[str] = ()
        self._sources = _Admitted(0)
        self._owners = _Admitted(0)
        self._currencies = _Admitted(CURRENCIES_MAX)
        self._payers = _Admitted(PAYERS_MAX)

    def initialise(self, policy: Policy, *, sources_max: int, owners_max: int) -> None:
        """Fix the vocabulary; so many sources and owners have series of their own, with 0 none."""
        duties = [duty for version in policy.versions for duty in version.duties]
        self._policy = policy
        self._teams = {each.name: {duty.team for duty in duties if duty.name == each.name} for each in duties}
        self._segments = {segment for version in policy.versions for segment in version.segments}
        self._stages = {stage for version in policy.versions for stage in version.stages}
        if (self._sources.at_most, self._owners.at_most) != (sources_max, owners_max):
            self._sources, self._owners = _Admitted(sources_max), _Admitted(owners_max)

    def collect(self) -> Iterator[Metric]:
        """One family for each figure."""
        live = self.live_counts()
        funnel = _zeros(self._stages)
        for stage, count in live.stages.items():
            if stage:
                _add(funnel, (_bounded(stage, self._stages),), count)
        yield _family("lead_sla_leads", funnel)
        yield from self._attained(live)
        yield from self._kpis(live)
        yield from self._ledger()

    def _attained(self, live: LiveCounts) -> Iterator[Metric]:
        lines = [(subject, period, line) for subject, period, line in live.counts if subject != KPIS]
        self._sources.admit(_most_first(live, lines, 3))
        self._owners.admit(_most_first(live, lines, 4))
        met, judged = self._no_verdicts(), self._no_verdicts()
        for subject, period, line in lines:
            verdict, team, segment, source, owner = line
            duty = _bounded(subject, self._teams)
            labels: tuple[str, ...] = (
                duty, period, _bounded(team, self._teams.get(duty, ())), _bounded(segment, self._segments),
                self._sources.label(source), self._owners.label(owner),
            )  # fmt: skip
            count = live.counts[subject, period, line]
            _add(met, labels, count if verdict == MET else 0)
            _add(judged, labels, count)
        yield _family("lead_sla_duties_met", met)
        yield _family("lead_sla_duties_judged", judged)
        agreed = self._objectives()
        yield _family("lead_sla_objective_ratio", {(duty,): percent / 100 for duty, percent in agreed.items()})
        yield _family("lead_sla_objective_misses_left", _misses_left(agreed, met, judged))

    def _no_verdicts(self) -> _Series:
        segments = (*self._segments, NONE, OTHER)
        return {
            (duty, period, team, segment, OTHER, OTHER): 0
            for duty, teams in self._teams.items()
            for period, team, segment in product(PERIODS, teams, segments)
        }

    def _objectives(self) -> dict[str, float]:
        duties = () if self._policy is None else self._policy.duties
        return {duty.name: duty.objective.percent for duty in duties if duty.objective is not None}

    def _kpis(self, live: LiveCounts) -> Iterator[Metric]:
        finance = None if self._policy is None else self._policy.finance
        entries, attempts = _zeros(self._stages, PERIODS), _zeros(OUTCOMES, PERIODS)
        qualified = _zeros([stage for duty in self._teams if (stage := qualified_stage(duty))], PERIODS)
        deals = _zeros([finance.currency] if finance else [], PERIODS)
        amounts = dict(deals)
        of_stages = {ENTERED: entries, QUALIFIED: qualified}
        for subject, period, line in live.counts:
            if subject != KPIS:
                continue
            (kind, what), count = line, live.counts[subject, period, line]
            if kind in of_stages:
                _add(of_stages[kind], (_bounded(what, self._stages), period), count)
            elif kind == ATTEMPT:
                _add(attempts, (what, period), count)
            elif kind == WON:
                label, amount = self._shown(Money(live.amounts.get((period, line), NOTHING), what))
                _add(deals, (label, period), count)
                _add(amounts, (label, period), amount)
        yield _family("lead_sla_stage_entries", entries)
        yield _family("lead_sla_high_quality_leads", qualified)
        yield _family("lead_sla_follow_up_attempts", attempts)
        yield _family("lead_sla_deals_won", deals)
        yield _family("lead_sla_deals_won_amount", amounts)
        goal = None if finance is None else finance.goals.get(Every.MONTH)
        yield _family(
            "lead_sla_sales_goal_amount", {} if finance is None or goal is None else {(finance.currency,): float(goal)}
        )

    def _ledger(self) -> Iterator[Metric]:
        policy = self._policy
        currencies = [] if policy is None or policy.finance is None else [policy.finance.currency]
        teams = sorted({stage.team for stage in policy.stages.values()}) if policy is not None else []
        self._payers.admit(teams)
        spent, earned = _zeros(teams, currencies, PERIODS), _zeros(currencies, PERIODS)
        for ledger, period, team, currency, thousandths in self.booked():
            label, amount = self._shown(Money(Decimal(thousandths) / UNIT, currency))
            if ledger == SPEND:
                self._payers.admit([team])
                _add(spent, (self._payers.label(team), label, period), amount)
            else:
                _add(earned, (label, period), amount)
        yield _family("lead_sla_spend_amount", spent)
        yield _family("lead_sla_revenue_amount", earned)

    def _shown(self, money: Money) -> tuple[str, float]:
        """The label of its currency, and how much it is in that: nothing in OTHER, for these are not one currency."""
        amount, currency = converted(money, None if self._policy is None else self._policy.finance)
        if currency != OTHER:
            self._currencies.admit([currency])
        label = self._currencies.label(currency)
        return label, float(amount) if label == currency != OTHER else 0.0


class _Admitted:
    """The names that have series of their own: those seen first, and of those seen at once the most frequent.

    One that was admitted stays, for a series must not change its meaning.
    """

    def __init__(self, at_most: int) -> None:
        self.at_most = at_most
        self._names: set[str] = set()

    def admit(self, names: Iterable[str]) -> None:
        """Admit these in their order, as far as there is room."""
        for name in names:
            if len(self._names) >= self.at_most:
                return
            self._names.add(name)

    def label(self, name: str) -> str:
        """What the label says."""
        if not self.at_most:
            return OTHER
        return _bounded(name, self._names)


def _misses_left(agreed: Mapping[str, float], met: _Series, judged: _Series) -> _Series:
    """By duty and period. Linear in both, so that the figures of several workers add up."""
    left = _zeros(list(agreed), PERIODS)
    for labels, count in judged.items():
        duty, period, *_ = labels
        if duty in agreed:
            _add(left, (duty, period), met[labels] - count * agreed[duty] / 100)
    return {key: round(count, 6) for key, count in left.items()}


def _most_first(live: LiveCounts, lines: Iterable[tuple[str, Period, Line]], field: int) -> list[str]:
    counts: Counter[str] = Counter()
    for key in lines:
        if name := key[2][field]:
            counts[name] += live.counts[key]
    return sorted(counts, key=lambda name: (-counts[name], name))


def _bounded(name: str, known: Collection[str]) -> str:
    """A label out of a known set, whatever the data says: without this a sender could fill the memory."""
    if name in known:
        return name
    return OTHER if name else NONE


def _zeros(*names: Collection[str]) -> _Series:
    return dict.fromkeys(product(*names), 0.0)


def _add(series: _Series, labels: tuple[str, ...], count: float) -> None:
    series[labels] = series.get(labels, 0.0) + count


def _family(name: str, series: _Series) -> Metric:
    family = GaugeMetricFamily(name, METRICS[name].help, labels=METRICS[name].labels)
    for labels, count in series.items():
        family.add_metric(labels, count)
    return family
