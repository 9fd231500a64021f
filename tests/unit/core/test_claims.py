"""Claims: which entries of a lead count towards a quota, and what takes them back."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.advance import TimeAdvanced, advance
from monitor.core.claim import CLAIMS_MAX, Claim, Status
from monitor.core.definition import Conditions, Definition
from monitor.core.event import Event
from monitor.core.fact import Fact, facts_between
from monitor.core.lead import EVIDENCE_MAX, Lead
from monitor.core.policy import Policy
from monitor.core.predicate import parse
from monitor.core.quota import Points, Weight, weight_of
from monitor.core.replay import Replay
from monitor.wire.state import decode_state, encode_state
from tests.support.agreement import DAY, HOUR, duty
from tests.support.quotas import MONDAY, Leads, agreement, quota

POLICY = agreement()
SCORED = agreement(
    quota(definition="definition-mql"), definition=Definition(conditions=Conditions((parse("score >= 60"),)))
)


def folded(events: list[Event], policy: Policy = POLICY) -> tuple[Lead, list[Fact]]:
    """The lead after these, its state written and read in between, and what went into the books."""
    lead: Lead | None = None
    facts: list[Fact] = []
    for n, event in enumerate(events):
        step = advance(lead, event, policy)
        facts += facts_between(lead, step.lead)
        lead = decode_state("L", encode_state(step.lead, n, None))
    assert lead is not None
    return lead, facts


def claims(events: list[Event], policy: Policy = POLICY) -> list[Claim]:
    return list(folded(events, policy)[0].fold.claims)


def statuses(events: list[Event], policy: Policy = POLICY) -> list[Status]:
    return [claim.status for claim in claims(events, policy)]


def test_an_entry_counts_for_the_term_and_the_segment_of_that_instant() -> None:
    make = Leads()
    (claim,) = claims([make.qualified("L", MONDAY), make.happened("L", MONDAY + DAY, "lead.updated", segment="smb")])
    assert (claim.term, claim.dims, claim.weight, claim.at) == ("2026-W41", ("enterprise",), 1000, MONDAY)
    assert (claim.status, claim.settles_at) == (Status.PENDING, MONDAY + 2 * DAY)


def test_a_segment_without_a_target_counts_as_other() -> None:
    (claim,) = claims([Leads().qualified("L", MONDAY, "start-up")])
    assert claim.dims == ("other",)


@pytest.mark.parametrize(("late", "status"), [(0, Status.CLAWED_BACK), (1, Status.PENDING)])
def test_a_rejection_at_the_last_instant_of_the_window_takes_it_back_and_one_after_it_does_not(
    late: int, status: Status
) -> None:
    make = Leads()
    assert statuses([make.qualified("L", MONDAY), make.rejected("L", MONDAY + 2 * DAY + late)]) == [status]


def test_a_rejection_for_a_reason_that_was_not_agreed_takes_nothing_back() -> None:
    make = Leads()
    assert statuses([make.qualified("L", MONDAY), make.rejected("L", MONDAY + HOUR, "no-time")]) == [Status.PENDING]


def test_what_was_accepted_is_not_taken_back_any_more() -> None:
    make = Leads()
    accepted = make.happened("L", MONDAY + 1, "lead.accepted")
    assert statuses([make.qualified("L", MONDAY), accepted, make.rejected("L", MONDAY + 2)]) == [Status.CREDITED]


def test_accepted_by_silence_is_accepted() -> None:
    silent = duty("acceptance", starts=duty().starts, silence_accepts=True, warn_at=())
    policy = agreement()._replace(duties=(silent,))
    make = Leads()
    lead = folded([make.qualified("L", MONDAY), make.happened("L", MONDAY, "lead.assigned", owner="ana")], policy)[0]
    step = advance(lead, TimeAdvanced(MONDAY + 2 * HOUR), policy)
    (fact,) = facts_between(lead, step.lead)
    assert fact.status is Status.CREDITED


def test_without_claw_back_an_entry_is_credited_at_once() -> None:
    assert statuses([Leads().qualified("L", MONDAY)], agreement(quota(claw_back=None))) == [Status.CREDITED]


def test_an_entry_that_does_not_meet_its_definition_is_refused_until_evidence_says_otherwise() -> None:
    make = Leads()
    known = make.happened("L", MONDAY - 1, "lead.updated", score=60)
    entry = make.qualified("L", MONDAY)
    assert statuses([entry], SCORED) == [Status.REFUSED]
    assert statuses([entry, known], SCORED) == [Status.PENDING]


def test_a_lead_counts_once_a_round_and_again_after_it_has_left() -> None:
    make = Leads()
    back = make.happened("L", MONDAY + 1, "lead.stage_changed", stage="inquiry")
    again = make.qualified("L", MONDAY + 2)
    assert len(claims([make.qualified("L", MONDAY), back, again])) == 1
    left = make.rejected("L", MONDAY + 3)
    once_more = make.qualified("L", MONDAY + 4)
    assert statuses([make.qualified("L", MONDAY), left, once_more]) == [Status.CLAWED_BACK, Status.PENDING]


def test_a_refused_entry_leaves_room_for_another_in_the_same_round() -> None:
    make = Leads()
    back = make.happened("L", MONDAY + 1, "lead.stage_changed", stage="inquiry", score=70)
    events = [make.qualified("L", MONDAY), back, make.qualified("L", MONDAY + 2)]
    assert statuses(events, SCORED) == [Status.REFUSED, Status.PENDING]


def test_only_leads_that_the_condition_holds_for_are_looked_at() -> None:
    graded = agreement(quota(when=parse('grade == "A"')))
    make = Leads()
    assert claims([make.qualified("L", MONDAY, grade="B")], graded) == []
    assert len(claims([make.qualified("L", MONDAY, grade="A")], graded)) == 1


def test_a_merged_lead_counts_no_longer_for_the_other_one_does() -> None:
    make = Leads()
    lead, facts = folded([make.qualified("L", MONDAY), make.happened("L", MONDAY + 1, "lead.merged", into="M")])
    assert [fact.status for fact in facts] == [Status.PENDING, Status.MOVED]
    assert lead.merged is not None


def test_what_was_taken_back_before_a_merge_is_not_given_again_after_it() -> None:
    make = Leads()
    events = [make.qualified("A", MONDAY), make.rejected("A", MONDAY + 1), make.happened("B", MONDAY, "lead.created")]
    replay = Replay(agreement(quota(per=(), targets={(): 1000})))
    list(replay.run([*events, make.happened("A", MONDAY + 4, "lead.merged", into="B")], MONDAY + DAY))
    assert replay.book is not None
    (standing,) = [each for each in replay.book.standings() if each.term == "2026-W41"]
    assert (standing.figures.delivered.leads, standing.figures.clawed_back.leads) == (0, 1)


def test_an_entry_goes_where_its_lead_goes_and_counts_once() -> None:
    make = Leads()
    made = [make.qualified("A", MONDAY, score=70), make.happened("B", MONDAY + 1, "lead.created")]
    merged = make.happened("A", MONDAY + DAY, "lead.merged", into="B")
    for rejected in ([], [make.rejected("B", MONDAY + DAY + 1)]):
        replay = Replay(SCORED._replace(quotas=(quota(definition="definition-mql", per=(), targets={(): 1000}),)))
        list(replay.run([*made, merged, *rejected], MONDAY + 3 * DAY))
        assert replay.book is not None
        (standing,) = [each for each in replay.book.standings() if each.term == "2026-W41"]
        assert standing.figures.delivered.leads == 1 - len(rejected)
        assert standing.figures.clawed_back.leads == len(rejected)


def test_an_erased_lead_stays_counted() -> None:
    make = Leads()
    lead, facts = folded([make.qualified("L", MONDAY), make.happened("L", MONDAY + 1, "lead.erased")])
    assert [fact.status for fact in facts] == [Status.PENDING]
    assert not lead.fold.claims


def test_a_segment_that_is_learned_late_moves_the_claim_from_one_line_to_the_other() -> None:
    make = Leads()
    entry = make.happened("L", MONDAY, "lead.stage_changed", stage="mql")
    known = make.happened("L", MONDAY - 1, "lead.created", segment="smb")
    _, facts = folded([entry, known])
    assert [(fact.dims, fact.status) for fact in facts] == [
        (("other",), Status.PENDING),
        (("other",), Status.MOVED),
        (("smb",), Status.PENDING),
    ]
    assert len({fact.id for fact in facts}) == 1


def test_what_changes_no_claim_is_no_fact() -> None:
    make = Leads()
    _, facts = folded([make.qualified("L", MONDAY), make.happened("L", MONDAY + 1, "lead.updated", grade="A")])
    assert len(facts) == 1


def test_claims_outlive_the_evidence_that_they_rest_on() -> None:
    make = Leads()
    more = [make.happened("L", MONDAY + n, "lead.updated", score=n) for n in range(1, EVIDENCE_MAX + 20)]
    lead, facts = folded([make.qualified("L", MONDAY), *more, make.rejected("L", MONDAY + DAY)])
    assert lead.base is not None
    assert [fact.status for fact in facts] == [Status.PENDING, Status.CLAWED_BACK]


def test_a_lead_that_goes_round_and_round_counts_only_so_often() -> None:
    make = Leads()
    events = [
        event
        for n in range(CLAIMS_MAX + 3)
        for event in (make.qualified("L", MONDAY + 2 * n), make.rejected("L", MONDAY + 2 * n + 1, "other"))
    ]
    assert len(claims(events)) == CLAIMS_MAX


def test_an_agreement_without_quotas_keeps_no_claims() -> None:
    assert claims([Leads().qualified("L", MONDAY)], agreement()._replace(quotas=())) == []


def test_a_value_counts_in_thousandths_and_what_is_no_amount_counts_nothing() -> None:
    valued = quota(weight=Weight(field="value"))
    values = [12.3456, 7, -1, True, "7", 1e30, 0]
    assert [weight_of(valued, {"value": value}) for value in values] == [12346, 7000, 0, 0, 0, 10**15, 0]


def test_points_are_those_of_the_first_line_that_fits() -> None:
    points = quota(weight=Weight(points=(Points(3000, parse('grade == "A"')), Points(1500))))
    assert [weight_of(points, {"grade": grade}) for grade in "AB"] == [3000, 1500]


@st.composite
def happenings(draw: st.DrawFn) -> Event:
    type_ = draw(st.sampled_from(["lead.stage_changed"] * 3 + ["lead.rejected", "lead.accepted", "lead.updated"]))
    data: dict[str, str | int | float | bool] = {}
    if type_ == "lead.stage_changed":
        data["stage"] = draw(st.sampled_from(["mql", "mql", "inquiry", "recycled"]))
    if type_ == "lead.rejected":
        data["reason"] = draw(st.sampled_from(["bad-data", "no-time"]))
    if draw(st.booleans()):
        data["segment"] = draw(st.sampled_from(["enterprise", "smb", "start-up"]))
    if draw(st.booleans()):
        data["score"] = draw(st.sampled_from([50, 60]))
    at = MONDAY + draw(st.integers(0, 20)) * 12 * HOUR
    return Event("L", f"e{draw(st.integers(0, 10**6))}", type_, at, "crm", data)


@given(st.lists(happenings(), min_size=1, max_size=10, unique_by=lambda event: event.id), st.data())
@settings(max_examples=80, deadline=None)
def test_any_order_of_arrival_ends_in_the_same_claims(history: list[Event], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(history + history[:3]))
    assert claims(shuffled, SCORED) == claims(sorted(history, key=lambda event: event.at), SCORED)
