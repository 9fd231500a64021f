"""The sections about follow-up: attainment, cuts, misses, and where the time of leads went."""

from collections.abc import Iterator, Sequence

from monitor.cli.report.document import Bar, Block, Card, Chart, Line, Section, Table, Tone
from monitor.cli.report.forms import Forms
from monitor.wire.report.report import ReportData
from monitor.wire.report.sales import DutyData, PeriodData, SpanData
from monitor.wire.report.shape import ShareData


def sales_card(report: ReportData, forms: Forms) -> Card:
    """What the team that follows up reads first."""
    lines = [line for duty in report.duties for line in _first_lines(duty, forms)]
    return Card(forms.say("sales"), lines or [Line(forms.say("nothing_agreed"))])


def sales_sections(report: ReportData, forms: Forms) -> Iterator[Section]:
    """In the order in which they are read."""
    say = forms.say
    if report.duties:
        yield Section(say("sales"), [_attainment(report.duties, forms), *_tables(report.duties, forms)])
    for duty in report.duties:
        blocks = list(_of_duty(duty, forms))
        if blocks:
            yield Section(f"{say('sales')}: {duty.duty}", blocks)
    if report.spans:
        yield Section(say("spans"), _spans(report.spans, forms))


def share_of(share: ShareData, forms: Forms) -> str:
    """So many of so many, and what share that is."""
    counted = forms.say("of", part=forms.number(share.met), whole=forms.number(share.judged))
    return counted if share.percent is None else f"{counted} ({forms.percent(share.percent)})"


def _first_lines(duty: DutyData, forms: Forms) -> Iterator[Line]:
    if not duty.judged:
        yield Line(f"{duty.duty}: {forms.say('nothing_judged')}")
        return
    yield Line(forms.say("in_time", duty=duty.duty, share=share_of(duty, forms)))
    objective = duty.objective
    if objective is None:
        yield Line(forms.say("no_objective"))
        return
    for period in objective.periods:
        key = "reached" if period.reached else "missed"
        tone: Tone = "good" if period.reached else "bad"
        told = forms.say(key, percent=forms.objective(objective.percent), count=forms.number(abs(period.misses_left)))
        yield Line(f"{period.period}: {told}", tone)


def _attainment(duties: Sequence[DutyData], forms: Forms) -> Chart:
    bars = [
        Bar(
            duty.duty,
            duty.percent or 0,
            _beside_objective(duty, forms),
            _tone(duty),
            mark=None if duty.objective is None else duty.objective.percent,
        )
        for duty in duties
    ]
    return Chart(forms.say("attainment"), forms.say("attainment_desc"), bars, 100)


def _beside_objective(duty: DutyData, forms: Forms) -> str:
    share = share_of(duty, forms)
    if duty.objective is None:
        return share
    return f"{share}; {forms.say('objective_of', percent=forms.objective(duty.objective.percent))}"


def _tone(duty: DutyData) -> Tone:
    objective = duty.objective
    if objective is None or duty.percent is None:
        return "plain"
    return "good" if duty.percent >= objective.percent else "bad"


def _tables(duties: Sequence[DutyData], forms: Forms) -> Iterator[Table]:
    say = forms.say
    keys = ("duty", "team", "met", "judged", "share", "provisional", "open", "done_late", "median_late")
    rows = [
        (
            duty.duty, duty.team, forms.number(duty.met), forms.number(duty.judged), forms.percent(duty.percent),
            forms.number(duty.provisional), forms.number(duty.open), forms.number(duty.late), _lateness(duty, forms),
        )
        for duty in duties
    ]  # fmt: skip
    yield Table(say("attainment"), [say(key) for key in keys], rows, frozenset(range(2, 9)))
    agreed = [(duty, of) for duty in duties if duty.objective for of in duty.objective.periods]
    if agreed:
        columns = ("duty", "period", "objective", "met", "judged", "share", "verdict", "misses_left")
        periods = [_period(duty, of, forms) for duty, of in agreed]
        yield Table(say("periods"), [say(key) for key in columns], periods, frozenset({2, 3, 4, 5, 7}))


