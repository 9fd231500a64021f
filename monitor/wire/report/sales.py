"""The half of the report that is about follow-up: attainment, its cuts, misses, and where the time of leads went."""

from pydantic import Field

from monitor.core.spans import Step
from monitor.wire.outcome import Seconds
from monitor.wire.report.shape import Count, CountData, Model, NamedShareData, OthersShareData, ShareData


class PeriodData(ShareData):
    """Attainment in one period of an objective."""

    period: str = Field(description="Such as `2026-W40`, `2026-10`, `2026-Q4`.")
    reached: bool = Field(description="The share agreed was met, or exactly reached.")
    misses_left: int = Field(description="Misses that the objective still allows; below zero: how many too many.")


class ObjectiveData(Model):
    """The share of a duty that was agreed."""

    percent: float = Field(description="What is to be met, in percent.")
    every: str = Field(description="Over a `week`, `month` or `quarter`.")
    periods: tuple[PeriodData, ...] = Field(description="Those with verdicts, as far as these lie in the report.")


class ThenData(ShareData):
    """What had been said by the end of the period."""

    uncertain: Count = Field(
        description="Verdicts that were revised when the record does not tell; counted neither as met nor as judged."
    )
    turned: Count = Field(description="Verdicts that are different now, or gone.")
    added: Count = Field(description="Verdicts of the period that were said only afterwards.")


class CutData(Model):
    """Attainment by the values of one field of the lead, most judged first."""

    by: str = Field(description="`team`, `segment`, `source` or `owner`.")
    values: tuple[NamedShareData, ...] = Field(description="Those with the most verdicts.")
    others: OthersShareData | None = Field(description="The rest; null: there is none.")


class WaitData(Model):
    """What the leads of missed duties waited for longest."""

    step: Step = Field(description="What they waited for.")
    team: str = Field(description="Team that answers for it; may be empty.")
    count: Count = Field(description="How many leads.")


class MissesData(Model):
    """The breached verdicts of a duty."""

    by_reason: tuple[CountData, ...] = Field(description="By the reason of the outcome, most first.")
    by_delay: tuple[CountData, ...] = Field(
        description="By elapsed time from the due instant to the act, each up to and including that limit; "
        "`longer`; `not_yet`: not fulfilled so far."
    )
    by_wait: tuple[WaitData, ...] | None = Field(
        description="By the step that took longest, working time where it is known; null: events were not read."
    )


class DutyData(ShareData):
    """How one follow-up duty was kept in the period."""

    duty: str = Field(description="Its name in the agreement.")
    team: str = Field(description="Team that owes it; empty: the agreement has the duty no longer.")
    objective: ObjectiveData | None = Field(description="null: none was agreed.")
    then: ThenData | None = Field(description="The same as known when the period closed; null: it has not closed.")
    provisional: Count = Field(description="Verdicts that late evidence may still revise.")
    open: Count = Field(description="Clocks that started in the period and have no verdict yet.")
    late: Count = Field(description="Breached and fulfilled after all.")
    late_median_s: Seconds | None = Field(description="By how much, elapsed, seconds; null: none was.")
    late_working_median_s: Seconds | None = Field(description="The same in working time, of those with a calendar.")
    cuts: tuple[CutData, ...] = Field(description="By team, segment, source, and by owner where that was asked for.")
    misses: MissesData = Field(description="What was breached, and why.")


class SpanData(Model):
    """How long leads waited for one step that was done in the period."""

    step: Step = Field(description="What they waited for.")
    team: str = Field(description="Team that answers for it; may be empty.")
    leads: Count = Field(description="How many; a lead that came back counts once more.")
    median_s: Seconds = Field(description="Median, elapsed, seconds.")
    p90_s: Seconds = Field(description="What nine of ten do not exceed, elapsed, seconds.")
    working_median_s: Seconds | None = Field(description="Median in working time; null: no calendar.")
    working_p90_s: Seconds | None = Field(description="What nine of ten do not exceed in working time.")
