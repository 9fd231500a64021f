"""What a scrape says of the funnel, of duties kept and of key figures."""

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from monitor.core.counting import Counting, LiveCounts, Names, added_up
from monitor.core.instant import from_rfc3339
from monitor.core.ledger import REVENUE, SPEND, Booked
from monitor.core.money import Finance
from monitor.core.policy import Definition, Objective, Policy
from monitor.core.tally import KPIS, Line, Period, Tally
from monitor.core.term import Every
from monitor.telemetry.catalogue import METRICS
from monitor.telemetry.figures import CURRENCIES_MAX, PAYERS_MAX, FigureGauges
from tests.support.agreement import duty
from tests.support.quotas import agreement as defining

FINANCE = Finance("EUR", {"EUR": Decimal(1), "USD": Decimal("0.5")}, {Every.MONTH: Decimal(1000)})
POLICY = defining(definition=Definition(requires=("company",)))._replace(segments=("smb",), finance=FINANCE)
POLICY = POLICY._replace(duties=(duty(objective=Objective(90.0, "quarter")), *POLICY.duties[1:]))
Counts = Mapping[tuple[str, Period, Line], int]


def gauges(live: LiveCounts, sources_max: int = 0, owners_max: int = 0, policy: Policy = POLICY) -> FigureGauges:
    collector = FigureGauges()
    collector.initialise(policy, sources_max=sources_max, owners_max=owners_max)
    collector.live_counts = lambda: live
    return collector


def scraped(collector: FigureGauges) -> dict[tuple[str, ...], float]:
    """By short name and labels, in the order of the catalogue."""
    registry = CollectorRegistry()
    registry.register(collector)
    return {
        (
            sample.name.removeprefix("lead_sla_"),
            *(sample.labels[name] for name in METRICS[sample.name].labels),
        ): sample.value
        for family in text_string_to_metric_families(generate_latest(registry).decode())
        for sample in family.samples
    }


def not_zero(collector: FigureGauges) -> dict[tuple[str, ...], float]:
    constant = ("objective_ratio", "objective_misses_left", "sales_goal_amount")
    return {name: value for name, value in scraped(collector).items() if value and name[0] not in constant}


def verdicts(*lines: tuple[str, str, str, int], segment: str = "smb") -> LiveCounts:
    """Of verdict, source, owner and count; of the duty first-touch in the present quarter."""
    counts: Counter[tuple[str, Period, Line]] = Counter()
    for verdict, source, owner, count in lines:
        counts["first-touch", "current", (verdict, "sales", segment, source, owner)] += count
    return LiveCounts(counts=counts)


def test_every_name_of_the_agreement_starts_at_zero() -> None:
    shown = scraped(gauges(LiveCounts()))
    assert shown["leads", "mql"] == shown["stage_entries", "sql", "previous"] == 0
    for period in ("current", "previous"):
        for segment in ("smb", "none", "other"):
            assert shown["duties_judged", "first-touch", period, "sales", segment, "other", "other"] == 0
            assert shown["duties_met", "definition-mql", period, "marketing", segment, "other", "other"] == 0
        assert shown["high_quality_leads", "mql", period] == shown["deals_won_amount", "EUR", period] == 0
        assert shown["follow_up_attempts", "not_connected", period] == 0
        assert shown["spend_amount", "marketing", "EUR", period] == shown["revenue_amount", "EUR", period] == 0
        assert shown["objective_misses_left", "first-touch", period] == 0
    assert (shown["objective_ratio", "first-touch"], shown["sales_goal_amount", "EUR"]) == (0.9, 1000)
    assert not [name for name in shown if name[:2] == ("objective_ratio", "definition-mql")]


def test_what_is_met_is_judged_too() -> None:
    live = verdicts(("met", "", "", 3), ("breached", "", "", 2))
    labels = ("first-touch", "current", "sales", "smb", "other", "other")
    assert not_zero(gauges(live)) == {("duties_met", *labels): 3, ("duties_judged", *labels): 5}


