"""The invariants of the core, over made-up histories."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.core.advance import Step, TimeAdvanced, advance
from monitor.core.event import EVENT_TYPES, LEAD_ERASED, Event
from monitor.core.instant import from_rfc3339
from monitor.core.lead import CLOCKS_MAX, EVIDENCE_MAX, Lead
from monitor.core.outcome import Kind, Outcome
from monitor.core.replay import Replay
from monitor.core.tellings import next_instant
from tests.support.agreement import DAY, HOUR, MINUTE, policy

POLICY = policy()
START = from_rfc3339("2026-10-23T06:00:00Z")  # a Friday; the clocks go back on Sunday night
LAST = START + 8 * DAY


@st.composite
def events(draw: st.DrawFn) -> Event:
    """Any event but an erasure, within eight hours, on a grid so coarse that instants collide."""
    type_ = draw(st.sampled_from([name for name in EVENT_TYPES if name != LEAD_ERASED]))
    data: dict[str, str | int | float | bool] = {}
    if draw(st.booleans()):
        data["owner"] = draw(st.sampled_from(["ana", "ben"]))
    if draw(st.booleans()):
        data["grade"] = draw(st.sampled_from(["A", "B"]))
    if type_ == "activity.logged":
        data["channel"] = draw(st.sampled_from(["call", "email", "visit"]))
        data["direction"] = draw(st.sampled_from(["outbound", "inbound"]))
        data["actor"] = draw(st.sampled_from(["person", "automation"]))
    if type_ == "lead.stage_changed":
        data["stage"] = draw(st.sampled_from(["mql", "sql", "recycled", "nowhere"]))
    return Event(
        lead="L",
        id=f"e{draw(st.integers(0, 10**6))}",
        type=type_,
        at=START + draw(st.integers(0, 48)) * 10 * MINUTE,
        source=draw(st.sampled_from(["crm", "dialler"])),
        data=data,
    )


histories = st.lists(events(), min_size=1, max_size=14, unique_by=lambda event: event.id)


def run(steps: list[Event | TimeAdvanced]) -> tuple[Lead, list[Outcome]]:
    lead: Lead | None = None
    said: list[Outcome] = []
    for step in steps:
        if isinstance(step, TimeAdvanced) and lead is None:
            continue
        done: Step = advance(lead, step, POLICY)
        lead = done.lead
        said += done.outcomes
    assert lead is not None
    return lead, said


def standing(said: list[Outcome]) -> dict[tuple[str, int, str, str], Outcome]:
    """What holds after all was said, revision and history of corrections aside."""
    held: dict[tuple[str, int, str, str], Outcome] = {}
    for outcome in said:
        if outcome.kind is Kind.WITHDRAWN:
            kind, _, level = outcome.level.partition(":")
            del held[outcome.duty, outcome.cycle, kind, level]
        else:
            held[outcome.duty, outcome.cycle, outcome.kind, outcome.level] = outcome
    return {key: outcome._replace(revision=0, supersedes=None) for key, outcome in held.items()}


@given(histories, st.data())
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_order_of_arrival_with_any_duplicates_ends_in_the_same_verdicts(
    history: list[Event], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(history + history[: len(history) // 2]))
    _, in_order = run([*sorted(history, key=lambda event: event.at), TimeAdvanced(LAST)])
    _, disordered = run([*shuffled, TimeAdvanced(LAST)])
    assert standing(disordered) == standing(in_order)


@given(histories, st.data())
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_ticks_change_when_a_breach_is_seen_never_whether(history: list[Event], data: st.DataObject) -> None:
    """Ticks anywhere before evidence is final: it is at the earliest an hour after the first event."""
    shuffled = data.draw(st.permutations(history))
    first = min(event.at for event in history)
    steps: list[Event | TimeAdvanced] = list(shuffled)
    for minutes in data.draw(st.lists(st.integers(1, 6).map(lambda tens: tens * 10 - 1), max_size=4)):
        steps.insert(data.draw(st.integers(0, len(steps))), TimeAdvanced(first + minutes * MINUTE))
    _, ticked = run([*steps, TimeAdvanced(LAST)])
    _, quiet = run([*history, TimeAdvanced(LAST)])
    assert standing(ticked) == standing(quiet)


@given(histories, st.data())
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_reading_events_again_changes_nothing_and_says_nothing(history: list[Event], data: st.DataObject) -> None:
    steps: list[Event | TimeAdvanced] = []
    for event in history:
        steps.append(event)
        if data.draw(st.booleans()):
            steps.append(TimeAdvanced(START + data.draw(st.integers(0, 20)) * HOUR))
    lead, _ = run(steps)
    for event in history[data.draw(st.integers(0, len(history))) :]:
        again = advance(lead, event, POLICY)
        assert again.outcomes == ()
        assert again.lead == lead


@given(histories)
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_perfect_replay_says_what_the_judge_says_in_the_end(history: list[Event]) -> None:
    _, said = run([*history, TimeAdvanced(LAST)])
    assert standing(list(Replay(POLICY).run(history, LAST))) == standing(said)


@given(histories, st.lists(st.integers(0, 200), min_size=1, max_size=10))
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_tick_leaves_nothing_pending_at_or_before_it(history: list[Event], hours: list[int]) -> None:
    lead, _ = run(list(history))
    for hour in sorted(hours):
        lead = advance(lead, TimeAdvanced(START + hour * HOUR), POLICY).lead
        pending = next_instant(lead)
        assert pending is None or pending > START + hour * HOUR


@given(histories, st.data())
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_an_outcome_id_is_said_once(history: list[Event], data: st.DataObject) -> None:
    steps: list[Event | TimeAdvanced] = []
    for event in data.draw(st.permutations(history)):
        steps += [event, TimeAdvanced(START + data.draw(st.integers(0, 20)) * HOUR)]
    _, said = run([*steps, TimeAdvanced(LAST)])
    ids = [outcome.outcome_id for outcome in said]
    assert len(ids) == len(set(ids))


def test_a_lead_with_very_many_events_stays_within_its_limits() -> None:
    lead: Lead | None = None
    for n in range(3_000):
        kinds = ["lead.assigned", "activity.logged", "lead.recycled", "lead.updated"]
        data = {"channel": "call", "direction": "outbound", "actor": "person"} if n % 4 == 1 else {}
        event = Event("L", f"e{n}", kinds[n % 4], START + n * MINUTE, "crm", data)
        lead = advance(lead, event, POLICY).lead
        assert len(lead.evidence) <= EVIDENCE_MAX
        assert len(lead.fold.clocks) <= CLOCKS_MAX + 1
