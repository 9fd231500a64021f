"""An agreement for tests, made without a file: short elapsed limits and one working-time calendar."""

from datetime import date
from zoneinfo import ZoneInfo

from monitor.core.calendar import Calendar
from monitor.core.event import EVENT_TYPES
from monitor.core.limit import Limit, LimitUnit
from monitor.core.policy import DEFAULT_STAGES, Duty, Match, Policy, Target
from monitor.core.predicate import parse

S = 1_000_000
MINUTE = 60 * S
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def elapsed(minutes: int) -> Limit:
    """That many minutes on the wall."""
    return Limit(LimitUnit.ELAPSED, minutes * MINUTE, f"{minutes} minutes elapsed")


TOUCH = Match(
    frozenset({"activity.logged"}), channels=frozenset({"call", "email"}), direction="outbound", actor="person"
)


def event_is(*types: str) -> tuple[Match, ...]:
    """A condition: an event of one of these types."""
    return (Match(frozenset(types)),)


def duty(name: str = "first-touch", **changes: object) -> Duty:
    """First touch: 60 minutes from assignment (A grade: 10), warned at 50 and 80 percent, final after an hour."""
    standard = Duty(
        name=name,
        team="sales",
        starts=event_is("lead.assigned"),
        met_by=(TOUCH,),
        cancelled_by=event_is("lead.disqualified", "lead.recycled"),
        targets=(Target(elapsed(10), None, parse('grade == "A"')), Target(elapsed(60), None)),
        warn_at=(50, 80),
        hold_us=0,
        final_after={"default": HOUR},
    )
    return standard._replace(**changes)


ACCEPTANCE = duty(
    "acceptance",
    starts=event_is("lead.handed_off"),
    met_by=event_is("lead.accepted", "lead.rejected"),
    cancelled_by=event_is("lead.disqualified"),
    targets=(Target(elapsed(90), None),),
    warn_at=(),
    hold_us=5 * MINUTE,
    final_after={"default": HOUR, "crm": 3 * HOUR},
)
DISPOSITION = duty(
    "disposition",
    starts=event_is("lead.accepted"),
    met_by=(Match(frozenset(EVENT_TYPES), stages=frozenset({"sql", "recycled", "disqualified"})),),
    cancelled_by=(),
    targets=(Target(Limit(LimitUnit.WORKING_TIME, 2 * HOUR, "2 working_hours"), "office"),),
    warn_at=(50,),
)


def office() -> Calendar:
    """Munich, Monday to Friday 09:00-12:00 and 13:00-17:00, closed on 24 December 2026."""
    day = ((9 * 60, 12 * 60), (13 * 60, 17 * 60))
    return Calendar("office", ZoneInfo("Europe/Berlin"), (day,) * 5 + ((), ()), frozenset({date(2026, 12, 24)}), {})


def policy(*duties: Duty, version: str = "1") -> Policy:
    """An agreement with these duties."""
    return Policy(
        name="test",
        version=version,
        timezone="Europe/Berlin",
        effective_from="2026-01-01",
        stages=DEFAULT_STAGES,
        calendars={"office": office()},
        duties=duties or (duty(), ACCEPTANCE, DISPOSITION),
    )
