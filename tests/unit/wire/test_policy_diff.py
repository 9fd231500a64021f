"""What changes between two agreements, as those who sign them read it."""

from pathlib import Path

import pytest

from monitor.wire.policy import diff, read_policy

DACH = (Path(__file__).parents[2] / "contract" / "policies" / "right" / "dach.yaml").read_text()


def changes(*replacements: tuple[str, str]) -> list[str]:
    after = DACH
    for old, new in replacements:
        assert old in after, old
        after = after.replace(old, new)
    read_policy(after, "after")  # a test with an agreement that is out of order would show nothing
    return [str(change) for change in diff(DACH, after)]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("version: 2026-Q4", "version: 2027-Q1", "agreement, version: 2027-Q1 instead of 2026-Q4"),
        (
            "5 minutes elapsed",
            "3 minutes elapsed",
            'duty first-touch, target grade == "A", within: 3 minutes elapsed instead of 5 minutes elapsed',
        ),
        ("4 working_hours", "2 working_hours",
         "duty first-touch, target all others, within: 2 working_hours instead of 4 working_hours"),
        ("warn_at: [50%, 80%]", "warn_at: 80%", "duty first-touch, warn at: 80% instead of 50% and 80%"),
        ("fri: 09:00-15:00", "fri: 09:00-14:00", "calendar munich, hours, fri: 09:00-14:00 instead of 09:00-15:00"),
        ("fri: 09:00-15:00", "sat: 09:00-12:00", "calendar munich, hours, fri: removed, was 09:00-15:00"),
        ("closed: [2026-12-24]", "closed: [2026-12-24, 2026-12-28]",
         "calendar munich, closed: 2026-12-24 and 2026-12-28 instead of 2026-12-24"),
        ("by: person}", "by: automation}", "duty first-touch, met by, by: automation instead of person"),
        ("mql: {team: marketing,", "mql: {team: sales,", "stage mql, team: sales instead of marketing"),
        ("    hold: 30 seconds\n", "", "duty first-touch, hold: removed, was 30 seconds"),
        ("crm-import: 24 hours", "crm-import: 12 hours",
         "duty first-touch, final after, crm-import: 12 hours instead of 24 hours"),
    ],
)  # fmt: skip
def test_a_change_is_one_line_that_says_where_and_what(old: str, new: str, says: str) -> None:
    assert says in changes((old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("starts: lead.assigned", "starts: [lead.assigned]"),
        ("mon-thu: [09:00-12:30, 13:30-18:00]", "mon-wed: [09:00-12:30, 13:30-18:00], thu: [09:00-12:30, 13:30-18:00]"),
        ("timezone: Europe/Berlin\nstages", "timezone: 'Europe/Berlin' # as ever\nstages"),
        ("{country: DE, subdivision: BY}", "{subdivision: BY, country: DE}"),
    ],
)
def test_what_means_the_same_is_no_change(old: str, new: str) -> None:
    assert changes((old, new)) == []


def test_a_new_duty_and_one_that_is_gone_are_told_whole() -> None:
    changed = changes(("duty: acceptance", "duty: answer"))
    assert changed == [
        "duty answer: new: duty answer, starts lead.handed_off, met_by lead.accepted and lead.rejected,"
        " within 1 working_days, calendar munich",
        "duty acceptance: removed, was duty acceptance, starts lead.handed_off, met_by lead.accepted and lead.rejected,"
        " within 1 working_days, calendar munich",
    ]


def test_the_order_of_targets_is_a_change() -> None:
    two = """      - {when: 'grade == "B"', within: 9 minutes elapsed}\n"""
    first = "      - {when: 'grade == \"A\"', within: 5 minutes elapsed}\n"
    before, after = DACH.replace(first, first + two), DACH.replace(first, two + first)
    assert [str(change) for change in diff(before, after)] == [
        'duty first-touch, order of targets: grade == "B" then grade == "A" then all others'
        ' instead of grade == "A" then grade == "B" then all others'
    ]


def test_no_control_character_of_a_file_reaches_the_terminal() -> None:
    (changed,) = diff(DACH, DACH.replace("name: DACH inbound", 'name: "DACH\\x1b[31m"'))
    assert "\x1b" not in str(changed)
