"""Where a lead's time went before the first touch: each step apart, and who answers for it."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.explanation import explained
from monitor.core.lead import EVIDENCE_MAX
from monitor.core.policy import Policy, Stage
from monitor.core.spans import Span, Step
from tests.support.agreement import MINUTE, duty, event_is, policy
from tests.support.history import Input, assigned, at, called, event, run, tick

AGREEMENT = policy()
WHOLE = [
    event("lead.created", 0),
    event("lead.stage_changed", 10, stage="mql"),
    event("lead.handed_off", 15),
    assigned(30),
    called(90),
]


def spans(steps: Iterable[Input], agreement: Policy = AGREEMENT) -> list[tuple[str, str, float, float | None]]:
    """Step, team, minutes from and to."""
    return [
        (
            span.step.value,
            span.team,
            (span.from_at - at(0)) / MINUTE,
            None if span.to_at is None else (span.to_at - at(0)) / MINUTE,
        )
        for span in whole(steps, agreement)
    ]


def whole(steps: Iterable[Input], agreement: Policy = AGREEMENT) -> tuple[Span, ...]:
    return explained(run(steps, agreement)[-1].lead, agreement).spans


def test_each_step_from_the_capture_to_the_touch_has_its_span_and_its_team() -> None:
    assert spans(WHOLE) == [
        ("qualify", "marketing", 0, 10),
        ("hand_off", "marketing", 10, 15),
        ("assign", "sales", 15, 30),
        ("touch", "sales", 30, 90),
    ]


def test_what_happens_again_does_not_count_again() -> None:
    again = [event("lead.stage_changed", 95, stage="inquiry"), event("lead.stage_changed", 96, stage="mql")]
    assert spans([*WHOLE, *again, event("lead.handed_off", 97), assigned(98, "ben"), called(99)]) == spans(WHOLE)


def test_a_step_that_was_left_out_counts_with_the_next() -> None:
    assert spans([event("lead.created", 0), assigned(30), called(90)]) == [
        ("assign", "marketing", 0, 30),
        ("touch", "sales", 30, 90),
    ]


def test_a_step_that_was_done_before_its_turn_takes_no_time() -> None:
    early = [event("lead.created", 0), assigned(5), WHOLE[1], WHOLE[2], called(90)]
    assert spans(early) == [
        ("qualify", "marketing", 0, 10),
        ("hand_off", "marketing", 10, 15),
        ("assign", "sales", 15, 15),
        ("touch", "sales", 15, 90),
    ]


def test_a_lead_still_waits_for_the_step_behind_the_last_one_done() -> None:
    assert spans([*WHOLE[:2], tick(50)])[1:] == [("hand_off", "marketing", 10, None)]
    (*_, waits) = whole([*WHOLE[:2], tick(50)])
    assert waits.elapsed_us == 40 * MINUTE
    assert spans([WHOLE[0], assigned(5), tick(50)])[-1] == ("touch", "sales", 5, None)


def test_only_an_outbound_act_by_a_person_is_a_touch() -> None:
    inbound = event("activity.logged", 40, channel="call", direction="inbound", actor="person")
    automated = event("activity.logged", 50, channel="email", direction="outbound", actor="automation")
    assert spans([*WHOLE[:4], inbound, automated, called(90)]) == spans(WHOLE)


def test_a_lead_that_left_waits_for_nothing_and_begins_anew_when_it_is_back() -> None:
    left = [*WHOLE[:4], event("lead.recycled", 100), event("lead.stage_changed", 5000, stage="mql"), assigned(5010)]
    found = whole(left)
    assert [(span.round, span.step) for span in found] == [
        (0, Step.QUALIFY), (0, Step.HAND_OFF), (0, Step.ASSIGN), (1, Step.QUALIFY), (1, Step.ASSIGN), (1, Step.TOUCH),
    ]  # fmt: skip
    assert found[3].from_at == found[3].to_at == at(5000)
    assert found[-1].to_at is None


def test_a_lead_that_was_merged_waits_for_nothing() -> None:
    assert spans([*WHOLE[:2], event("lead.merged", 20, into="M"), tick(50)]) == [("qualify", "marketing", 0, 10)]


def test_after_the_hand_off_the_team_that_the_agreement_names_answers_else_the_one_that_got_the_lead() -> None:
    unnamed = AGREEMENT._replace(stages={**AGREEMENT.stages, "mql": Stage("marketing", frozenset())})
    named = [WHOLE[0], WHOLE[1], event("lead.handed_off", 15, team="partners"), assigned(30)]
    assert spans(named)[2][:2] == ("assign", "sales")
    without_acceptance = unnamed._replace(duties=(duty(),))
    assert spans(named, without_acceptance)[2][:2] == ("assign", "partners")
    assert spans(WHOLE, without_acceptance)[2][:2] == ("assign", "marketing")


def test_a_stage_that_hands_off_is_where_a_lead_is_qualified_whatever_its_name() -> None:
    named = AGREEMENT._replace(
        stages={"new": Stage("growth", frozenset()), "ready": Stage("growth", frozenset(), handoff_to="field")}
    )
    steps = [event("lead.created", 0), event("lead.stage_changed", 10, stage="ready"), event("lead.handed_off", 15)]
    assert spans(steps, named) == [
        ("qualify", "growth", 0, 10), ("hand_off", "growth", 10, 15), ("assign", "field", 15, None),
    ]  # fmt: skip


def test_working_time_is_that_of_the_only_calendar_and_without_one_it_is_not_known() -> None:
    # The office is closed for lunch from minute 120 to 180.
    steps = [event("lead.created", 100), assigned(200)]
    assert [span.working_us for span in whole(steps)] == [40 * MINUTE, 0]
    none = AGREEMENT._replace(calendars={}, duties=(duty(),))
    assert [span.working_us for span in whole(steps, none)] == [None, None]


def test_of_several_calendars_that_of_the_first_clock_counts() -> None:
    duties = (duty("quick", starts=event_is("lead.created")), AGREEMENT.duties[2])
    two = AGREEMENT._replace(
        calendars={"other": AGREEMENT.calendars["office"], "office": AGREEMENT.calendars["office"]}, duties=duties
    )
    steps = [event("lead.created", 100), assigned(200)]
    assert whole(steps, two)[0].working_us is None
    assert whole([*steps, event("lead.accepted", 201)], two)[0].working_us == 40 * MINUTE


def test_a_round_whose_beginning_is_forgotten_is_left_out() -> None:
    many = [event("lead.updated", 1 + n / 100, score=n) for n in range(EVIDENCE_MAX)]
    assert spans([WHOLE[0], *many, assigned(30)]) == []
    back = [event("lead.recycled", 100), event("lead.created", 200)]
    assert spans([WHOLE[0], *many, assigned(30), *back]) == [("qualify", "marketing", 200, None)]


@given(st.permutations(WHOLE[1:]), st.lists(st.integers(1, 200), min_size=4, max_size=4, unique=True))
def test_whatever_the_order_the_spans_add_up_to_the_way_from_capture_to_the_last_step(
    order: list[Input], minutes: list[int]
) -> None:
    steps = [step._replace(at=at(minute)) for step, minute in zip(order, minutes, strict=True)]
    found = whole([WHOLE[0], *sorted(steps, key=lambda step: step.at)])
    assert sum(span.elapsed_us for span in found if span.to_at is not None) == max(minutes) * MINUTE
    assert [span.from_at for span in found[1:]] == [span.to_at for span in found[:-1]]
