"""The core, which judges step by step and corrects itself, against the slow judge, which sees all of it at once."""

from collections.abc import Iterable

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from monitor.core.advance import TimeAdvanced, advance
from monitor.core.event import Event
from monitor.core.lead import CLOCKS_MAX, Lead
from monitor.core.outcome import Kind, Outcome, Reason
from monitor.core.policy import Policy
from monitor.core.replay import Replay
from tests.support.agreement import HOUR, MINUTE
from tests.support.slow_clock import Verdict
from tests.support.slow_judge import judge
from tests.support.stories import FAMILIES, LAST, START, histories, policies

QUICK = settings(max_examples=25, suppress_health_check=list(HealthCheck))
DEEP = settings(max_examples=150, suppress_health_check=list(HealthCheck))
WAIT_H = 12


def standing(said: Iterable[Outcome]) -> set[Verdict]:
    """What holds after all was said."""
    held: dict[tuple[str, int, str, str], Verdict] = {}
    for o in said:
        if o.kind is Kind.WITHDRAWN:
            kind, _, level = o.level.partition(":")
            del held[o.duty, o.cycle, kind, level]
        elif o.kind is not Kind.FINALISED:
            held[o.duty, o.cycle, o.kind, o.level] = Verdict(
                o.lead, o.duty, o.cycle, o.kind, o.level, o.at, o.due_at, o.owner, o.reason, o.evidence_ids
            )
    return set(held.values())


def after(steps: Iterable[Event | TimeAdvanced], policy: Policy) -> set[Verdict]:
    """What stands after these steps and a last tick."""
    lead: Lead | None = None
    said: list[Outcome] = []
    for step in (*steps, TimeAdvanced(LAST)):
        if lead is not None or isinstance(step, Event):
            done = advance(lead, step, policy)
            lead = done.lead
            said += done.outcomes
    return standing(said)


def in_any_order(data: st.DataObject, history: list[Event]) -> list[Event | TimeAdvanced]:
    """With repeats, and ticks at any moment."""
    steps: list[Event | TimeAdvanced] = []
    for event in data.draw(st.permutations(history + history[: len(history) // 3]), "order of arrival"):
        steps.append(event)
        if data.draw(st.booleans(), "a tick"):
            steps.append(TimeAdvanced(START + data.draw(st.integers(0, 12 * 24), "half hours") * 30 * MINUTE))
    return steps


def within_the_wait(data: st.DataObject, history: list[Event]) -> list[Event | TimeAdvanced]:
    """Each event so soon that nothing before it is final, after a tick of that moment."""
    late = st.integers(0, WAIT_H - 1)
    arrivals = sorted((event.at + data.draw(late, "hours late") * HOUR, event) for event in history)
    return [step for at, event in arrivals for step in (TimeAdvanced(at), event)]


def compare(family: str, data: st.DataObject) -> None:
    """Any agreement of the family, any history: replayed, in any order, and as it becomes final."""
    policy = data.draw(policies(family), "agreement")
    history = data.draw(histories, "history")
    slow = judge(history, policy, LAST)
    assume(sum(verdict.kind is Kind.ACTIVATED for verdict in slow) <= CLOCKS_MAX)
    # Where two clocks fall silent at one instant, either may be said to be met by the other's acceptance.
    silences = [verdict.at for verdict in slow if verdict.reason is Reason.SILENCE_ACCEPTED]
    assume(len(silences) == len(set(silences)))
    soon_final = [duty._replace(final_after={"default": WAIT_H * HOUR}) for duty in policy.duties]
    found = {
        "replayed": standing(Replay(policy).run(history, LAST)),
        "in any order": after(in_any_order(data, history), policy),
        "within the wait": after(within_the_wait(data, history), Policy(*policy._replace(duties=tuple(soon_final)))),
    }
    for way, fast in found.items():
        assert (way, sorted(fast - slow)) == (way, sorted(slow - fast))


@pytest.mark.parametrize("family", FAMILIES)
@given(data=st.data())
@QUICK
def test_both_judges_end_with_the_same_verdicts(family: str, data: st.DataObject) -> None:
    compare(family, data)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("family", FAMILIES)
@given(data=st.data())
@DEEP
def test_both_judges_end_with_the_same_verdicts_over_many_histories(family: str, data: st.DataObject) -> None:
    compare(family, data)
