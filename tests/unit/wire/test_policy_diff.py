"""What changes between two agreements, as those who sign them read it."""

from pathlib import Path

import pytest

from monitor.wire.policy import diff, read_policy

RIGHT = Path(__file__).parents[2] / "contract" / "policies" / "right"
DACH, EVERY = ((RIGHT / name).read_text() for name in ("dach.yaml", "every-duty.yaml"))


def changes(*replacements: tuple[str, str], before: str = DACH) -> list[str]:
    after = before
    for old, new in replacements:
        assert old in after, old
        after = after.replace(old, new)
    read_policy(after, "after")  # a test with an agreement that is out of order would show nothing
    return [str(change) for change in diff(before, after)]


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
    ("old", "new", "says"),
    [
        ("channels: {call: 3, email: 2}", "channels: {call: 2}",
         ["duty persistence, attempts, channels, call: 2 instead of 3",
          "duty persistence, attempts, channels, email: removed, was 2"]),
        ("spacing: 2 hours\n", "spacing: 90 minutes\n",
         ["duty persistence, attempts, spacing: 90 minutes instead of 2 hours"]),
        ("until: [connected, meeting booked]", "until: connected",
         ["duty persistence, attempts, until: connected instead of connected and meeting booked"]),
        ("every: 3 working_days", "every: 2 working_days",
         ["duty next-touch, every: 2 working_days instead of 3 working_days"]),
        ("rhythm: independent", "rhythm: sequential",
         ["duty newsletter, rhythm: sequential instead of independent"]),
        ("on_reassign: remaining,at least 30 working_minutes", "on_reassign: fresh",
         ["duty first-touch, on reassign: fresh instead of remaining,at least 30 working_minutes"]),
        ("reassigned_at_most: 3", "reassigned_at_most: 2", ["duty first-touch, reassigned at most: 2 instead of 3"]),
        ("ana: munich", "ana: denver", ["duty first-touch, calendar, ana: denver instead of munich"]),
        ("{waiting_on: [prospect, partner], grade: A, score: 50}", "{waiting_on: prospect, grade: A, score: 50}",
         ["duty next-touch, paused while, waiting_on: prospect instead of prospect and partner"]),
        ("stage: sal, within", "stage: mql, within", ["duty sal-age, stage: mql instead of sal"]),
        ("10 minutes elapsed left, ", "", ["duty first-touch, warn at: 50% and 80%"
                                           " instead of 50%, 10 minutes elapsed left, 80%"]),
        ("reasons: [bad-data, 'no \"real\" need']", "reasons: [bad-data]",
         ['duty acceptance, reasons: bad-data instead of bad-data and no "real" need']),
        ("on_silence: breach", "on_silence: accept", ["duty acceptance, on silence: accept instead of breach"]),
        ("objective: 97.5% per month", "objective: 95% per quarter",
         ["duty first-touch, objective: 95% per quarter instead of 97.5% per month"]),
        ("    attempts: {at_least: 3, until: {event: lead.accepted}}\n", "    met_by: lead.accepted\n",
         ["duty persistence-until-accepted, met by: new: lead.accepted",
          "duty persistence-until-accepted, attempts: removed, was at_least 3, until (event lead.accepted)"]),
    ],
)  # fmt: skip
def test_a_change_in_any_key_of_a_duty_is_told(old: str, new: str, says: list[str]) -> None:
    assert changes((old, new), before=EVERY) == says


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


NOTICES = (RIGHT / "notices.yaml").read_text()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("floor: {channel: sales-slack, calendar: munich}", "floor: {channel: new-slack}",
         ["notices, recipient floor, channel: new-slack instead of sales-slack",
          "notices, recipient floor, calendar: removed, was munich"]),
        ("anna@example.com: anna, default", "bo@example.com: anna, default",
         ["notices, owners, bo@example.com: new: anna", "notices, owners, anna@example.com: removed, was anna"]),
        ("working_hours, to: managers, calendar: munich}", "working_hours, to: floor, calendar: munich}",
         ["notices, ladder standard, after 2 working hours, to: floor instead of managers"]),
        ("      - {after: 30 minutes elapsed, to: [on-call, managers]}\n", "",
         ["notices, ladder quick, after 30 minutes elapsed: removed, was to on-call and managers"]),
        ("{name: rest, to: floor}", "{name: rest, mute: true}",
         ["notices, route rest, mute: new: true", "notices, route rest, to: removed, was floor"]),
        ("within: 30 seconds}", "within: 1 minutes}",
         ["notices, route sales, fold, within: 1 minutes instead of 30 seconds"]),
    ],
)  # fmt: skip
def test_a_change_in_who_hears_of_what_is_told(old: str, new: str, says: list[str]) -> None:
    assert changes((old, new), before=NOTICES) == says


def test_the_order_of_routes_is_a_change() -> None:
    vip = next(line for line in NOTICES.splitlines(keepends=True) if "name: vip" in line)
    after = NOTICES.replace(vip, "").replace("  routes:\n", "  routes:\n" + vip)
    assert [str(change) for change in diff(NOTICES, after)] == [
        "notices, order of routes: vip then quiet then anna then marketing then review then sales then rest"
        " instead of quiet then vip then anna then marketing then review then sales then rest"
    ]


def test_notices_that_are_new_are_told_one_by_one() -> None:
    before = "".join(NOTICES.partition("notices:")[:1]) + NOTICES[NOTICES.index("follow_up:") :]
    told = [str(change) for change in diff(before, NOTICES)]
    assert len(told) == 5 + 1 + 2 + 7
    assert told[0] == "notices, recipient floor: new: channel sales-slack, calendar munich"
    assert (
        "notices, ladder quick: new: at breach (to on-call), after 30 minutes elapsed (to on-call and managers)" in told
    )
    assert all("removed" in str(change) for change in diff(NOTICES, before))


def test_no_control_character_of_a_file_reaches_the_terminal() -> None:
    (changed,) = diff(DACH, DACH.replace("name: DACH inbound", 'name: "DACH\\x1b[31m"'))
    assert "\x1b" not in str(changed)
