"""What is legal but hardly meant is told with its line, its field and a proposal; what may be meant is not."""

from pathlib import Path

import pytest

from monitor.wire.policy import PolicyDoubt, examine_policy
from monitor.wire.policy.fault import FAULTS_MAX

ROOT = Path(__file__).parents[3]
HEAD = """\
agreement: {name: Test, version: v1, effective_from: 2026-01-01}
timezone: UTC
segments: [enterprise, mid-market]
calendars:
  munich: {hours: {mon-fri: 09:00-17:00}}
follow_up:
"""
LAST = "      - {within: 3 hours elapsed}\n"
TOUCH = "  - duty: touch\n    starts: lead.assigned\n    met_by: {activity: call}\n"
HOURS = "    within: 4 working_hours\n"


def doubts(folder: Path, body: str, head: str = HEAD) -> list[PolicyDoubt]:
    path = folder / "a.yaml"
    path.write_text(head + body)
    return list(examine_policy(path).doubts)


def targets(*conditions: str) -> str:
    """A duty with a target for each condition, and one for all others; the first stands in line 11."""
    listed = "".join(
        f"      - {{when: '{when}', within: {n + 1} hours elapsed}}\n" for n, when in enumerate(conditions)
    )
    return f"{TOUCH}    targets:\n{listed}{LAST}"


@pytest.mark.parametrize(
    ("body", "line", "field", "message"),
    [
        (targets('grade == "A"', 'grade == "A"'), 12, "targets[1]",
         "never applies: the target in line 11 takes every lead that it would"),
        (targets('grade in [A, B]', 'score > 5', 'grade == "B" and score < 3'), 13, "targets[2]",
         "never applies: the target in line 11 takes every lead that it would"),
        (targets('grade == "A"', 'grade == "B"', "grade in [A, B]"), 13, "targets[2]",
         "never applies: those before it take every lead that it would"),
        (targets('grade == "A"', "score > 5 and score < 3"), 12, "targets[1].when", "never holds, whatever the lead"),
        (targets('segment == "enterprize"'), 11, "targets[0].when",
         "asks for segment 'enterprize', which is not among the segments"),
        (f"{TOUCH}{HOURS}    cancelled_by: {{event: lead.updated, when: 'stage in [mql, sale]'}}\n", 11,
         "cancelled_by.when", "asks for stage 'sale', which is not among the stages"),
        (f"{TOUCH}{HOURS}    warn_at: [50%, 4 working_hours left]\n", 11, "warn_at[1]",
         "never said where the limit is 4 working_hours, in line 10"),
        (f"{TOUCH}{HOURS}    hold: 241 minutes\n    final_after: 1 days\n", 11, "hold",
         "is longer than the limit of 4 working_hours in line 10"),
        (f"{TOUCH}{HOURS}    cancelled_by: [lead.recycled, {{activity: call, by: owner}}]\n", 11, "cancelled_by",
         "names what met_by names too, and met_by goes first"),
        (f"{TOUCH}{HOURS}    cancelled_by: lead.recycled\n    reset_by: lead.recycled\n", 12, "reset_by",
         "names what cancelled_by names too, and cancelled_by goes first"),
        (f"{TOUCH}{HOURS}    paused_by: {{activity: call, by: owner}}\n    resumed_by: lead.updated\n"
         "    pause_at_most: 2 working_days\n", 11, "paused_by", "names what met_by names too, and met_by goes first"),
        ("  - duty: touch\n    starts: lead.updated\n    met_by: lead.updated\n" + HOURS, 9, "met_by",
         "is the same as starts: what started the clock meets it when it happens again"),
        (f"{TOUCH}{HOURS}    paused_while: {{waiting_on: prospect}}\n", 11, "paused_while",
         "a pause may last for ever"),
        (f"{TOUCH}{HOURS}    paused_by: lead.updated\n    resumed_by: lead.assigned\n", 11, "paused_by",
         "a pause may last for ever"),
        (f"{TOUCH}    on_reassign: remaining, at least 30 working_minutes\n    targets:\n"
         "      - {when: exists grade, within: 2 working_hours}\n" + LAST, 10, "on_reassign",
         "30 working_minutes are not given where the limit is 3 hours elapsed, in line 13"),
    ],
)  # fmt: skip
def test_a_duty_that_is_hardly_meant_is_doubted(tmp_path: Path, body: str, line: int, field: str, message: str) -> None:
    head = HEAD if "working" in body else HEAD.replace("calendars:\n", "").replace("  munich", "# munich\n#")
    (doubt,) = doubts(tmp_path, body, head)
    assert (doubt.line, doubt.field, doubt.message) == (line, f"follow_up[0].{field}", message)
    assert doubt.proposal


