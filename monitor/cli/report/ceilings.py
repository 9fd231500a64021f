"""How far ceilings were exceeded in a period, and which verdicts had relief for it."""

from collections.abc import Iterator

from monitor.cli.report.period import Period
from monitor.cli.report.records import Records
from monitor.cli.report.sales import Kept, share
from monitor.core.attainment import Verdict, attained
from monitor.core.ceiling import Filled, filled, relieved_by
from monitor.core.quota import UNIT
from monitor.wire.report.marketing import CeilingData, CeilingTermData, RelievedData


def ceilings(period: Period, records: Records, kept: Kept) -> tuple[CeilingData, ...]:
    """Terms come from the events, verdicts with relief from the outcomes, whose limits name the ceiling."""
    terms: dict[str, list[Filled]] = {}
    for each in _filled(period, records):
        terms.setdefault(each.quota, []).append(each)
    relieved: dict[str, dict[str, list[Verdict]]] = {}
    for duty, verdicts in kept.now.items():
        for verdict in verdicts:
            if ceiling := relieved_by(verdict.outcome.limit):
                relieved.setdefault(ceiling, {}).setdefault(duty, []).append(verdict)
    return tuple(
        CeilingData(
            ceiling=name,
            terms=None if records.replay is None else len(terms.get(name, ())),
            over=tuple(_over(each) for each in terms.get(name, ()) if each.above),
            relieved=tuple(
                RelievedData(**share(attained(verdicts)), duty=duty)
                for duty, verdicts in sorted(relieved.get(name, {}).items())
            ),
        )
        for name in sorted({*terms, *relieved})
    )


def _filled(period: Period, records: Records) -> Iterator[Filled]:
    """Of terms that overlap the period, in order."""
    book = None if records.replay is None else records.replay.book
    found = () if book is None else filled(book.accounts)
    for each in sorted(found, key=lambda each: (each.term.start_at, each.dims)):
        if each.term.start_at < period.term.end_at and each.term.end_at > period.term.start_at:
            yield each


def _over(term: Filled) -> CeilingTermData:
    amounts = {"ceiling": term.ceiling / UNIT, "entered": term.entered / UNIT, "above": term.above / UNIT}
    return CeilingTermData(term=term.term.key, values=term.dims, **amounts)
