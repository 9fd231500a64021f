"""The nine figures that both teams read, each defined once; docs/reference/kpis.md says each in words."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from math import ceil
from typing import Final, NamedTuple

from monitor.core.definition import qualified_stage
from monitor.core.journal import Journal
from monitor.core.lead import Clock
from monitor.core.money import NOTHING, Finance, Sums, added_up
from monitor.core.tables import ClockState
from monitor.core.term import Every, Term

_MONTHS: Final = {Every.MONTH: Decimal(1), Every.QUARTER: Decimal(3)}


class Goal(NamedTuple):
    """Sales goal: what was won, and what was to be won."""

    won: Sums
    target: Decimal | None
    """In the currency of the agreement."""


class Attempts(NamedTuple):
    """Follow-up attempts of a term."""

    total: int
    leads: int
    to_connect: tuple[int, ...]
    """For each lead first reached in the term, in order of size: the attempts that took, that one included."""


class Conversion(NamedTuple):
    """From one stage to another."""

    cohort: int
    """Leads that first entered the former in the term, …"""
    converted: int
    """… and those of them that entered the latter later, whenever."""
    left: int
    """Entries into the former in the term, …"""
    reached: int
    """… and into the latter: other leads, for the most part."""


def sales_goal(journal: Journal, finance: Finance | None, every: Every | None, term: Term) -> Goal:
    """1. Total sales against the goal: deals won in the term; `every` is how long it is, None: as no goal is."""
    won = added_up((deal.money for deal in journal.won if term.holds(deal.at)), finance)
    return Goal(won, None if finance is None or every is None else finance.goals.get(every))


def leads_in_funnel(journal: Journal, at: int) -> Mapping[str, int]:
    """2. Leads by the stage that they are in at that instant."""
    stages = {entry.lead: entry.stage for entry in journal.entries if entry.at <= at}
    return dict(Counter(stages.values()))


def high_quality_leads(clocks: Iterable[Clock], term: Term) -> Mapping[str, int]:
    """3. Entries of the term that met the definition of their stage, by stage; of all clocks of all leads."""
    met = (
        qualified_stage(clock.duty)
        for clock in clocks
        if clock.due_at == clock.started_at and clock.state is ClockState.MET and term.holds(clock.started_at)
    )
    return dict(Counter(met))


def follow_up_attempts(journal: Journal, term: Term) -> Attempts:
    """4. What persons did towards leads, and how often it took until one was first reached."""
    made: Counter[str] = Counter()
    reached: dict[str, int] = {}
    total, leads = 0, set()
    for attempt in journal.attempts:
        made[attempt.lead] += 1
        if term.holds(attempt.at):
            total += 1
            leads.add(attempt.lead)
        if attempt.connected and attempt.lead not in reached:
            reached[attempt.lead] = made[attempt.lead] if term.holds(attempt.at) else 0
    return Attempts(total, len(leads), tuple(sorted(count for count in reached.values() if count)))


def conversion(journal: Journal, start: str, end: str, term: Term) -> Conversion:
    """5. From stage to stage: of the leads that entered in the term, and of the entries of the term."""
    cohort: dict[str, int] = {}
    converted: set[str] = set()
    left = reached = 0
    for lead, stage, at in journal.entries:
        if stage == start:
            left += term.holds(at)
            cohort.setdefault(lead, at)
        elif stage == end:
            reached += term.holds(at)
            if lead in cohort:
                converted.add(lead)
    entered = {lead for lead, at in cohort.items() if term.holds(at)}
    return Conversion(len(entered), len(entered & converted), left, reached)


def deal_size(journal: Journal, finance: Finance | None, term: Term) -> Mapping[str, Decimal]:
    """6. The mean of the deals won in the term, by currency."""
    won = added_up((deal.money for deal in journal.won if term.holds(deal.at)), finance)
    return {currency: of.mean for currency, of in won.items()}


def sales_cycle(journal: Journal, term: Term) -> tuple[int, ...]:
    """7. From the first event of a lead to its first deal, for each first deal of the term, ascending, microseconds."""
    first = _first_deals(journal)
    return tuple(sorted(at - journal.first_at[lead] for lead, at in first.items() if term.holds(at)))


def acquisition_cost(journal: Journal, finance: Finance | None, term: Term) -> Mapping[str, Decimal] | None:
    """8. What marketing and sales spent in the term for each new customer of it; None where there was none."""
    new = sum(term.holds(at) for at in _first_deals(journal).values())
    spent = added_up((paid.money for paid in journal.spent if term.holds(paid.at)), finance)
    return {currency: of.amount / new for currency, of in spent.items()} if new else None


def lifetime_value(
    journal: Journal, finance: Finance | None, every: Every | None, term: Term
) -> Mapping[str, Decimal] | None:
    """9. Revenue per paying customer and month, times margin, over the share of customers lost in a month.

    None without margin and churn, without revenue, and for terms that are no months.
    """
    months = None if every is None else _MONTHS.get(every)
    if finance is None or finance.margin is None or not finance.churn or months is None:
        return None
    paid = [each for each in journal.earned if term.holds(each.at)]
    customers = len({each.of for each in paid})
    share = finance.margin / finance.churn
    earned = added_up((each.money for each in paid), finance)
    return {currency: of.amount / customers / months * share for currency, of in earned.items()} or None


def percentile(ascending: Sequence[int], percent: int) -> int | None:
    """The smallest of them that so many percent do not exceed (nearest rank); None of nothing."""
    return ascending[max(0, ceil(len(ascending) * percent / 100) - 1)] if ascending else None


def ratio(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    """None of nothing."""
    return Decimal(part) / Decimal(whole) if whole else None


def won_in(goal: Goal, finance: Finance | None) -> Decimal:
    """What counts towards the goal: what was won in the agreement's currency, or has a rate."""
    return NOTHING if finance is None or finance.currency not in goal.won else goal.won[finance.currency].amount


def _first_deals(journal: Journal) -> Mapping[str, int]:
    first: dict[str, int] = {}
    for deal in journal.won:
        first.setdefault(deal.of, deal.at)
    return first
