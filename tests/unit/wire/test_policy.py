"""Policy files that are right become the agreement they describe; every fault of a wrong one is told at once."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core import event as ev
from monitor.core.calendar import Period
from monitor.core.instant import from_rfc3339
from monitor.core.limit import Limit, LimitUnit
from monitor.core.policy import DEFAULT_STAGES, Duty, Match, Policy, Stage, Target
from monitor.core.predicate import parse
from monitor.wire.policy import PolicyError, PolicyFault, load_policy, read_policy
from monitor.wire.policy.fault import FAULTS_MAX

ROOT = Path(__file__).parents[3]
RIGHT = ROOT / "tests" / "contract" / "policies" / "right"
EXAMPLE = ROOT / "monitor" / "cli" / "examples" / "agreement.yaml"
MINUTE = 60_000_000
HOUR = 60 * MINUTE

SMALL = """\
agreement: {name: Small, version: v1, effective_from: 2026-01-01}
timezone: UTC
calendars:
  office: {hours: {mon-fri: 09:00-17:00}}
follow_up:
  - duty: answer
    starts: lead.created
    met_by: activity.logged
    within: 1 hours elapsed
"""


@pytest.fixture(scope="module")
def dach() -> Policy:
    return load_policy(RIGHT / "dach.yaml")


def duty(policy: Policy, name: str) -> Duty:
    found = policy.duty(name)
    assert found is not None
    return found


def faults_of(text: str) -> tuple[PolicyFault, ...]:
    with pytest.raises(PolicyError) as caught:
        read_policy(text, "a.yaml")
    return caught.value.faults


def test_the_agreement_is_read_as_written(dach: Policy) -> None:
    assert dach[:4] == ("DACH inbound", "2026-Q4", "Europe/Berlin", "2026-10-01")
    assert dach.stages["mql"] == Stage("marketing", frozenset({"sal", "recycled", "disqualified"}), "sales")
    assert dach.stages["customer"] == Stage("sales", frozenset())


def test_a_duty_is_read_as_written(dach: Policy) -> None:
    assert duty(dach, "first-touch") == Duty(
        name="first-touch",
        team="sales",
        starts=(Match(frozenset({ev.LEAD_ASSIGNED})),),
        met_by=(
            Match(
                frozenset({ev.ACTIVITY_LOGGED}),
                channels=frozenset({"call", "email", "meeting"}),
                direction="outbound",
                actor="person",
            ),
        ),
        cancelled_by=(Match(frozenset({ev.LEAD_DISQUALIFIED})), Match(frozenset({ev.LEAD_RECYCLED}))),
        targets=(
            Target(Limit(LimitUnit.ELAPSED, 5 * MINUTE, "5 minutes elapsed"), None, parse('grade == "A"')),
            Target(Limit(LimitUnit.WORKING_TIME, 4 * HOUR, "4 working_hours"), "munich"),
        ),
        warn_at=(50, 80),
        hold_us=30_000_000,
        final_after={"default": 10 * MINUTE, "crm-import": 24 * HOUR},
    )


def test_what_a_duty_does_not_say_has_defaults(dach: Policy) -> None:
    acceptance = duty(dach, "acceptance")
    assert acceptance.team == "sales"
    assert acceptance.cancelled_by == ()
    assert acceptance.targets == (Target(Limit(LimitUnit.WORKING_DAYS, 1, "1 working_days"), "munich"),)
    assert (acceptance.warn_at, acceptance.hold_us) == ((), 0)
    assert acceptance.final_after == {"default": 10 * MINUTE}


def test_a_calendar_has_its_hours_holidays_closed_and_short_days(dach: Policy) -> None:
    munich = dach.calendars["munich"]
    assert munich.periods(date(2026, 10, 5)) == (
        Period(from_rfc3339("2026-10-05T07:00:00Z"), from_rfc3339("2026-10-05T10:30:00Z")),
        Period(from_rfc3339("2026-10-05T11:30:00Z"), from_rfc3339("2026-10-05T16:00:00Z")),
    )
    assert len(munich.periods(date(2026, 10, 9))) == 1
    assert munich.periods(date(2026, 10, 10)) == ()
    assert munich.periods(date(2027, 1, 6)) == ()  # Epiphany, a Wednesday: a holiday in Bavaria
    assert munich.periods(date(2026, 12, 24)) == ()
    assert munich.periods(date(2026, 12, 31)) == (
        Period(from_rfc3339("2026-12-31T08:00:00Z"), from_rfc3339("2026-12-31T11:00:00Z")),
    )


def test_a_day_that_is_closed_otherwise_may_be_opened() -> None:
    text = (
        (RIGHT / "dach.yaml")
        .read_text()
        .replace("short_days:", "open_days: {2026-10-10: 10:00-12:00, 2027-01-06: 09:00-10:00}, short_days:")
    )
    munich = read_policy(text, "test").calendars["munich"]
    assert munich.periods(date(2026, 10, 10)) == (
        Period(from_rfc3339("2026-10-10T08:00:00Z"), from_rfc3339("2026-10-10T10:00:00Z")),
    )
    assert len(munich.periods(date(2027, 1, 6))) == 1  # Epiphany
    assert munich.periods(date(2026, 10, 17)) == ()


def test_holidays_are_known_from_two_years_before_to_ten_years_after(dach: Policy) -> None:
    years = {day.year for day in dach.calendars["munich"].closed}
    assert years == set(range(2024, 2037))


def test_conditions_may_take_every_form() -> None:
    policy = load_policy(RIGHT / "every-condition.yaml")
    every = duty(policy, "sorted-out")
    assert every.starts == (
        Match(frozenset({ev.LEAD_HANDED_OFF})),
        Match(
            frozenset({ev.LEAD_ASSIGNED, ev.LEAD_ACCEPTED}),
            when=parse("segment in [enterprise, mid-market] and not score < 50"),
        ),
        Match(frozenset(ev.EVENT_TYPES), stages=frozenset({"mql"}), actor="automation"),
    )
    assert every.met_by == (
        Match(
            frozenset({ev.ACTIVITY_LOGGED}),
            channels=frozenset({"call"}),
            outcomes=frozenset({"connected", "meeting booked"}),
            direction="inbound",
            actor="owner",
        ),
        Match(frozenset({ev.LEAD_UPDATED}), stages=frozenset({"sal", "sql"})),
    )
    assert [target.calendar for target in every.targets] == ["dubai", "london", None]
    assert every.targets[0].limit == Limit(LimitUnit.WORKING_DAYS, 1, "1 working_day")
    assert every.warn_at == (75,)
    assert every.final_after == {"default": 10 * MINUTE, "crm-import": 24 * HOUR}
    assert policy.version == "1.10"
    assert policy.calendars["dubai"].zone.key == "Asia/Dubai"


def test_a_week_may_run_over_its_end() -> None:
    dubai = load_policy(RIGHT / "every-condition.yaml").calendars["dubai"]
    night = ((0, 360), (1320, 1440))
    assert dubai.weekly == (night, night, night, night, (), (), night)


def test_an_agreement_without_stages_has_the_default_funnel() -> None:
    assert load_policy(RIGHT / "smallest.yaml").stages is DEFAULT_STAGES
    reachable = {name for stage in DEFAULT_STAGES.values() for name in stage.next}
    assert reachable | {"inquiry"} == set(DEFAULT_STAGES)


def test_the_example_agreement_loads_and_spells_out_the_default_funnel() -> None:
    policy = load_policy(EXAMPLE)
    assert [duty.name for duty in policy.duties] == [
        "first-touch",
        "acceptance",
        "persistence",
        "next-touch",
        "disposition",
        "definition-mql",
    ]
    assert policy.stages == DEFAULT_STAGES
    assert len(policy.calendars) == 2


def test_all_faults_are_told_at_once_in_the_order_of_their_lines() -> None:
    wrong = SMALL.replace("UTC", "UCT+1").replace("lead.created", "lead.made").replace("1 hours elapsed", "1 hours")
    faults = faults_of(wrong.replace("09:00-17:00", "17:00-09:00"))
    assert [(fault.line, fault.field) for fault in faults] == [
        (2, "timezone"),
        (4, "calendars.office.hours.mon-fri"),
        (7, "follow_up[0].starts"),
        (9, "follow_up[0].within"),
    ]
    assert all(fault.fix for fault in faults)


def test_faults_inside_what_is_refused_as_a_whole_are_told_with_it() -> None:
    """Of two limits one has to go, and a definition needs a stage that there is: mending that brings up no others."""
    wrong = SMALL.replace("1 hours elapsed", "1 hours\n    targets: [{when: grade, within: 5 min}]")
    faults = faults_of(wrong + "definitions:\n  mqll: {requires: colour}\n")
    assert [(fault.line, fault.field) for fault in faults] == [
        (9, "follow_up[0].within"),
        (10, "follow_up[0].targets"),
        (10, "follow_up[0].targets"),
        (10, "follow_up[0].targets[0].when"),
        (10, "follow_up[0].targets[0].within"),
        (12, "definitions.mqll"),
        (12, "definitions.mqll.requires"),
    ]


def test_a_fault_of_a_calendar_is_not_told_again_where_it_is_used() -> None:
    wrong = SMALL.replace("09:00-17:00", "9-5").replace("1 hours elapsed", "1 working_hours\n    calendar: office")
    assert [fault.field for fault in faults_of(wrong)] == ["calendars.office.hours.mon-fri"]


def test_a_fault_of_a_calendar_is_not_told_again_as_spacing_that_does_not_fit() -> None:
    cadence = "attempts: {at_least: 2, spacing: 2 hours, within: 1 working_hours}\n    calendar: office\n"
    right = SMALL.partition("    met_by")[0] + "    " + cadence
    assert [fault.field for fault in faults_of(right.replace("09:00-17:00", "9-5"))] == [
        "calendars.office.hours.mon-fri"
    ]


def test_a_fault_is_one_line_whatever_the_file_says() -> None:
    (fault,) = faults_of(SMALL.replace("answer", '"x\\e[31m\\ny"'))
    assert str(fault).startswith("a.yaml:6: follow_up[0].duty: 'x\\x1b[31m\\ny' is not a name; fix: ")
    (long,) = faults_of(SMALL.replace("lead.created", "x" * 190))
    assert len(str(long)) < 700


def test_only_the_first_faults_of_many_are_told() -> None:
    assert len(faults_of(SMALL + "".join(f"key{number}: 1\n" for number in range(500)))) == FAULTS_MAX


def test_a_file_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    missing = tmp_path / "missing.yaml"
    with pytest.raises(PolicyError, match=f"{missing}:1: policy: cannot be read: No such file"):
        load_policy(missing)
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"# first\nname: M\xfcnchen\n")
    with pytest.raises(PolicyError, match="2: policy: is not UTF-8; fix: save the file as UTF-8"):
        load_policy(latin)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: " + "x" * 1_048_576, "is larger than 1048576 characters"),
        ("[" * 1_000_000, "more than 12 levels deep"),
        ("- " * 500_000, "more than 12 levels deep"),
        ("a:\n" + "- b\n" * 30_000, "more than 20000 values"),
        ("a: &a [x]\nb: [*a, *a]\n", "anchors and aliases are not read"),
        ("a: !!python/object:os.system x\n", "tags (words with !) are not read"),
        ("a: '\x07'\n", "special characters are not allowed"),
    ],
    ids=["size", "flow-depth", "block-depth", "count", "aliases", "tags", "control"],
)
def test_a_hostile_file_is_refused_before_it_costs_much(text: str, message: str) -> None:
    (fault,) = faults_of(text)
    assert message in fault.message


def test_the_size_limit_holds_for_files_too(tmp_path: Path) -> None:
    large = tmp_path / "large.yaml"
    large.write_text("# " + "ü" * 600_000)
    with pytest.raises(PolicyError, match="is larger than 1048576 bytes"):
        load_policy(large)


def verdict(text: str) -> list[str]:
    try:
        read_policy(text, "a.yaml")
    except PolicyError as error:
        return str(error).split("\n")
    return []


LINES = SMALL.splitlines()
noise = st.text(st.sampled_from("abc:-[]{}&*!|>'\"%@`, \n\t0159#."), max_size=20)


@settings(max_examples=200)
@given(st.integers(0, len(LINES) - 1), noise, st.booleans())
def test_any_damage_is_a_fault_or_no_damage(line: int, text: str, whole: bool) -> None:
    damaged = [*LINES[:line], text if whole else LINES[line] + text, *LINES[line + 1 :]]
    told = verdict("\n".join(damaged))
    assert all(each.startswith("a.yaml:") and "; fix: " in each for each in told)
