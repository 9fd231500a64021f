"""Definitions: what a lead must be when it enters a stage is decided there, and revised by what is learned late."""

from monitor.core.definition import MISSING_CHARS_MAX, Conditions, Definition, Persona, missing
from monitor.core.event import Event, Scalar
from monitor.core.limit import Limit, LimitUnit
from monitor.core.matching import Condition
from monitor.core.outcome import Kind, Outcome, Reason
from monitor.core.policy import Match, Policy, Target
from monitor.core.predicate import parse
from monitor.core.replay import Replay
from monitor.core.sentence import sentence
from tests.support.agreement import HOUR, MINUTE, duty, policy

ENTERS_MQL: Condition = (
    Match(frozenset({"lead.created", "lead.stage_changed", "lead.updated", "lead.assigned"}), frozenset({"mql"})),
)
MANUFACTURER = Persona("plant-manager", Conditions((parse("industry in [manufacturing]"), parse("employees >= 50"))))
MQL = Definition(("persona", "source", "has_email"), Conditions((parse("score >= 60"),)), (MANUFACTURER,))
FIT: dict[str, Scalar] = {
    "persona": "plant-manager", "source": "fair", "has_email": True, "score": 60, "industry": "manufacturing",
    "employees": 50,
}  # fmt: skip


def agreement(definition: Definition = MQL) -> Policy:
    """One definition, of the stage mql; its verdicts are final after an hour."""
    at_once = (Target(Limit(LimitUnit.ELAPSED, 0, "at once"), None),)
    changes = {"cancelled_by": (), "met_by": (), "warn_at": (), "targets": at_once, "repeats": True}
    return policy(duty("definition-mql", team="marketing", starts=ENTERS_MQL, definition=definition, **changes))


def happened(number: int, minute: int, type_: str, **data: Scalar) -> Event:
    return Event("L-1", f"e{number}", type_, minute * MINUTE, "crm", data)


def said(*arrivals: Event, until: int = 30) -> list[Outcome]:
    """Outcomes of events that arrive one after the other, time passing up to each, and then to `until` minutes."""
    replay = Replay(agreement())
    told: list[Outcome] = []
    for event in arrivals:
        told += replay.run([event])
    return [*told, *replay.pass_time(until * MINUTE)]


def test_nothing_is_missing_of_a_lead_that_is_what_was_agreed() -> None:
    assert missing(MQL, FIT) == ""


def test_every_field_and_condition_that_is_missing_is_named() -> None:
    lacks = missing(MQL, {"source": "", "has_email": False, "score": 59, "industry": "manufacturing", "employees": 49})
    assert lacks == "without persona, source, has_email; not score >= 60; fits no persona of plant-manager"


def test_a_number_of_zero_is_known() -> None:
    assert missing(Definition(requires=("score",)), {"score": 0}) == ""


def test_one_of_several_conditions_is_enough() -> None:
    either = Definition(conditions=Conditions(some=(parse('grade == "A"'), parse("score > 80"))))
    assert missing(either, {"score": 81}) == ""
    assert missing(either, {"score": 80}) == 'none of grade == "A" | score > 80'


def test_one_of_several_personas_is_enough() -> None:
    other = Persona("buyer", Conditions(some=(parse("score > 1"),)))
    assert missing(Definition(personas=(MANUFACTURER, other)), {"score": 2}) == ""


def test_what_is_missing_is_told_in_few_characters() -> None:
    many = Definition(conditions=Conditions(tuple(parse(f"score > {n}") for n in range(100))))
    assert len(missing(many, {})) == MISSING_CHARS_MAX


def test_a_handoff_that_meets_the_definition_is_met_at_the_entry() -> None:
    (met,) = said(happened(1, 0, "lead.created", **FIT), happened(2, 5, "lead.stage_changed", stage="mql"))
    assert (met.kind, met.at, met.team, met.reason) == (Kind.MET, 5 * MINUTE, "marketing", Reason.DEFINITION_MET)
    assert (met.evidence_ids, met.missing) == (("e2",), "")


