"""Every key of a definition and of a quota becomes the value that the core judges by."""

from zoneinfo import ZoneInfo

from monitor.core.definition import Conditions, Definition, Persona
from monitor.core.limit import Limit, LimitUnit
from monitor.core.policy import Policy
from monitor.core.predicate import parse
from monitor.core.quota import ClawBack, Points, Quota, Weight
from monitor.core.term import Every
from monitor.wire.policy import diff, read_policy

DAY = 86_400_000_000
TEXT = """\
agreement: {name: Test, version: v1, effective_from: 2026-01-01}
timezone: Europe/Berlin
calendars: {munich: {hours: {mon-fri: 09:00-17:00}}}
definitions:
  personas:
    founder: {all: 'employees < 10', any: [exists industry, 'score > 5']}
  mql: {requires: [source, has_email], all: 'score >= 60', any: 'grade == "A"', persona: founder, hold: 1 minutes}
quotas:
  - duty: leads
    counts: {stage: mql, when: 'country == "DE"'}
    per: [source, segment]
    every: quarter
    target: {fair: {smb: 60, enterprise: 2.5}}
    weight: [{points: 3, when: 'grade == "A"'}, {points: 1.5}]
    claw_back: {within: 5 working_days, reasons: [bad-data, duplicate]}
    pace_alert: 90%
    final_after: 14 days
  - {duty: value, counts: sql, every: week, target: 1000, weight: value, claw_back: {within: 2 hours elapsed}}
follow_up:
  - {duty: a, starts: lead.assigned, met_by: lead.accepted, within: 5 minutes elapsed}
"""


def read(text: str = TEXT) -> Policy:
    return read_policy(text, "a.yaml")


def test_a_definition_is_a_duty_of_the_team_of_its_stage() -> None:
    duty = read().duty("definition-mql")
    assert duty is not None
    founder = Persona("founder", Conditions((parse("employees < 10"),), (parse("exists industry"), parse("score > 5"))))
    conditions = Conditions((parse("score >= 60"),), (parse('grade == "A"'),))
    assert duty.definition == Definition(("source", "has_email"), conditions, (founder,))
    assert (duty.team, duty.hold_us, duty.final_after) == ("marketing", 60_000_000, {"default": 600_000_000})
    assert [match.stages for match in duty.starts] == [{"mql"}]


def test_a_quota_is_read_with_all_its_keys() -> None:
    policy = read()
    assert policy.quota("leads") == Quota(
        name="leads",
        team="marketing",
        stage="mql",
        every=Every.QUARTER,
        targets={("fair", "smb"): 60_000, ("fair", "enterprise"): 2_500},
        zone=ZoneInfo("Europe/Berlin"),
        when=parse('country == "DE"'),
        definition="definition-mql",
        per=("source", "segment"),
        weight=Weight(points=(Points(3000, parse('grade == "A"')), Points(1500))),
        claw_back=ClawBack(
            Limit(LimitUnit.WORKING_DAYS, 5, "5 working_days"), "munich", frozenset({"bad-data", "duplicate"})
        ),
        pace_alert=90,
        calendar=policy.calendars["munich"],
        final_after_us=14 * DAY,
    )


def test_what_a_quota_leaves_out_has_a_meaning() -> None:
    quota = read().quota("value")
    assert quota is not None
    assert (quota.team, quota.definition, quota.when, quota.per, quota.pace_alert) == ("sales", "", None, (), None)
    assert (quota.targets, quota.weight, quota.final_after_us) == ({(): 1_000_000}, Weight(field="value"), 7 * DAY)
    assert quota.claw_back == ClawBack(Limit(LimitUnit.ELAPSED, 7_200_000_000, "2 hours elapsed"), None)


def test_a_change_of_a_quota_or_a_definition_is_one_line() -> None:
    after = TEXT.replace("smb: 60", "smb: 70").replace("score >= 60", "score >= 50").replace("90%", "80%")
    assert [str(change) for change in diff(TEXT, after)] == [
        "definition mql, all: score >= 50 instead of score >= 60",
        "quota leads, target, fair, smb: 70 instead of 60",
        "quota leads, pace alert: 80% instead of 90%",
    ]


def test_a_quota_that_is_new_is_told_whole() -> None:
    before = TEXT[: TEXT.index("  - {duty: value")] + TEXT[TEXT.index("follow_up") :]
    (change,) = diff(before, TEXT)
    assert str(change).startswith("quota value: new: ")
