"""The sections about good leads: handoffs by definition, quotas, ceilings, and the nine figures."""

from collections.abc import Iterator, Sequence

from monitor.cli.report.document import Bar, Block, Card, Chart, Line, Section, Table, Tone
from monitor.cli.report.forms import Forms
from monitor.cli.report.sales_sections import share_of
from monitor.core.outcome import Kind
from monitor.wire.report.marketing import CeilingData, DefinitionData, KpiData, QuotaData
from monitor.wire.report.report import ReportData

# Columns of the distribution of sales cycles; each as wide as the next of these numbers of days.
_DAYS = (1, 2, 5, 7, 14, 30, 60, 90, 180, 365)
_COLUMNS_MAX = 12
# Terms above a ceiling that are named: a table that is longer is not read.
_OVER_MAX = 20


def marketing_card(report: ReportData, forms: Forms) -> Card:
    """What the team that brings leads reads first."""
    lines = [
        Line(forms.say("met_definition", stage=each.stage, share=share_of(each, forms)))
        for each in report.definitions
        if each.judged
    ]
    for name, of in _by_quota(report.quotas).items():
        judged = [quota for quota in of if quota.verdict is not None]
        met = sum(quota.verdict is Kind.MET for quota in judged)
        tone: Tone = "plain" if not judged else "good" if met == len(judged) else "bad"
        share = forms.say("of", part=forms.number(met), whole=forms.number(len(judged)))
        delivered, owed = sum(quota.delivered for quota in of), sum(quota.target or 0 for quota in of)
        brought = forms.say("quota_owed", delivered=forms.number(delivered), target=forms.number(owed))
        lines.append(Line(f"{forms.say('quota_terms', quota=name, share=share)}; {brought}", tone))
    return Card(forms.say("marketing"), lines or [Line(forms.say("nothing_agreed"))])


def marketing_sections(report: ReportData, forms: Forms) -> Iterator[Section]:
    """In the order in which they are read."""
    say = forms.say
    if report.definitions:
        yield Section(say("definitions"), list(_definitions(report.definitions, forms)))
    if report.quotas:
        yield Section(say("quotas"), [*_waterfalls(report.quotas, forms), _quotas(report.quotas, forms)])
    if report.ceilings:
        yield Section(say("ceilings"), [block for each in report.ceilings for block in _ceiling(each, forms)])
    if report.kpis is None:
        yield Section(say("kpis"), [Line(say("no_events"))])
    else:
        yield Section(say("kpis"), list(_kpis(report.kpis, forms)))


def verdict_of(verdict: Kind | None, forms: Forms) -> str:
    """In a word."""
    return forms.say("quota.open" if verdict is None else f"quota.{verdict}")


def _by_quota(quotas: Sequence[QuotaData]) -> dict[str, list[QuotaData]]:
    """Terms with a target, by quota: leads and points are never added up."""
    of: dict[str, list[QuotaData]] = {}
    for quota in quotas:
        if quota.target is not None:
            of.setdefault(quota.quota, []).append(quota)
    return of


def _definitions(definitions: Sequence[DefinitionData], forms: Forms) -> Iterator[Block]:
    say = forms.say
    rows = [
        (
            each.stage, forms.number(each.judged), forms.number(each.met), forms.percent(each.percent),
            forms.number(each.provisional),
        )
        for each in definitions
    ]  # fmt: skip
    head = [say(key) for key in ("stage", "entries", "met", "share", "provisional")]
    yield Table(say("definitions"), head, rows, frozenset(range(1, 5)))
    lacked = [
        (each.stage, forms.name(part.name), forms.number(part.count)) for each in definitions for part in each.missing
    ]
    if lacked:
        yield Table(say("missing"), [say("stage"), say("lacked"), say("count")], lacked, frozenset({2}))


