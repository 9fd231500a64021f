"""How long leads waited for each step between capture and touch, and for which one those of missed duties waited."""

from collections.abc import Iterable
from typing import NamedTuple

from monitor.core.attainment import Verdict, quantile
from monitor.core.lead import Lead
from monitor.core.policy import Policy
from monitor.core.retelling import retold
from monitor.core.spans import Step, spans
from monitor.core.term import Term


class Took(NamedTuple):
    """How long leads waited for a step that was done."""

    step: Step
    team: str
    leads: int
    """A lead that came back counts once more."""
    median_us: int
    p90_us: int
    working_median_us: int | None
    """Of those that have a calendar; None: none has."""
    working_p90_us: int | None


def took(leads: Iterable[Lead], policy: Policy, term: Term | None = None) -> list[Took]:
    """By step and the team that answers for it, in the order of the steps; a merged lead counts where it goes on.

    `term`: only what ended in it.
    """
    elapsed: dict[tuple[Step, str], list[int]] = {}
    working: dict[tuple[Step, str], list[int]] = {}
    for lead in leads:
        if lead.merged is not None:
            continue
        for span in spans(lead, retold(lead, policy), policy):
            if span.to_at is not None and (term is None or term.holds(span.to_at)):
                elapsed.setdefault((span.step, span.team), []).append(span.elapsed_us)
                if span.working_us is not None:
                    working.setdefault((span.step, span.team), []).append(span.working_us)
    order = list(Step)
    return [
        Took(
            step,
            team,
            len(those),
            quantile(those, 0.5) or 0,
            quantile(those, 0.9) or 0,
            quantile(working.get((step, team), ()), 0.5),
            quantile(working.get((step, team), ()), 0.9),
        )
        for (step, team), those in sorted(elapsed.items(), key=lambda item: (order.index(item[0][0]), item[0][1]))
    ]


def longest(verdict: Verdict, lead: Lead, policy: Policy) -> tuple[Step, str] | None:
    """What the lead of a verdict waited for longest in that round, and the team that answers for it.

    By working time where that is known. A round that ended untouched waited until its end. None when nothing of it is
    kept any more.
    """
    duty, cycle = verdict.outcome.duty, verdict.outcome.cycle
    clock = next((clock for clock in lead.fold.clocks if (clock.duty, clock.cycle) == (duty, cycle)), None)
    if clock is None:
        return None
    seen = [each for each in retold(lead, policy) if each.round == clock.round]
    waited = spans(lead, seen, policy)
    if not waited:
        return None
    times = {(span.step, span.team): _time(span.elapsed_us, span.working_us) for span in waited}
    last = waited[-1]
    if last.to_at is not None and last.step is not Step.TOUCH:
        calendar = policy.judging(clock).calendars.get(clock.calendar)
        until = max(last.to_at, seen[-1].now.event.at)
        working_us = None if calendar is None else calendar.elapsed(last.to_at, until)
        times[Step.TOUCH, clock.team] = _time(until - last.to_at, working_us)
    return max(times, key=lambda step: times[step])


def _time(elapsed_us: int, working_us: int | None) -> int:
    return elapsed_us if working_us is None else working_us