def _period(duty: DutyData, of: PeriodData, forms: Forms) -> tuple[str, ...]:
    objective = duty.objective
    agreed = ""
    if objective is not None:
        every = forms.say(f"every.{objective.every}")
        agreed = forms.say("per", percent=forms.objective(objective.percent), every=every)
    verdict = forms.say("yes_reached" if of.reached else "not_reached")
    return (
        duty.duty, of.period, agreed, forms.number(of.met), forms.number(of.judged), forms.percent(of.percent), verdict,
        forms.number(of.misses_left),
    )  # fmt: skip


def _lateness(duty: DutyData, forms: Forms) -> str:
    return "" if duty.late_median_s is None else forms.duration(duty.late_median_s)


def _of_duty(duty: DutyData, forms: Forms) -> Iterator[Block]:
    say = forms.say
    if not duty.judged:
        return
    rows: list[tuple[str, ...]] = []
    for cut in duty.cuts:
        values = [(forms.name(value.name), value) for value in cut.values]
        others = [] if cut.others is None else [(say("others", count=cut.others.names), cut.others)]
        rows += [
            (say(f"by.{cut.by}"), name, forms.number(of.met), forms.number(of.judged), forms.percent(of.percent))
            for name, of in [*values, *others]
        ]
    owners = any(cut.by == "owner" for cut in duty.cuts)
    title = say("cuts_owners" if owners else "cuts", duty=duty.duty)
    yield Table(title, [say(key) for key in ("by", "value", "met", "judged", "share")], rows, frozenset({2, 3, 4}))
    misses = duty.misses
    if not misses.by_reason:
        return
    reasons = [(_reason(each.name, forms), forms.number(each.count)) for each in misses.by_reason]
    yield Table(say("misses", duty=duty.duty), [say("reason"), say("count")], reasons, frozenset({1}))
    most = max(each.count for each in misses.by_delay)
    bars = [
        Bar(
            say(f"delay.{each.name}"), each.count, forms.number(each.count), "bad" if each.name == "not_yet" else "open"
        )
        for each in misses.by_delay
    ]
    title = say("delay", duty=duty.duty)
    yield Chart(title, say("delay_desc"), bars, most)
    yield Table(title, [say("delay_head"), say("count")], [(bar.name, bar.shown) for bar in bars], frozenset({1}))
    if misses.by_wait:
        waits = [(say(f"step.{each.step}"), each.team, forms.number(each.count)) for each in misses.by_wait]
        head = [say("waited_for"), say("team"), say("leads")]
        yield Table(say("wait", duty=duty.duty), head, waits, frozenset({2}))


def _reason(reason: str, forms: Forms) -> str:
    key = f"reason.{reason}"
    return forms.say(key) if forms.has(key) else reason.replace("_", " ")


def _spans(spans: Sequence[SpanData], forms: Forms) -> list[Block]:
    say = forms.say

    def shown(span: SpanData) -> float:
        return (span.median_s if span.working_median_s is None else span.working_median_s) / 3_600

    bars = [
        Bar(f"{say(f'step.{span.step}')} ({span.team})" if span.team else say(f"step.{span.step}"), shown(span),
            forms.duration(shown(span) * 3_600))
        for span in spans
    ]  # fmt: skip
    keys = ("waited_for", "team", "leads", "median", "p90", "working_median", "working_p90")
    rows = [
        (
            say(f"step.{span.step}"), span.team, forms.number(span.leads), forms.duration(span.median_s),
            forms.duration(span.p90_s), forms.duration(span.working_median_s), forms.duration(span.working_p90_s),
        )
        for span in spans
    ]  # fmt: skip
    return [
        Chart(say("spans"), say("spans_desc"), bars, max([bar.length for bar in bars])),
        Table(say("spans"), [say(key) for key in keys], rows, frozenset(range(2, 7))),
    ]
