"""The half of the report that is about good leads: definitions, quotas, ceilings, and the nine figures."""

from pydantic import Field

from monitor.core.outcome import Kind
from monitor.wire.outcome import Instant
from monitor.wire.report.sales import ThenData
from monitor.wire.report.shape import Count, CountData, Model, Money, Number, ShareData


class DefinitionData(ShareData):
    """Entries into a stage, and whether they met its definition."""

    duty: str = Field(description="`definition-` and the stage.")
    stage: str = Field(description="The stage that was entered.")
    then: ThenData | None = Field(description="The same as known when the period closed; null: it has not closed.")
    provisional: Count = Field(description="Verdicts that late evidence may still revise.")
    missing: tuple[CountData, ...] = Field(description="What entries lacked that did not meet it, most first; ten.")


class ForecastData(Model):
    """For the end of the term."""

    expected: Number = Field(description="What it will have brought.")
    low: Number = Field(description="With a probability of 80 % at least so much …")
    high: Number = Field(description="… and at most so much.")


class QuotaThenData(Model):
    """What had been said of a quota by the end of the period."""

    verdict: Kind | None = Field(description="`met` or `breached`; null: nothing yet.")
    certain: bool = Field(description="False: it was revised, and the record does not tell when.")


class QuotaData(Model):
    """One term of a quota for one combination of values; in leads or points."""

    quota: str = Field(description="Its name in the agreement.")
    term: str = Field(description="Such as `2026-10`.")
    values: tuple[str, ...] = Field(description="Of the fields that it is counted per; from outside, escape them.")
    target: Number | None = Field(description="What is owed; null: nothing is for these values.")
    entered: Number = Field(description="All that entered the stage.")
    refused: Number = Field(description="Of these, what did not meet the definition.")
    clawed_back: Number = Field(description="What was rejected in time for an agreed reason.")
    delivered: Number = Field(description="What counts: entered - refused - clawed_back.")
    pending: Number = Field(description="What of that may still be taken back.")
    expected_by_now: Number | None = Field(description="What the target asks for by now; null: not known.")
    reached_at: Instant | None = Field(description="When the target was reached; null: it was not.")
    forecast: ForecastData | None = Field(description="null: the term is over, or there is too little to go by.")
    verdict: Kind | None = Field(description="The verdict that stands, `met` or `breached`; null: none was heard.")
    final: bool = Field(description="Nothing but a correction can change it.")
    then: QuotaThenData | None = Field(description="As known when the period closed; null: it has not closed.")


class CeilingTermData(Model):
    """One term in which more came in than was agreed, for one combination of values."""

    term: str = Field(description="Such as `2026-10-01`.")
    values: tuple[str, ...] = Field(description="Of the fields that it is counted per; from outside, escape them.")
    ceiling: Number = Field(description="What was agreed at most.")
    entered: Number = Field(description="What came in.")
    above: Number = Field(description="entered - ceiling.")


class RelievedData(ShareData):
    """Verdicts of one duty on leads that came in above a ceiling, and so had more time."""

    duty: str = Field(description="Its name in the agreement.")


class CeilingData(Model):
    """A quota the other way round: how many leads a team has agreed to handle at most."""

    ceiling: str = Field(description="Its name in the agreement.")
    terms: Count | None = Field(
        description="Terms that overlap the period, each for every combination of values; null: events were not read."
    )
    over: tuple[CeilingTermData, ...] = Field(description="Those in which it was exceeded, in order.")
    relieved: tuple[RelievedData, ...] = Field(description="Duties of which verdicts of the period had relief.")


class GoalData(Model):
    """1. Total sales against the goal."""

    won: Money = Field(description="Deals won, by currency; what has a rate in that of the agreement.")
    target: str | None = Field(description="What was to be won; null: nothing is for a period like this one.")
    currency: str | None = Field(description="Of the agreement, and so of the target; null: it has none.")
    share: Number | None = Field(description="Won / target; null: no target.")


class AttemptsData(Model):
    """4. Follow-up attempts."""

    total: Count = Field(description="Outbound acts of persons.")
    leads: Count = Field(description="Leads that had one.")
    per_lead: Number | None = Field(description="total / leads; null: no leads.")
    to_first_connect: tuple[int, ...] = Field(description="Attempts until a lead was first reached, ascending.")


class ConversionData(Model):
    """5. From one stage to the next."""

    cohort: Count = Field(description="Leads that first entered the former in the period.")
    converted: Count = Field(description="Of these, those that entered the latter later.")
    left: Count = Field(description="Entries into the former in the period.")
    reached: Count = Field(description="Entries into the latter in the period.")


class KpiData(Model):
    """The nine figures of a period; docs/reference/kpis.md says how each is counted."""

    term: str = Field(description="The period.")
    sales_goal: GoalData = Field(description="1. Total sales against the goal.")
    leads_in_funnel: dict[str, int] = Field(description="2. Leads by stage, at its end or as far as is known.")
    high_quality_leads: dict[str, dict[str, int]] = Field(description="3. By month, entries that met, by stage.")
    follow_up_attempts: AttemptsData = Field(description="4. Follow-up attempts.")
    conversion: dict[str, ConversionData] = Field(description="5. By `stage to stage`.")
    average_deal_size: Money = Field(description="6. By currency.")
    sales_cycle_days: dict[str, Number | None] = Field(description="7. Percentiles, days; null: no deal.")
    sales_cycles_days: tuple[Number, ...] = Field(description="7. Each of them, ascending, days.")
    customer_acquisition_cost: Money | None = Field(description="8. By currency; null: no new customer.")
    customer_lifetime_value: Money | None = Field(description="9. By currency; null: not known.")
