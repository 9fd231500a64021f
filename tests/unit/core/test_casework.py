"""A case: what people were told of a clock, step by step, and whatever happens in between."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.answers import acknowledged, sent_again, snoozed
from monitor.core.calls import End, Reach
from monitor.core.case import (
    ITEMS_MAX,
    KEEP_OPEN_US,
    KEEP_US,
    SNOOZES_MAX,
    Answer,
    Case,
    Change,
    Item,
    Said,
    State,
    asks,
)
from monitor.core.casework import Directions, attempt_ended, heard, left_unsaid, put_off, put_together
from monitor.core.limit import Limit, LimitUnit
from monitor.core.outcome import Kind, Outcome
from monitor.core.routing import Recipient, Route, Routing, Rung
from monitor.telemetry.channels import DECISIONS
from tests.support.agreement import HOUR, office
from tests.support.notices import NOON, outcome

OFFICE = office()
REACH = Reach(("slack", "mail", "pager"), frozenset({"pager"}))
AN_HOUR = Limit(LimitUnit.ELAPSED, HOUR, "1 hours elapsed")
RECIPIENTS = {
    "floor": Recipient("floor", "slack"),
    "anna": Recipient("anna", "mail", OFFICE),
    "boss": Recipient("boss", "pager"),
}
LADDER = (
    Rung(("anna",), level="80"),
    Rung(("floor", "anna")),
    Rung(("boss",), after=AN_HOUR),
)
LADDERED = Directions(Routing(RECIPIENTS, {}, "floor", (Route("standard", ladder=LADDER),)), REACH)
TO_ALL = Directions(None, REACH)
ARRIVED = Answer(True, "ok", None)

BREACH, WARNING = outcome(Kind.BREACHED), outcome(Kind.WARNED)
LATE, MET, CANCELLED = outcome(Kind.FULFILLED_LATE), outcome(Kind.MET), outcome(Kind.CANCELLED)
WITHDRAWN = outcome(Kind.WITHDRAWN, supersedes=BREACH.outcome_id)
FINAL = outcome(Kind.FINALISED)


def after(*outcomes: Outcome, case: Case | None = None, directions: Directions = LADDERED) -> Case:
    for n, each in enumerate(outcomes):
        case = heard(case, Said(each, NOON + n, n), directions).case
    assert case is not None
    return case


def deliver(case: Case, *items: Item, directions: Directions = LADDERED) -> Case:
    changed = attempt_ended(case, items or case.waiting(), ARRIVED, NOON + 10, directions).case
    assert changed is not None
    return changed


def standing(case: Case) -> list[tuple[str, str, str, str]]:
    return [(item.call.said, item.call.channel, item.state.value, item.reason) for item in case.items]


def now(case: Case) -> list[Item]:
    """What a breach says at once."""
    return [item for item in case.waiting() if not item.call.rung]


def test_a_breach_calls_its_steps_and_its_notice_has_the_id_of_its_outcome() -> None:
    case = after(BREACH)
    assert [(item.notice_id.removeprefix(BREACH.outcome_id), item.call.channel) for item in case.items] == [
        ("", "slack"), ("", "mail"), ("-1", "pager"),
    ]  # fmt: skip
    assert case.items[2].at == NOON + HOUR


def test_who_must_not_be_disturbed_hears_at_the_next_opening_in_a_digest() -> None:
    at = OFFICE.next_open(NOON + 12 * HOUR)
    (mail,) = [item for item in after(BREACH._replace(at=NOON + 12 * HOUR)).items if item.call.channel == "mail"]
    assert (mail.at, mail.digest) == (at, True)


def test_an_outcome_that_is_read_again_changes_nothing() -> None:
    case = deliver(after(BREACH), *now(after(BREACH)))
    assert heard(case, Said(BREACH, NOON + 99, 99), TO_ALL).case == case


def test_what_nobody_is_called_for_makes_no_case_and_says_why() -> None:
    change = heard(None, Said(MET, NOON, 0), TO_ALL)
    assert change.case is None
    assert [(each.decision, each.reason) for each in change.decisions] == [("quiet", "ends_what_was_said")]


def test_a_met_duty_stops_what_waits_and_closes_the_incident_that_was_opened() -> None:
    case = after(BREACH, directions=TO_ALL)
    (pager,) = [item for item in case.items if item.call.channel == "pager"]
    case = after(MET, case=deliver(case, pager, directions=TO_ALL), directions=TO_ALL)
    assert standing(case) == [
        ("breached", "slack", "dropped", "met"),
        ("breached", "mail", "dropped", "met"),
        ("breached", "pager", "delivered", ""),
        ("met", "pager", "waiting", ""),
    ]


def test_a_breach_that_was_announced_is_corrected_where_it_was_and_nowhere_else() -> None:
    case = after(BREACH)
    case = after(WITHDRAWN, case=deliver(case, case.items[0]))
    assert standing(case) == [
        ("breached", "slack", "delivered", ""),
        ("breached", "mail", "dropped", "withdrawn"),
        ("breached", "pager", "dropped", "withdrawn"),
        ("withdrawn:breached", "slack", "waiting", ""),
    ]


def test_a_breach_that_is_withdrawn_while_it_is_on_its_way_is_corrected_when_it_has_arrived() -> None:
    case = after(BREACH)
    on_its_way = case.items[0]
    case = deliver(after(WITHDRAWN, case=case), on_its_way)
    assert standing(case)[0] == ("breached", "slack", "delivered", "")
    assert standing(case)[-1] == ("withdrawn:breached", "slack", "waiting", "")
    assert len(case.items) == 4


def test_a_later_warning_and_a_breach_overtake_a_warning_that_still_waits() -> None:
    case = after(WARNING, BREACH, directions=TO_ALL)
    assert {item.reason for item in case.items if item.call.said == "warned:80"} == {"overtaken_by_later"}
    assert len(case.waiting()) == 3


def test_a_revision_takes_the_place_of_what_still_waits() -> None:
    revised = BREACH._replace(revision=1, owner="bob", supersedes=BREACH.outcome_id)
    case = after(BREACH, revised, directions=TO_ALL)
    assert {item.outcome_id for item in case.waiting()} == {revised.outcome_id}
    assert {item.reason for item in case.items if item.state is State.DROPPED} == {"replaced_by_revision"}


def test_an_acknowledgement_stops_the_ladder_and_the_end_is_told_all_the_same() -> None:
    case = after(BREACH)
    case = deliver(case, *now(case))
    change = acknowledged(case, BREACH.outcome_id, "ana", NOON + 20)
    assert change.case is not None
    assert (change.decisions[0].decision, change.decisions[0].notice_id) == ("acknowledged", BREACH.outcome_id)
    assert standing(change.case)[2] == ("breached", "pager", "dropped", "acknowledged")
    case = after(LATE, case=change.case)
    assert [(item.call.said, item.call.channel) for item in case.waiting()] == [
        ("fulfilled_late", "slack"), ("fulfilled_late", "mail"),
    ]  # fmt: skip


def test_who_acknowledged_a_warning_does_not_hear_of_the_breach_but_of_one_after_an_end() -> None:
    warned = acknowledged(after(WARNING), WARNING.outcome_id, "ana", NOON + 1).case
    case = after(BREACH, case=warned)
    assert {item.reason for item in case.items if item.call.said == "breached"} == {"acknowledged"}
    again = BREACH._replace(revision=2)
    case = after(WITHDRAWN, again, case=case)
    assert {item.outcome_id for item in case.waiting()} == {again.outcome_id}


def test_an_acknowledgement_changes_nothing_where_no_agreement_routes() -> None:
    case = after(WARNING, directions=TO_ALL)
    changed = acknowledged(case, BREACH.outcome_id, "ana", NOON + 1).case
    assert changed is not None
    assert len(after(BREACH, case=changed, directions=TO_ALL).waiting()) == 3


def test_a_snooze_holds_back_what_asks_for_action_and_says_it_once_more() -> None:
    case = after(BREACH)
    case = deliver(case, *now(case))
    changed = snoozed(case, BREACH.outcome_id, NOON + 3 * HOUR, NOON + 20).case
    assert changed is not None
    assert [(item.notice_id.removeprefix(BREACH.outcome_id), item.at) for item in changed.waiting()] == [
        ("-1", NOON + 3 * HOUR), ("-again1", NOON + 3 * HOUR), ("-again1", NOON + 3 * HOUR),
    ]  # fmt: skip
    assert after(MET, case=changed).waiting() == ()


def test_nobody_snoozes_for_ever() -> None:
    case = after(BREACH)
    for n in range(SNOOZES_MAX + 5):
        case = snoozed(case, BREACH.outcome_id, NOON + n * HOUR, NOON).case or case
    assert case.snoozes == SNOOZES_MAX
    assert max(item.at for item in case.waiting()) == NOON + (SNOOZES_MAX - 1) * HOUR


def test_what_failed_is_sent_again_under_the_same_id() -> None:
    case = after(BREACH, directions=TO_ALL)
    refused = attempt_ended(case, case.items[:1], Answer(False, "http_4xx", None), NOON + 5, TO_ALL).case
    assert refused is not None
    assert standing(refused)[0] == ("breached", "slack", "failed", "http_4xx")
    again = sent_again(refused, refused.items, NOON + HOUR).case
    assert again is not None
    assert (again.items[0].ref, again.items[0].state, again.items[0].at) == (
        case.items[0].ref, State.WAITING, NOON + HOUR,
    )  # fmt: skip
    assert again.items[1:] == case.items[1:]


def test_what_is_to_be_tried_again_remembers_how_often_and_when() -> None:
    case = after(BREACH, directions=TO_ALL)
    for n in (1, 2):
        case = attempt_ended(case, case.items[:1], Answer(False, "http_5xx", NOON + n), NOON, TO_ALL).case or case
    item = case.items[0]
    assert (item.state, item.attempts, item.next_at, item.reason) == (State.WAITING, 2, NOON + 2, "http_5xx")


def test_a_case_is_forgotten_a_day_after_its_last_word_and_not_while_anything_waits() -> None:
    case = after(BREACH)
    assert case.forget_at() is None
    case = deliver(case)
    assert case.forget_at() == NOON + KEEP_OPEN_US
    assert after(FINAL, case=case).forget_at() == NOON + 10 + KEEP_US


KINDS = {
    "warned": lambda n: outcome(Kind.WARNED, revision=n),
    "breached": lambda n: outcome(Kind.BREACHED, revision=n),
    "stalled": lambda n: outcome(Kind.STALLED, revision=n),
    "met": lambda n: outcome(Kind.MET, revision=n),
    "late": lambda n: outcome(Kind.FULFILLED_LATE, revision=n),
    "cancelled": lambda n: outcome(Kind.CANCELLED, revision=n),
    "withdrawn": lambda n: outcome(
        Kind.WITHDRAWN, revision=n, supersedes=outcome(Kind.BREACHED, revision=max(0, n - 1)).outcome_id
    ),
    "final": lambda n: outcome(Kind.FINALISED, revision=n),
}
histories = st.lists(
    st.sampled_from([*KINDS, "deliver", "fail", "ack", "snooze", "put off", "again", "refused", "late answer"]),
    max_size=25,
)
directions = st.sampled_from([TO_ALL, LADDERED])


def played(steps: list[str], by: Directions) -> tuple[Case, list[Said], list[Change]]:
    case, told, changes = Case((), (), NOON), [], []
    for n, step in enumerate(steps):
        waiting = case.waiting()
        if step in KINDS:
            told.append(Said(KINDS[step](n // 4), NOON + n, n))
            changes.append(heard(case, told[-1], by))
        elif step == "deliver":
            changes.append(attempt_ended(case, waiting[:2], ARRIVED, NOON + n, by))
        elif step == "put off":
            changes.append(put_off(case, waiting[:1], NOON + n + HOUR))
        elif step == "again":
            changes.append(sent_again(case, case.items, NOON + n))
        elif step == "refused":
            changes.append(attempt_ended(case, waiting[:1], Answer(False, "http_4xx", None), NOON + n, by))
        elif step == "late answer":
            changes.append(attempt_ended(case, case.items[:3], Answer(False, "timeout", NOON + n), NOON + n, by))
        elif step == "fail":
            changes.append(attempt_ended(case, waiting[-1:], Answer(False, "http_5xx", NOON + n), NOON + n, by))
        elif step == "ack":
            changes.append(acknowledged(case, BREACH.outcome_id, "ana", NOON + n))
        else:
            changes.append(snoozed(case, waiting[0].notice_id if waiting else "", NOON + n + HOUR, NOON + n))
        case = changes[-1].case or case
    return case, told, changes


@given(histories, directions)
def test_whatever_is_read_again_after_a_crash_changes_nothing(steps: list[str], by: Directions) -> None:
    case, told, _ = played(steps, by)
    for said in told:
        if said.outcome.kind is not Kind.FINALISED:
            again = heard(case, said, by).case or case
            assert again._replace(closed=case.closed, heard_at=case.heard_at) == case


@given(histories, directions)
def test_nothing_that_waits_vanishes_without_a_reason(steps: list[str], by: Directions) -> None:
    case = Case((), (), NOON)
    for change in played(steps, by)[2]:
        if change.case is None:
            continue
        now = {item.ref: item for item in change.case.items}
        for item in case.waiting():
            assert item.ref in now
            assert now[item.ref].state is not State.DROPPED or now[item.ref].reason
        case = change.case


@given(histories, directions)
def test_every_decision_has_a_series_that_starts_at_zero(steps: list[str], by: Directions) -> None:
    for change in played(steps, by)[2]:
        for stage, decision, reason, _ in change.decisions:
            assert reason in DECISIONS[stage, decision]


@given(histories, directions)
def test_no_two_items_are_the_same_and_there_is_a_limit(steps: list[str], by: Directions) -> None:
    case, _, _ = played(steps, by)
    assert len({item.ref for item in case.items}) == len(case.items) <= ITEMS_MAX
    for item in case.items:
        assert case.outcome_of(item).outcome.outcome_id == item.outcome_id


@given(histories, directions, st.sampled_from(["met", "late", "cancelled"]))
def test_after_an_end_nothing_asks_for_action_any_more(steps: list[str], by: Directions, end: str) -> None:
    case, _, _ = played([*steps, end], by)
    fresh = KINDS[end](99)
    case = heard(case, Said(fresh, NOON + 99, 99), by).case or case
    assert not [item for item in case.waiting() if asks(item.call)]


@given(histories, directions)
def test_an_acknowledgement_leaves_no_later_step_waiting(steps: list[str], by: Directions) -> None:
    case, _, _ = played([*steps, "ack"], by)
    assert not [item for item in case.waiting() if item.call.rung]


def test_what_left_together_and_failed_is_tried_together_again() -> None:
    case = after(BREACH, directions=TO_ALL)
    case = put_together(case, case.items[:2], "grp_1").case or case
    case = attempt_ended(case, case.items[:2], Answer(False, "http_5xx", NOON + 1), NOON, TO_ALL).case or case
    assert [item.message for item in case.items] == ["grp_1", "grp_1", ""]
    case = left_unsaid(case, case.items[:1], End.ERASED, NOON + 2).case or case
    assert standing(case)[0] == ("breached", "slack", "dropped", "lead_erased")
