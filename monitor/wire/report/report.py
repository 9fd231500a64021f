"""The report as a whole: of which agreement and period, from which records, and both halves."""

from typing import Literal

from pydantic import Field

from monitor.wire.outcome import Instant
from monitor.wire.report.marketing import CeilingData, DefinitionData, KpiData, QuotaData
from monitor.wire.report.sales import DutyData, SpanData
from monitor.wire.report.shape import Count, Model


class VersionData(Model):
    """A version of the agreement that was in force in the period."""

    version: str = Field(description="Its name.")
    effective_from: str = Field(description="Its first day.")
    approved_by: tuple[str, ...] = Field(description="Who has agreed.")
    review_by: Instant | None = Field(description="The end of the day by which it is to be reviewed; null: none.")
    review: Literal["none", "ahead", "overdue", "replaced"] = Field(
        description="`overdue`: the day has passed and no newer version was in force; `replaced`: one was."
    )
    changes: tuple[str, ...] = Field(description="What is different from the version before, in words.")


class SpanOfTimeData(Model):
    """The period of the report."""

    key: str | None = Field(description="Such as `2026-Q4`; null: it is no day, week, month or quarter.")
    from_at: Instant = Field(description="Its first instant.")
    to_at: Instant = Field(description="The first instant after it.")
    timezone: str = Field(description="Zone of its days: that of the agreement.")
    known_until: Instant = Field(description="The newest instant that the records are read up to.")
    closed: bool = Field(description="The period was over by then.")


class RecordsData(Model):
    """What the report was made from."""

    outcomes: Count = Field(description="Outcomes, each counted once.")
    repeated: Count = Field(description="Records that repeated one.")
    events: Count | None = Field(description="Events; null: none were read, so there are no figures made from them.")
    left_out: Count = Field(description="Records that are no outcome or no event.")
    said: Literal["recorded", "replayed", "presumed"] = Field(
        description="How it is known when an outcome was said: `recorded` by the broker; `replayed` from the events, "
        "as if each had come as it happened; `presumed` from the outcome itself."
    )


class ReportData(Model):
    """How both sides have kept the agreement over a period."""

    agreement: str = Field(description="Name of the agreement.")
    versions: tuple[VersionData, ...] = Field(description="Those in force in the period, oldest first.")
    period: SpanOfTimeData = Field(description="Which period.")
    records: RecordsData = Field(description="From what.")
    duties: tuple[DutyData, ...] = Field(description="Follow-up, in the order of the agreement.")
    spans: tuple[SpanData, ...] | None = Field(description="Where time went; null: events were not read.")
    definitions: tuple[DefinitionData, ...] = Field(description="What was handed off, and whether it was as agreed.")
    quotas: tuple[QuotaData, ...] = Field(description="Terms that overlap the period.")
    ceilings: tuple[CeilingData, ...] = Field(description="With terms or verdicts in the period, by name.")
    kpis: KpiData | None = Field(description="The nine figures; null: events were not read.")