def test_the_misses_that_are_left_may_be_fewer_than_none() -> None:
    kept = scraped(gauges(verdicts(("met", "", "", 19), ("breached", "", "", 1))))
    assert kept["objective_misses_left", "first-touch", "current"] == 1
    missed = scraped(gauges(verdicts(("met", "", "", 3), ("breached", "", "", 2))))
    assert missed["objective_misses_left", "first-touch", "current"] == -1.5
    assert missed["objective_misses_left", "first-touch", "previous"] == 0


def test_the_misses_left_of_two_workers_add_up_to_those_of_one() -> None:
    one, two = (("met", "", "", 7), ("breached", "", "", 1)), (("met", "", "", 2), ("breached", "", "", 3))
    left = [
        scraped(gauges(verdicts(*part)))["objective_misses_left", "first-touch", "current"]
        for part in (one, two, one + two)
    ]
    assert left[0] + left[1] == left[2]


def test_what_the_agreement_does_not_name_is_other_and_what_has_no_name_is_none() -> None:
    live = verdicts(("met", "", "", 1), segment="invented")
    assert ("duties_met", "first-touch", "current", "sales", "other", "other", "other") in not_zero(gauges(live))
    live = verdicts(("met", "", "", 1), segment="")
    assert ("duties_met", "first-touch", "current", "sales", "none", "other", "other") in not_zero(gauges(live))
    gone = LiveCounts({"": -3, "mql": 2, "invented": 4}, {("gone", "previous", ("met", "sales", "smb", "", "")): 5})
    assert not_zero(gauges(gone)) == {
        ("leads", "mql"): 2,
        ("leads", "other"): 4,
        ("duties_met", "other", "previous", "other", "smb", "other", "other"): 5,
        ("duties_judged", "other", "previous", "other", "smb", "other", "other"): 5,
    }


def test_so_many_sources_and_owners_have_series_of_their_own_and_keep_them() -> None:
    live = verdicts(("met", "web", "ana", 1), ("met", "fair", "ben", 3), ("met", "", "cem", 2))
    collector = gauges(live, sources_max=1, owners_max=2)
    base = ("duties_met", "first-touch", "current", "sales", "smb")
    expected = {(*base, "other", "other"): 1, (*base, "fair", "ben"): 3, (*base, "none", "cem"): 2}
    shown = not_zero(collector)
    assert {name: value for name, value in shown.items() if name[0] == "duties_met"} == expected
    collector.live_counts = lambda: verdicts(("met", "web", "ana", 9), ("met", "fair", "ben", 3))
    assert not_zero(collector)[(*base, "fair", "ben")] == 3
    assert not_zero(collector)[(*base, "other", "other")] == 9


def test_money_is_converted_where_there_is_a_rate_and_never_added_up_where_there_is_none() -> None:
    deals: Counts = {(KPIS, "current", ("won", currency)): 2 for currency in ("EUR", "USD", "CHF")}
    amounts = {("current", ("won", currency)): Decimal("10.5") for currency in ("EUR", "USD", "CHF")}
    shown = not_zero(gauges(LiveCounts(counts=deals, amounts=amounts)))  # type: ignore[arg-type]
    assert shown == {
        ("deals_won", "EUR", "current"): 4,
        ("deals_won", "CHF", "current"): 2,
        ("deals_won_amount", "EUR", "current"): 15.75,
        ("deals_won_amount", "CHF", "current"): 10.5,
    }


def test_currencies_beyond_the_limit_are_counted_and_their_money_is_not_added_up() -> None:
    names = [f"C{n:02}" for n in range(CURRENCIES_MAX + 3)]
    deals: Counts = {(KPIS, "current", ("won", name)): 1 for name in names}
    amounts = {("current", ("won", name)): Decimal(1) for name in names}
    shown = not_zero(gauges(LiveCounts(counts=deals, amounts=amounts)))  # type: ignore[arg-type]
    assert shown["deals_won", "other", "current"] == 3
    assert ("deals_won_amount", "other", "current") not in shown


