"""Several versions of one agreement judge the same in whatever order events and ticks arrive."""

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from monitor.core.advance import TimeAdvanced
from monitor.core.event import PRECEDENCE
from monitor.core.lead import CLOCKS_MAX
from monitor.core.outcome import Kind, Reason
from monitor.core.policy import Applies, Policy
from monitor.core.replay import Replay
from tests.support.agreement import MINUTE
from tests.support.slow_clock import Verdict
from tests.support.stories import FAMILIES, LAST, START, histories, policies
from tests.unit.core.test_two_judges import after, in_any_order, standing

QUICK = settings(max_examples=15, suppress_health_check=list(HealthCheck))
DEEP = settings(max_examples=100, suppress_health_check=list(HealthCheck))
HALF_HOUR = 30 * MINUTE


@st.composite
def agreements(draw: st.DrawFn, family: str) -> Policy:
    """Two or three versions of the family, the newer ones from Friday on.

    What starts clocks is the same in all of them if one reaches back: it starts none that no version had started.
    """
    reaching = draw(st.booleans())
    ways = list(Applies) if reaching else [Applies.NEW, Applies.OPEN]
    versions = [draw(policies(family))._replace(version="1")]
    for half_hours in sorted(draw(st.lists(st.integers(1, 40), min_size=1, max_size=2, unique=True), "versions")):
        newer, at = draw(policies(family)), START + half_hours * HALF_HOUR
        if reaching:
            duties = zip(newer.duties, versions[0].duties, strict=True)
            newer = newer._replace(duties=tuple(duty._replace(starts=first.starts) for duty, first in duties))
        applies_to = draw(st.sampled_from(ways))
        since = at - draw(st.integers(0, 10)) * HALF_HOUR if applies_to is Applies.SINCE else at
        name = str(len(versions) + 1)
        versions.append(newer._replace(version=name, effective_at=at, applies_to=applies_to, applies_from=since))
    return Policy(*versions[-1]._replace(earlier=tuple(Policy(*version) for version in versions[:-1])))


def verdicts(found: set[Verdict]) -> set[Verdict]:
    """Without the reason of what is met: it is not said again when another version would merely give another."""
    return {verdict._replace(reason=Reason.IN_TIME) if verdict.kind is Kind.MET else verdict for verdict in found}


def compare(family: str, data: st.DataObject) -> None:
    """As things happen, in any order, without a tick before the last, and replayed."""
    policy, history = data.draw(agreements(family), "agreement"), data.draw(histories, "history")
    in_order = sorted(history, key=lambda event: (event.at, PRECEDENCE[event.type], event.id))
    steps = [step for event in in_order for step in (TimeAdvanced(event.at - 1), event)]
    as_it_happens = after(steps, policy)
    assume(sum(verdict.kind is Kind.ACTIVATED for verdict in as_it_happens) <= CLOCKS_MAX)
    # Where two clocks fall silent at one instant, either may be said to be met by the other's acceptance.
    silences = [verdict.at for verdict in as_it_happens if verdict.reason is Reason.SILENCE_ACCEPTED]
    assume(len(silences) == len(set(silences)))
    found = {
        "in any order": after(in_any_order(data, history), policy),
        "without a tick": after(in_order, policy),
        "replayed": standing(Replay(policy).run(history, LAST)),
    }
    expected = verdicts(as_it_happens)
    for way, other in found.items():
        assert (way, sorted(verdicts(other) - expected)) == (way, sorted(expected - verdicts(other)))


@pytest.mark.parametrize("family", FAMILIES)
@given(data=st.data())
@QUICK
def test_versions_judge_the_same_in_any_order(family: str, data: st.DataObject) -> None:
    compare(family, data)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("family", FAMILIES)
@given(data=st.data())
@DEEP
def test_versions_judge_the_same_in_any_order_over_many_histories(family: str, data: st.DataObject) -> None:
    compare(family, data)
