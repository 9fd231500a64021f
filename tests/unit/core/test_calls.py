"""Who is called: the first route that fits, its ladder step by step, within the hours that a recipient has."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from monitor.core.calls import Call, End, Reach, Silence, calls_for, corrections, ends_ladder
from monitor.core.limit import Limit, LimitUnit
from monitor.core.outcome import Delivery, Kind, Outcome, Reason
from monitor.core.routing import Asks, News, Recipient, Route, Routing, Rung, Severity, fits, sendable_at
from tests.support.agreement import HOUR, office
from tests.support.notices import NOON, outcome
from tests.support.outcomes import any_outcome

OFFICE = office()
REACH = Reach(("floor-slack", "anna-mail", "teams", "pager"), frozenset({"pager"}))
TWO_HOURS = Limit(LimitUnit.WORKING_TIME, 2 * HOUR, "2 working_hours")
A_DAY = Limit(LimitUnit.WORKING_DAYS, 1, "1 working_days")
LADDER = (
    Rung(("owner",), level="80"),
    Rung(("owner", "floor")),
    Rung(("managers",), after=TWO_HOURS, calendar=OFFICE),
    Rung(("managers", "on-call"), after=A_DAY, calendar=OFFICE, asks=Asks.REASSIGN),
)
RECIPIENTS = {
    "floor": Recipient("floor", "floor-slack", OFFICE),
    "anna": Recipient("anna", "anna-mail", OFFICE),
    "managers": Recipient("managers", "teams", OFFICE),
    "on-call": Recipient("on-call", "pager"),
    "elsewhere": Recipient("elsewhere", "a-channel-that-is-not-configured"),
}
QUOTA = Delivery("2026-10", (), 40_000, 31_000, 0, 0, 0)
# Reason of a rejection, and an account of a quota.
REJECTED = outcome(Kind.MET, duty="acceptance", reason=Reason.REJECTED, missing="no-budget")
REACHED = outcome(Kind.MET, lead="", duty="qualified-leads", reason=Reason.TARGET_REACHED, delivery=QUOTA)


def routing(*routes: Route) -> Routing:
    return Routing(RECIPIENTS, {"ana": "anna"}, "floor", routes)


STANDARD = routing(Route("standard", ladder=LADDER))


def called(said: Outcome, by: Routing | None = STANDARD, reach: Reach = REACH) -> list[tuple[str, int]]:
    """Channels and rungs."""
    calls = calls_for(said, by, reach)
    assert not isinstance(calls, Silence), calls
    return [(call.channel, call.rung) for call in calls]


def sets(values: list[str]) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(values), max_size=2)


any_rung = st.builds(
    Rung,
    st.lists(st.sampled_from(["owner", *RECIPIENTS]), min_size=1, max_size=3).map(tuple),
    st.sampled_from(["", "80", "50"]),
    st.sampled_from([None, TWO_HOURS, A_DAY]),
    st.just(OFFICE),
)
everything = st.just((Rung(("owner", "managers"), level=None),))
ladders = everything | st.lists(any_rung, max_size=4, unique_by=lambda rung: (rung.level, rung.after)).map(tuple)
any_route = st.builds(
    Route, st.sampled_from(["a", "b"]), st.frozensets(st.sampled_from(Kind), max_size=3),
    st.frozensets(st.sampled_from(News), max_size=2), st.frozensets(st.sampled_from(Severity), max_size=2),
    duties=sets(["first-touch"]), segments=sets(["enterprise"]), owners=sets(["ana"]),
    ladder=ladders, page=st.booleans(), mute=st.booleans(),
    fold_by=st.sampled_from([(), ("source", "duty")]), fold_us=st.sampled_from([0, HOUR]),
)  # fmt: skip
any_routing = st.none() | st.lists(any_route, max_size=4).map(lambda routes: routing(*routes))
likely = any_outcome | st.builds(outcome, st.sampled_from(Kind))


@given(said=likely, by=any_routing)
def test_any_outcome_has_calls_over_channels_that_there_are_or_a_reason_why_nobody_is_called(
    said: Outcome, by: Routing | None
) -> None:
    assume(said.at < 4_000_000_000_000_000)
    calls = calls_for(said, by, REACH)
    if isinstance(calls, Silence):
        return
    assert calls
    assert all(call.channel in REACH.channels and call.at >= said.at for call in calls)
    steps = [(call.channel, call.rung) for call in calls]
    assert len(set(steps)) == len(steps), "nobody hears a step twice"


@given(said=likely, routes=st.lists(any_route, min_size=1, max_size=4))
def test_of_all_routes_the_first_that_fits_decides(said: Outcome, routes: list[Route]) -> None:
    first = next((route for route in routes if fits(route, said)), None)
    alone = calls_for(said, routing(*([first] if first else [])), REACH)
    assume(said.kind is not Kind.MET)  # told only where a route asks for its news: below
    assert calls_for(said, routing(*routes), REACH) == alone


@given(at=st.integers(NOON - 10**15, NOON + 10**15))
def test_the_steps_of_a_ladder_come_one_after_the_other(at: int) -> None:
    calls = calls_for(outcome(at=at), STANDARD, REACH)
    assert isinstance(calls, tuple)
    instants = {call.rung: call.at for call in calls}
    assert instants[0] <= instants[1] <= instants[2]
    assert instants[0] == at


@given(at=st.integers(0, 4_000_000_000_000_000), page=st.booleans(), name=st.sampled_from([*RECIPIENTS, ""]))
def test_a_recipient_is_disturbed_in_their_hours_or_by_a_page_and_never_too_early(
    at: int, page: bool, name: str
) -> None:
    recipient = RECIPIENTS.get(name)
    sendable = sendable_at(at, recipient, page)
    assert sendable >= at
    if page or recipient is None or recipient.calendar is None:
        assert sendable == at
    else:
        assert recipient.calendar.is_open(sendable)
        assert sendable == at or recipient.calendar.elapsed(at, sendable) == 0


def test_where_the_calendar_knows_no_more_years_the_recipient_is_told_at_once() -> None:
    assert sendable_at(10**18, RECIPIENTS["floor"], page=False) == 10**18
    calls = calls_for(outcome(at=10**18), STANDARD, REACH)
    assert isinstance(calls, tuple)
    assert {call.at for call in calls} == {10**18}


def test_a_breach_calls_owner_and_floor_at_once_and_managers_after_two_working_hours_and_a_day() -> None:
    calls = calls_for(outcome(), STANDARD, REACH)
    assert isinstance(calls, tuple)
    assert [(call.recipient, call.rung, (call.at - NOON) // HOUR, call.after, call.asks) for call in calls] == [
        ("anna", 0, 0, "", ""),
        ("floor", 0, 0, "", ""),
        ("managers", 1, 2, "2 working_hours", ""),
        ("managers", 2, 24, "1 working_days", "reassign"),
        ("on-call", 2, 24, "1 working_days", "reassign"),
    ]  # 14:00 in Munich until 17:00


def test_a_warning_calls_whom_the_ladder_names_for_its_level_and_nobody_for_another() -> None:
    assert called(outcome(Kind.WARNED, level="80")) == [("anna-mail", 0)]
    assert calls_for(outcome(Kind.WARNED, level="50"), STANDARD, REACH) is Silence.NO_STEP


def test_a_rung_for_everything_is_called_by_every_warning_and_by_the_breach() -> None:
    to_floor = routing(Route("all", ladder=(Rung(("floor",), level=None),)))
    for said in (outcome(Kind.WARNED, level="50"), outcome(Kind.WARNED, level="80"), outcome()):
        assert called(said, to_floor) == [("floor-slack", 0)]


def test_what_is_no_breach_calls_those_who_hear_of_one_at_once_and_no_later_step() -> None:
    assert called(outcome(Kind.STALLED)) == [("anna-mail", 0), ("floor-slack", 0)]


def test_an_owner_whom_the_agreement_does_not_name_is_the_default_and_one_channel_is_used_once() -> None:
    assert called(outcome(owner="somebody"))[:2] == [("floor-slack", 0), ("teams", 1)]


def test_a_muted_route_and_no_route_at_all_call_nobody() -> None:
    mute = routing(Route("quiet", kinds=frozenset({Kind.WARNED}), mute=True), *STANDARD.routes)
    assert calls_for(outcome(Kind.WARNED), mute, REACH) is Silence.MUTED
    assert called(outcome(), mute)
    assert calls_for(outcome(duty="other"), routing(Route("one", duties=frozenset({"first-touch"}))), REACH) is (
        Silence.NO_ROUTE
    )


def test_a_recipient_whose_channel_is_not_configured_is_left_out() -> None:
    by = routing(Route("one", ladder=(Rung(("elsewhere", "managers")),)))
    assert called(outcome(), by) == [("teams", 0)]
    nowhere = routing(Route("one", ladder=(Rung(("elsewhere",)),)))
    assert calls_for(outcome(), nowhere, REACH) is Silence.NO_CHANNEL
    assert calls_for(outcome(), None, Reach(())) is Silence.NO_CHANNEL


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kinds", Kind.BREACHED), ("news", News.FOLLOW_UP), ("severities", Severity.ERROR), ("duties", "first-touch"),
        ("teams", "sales"), ("segments", "enterprise"), ("owners", "ana"), ("sources", "web"),
    ],
)  # fmt: skip
def test_a_route_asks_for_each_field_that_it_names(field: str, value: str) -> None:
    assert fits(Route("one")._replace(**{field: frozenset({value, "another"})}), outcome())
    assert not fits(Route("one")._replace(**{field: frozenset({"another"})}), outcome())


def test_without_routing_every_channel_is_told_and_an_incident_is_opened_only_for_what_ends() -> None:
    assert called(outcome(), None) == [(name, 0) for name in REACH.channels]
    assert called(outcome(Kind.REVIEW_DUE, lead=""), None) == [(name, 0) for name in REACH.channels[:3]]


@pytest.mark.parametrize("said", [REJECTED, REACHED], ids=["rejection", "target reached"])
def test_what_was_met_is_told_only_where_a_route_asks_for_the_news(said: Outcome) -> None:
    assert calls_for(said, None, REACH) is Silence.ENDS
    assert calls_for(said, STANDARD, REACH) is Silence.ENDS
    news = frozenset({News.REJECTION, News.QUOTA})
    asked = routing(*STANDARD.routes, Route("marketing", news=news, ladder=(Rung(("managers",)),)))
    assert called(said, asked) == [("teams", 0)]
    assert calls_for(outcome(Kind.MET), asked, REACH) is Silence.ENDS


def test_calls_of_one_cause_have_it_in_common() -> None:
    by = routing(Route("storm", ladder=LADDER, fold_by=("source", "duty"), fold_us=HOUR))
    calls = calls_for(outcome(), by, REACH)
    assert isinstance(calls, tuple)
    assert {(call.fold, call.fold_us) for call in calls} == {((("source", "web"), ("duty", "first-touch")), HOUR)}


@pytest.mark.parametrize(
    ("said", "end"),
    [
        (outcome(Kind.MET), End.MET),
        (outcome(Kind.FULFILLED_LATE), End.FULFILLED_LATE),
        (outcome(Kind.CANCELLED, reason=Reason.CONDITION), End.CANCELLED),
        (outcome(Kind.CANCELLED, reason=Reason.ERASED), End.ERASED),
        (outcome(Kind.CANCELLED, reason=Reason.MERGED), End.MERGED),
        (outcome(Kind.WITHDRAWN), End.WITHDRAWN),
        (outcome(Kind.WITHDRAWN, level="warned:80"), None),
        (outcome(Kind.FINALISED), None),
        (outcome(Kind.BREACHED), None),
    ],
    ids=lambda value: f"{value.kind} {value.reason}" if isinstance(value, Outcome) else str(value),
)
def test_a_ladder_ends_with_its_clock_and_says_why(said: Outcome, end: End | None) -> None:
    assert ends_ladder(said) is end


def told(*said: str) -> list[Call]:
    """What was said, the pager and the floor alike."""
    return [Call(each, name, name, NOON) for each in said for name in ("floor-slack", "pager")]


@pytest.mark.parametrize(
    ("said", "before", "hear"),
    [
        (outcome(Kind.FULFILLED_LATE), ("warned:80", "breached"), ["floor-slack", "pager"]),
        (outcome(Kind.FULFILLED_LATE), ("warned:80",), ["pager"]),
        (outcome(Kind.MET), ("warned:80",), ["pager"]),
        (outcome(Kind.CANCELLED), ("breached",), ["pager"]),
        (outcome(Kind.WITHDRAWN), ("warned:80", "breached"), ["floor-slack", "pager"]),
        (outcome(Kind.WITHDRAWN, level="warned:80"), ("warned:80", "breached"), []),
        (outcome(Kind.WITHDRAWN, level="warned:80"), ("warned:80",), ["pager"]),
        (outcome(Kind.WITHDRAWN, level="met"), ("met",), ["floor-slack", "pager"]),
        (outcome(Kind.FULFILLED_LATE), (), []),
        (outcome(Kind.WARNED), ("breached",), []),
    ],
    ids=lambda value: f"{value.kind} {value.level}" if isinstance(value, Outcome) else None,
)
def test_an_end_reaches_those_who_were_told_of_what_it_ends(
    said: Outcome, before: tuple[str, ...], hear: list[str]
) -> None:
    assert sorted(call.channel for call in corrections(said, told(*before), REACH)) == hear


def test_an_incident_is_closed_at_any_hour_and_people_are_corrected_at_those_at_which_they_were_told() -> None:
    paged = [call._replace(page=True) for call in told("breached")]
    assert [call.page for call in corrections(outcome(Kind.WITHDRAWN), told("breached"), REACH)] == [False, True]
    assert [call.page for call in corrections(outcome(Kind.WITHDRAWN), paged, REACH)] == [True, True]
