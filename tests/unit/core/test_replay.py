"""A replay judges a recorded history, deadlines at their own instants."""

from monitor.core.event import Event
from monitor.core.outcome import Kind
from monitor.core.replay import Replay
from tests.support import quotas
from tests.support.agreement import duty, policy
from tests.support.history import ONE_DUTY, assigned, at, called, event


def kinds_and_minutes(replay: Replay, events: list[Event], until: int | None = None) -> list[tuple[str, Kind, float]]:
    return [(o.lead, o.kind, (o.at - at(0)) / 60e6) for o in replay.run(events, until)]


def test_outcomes_come_in_the_order_in_which_they_come_true() -> None:
    history = [called(90), assigned(0), assigned(5)._replace(lead="M"), called(10)._replace(lead="M")]
    assert kinds_and_minutes(Replay(ONE_DUTY), history) == [
        ("L", Kind.ACTIVATED, 0),
        ("M", Kind.ACTIVATED, 5),
        ("M", Kind.MET, 10),
        ("L", Kind.BREACHED, 60),
        ("M", Kind.FINALISED, 70),
        ("L", Kind.FULFILLED_LATE, 90),
    ]


def test_time_ends_with_the_last_event_deadlines_of_that_instant_included() -> None:
    ended = kinds_and_minutes(Replay(ONE_DUTY), [assigned(0), event("lead.updated", 60)])
    assert ended[-1] == ("L", Kind.BREACHED, 60)
    ended = kinds_and_minutes(Replay(ONE_DUTY), [assigned(0), event("lead.updated", 59.9)])
    assert ended == [("L", Kind.ACTIVATED, 0)]


def test_until_cuts_events_off_and_lets_time_pass_to_its_very_instant() -> None:
    history = [assigned(0), called(61), assigned(62)._replace(lead="M")]
    assert kinds_and_minutes(Replay(ONE_DUTY), history, at(60)) == [
        ("L", Kind.ACTIVATED, 0),
        ("L", Kind.BREACHED, 60),
    ]
    assert kinds_and_minutes(Replay(ONE_DUTY), [assigned(0)], at(59.9)) == [("L", Kind.ACTIVATED, 0)]


def test_an_event_at_the_deadline_is_judged_before_the_deadline_passes() -> None:
    judged = kinds_and_minutes(Replay(ONE_DUTY), [assigned(0), called(60)], at(100))
    assert judged == [("L", Kind.ACTIVATED, 0), ("L", Kind.MET, 60)]


def test_a_perfect_replay_takes_nothing_back() -> None:
    history = [called(50), called(40), assigned(10, grade="A"), assigned(0), event("lead.updated", 5, grade="A")]
    warning = policy(duty())
    assert Kind.WITHDRAWN not in {o.kind for o in Replay(warning).run(history, at(500))}
    assert [o.revision for o in Replay(warning).run(history, at(500)) if o.revision] == []


def test_no_events_no_outcomes() -> None:
    assert list(Replay(ONE_DUTY).run([])) == []
    assert list(Replay(ONE_DUTY).run([], at(60))) == []


def test_leads_are_there_afterwards() -> None:
    replay = Replay(ONE_DUTY)
    list(replay.run([assigned(0), assigned(1)._replace(lead="M")]))
    assert sorted(replay.leads) == ["L", "M"]


def test_every_outcome_is_said_when_what_it_says_has_come_true() -> None:
    replay, leads = Replay(quotas.agreement(quotas.quota())), quotas.Leads()
    happened = [leads.qualified("A", quotas.MONDAY), leads.happened("B", quotas.MONDAY, "lead.assigned", owner="ana")]
    said = {outcome.kind: (outcome.at, replay.now) for outcome in replay.run(happened, quotas.NEXT_MONDAY + 5)}
    assert said[Kind.BREACHED] == (quotas.NEXT_MONDAY, quotas.NEXT_MONDAY)
    assert said[Kind.ACTIVATED] == (quotas.MONDAY, quotas.MONDAY)
    assert replay.now == quotas.NEXT_MONDAY + 5