@pytest.mark.parametrize(
    "body",
    [
        targets('grade == "A"', 'grade == "B"', 'segment == "enterprise" and grade in [A, B, C]'),
        targets("score > 50", "score > 20"),
        f"{TOUCH}{HOURS}    warn_at: [50%, 239 working_minutes left, 30 days elapsed left]\n",
        f"{TOUCH}{HOURS}    hold: 4 hours\n    final_after: 1 days\n",
        f"{TOUCH}{HOURS}    cancelled_by: {{activity: call, by: automation}}\n",
        f"{TOUCH}{HOURS}    paused_while: {{waiting_on: prospect}}\n    pause_at_most: 2 working_days\n",
        f"  - duty: touch\n    starts: lead.updated\n    met_by: lead.updated\n    repeats: true\n{HOURS}",
        f"  - duty: touch\n    starts: lead.updated\n    met_by: [lead.updated, lead.recycled]\n{HOURS}",
    ],
)  # fmt: skip
def test_a_duty_that_may_well_be_meant_is_not_doubted(tmp_path: Path, body: str) -> None:
    head = HEAD if "working" in body else HEAD.replace("calendars:\n", "").replace("  munich", "# munich\n#")
    assert doubts(tmp_path, body, head) == []


def test_a_segment_is_doubted_only_where_the_agreement_lists_segments(tmp_path: Path) -> None:
    head = HEAD.replace("segments:", "# segments:")
    body = targets('segment == "enterprize"').replace("3 hours elapsed", "3 working_hours")
    assert doubts(tmp_path, body, head) == []


def test_a_calendar_that_nothing_is_counted_on_is_doubted(tmp_path: Path) -> None:
    more = "  denver: {hours: {mon-fri: 08:00-16:00}}\n  london: {hours: {mon-fri: 09:00-17:00}}\nfollow_up:\n"
    head = HEAD.replace("follow_up:\n", more)
    (doubt,) = doubts(tmp_path, f"{TOUCH}{HOURS}    calendar: {{by: owner, ana: munich, otherwise: london}}\n", head)
    assert (doubt.line, doubt.field) == (6, "calendars.denver")
    assert doubt.message == "nothing is counted on this calendar"


def test_a_stage_that_no_other_leads_to_is_doubted(tmp_path: Path) -> None:
    stages = "stages:\n  new: {team: sales, next: won}\n  inquiry: {team: sales, next: won}\n  won: {team: sales}\n"
    lost = "  lost: {team: sales, next: lost}\nfollow_up:\n"
    (doubt,) = doubts(tmp_path, TOUCH + HOURS, HEAD.replace("follow_up:\n", stages + lost))
    assert (doubt.line, doubt.field, doubt.message) == (10, "stages.lost", "no other stage leads to this one")
    no_path = "stages: {new: {team: sales}, won: {team: sales}}\nfollow_up:\n"
    assert doubts(tmp_path, TOUCH + HOURS, HEAD.replace("follow_up:\n", no_path)) == []


def test_doubts_are_told_in_the_order_of_their_lines_and_not_without_end(tmp_path: Path) -> None:
    told = doubts(tmp_path, targets(*[f'segment == "{n}"' for n in range(60)]))
    assert [doubt.line for doubt in told] == [5, *range(11, 10 + FAULTS_MAX)]


def test_a_doubt_is_one_line_whatever_the_file_says(tmp_path: Path) -> None:
    body = f"{TOUCH}{HOURS}    cancelled_by: {{event: lead.updated, when: \"stage == 'a\\e[31mb'\"}}\n"
    (doubt,) = doubts(tmp_path, body)
    assert str(doubt).startswith(f"{tmp_path}/a.yaml:11: warning: follow_up[0].cancelled_by.when: asks for stage")
    assert "\x1b" not in str(doubt)
    assert "; proposal: use one of inquiry, mql," in str(doubt)


@pytest.mark.parametrize("example", ["agreement.yaml", "demo-agreement.yaml"])
def test_the_examples_raise_no_doubt(example: str) -> None:
    assert examine_policy(ROOT / "monitor" / "cli" / "examples" / example).doubts == ()


def test_public_holidays_that_are_not_all_known_yet_are_told_and_nothing_else_is(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    """Of some Indian feasts the dates are known for so many years only; Bavaria's can be calculated."""
    for country, known in (("{country: IN}", False), ("{country: DE, subdivision: BY}", True)):
        head = HEAD.replace("{hours:", f"{{holidays: {country}, hours:")
        said = [(doubt.line, doubt.field, doubt.message) for doubt in doubts(tmp_path, TOUCH + HOURS, head)]
        missed = (5, "calendars.munich.holidays", "not all public holidays of IN from 2024 to 2036 are known")
        assert said == ([] if known else [missed])
    assert not recwarn.list
