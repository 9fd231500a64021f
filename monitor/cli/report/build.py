"""The report as data: both halves from the records of a period."""

from collections.abc import Iterator
from typing import Literal

from monitor.cli.report import marketing, sales
from monitor.cli.report.ceilings import ceilings
from monitor.cli.report.period import Period
from monitor.cli.report.records import Records
from monitor.core.instant import to_rfc3339
from monitor.core.localtime import clock_shows
from monitor.core.policy import Policy
from monitor.wire.report.report import RecordsData, ReportData, SpanOfTimeData, VersionData


def report_of(records: Records, policy: Policy, period: Period, owners: int = 0) -> ReportData:
    """`owners`: how many of them are named where attainment is cut by owner; 0: it is not."""
    term, kept = period.term, sales.kept_in(period, records)
    return ReportData(
        agreement=policy.name,
        versions=tuple(_versions(policy, period, records.known_until)),
        period=SpanOfTimeData(
            key=None if period.every is None else term.key,
            from_at=to_rfc3339(term.start_at),
            to_at=to_rfc3339(term.end_at),
            timezone=policy.timezone,
            known_until=to_rfc3339(records.known_until),
            closed=records.known_until >= term.end_at,
        ),
        records=RecordsData(
            outcomes=len(records.said),
            repeated=records.repeated,
            events=None if records.events is None else len(records.events),
            left_out=records.left_out,
            said=records.how,
        ),
        duties=sales.duties(kept, records, policy, owners),
        spans=sales.spans(period, records, policy),
        definitions=marketing.definitions(kept, policy),
        quotas=marketing.quotas(period, records, policy),
        ceilings=ceilings(period, records, kept),
        kpis=marketing.kpis(period, records, policy),
    )


def _versions(policy: Policy, period: Period, known_until: int) -> Iterator[VersionData]:
    """Those that were in force in the period; the oldest one loaded was so before, too."""
    ends = [later.effective_at for later in policy.versions[1:]]
    begins = [0, *ends]
    for version, begin, end in zip(policy.versions, begins, [*ends, 2**63], strict=True):
        if begin < period.term.end_at and end > period.term.start_at:
            yield VersionData(
                version=version.version,
                effective_from=clock_shows(period.zone, version.effective_at).date().isoformat(),
                approved_by=version.approved_by,
                review_by=None if version.review_at is None else to_rfc3339(version.review_at),
                review=_review(version, end, known_until),
                changes=version.changes,
            )


def _review(version: Policy, replaced_at: int, known_until: int) -> Literal["none", "ahead", "overdue", "replaced"]:
    if version.review_at is None:
        return "none"
    if replaced_at <= min(version.review_at, known_until):
        return "replaced"
    return "overdue" if version.review_at <= known_until else "ahead"