def test_a_handoff_that_does_not_is_a_breach_of_marketing_with_what_is_missing() -> None:
    (breached,) = said(happened(1, 5, "lead.stage_changed", **{**FIT, "stage": "mql", "score": 10}))
    assert (breached.kind, breached.at, breached.team) == (Kind.BREACHED, 5 * MINUTE, "marketing")
    assert (breached.reason, breached.missing) == (Reason.DEFINITION_NOT_MET, "not score >= 60")
    assert "not score >= 60" in sentence(breached)


def test_what_is_known_only_after_the_entry_does_not_count() -> None:
    outcomes = said(
        happened(1, 5, "lead.stage_changed", **{**FIT, "stage": "mql", "score": 10}),
        happened(2, 6, "lead.updated", score=90),
    )
    assert [o.kind for o in outcomes] == [Kind.BREACHED]


def test_enrichment_from_before_the_entry_that_arrives_late_takes_the_breach_back() -> None:
    outcomes = said(
        happened(2, 5, "lead.stage_changed", **{**FIT, "stage": "mql", "score": 10}),
        happened(3, 7, "lead.updated", country="DE"),
        happened(1, 4, "lead.updated", score=90),
    )
    assert [o.kind for o in outcomes] == [Kind.BREACHED]  # the entry itself says 10
    outcomes = said(
        happened(1, 3, "lead.created", **{**FIT, "score": 10}),
        happened(3, 5, "lead.stage_changed", stage="mql"),
        happened(4, 7, "lead.updated", country="DE"),
        happened(2, 4, "lead.updated", score=90),
    )
    assert [o.kind for o in outcomes] == [Kind.BREACHED, Kind.WITHDRAWN, Kind.MET]


def test_less_that_is_missing_is_said_again() -> None:
    outcomes = said(
        happened(2, 5, "lead.stage_changed", stage="mql", score=70, industry="manufacturing", employees=50),
        happened(3, 7, "lead.updated", country="DE"),
        happened(1, 4, "lead.updated", persona="plant-manager"),
    )
    assert [(o.kind, o.revision, o.missing) for o in outcomes] == [
        (Kind.BREACHED, 0, "without persona, source, has_email"),
        (Kind.BREACHED, 1, "without source, has_email"),
    ]


def test_a_final_verdict_is_not_revised() -> None:
    outcomes = said(
        happened(2, 5, "lead.stage_changed", stage="mql", **{**FIT, "persona": ""}),
        happened(3, 120, "lead.updated", country="DE"),
        happened(1, 4, "lead.updated", persona="plant-manager"),
        until=120,
    )
    assert [o.kind for o in outcomes] == [Kind.BREACHED, Kind.FINALISED]
    assert outcomes[-1].at == 5 * MINUTE + HOUR


def test_every_entry_is_asked_also_within_one_round() -> None:
    outcomes = said(
        happened(1, 1, "lead.stage_changed", stage="mql"),
        happened(2, 2, "lead.stage_changed", stage="inquiry"),
        happened(3, 3, "lead.stage_changed", stage="mql", **FIT),
    )
    assert [(o.kind, o.cycle) for o in outcomes] == [(Kind.BREACHED, 1), (Kind.MET, 2)]


def test_neither_a_new_owner_nor_a_merge_moves_the_verdict() -> None:
    outcomes = said(
        happened(1, 1, "lead.assigned", stage="mql", owner="ana"),
        happened(2, 2, "lead.assigned", owner="ben"),
        happened(3, 3, "lead.merged", into="L-2"),
    )
    assert [o.kind for o in outcomes if o.lead == "L-1"] == [Kind.BREACHED]


def test_a_new_owner_at_the_very_instant_of_the_entry_moves_nothing() -> None:
    outcomes = said(
        happened(1, 1, "lead.assigned", owner="ana"),
        happened(2, 2, "lead.stage_changed", stage="mql"),
        happened(3, 2, "lead.assigned", owner="ben"),
    )
    assert {o.kind for o in outcomes} == {Kind.BREACHED}