def test_the_ledger_is_shown_in_units_by_team_and_by_currencies_that_are_converted_where_there_is_a_rate() -> None:
    collector = gauges(LiveCounts())
    collector.booked = lambda: [
        Booked(SPEND, "current", "sales", "EUR", 10_500),
        Booked(SPEND, "current", "sales", "USD", 3_000),
        Booked(SPEND, "current", "sales", "CHF", 7_000),
        Booked(SPEND, "previous", "agency", "EUR", 2_000),
        Booked(SPEND, "current", "other", "other", 9_000),
        Booked(REVENUE, "current", "", "EUR", -1_250),
        Booked(REVENUE, "current", "", "CHF", 7_000),
    ]
    assert not_zero(collector) == {
        ("spend_amount", "sales", "EUR", "current"): 12,
        ("spend_amount", "sales", "CHF", "current"): 7,
        ("spend_amount", "agency", "EUR", "previous"): 2,
        ("revenue_amount", "EUR", "current"): -1.25,
        ("revenue_amount", "CHF", "current"): 7,
    }


def test_teams_and_currencies_of_the_ledger_beyond_the_limits_have_no_series_of_their_own() -> None:
    collector = gauges(LiveCounts())
    collector.booked = lambda: [
        *(Booked(SPEND, "current", f"t{n:02}", "EUR", 1_000) for n in range(PAYERS_MAX + 3)),
        *(Booked(REVENUE, "current", "", f"C{n:02}", 1_000) for n in range(CURRENCIES_MAX + 3)),
    ]
    shown = scraped(collector)
    teams = {name[1] for name in shown if name[0] == "spend_amount" and name[1] != "other"}
    assert len(teams) == PAYERS_MAX
    assert {"marketing", "sales"} <= teams
    assert shown["spend_amount", "other", "EUR", "current"] == 5
    assert len([name for name in shown if name[0] == "revenue_amount" and name[2] == "current"]) == CURRENCIES_MAX + 1
    assert shown["revenue_amount", "other", "current"] == 0


def test_key_figures_of_a_month_are_told_apart_by_stage_and_by_whether_the_lead_was_reached() -> None:
    counts: Counts = {
        (KPIS, "previous", ("entered", "mql")): 5,
        (KPIS, "current", ("entered", "nowhere")): 1,
        (KPIS, "previous", ("qualified", "mql")): 4,
        (KPIS, "current", ("attempt", "connected")): 3,
    }
    assert not_zero(gauges(LiveCounts(counts=counts))) == {
        ("stage_entries", "mql", "previous"): 5,
        ("stage_entries", "other", "current"): 1,
        ("high_quality_leads", "mql", "previous"): 4,
        ("follow_up_attempts", "connected", "current"): 3,
    }


def test_counts_of_partitions_add_up_and_none_is_below_zero() -> None:
    at = from_rfc3339("2026-10-15T12:00:00Z")
    partitions = []
    for step in (2, -1, -4):
        tally = Tally(POLICY, {})
        tally.add("first-touch", at, ("met", "sales", "", "", ""), step, 1)
        tally.add(KPIS, at, ("won", "EUR"), 1, 1, Decimal("0.1"))
        tally.add("first-touch", at, ("breached", "sales", "", "", ""), 1, 1)
        partitions.append(Counting(tally, POLICY, Names(), Counter({"mql": 1})))
    whole = added_up(partitions, at)
    assert whole.stages == {"mql": 3}
    assert whole.counts == {
        ("first-touch", "current", ("breached", "sales", "", "", "")): 3,
        (KPIS, "current", ("won", "EUR")): 3,
    }
    assert whole.amounts == {("current", ("won", "EUR")): Decimal("0.3")}
    assert added_up([], at) == LiveCounts({}, {}, {})