def _waterfalls(quotas: Sequence[QuotaData], forms: Forms) -> Iterator[Chart]:
    say = forms.say
    for name, of in _by_quota(quotas).items():
        entered, refused, taken = (sum(getattr(each, field) for each in of) for field in _STEPS)
        net, pending = sum(each.delivered for each in of), sum(each.pending for each in of)
        target = sum(each.target or 0 for each in of)
        bars = [
            Bar(say("entered"), entered, forms.number(entered)),
            Bar(say("refused"), refused, f"-{forms.number(refused)}", "bad", start=entered - refused),
            Bar(say("clawed_back"), taken, f"-{forms.number(taken)}", "bad", start=net),
            Bar(say("net"), net, forms.number(net), "good" if net >= target else "plain", mark=target),
            Bar(say("pending"), pending, forms.number(pending), "open", start=net - pending),
            Bar(say("target"), target, forms.number(target)),
        ]
        yield Chart(say("waterfall", quota=name), say("waterfall_desc"), bars, max(entered, target))


_STEPS = ("entered", "refused", "clawed_back")


def _quotas(quotas: Sequence[QuotaData], forms: Forms) -> Table:
    say = forms.say
    keys = ("quota", "term", "value", "target", "entered", "refused", "clawed_back", "net", "pending", "verdict")
    rows = [
        (
            each.quota, each.term, " / ".join(forms.name(value) for value in each.values),
            "-" if each.target is None else forms.number(each.target), forms.number(each.entered),
            forms.number(each.refused), forms.number(each.clawed_back), forms.number(each.delivered),
            forms.number(each.pending), _stands(each, forms), _forecast(each, forms),
        )
        for each in quotas
    ]  # fmt: skip
    if not any(each.forecast for each in quotas):
        return Table(say("quotas"), [say(key) for key in keys], [row[:-1] for row in rows], frozenset(range(3, 9)))
    head = [say(key) for key in (*keys, "forecast")]
    return Table(say("quotas"), head, rows, frozenset({*range(3, 9), 10}))


def _stands(quota: QuotaData, forms: Forms) -> str:
    """The verdict, or what it will be as far as it is known; reached: when."""
    if quota.target is None:
        return forms.say("quota.none")
    told = quota.verdict or (None if quota.reached_at is None else Kind.MET)
    verdict = verdict_of(told, forms)
    if told is Kind.MET and quota.reached_at is not None:
        verdict = forms.say("reached_on", verdict=verdict, day=forms.day(quota.reached_at))
    return verdict if quota.final or told is None else forms.say("not_yet_final", verdict=verdict)


def _forecast(quota: QuotaData, forms: Forms) -> str:
    foreseen = quota.forecast
    if foreseen is None:
        return ""
    expected, low, high = (forms.number(each) for each in (foreseen.expected, foreseen.low, foreseen.high))
    return forms.say("between", expected=expected, low=low, high=high)


def _ceiling(ceiling: CeilingData, forms: Forms) -> Iterator[Block]:
    say, over = forms.say, ceiling.over
    if ceiling.terms is not None:
        share = say("of", part=forms.number(len(over)), whole=forms.number(ceiling.terms))
        above, most = sum(each.above for each in over), max((each.above for each in over), default=0)
        amounts = {"above": forms.number(above), "most": forms.number(most)}
        yield Line(say("over" if over else "never_over", ceiling=ceiling.ceiling, share=share, **amounts))
    if over:
        worst = sorted(sorted(over, key=lambda each: -each.above)[:_OVER_MAX], key=over.index)
        rows = [
            (
                each.term, " / ".join(forms.name(value) for value in each.values), forms.number(each.ceiling),
                forms.number(each.entered), forms.number(each.above),
            )
            for each in worst
        ]  # fmt: skip
        title = say("over_most" if len(over) > len(worst) else "over_title", ceiling=ceiling.ceiling)
        keys = ("term", "value", "ceiling", "entered", "above")
        yield Table(title, [say(key) for key in keys], rows, frozenset({2, 3, 4}))
    if ceiling.relieved:
        relieved = [
            (each.duty, forms.number(each.met), forms.number(each.judged), forms.percent(each.percent))
            for each in ceiling.relieved
        ]
        head = [say(key) for key in ("duty", "met", "judged", "share")]
        yield Table(say("relieved", ceiling=ceiling.ceiling), head, relieved, frozenset({1, 2, 3}))


