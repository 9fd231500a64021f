"""The figures of a report: from outcomes in any order, then and now, cut by what is known of leads."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.heard import Said
from monitor.core.instant import from_rfc3339
from monitor.core.outcome import Kind, Reason
from monitor.wire.report.marketing import QuotaData
from monitor.wire.report.report import ReportData
from monitor.wire.report.sales import DutyData
from tests.support.reports import AGREEMENT, agreement, events, reported, said

TOLD = said()
END_OF_OCTOBER = from_rfc3339("2026-10-31T23:00:00Z")


def first_touch(report: ReportData) -> DutyData:
    (duty,) = report.duties
    return duty


def quota(report: ReportData) -> QuotaData:
    (only,) = report.quotas
    return only


@given(st.randoms(use_true_random=False), st.integers(0, 20))
def test_any_order_and_any_repetition_of_outcomes_gives_the_same_report(rng: random.Random, repeated: int) -> None:
    shuffled = TOLD + [Said(each.outcome, each.at + rng.randrange(10)) for each in rng.choices(TOLD, k=repeated)]
    rng.shuffle(shuffled)
    expected, found = reported(TOLD, events()), reported(shuffled, events())
    assert found.records.repeated == repeated
    assert found.model_copy(update={"records": expected.records}) == expected


def test_outcomes_of_workers_and_a_replay_of_the_same_events_give_the_same_figures() -> None:
    recorded, replayed = reported(TOLD, events()), reported(None, events())
    assert recorded.model_copy(update={"records": replayed.records}) == replayed


def test_the_halves_are_those_counted_by_hand() -> None:
    report = reported(None, events(), owners=5)
    duty = first_touch(report)
    assert (duty.met, duty.judged, duty.percent, duty.late, duty.late_median_s) == (1, 3, 33.33, 1, 7200.0)
    assert duty.objective is not None
    (month,) = duty.objective.periods
    assert (month.period, month.reached, month.misses_left) == ("2026-10", False, -1)
    cuts = {cut.by: [(value.name, value.met, value.judged) for value in cut.values] for cut in duty.cuts}
    assert cuts == {
        "team": [("sales", 1, 3)],
        "segment": [("smb", 1, 2), ("", 0, 1)],
        "source": [("", 0, 1), ("fair", 1, 1), ("web", 0, 1)],
        "owner": [("ben", 0, 2), ("ana", 1, 1)],
    }
    assert {each.name: each.count for each in duty.misses.by_delay if each.count} == {"4_h": 1, "not_yet": 1}
    (mql,) = report.definitions
    assert (mql.met, mql.judged, [(each.name, each.count) for each in mql.missing]) == (2, 3, [("without source", 1)])
    smb = quota(report)
    assert (smb.target, smb.entered, smb.refused, smb.clawed_back, smb.delivered) == (2, 3, 1, 1, 1)


def test_what_is_beyond_the_cap_is_named_together_and_without_a_cap_nobody_is_named() -> None:
    owners = next(cut for cut in first_touch(reported(TOLD, owners=1)).cuts if cut.by == "owner")
    assert [value.name for value in owners.values] == ["ben"]
    assert owners.others is not None
    assert (owners.others.names, owners.others.met, owners.others.judged) == (1, 1, 1)
    text = reported(TOLD).model_dump_json()
    assert "owner" not in text
    assert '"ben"' not in first_touch(reported(TOLD)).model_dump_json()


def test_a_quota_that_was_reached_when_the_period_closed_is_told_as_it_is_now_too() -> None:
    smb = quota(reported(TOLD))
    assert smb.then is not None
    assert (smb.then.verdict, smb.then.certain, smb.verdict, smb.final) == (Kind.MET, True, Kind.BREACHED, True)


def test_a_period_that_is_not_over_has_nothing_to_compare_with() -> None:
    report = reported(None, events(), until=END_OF_OCTOBER - 1)
    assert not report.period.closed
    assert [each.then for each in (*report.duties, *report.definitions, *report.quotas)] == [None] * 3
    assert quota(report).verdict is Kind.MET
    assert not quota(report).final


def test_the_period_is_closed_by_the_instant_after_it() -> None:
    assert reported(None, events(), until=END_OF_OCTOBER).period.closed


def _breach() -> Said:
    return next(each for each in TOLD if each.outcome.kind is Kind.BREACHED and each.outcome.lead == "C")


def test_a_verdict_that_turned_after_the_period_was_another_one_then() -> None:
    breach = _breach().outcome
    at = END_OF_OCTOBER + 5
    taken_back = breach._replace(kind=Kind.WITHDRAWN, level="breached", reason=Reason.LATE_EVIDENCE)
    met = breach._replace(kind=Kind.MET, at=breach.due_at - 1, reason=Reason.IN_TIME)
    turned = first_touch(reported([*TOLD, Said(taken_back, at), Said(met, at)]))
    assert (turned.met, turned.judged) == (2, 3)
    assert turned.then is not None
    assert (turned.then.met, turned.then.judged, turned.then.turned, turned.then.added) == (1, 3, 1, 0)


def test_a_verdict_that_was_said_after_the_period_was_not_known_then() -> None:
    late = [Said(each.outcome, END_OF_OCTOBER + 9) if each.outcome.lead == "C" else each for each in TOLD]
    duty = first_touch(reported(late))
    assert duty.then is not None
    assert (duty.judged, duty.then.judged, duty.then.turned, duty.then.added) == (3, 2, 0, 1)


def test_what_a_record_does_not_tell_of_then_is_counted_apart() -> None:
    breach = _breach().outcome
    unsure = [each for each in TOLD if each.outcome.lead != "C"] + [Said(breach._replace(revision=1), breach.at, False)]
    duty = first_touch(reported(unsure))
    assert duty.then is not None
    assert (duty.judged, duty.then.judged, duty.then.uncertain, duty.then.added) == (3, 2, 1, 0)


def test_clocks_without_a_verdict_are_open_and_verdicts_that_are_not_final_provisional() -> None:
    until = from_rfc3339("2026-10-01T12:00:00Z")
    duty = first_touch(reported(None, events(), until=until))
    assert (duty.met, duty.judged, duty.provisional, duty.open) == (1, 1, 1, 2)


def test_a_verdict_belongs_to_the_period_of_its_own_instant() -> None:
    moved = [each._replace(outcome=each.outcome._replace(at=END_OF_OCTOBER)) for each in TOLD]
    assert first_touch(reported(moved)).judged == 0


@pytest.mark.parametrize(("until", "review"), [("2026-10-20T21:59:59Z", "ahead"), ("2026-10-20T22:00:00Z", "overdue")])
def test_a_review_is_overdue_once_its_day_is_over(until: str, review: str) -> None:
    (version,) = reported(None, events(), until=from_rfc3339(until)).versions
    assert version.review == review


def test_without_events_there_is_nothing_that_is_made_from_them() -> None:
    report = reported(TOLD)
    assert (report.kpis, report.spans, first_touch(report).misses.by_wait) == (None, None, None)


def test_clocks_that_started_in_another_period_are_not_open_in_this_one() -> None:
    november = events()[6]._replace(lead="N", at=END_OF_OCTOBER)
    until = END_OF_OCTOBER + 1
    assert first_touch(reported(None, [*events(), november], until=until)).open == 0
    assert first_touch(reported(None, [*events(), november._replace(at=END_OF_OCTOBER - 1)], until=until)).open == 1


def test_a_term_that_was_corrected_after_it_was_final_stands_as_corrected() -> None:
    final = next(each for each in TOLD if each.outcome.delivery and each.outcome.kind is Kind.FINALISED)
    delivery = final.outcome.delivery
    assert delivery is not None
    corrected = final.outcome._replace(
        kind=Kind.CORRECTED, level="met", at=final.at + 5, delivery=delivery._replace(delivered=2000, clawed_back=0)
    )
    smb = quota(reported([*TOLD, Said(corrected, final.at + 5)]))
    assert (smb.verdict, smb.final, smb.delivered, smb.clawed_back) == (Kind.MET, True, 2, 0)


def test_what_was_said_later_than_the_report_looks_is_not_in_it() -> None:
    until = from_rfc3339("2026-10-01T12:00:00Z")
    report = reported(TOLD, until=until)
    assert report.records.outcomes == sum(each.at <= until for each in TOLD) < len(TOLD)
    assert first_touch(report).judged == 1


def test_a_ceiling_is_no_quota() -> None:
    ceiling = "- {duty: capacity, team: sales, counts: mql, every: day, ceiling: 1}"
    agreed = agreement(AGREEMENT.replace("\nmoney:", f"\n  {ceiling}\nmoney:"))
    report = reported(None, events(), until=from_rfc3339("2026-10-05T12:00:00Z"), policy=agreed)
    assert {each.quota for each in report.quotas} == {"qualified-leads"}


def test_versions_are_those_that_were_in_force_in_the_period() -> None:
    newest = agreement()
    after = from_rfc3339("2026-11-30T23:00:00Z")
    later = newest._replace(version="2026-12", effective_at=after, applies_from=after, earlier=(newest,))
    assert [each.version for each in reported(None, events(), policy=later).versions] == ["2026-Q4"]
    before = from_rfc3339("2026-09-01T00:00:00Z")
    old = newest._replace(version="2026-Q3", effective_at=before - 1, applies_from=before - 1)
    current = newest._replace(effective_at=before, applies_from=before, earlier=(old,))
    assert [each.version for each in reported(None, events(), policy=current).versions] == ["2026-Q4"]
