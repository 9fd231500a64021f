"""The lines in which an explained lead is told to a person."""

import pytest

from monitor.cli.story import story
from monitor.core.explanation import explained
from monitor.core.limit import Limit, LimitUnit
from monitor.core.policy import Attempts, Pausing, Policy, Target
from monitor.core.predicate import parse
from monitor.core.replay import Replay
from monitor.wire.explanation import lead_answer
from tests.support.agreement import HOUR, MINUTE, TOUCH, duty, elapsed, policy
from tests.support.history import Input, assigned, at, called, event, run, tick

PAUSING = policy(duty(pausing=Pausing(during=parse('waiting_on == "prospect"'), longest=elapsed(30))))
CADENCE = policy(duty(met_by=(), warn_at=(), attempts=Attempts(3, (TOUCH,), {}, spacing_us=10 * MINUTE)))
SIX_HOURS = policy(duty(targets=(Target(Limit(LimitUnit.WORKING_TIME, 6 * HOUR, "6 working_hours"), "office"),)))
LONG = policy(duty(targets=(Target(Limit(LimitUnit.WORKING_TIME, 400 * HOUR, "400 working_hours"), "office"),)))


def lines(steps: list[Input], agreement: Policy) -> list[str]:
    return [line.strip() for line in story(lead_answer(explained(run(steps, agreement)[-1].lead, agreement)))]


@pytest.mark.parametrize(
    ("agreement", "steps", "line"),
    [
        (PAUSING, [tick(5)], "first-touch (cycle 1): running"),
        (
            PAUSING,
            [event("lead.updated", 10, waiting_on="prospect")],
            "paused: 2026-10-01T08:10:00Z to now",
        ),
        (
            PAUSING,
            [event("lead.updated", 10, waiting_on="prospect"), tick(40)],
            "paused: 2026-10-01T08:10:00Z to now, longer than agreed",
        ),
        (PAUSING, [tick(31)], "warning: 80% at 2026-10-01T08:48:00Z, not said"),
        (
            SIX_HOURS,
            [],
            "due: 2026-10-01T15:00:00Z, which is closing time: by the next opening, 2026-10-02T07:00:00Z",
        ),
        (CADENCE, [called(5)], "due: 2026-10-01T09:00:00Z; the next attempt by 2026-10-01T08:50:00Z"),
        (CADENCE, [called(5)], "attempts still needed: 2"),
        (CADENCE, [called(5)], "call at 2026-10-01T08:05:00Z (activity.logged@5) counted"),
        (PAUSING, [tick(60), called(90)], "ana had 1 h, and 30 min too late"),
        (PAUSING, [tick(60), assigned(60, "ben"), called(90)], "ben had 30 min too late"),
        (PAUSING, [tick(60), called(59)], "2026-10-01T09:00:00Z  -> first-touch breached, withdrawn since"),
        (PAUSING, [tick(40)], "to touch: 40 min so far, sales"),
        (PAUSING, [event("lead.recycled", 5), assigned(50)], "where its time went, round 2:"),
        (PAUSING, [event("lead.erased", 5)], "lead L: stage unknown, erased"),
    ],
)
def test_a_person_reads(agreement: Policy, steps: list[Input], line: str) -> None:
    assert line in lines([assigned(0), *steps], agreement)


def test_time_goes_on_for_a_lead_that_no_tick_had_to_reach() -> None:
    waiting = run([assigned(0)], PAUSING)[-1].lead
    told = story(lead_answer(explained(waiting, PAUSING, at(20))))
    assert told[0] == "lead L: stage unknown; judged until 2026-10-01T08:20:00Z"
    assert "  to touch: 20 min so far, sales" in told
    assert "  counted: 20 min: 2026-10-01T08:00:00Z to 2026-10-01T08:20:00Z" in told


def test_a_merged_lead_shows_the_way_and_the_other_one_says_whose_its_events_were() -> None:
    replay = Replay(PAUSING)
    list(replay.run([assigned(0), event("lead.merged", 5, into="lead 2")], at(10)))
    old, new = (story(lead_answer(explained(replay.leads[name], PAUSING))) for name in ("L", "lead 2"))
    assert old[-1] == "merged into lead 2, where it goes on: lead-sla explain 'lead 2'"
    assert "  2026-10-01T08:00:00Z  lead.assigned of L owner=ana" in new
    assert not any("merged into" in line for line in new)


def test_of_many_stretches_it_is_said_that_they_are_the_newest() -> None:
    (counted,) = (line for line in lines([assigned(0), tick(200 * 1440)], LONG) if line.startswith("counted: "))
    assert counted.endswith(" (the newest of them)")


def test_what_was_said_of_nobody_names_nobody() -> None:
    agreement = policy(duty(starts=duty("any").starts + duty("any").cancelled_by))
    assert "nobody had 1 h" in lines([event("lead.assigned", 0), tick(60)], agreement)