def _kpis(kpis: KpiData, forms: Forms) -> Iterator[Block]:
    say = forms.say
    rows = [(say(f"kpi.{number}"), text) for number, text in enumerate(_figures(kpis, forms), 1)]
    yield Table(say("kpis"), [say("figure"), say("value")], rows)
    if kpis.sales_cycles_days:
        yield _cycles(kpis.sales_cycles_days, forms)
    keys = ("from_to", "cohort", "converted", "left", "entries_next")
    conversions = [
        (
            name.replace(" to ", " > "), forms.number(of.cohort), _part(of.converted, of.cohort, forms),
            forms.number(of.left), forms.number(of.reached),
        )
        for name, of in kpis.conversion.items()
    ]  # fmt: skip
    yield Table(say("conversion"), [say(key) for key in keys], conversions, frozenset(range(1, 5)))


def _figures(kpis: KpiData, forms: Forms) -> Iterator[str]:
    say, goal, attempts, cycle = forms.say, kpis.sales_goal, kpis.follow_up_attempts, kpis.sales_cycle_days
    won = forms.money(goal.won)
    share = forms.percent(None if goal.share is None else goal.share * 100)
    target = None if goal.target is None else {goal.currency or "": goal.target}
    yield won if target is None else say("goal", won=won, target=forms.money(target), share=share)
    yield _named(kpis.leads_in_funnel, forms)
    yield "; ".join(f"{month}: {_named(of, forms)}" for month, of in kpis.high_quality_leads.items())
    per_lead = "-" if attempts.per_lead is None else forms.number(attempts.per_lead)
    counts = {"total": forms.number(attempts.total), "leads": forms.number(attempts.leads)}
    made = say("attempts", per_lead=per_lead, **counts)
    firsts = attempts.to_first_connect
    middle = forms.number(firsts[(len(firsts) - 1) // 2]) if firsts else ""
    yield made + (f"; {say('to_first', attempts=middle)}" if firsts else "")
    yield "; ".join(
        f"{name.replace(' to ', ' > ')}: {_part(of.converted, of.cohort, forms)}"
        for name, of in kpis.conversion.items()
        if of.cohort
    ) or say("none")
    yield forms.money(kpis.average_deal_size)
    median, p90 = (
        "" if (days := cycle.get(name)) is None else say("days", days=forms.number(days)) for name in ("p50", "p90")
    )
    yield say("cycle", median=median, p90=p90) if median else say("none")
    yield forms.money(kpis.customer_acquisition_cost)
    yield forms.money(kpis.customer_lifetime_value)


def _part(part: int, whole: int, forms: Forms) -> str:
    said = forms.say("of", part=forms.number(part), whole=forms.number(whole))
    return f"{said} ({forms.percent(part * 10_000 // whole / 100)})" if whole else said


def _named(counts: dict[str, int], forms: Forms) -> str:
    said = (f"{forms.name(name)} {forms.number(count)}" for name, count in counts.items())
    return ", ".join(said) or forms.say("none")


def _cycles(days: Sequence[float], forms: Forms) -> Chart:
    """How many took so long, in columns of equal width."""
    longest = max(days)
    width = next((each for each in _DAYS if longest / each < _COLUMNS_MAX), int(longest / _COLUMNS_MAX) + 1)
    counts = [0] * (int(longest / width) + 1)
    for each in days:
        counts[int(each / width)] += 1
    bars = [Bar(f"{n * width} - {(n + 1) * width}", count, forms.number(count)) for n, count in enumerate(counts)]
    return Chart(forms.say("cycle_title"), forms.say("cycle_desc"), bars, max(counts))
