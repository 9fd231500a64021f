"""Made-up agreements and made-up leads for hypothesis: every rule of a duty, and every kind of event but an erasure."""

from collections.abc import Callable
from functools import partial
from typing import Final

from hypothesis import strategies as st

from monitor.core.calendar import Calendar
from monitor.core.event import EVENT_TYPES, LEAD_ERASED, Event, Scalar
from monitor.core.instant import from_rfc3339
from monitor.core.limit import Limit, LimitUnit
from monitor.core.policy import (
    DEFAULT_STAGES,
    Attempts,
    CalendarChoice,
    Duty,
    Inheritance,
    Match,
    Pausing,
    Policy,
    Reassignment,
    Rhythm,
    Target,
)
from monitor.core.predicate import parse
from tests.support.agreement import DAY, HOUR, MINUTE, TOUCH, elapsed, event_is, office, policy

START: Final = from_rfc3339("2026-10-23T06:00:00Z")
"""A Friday, 08:00 in Munich; the clocks go back on Sunday night."""
EVENTS_UNTIL: Final = START + 5 * DAY
LAST: Final = START + 9 * DAY

_OFFICE = office()
CALENDARS: Final = {
    "office": _OFFICE,
    "night": Calendar("night", _OFFICE.zone, (((0, 4 * 60), (22 * 60, 24 * 60)),) * 7),
}


def _working(amount: int, unit: LimitUnit = LimitUnit.WORKING_TIME) -> Limit:
    if unit is LimitUnit.WORKING_DAYS:
        return Limit(unit, amount, f"{amount} working_days")
    return Limit(unit, amount, f"{amount // MINUTE} working_minutes")


_BY_OWNER = CalendarChoice("owner", {"ben": "night"})
_SHORT = st.sampled_from(
    [
        (Target(elapsed(60), None),),
        (Target(elapsed(10), None, parse('grade == "A"')), Target(elapsed(150), None)),
        (Target(_working(2 * HOUR), "office"),),
        (Target(_working(5 * HOUR), "office", chosen=_BY_OWNER),),
        (Target(_working(HOUR), "night", parse('grade == "A"')), Target(_working(4 * HOUR), "office")),
        (Target(_working(1, LimitUnit.WORKING_DAYS), "office"),),
        (Target(_working(2, LimitUnit.WORKING_DAYS), "office", chosen=_BY_OWNER),),
    ]
)
# An independent rhythm has as many clocks as its limit fits in, and a lead keeps only so many.
_LONG = st.sampled_from(
    [
        (Target(elapsed(24 * 60), None),),
        (Target(_working(1, LimitUnit.WORKING_DAYS), "office"),),
        (Target(_working(7 * HOUR), "office", chosen=_BY_OWNER),),
    ]
)
_WARN_AT = st.sampled_from(
    [
        (),
        (50,),
        (50, 80),
        (elapsed(30),),
        (50, elapsed(60), elapsed(15)),
    ]
)
_WARN_AT_WORKING = st.sampled_from([(), (50,), (25, 75, _working(30 * MINUTE)), (_working(HOUR), elapsed(180))])
_PAUSING = st.sampled_from(
    [
        Pausing(event_is("lead.handed_off"), event_is("lead.accepted")),
        Pausing(event_is("lead.handed_off"), event_is("lead.accepted", "lead.handed_off"), longest=elapsed(120)),
        Pausing(during=parse('waiting_on == "prospect"')),
        Pausing(during=parse('waiting_on == "prospect"'), longest=elapsed(90)),
    ]
)
_REASSIGN = st.builds(
    Reassignment,
    st.sampled_from(Inheritance),
    st.sampled_from([None, elapsed(45)]),
    st.sampled_from([None, 0, 1, 2]),
)
_OWNER = Match(frozenset({"activity.logged"}), direction="outbound", actor="owner")
_CONNECTED = (Match(frozenset({"activity.logged"}), actor="owner", outcomes=frozenset({"connected"})),)
_ATTEMPTS = st.builds(
    Attempts,
    st.integers(1, 4),
    st.sampled_from([(TOUCH,), (_OWNER,)]),
    st.sampled_from([{}, {"call": 1}, {"call": 2, "email": 1}]),
    st.sampled_from([0, 30 * MINUTE, 2 * HOUR]),
    st.sampled_from([0, 20]),
    st.sampled_from([(), _CONNECTED]),
)


@st.composite
def _plain(draw: st.DrawFn, name: str, targets: st.SearchStrategy[tuple[Target, ...]] = _SHORT) -> Duty:
    chosen = draw(targets)
    counted_on_the_wall = any(target.limit.unit is LimitUnit.ELAPSED for target in chosen)
    return Duty(
        name=name,
        team="sales",
        starts=draw(st.sampled_from([event_is("lead.assigned"), event_is("lead.assigned", "lead.created")])),
        met_by=draw(st.sampled_from([(TOUCH,), (_OWNER,), (TOUCH, *event_is("lead.accepted"))])),
        cancelled_by=draw(st.sampled_from([(), event_is("lead.disqualified", "lead.recycled")])),
        targets=chosen,
        warn_at=draw(_WARN_AT if counted_on_the_wall else _WARN_AT_WORKING),
        hold_us=draw(st.sampled_from([0, 0, 20 * MINUTE])),
        final_after={"default": 400 * DAY},
    )


@st.composite
def _paused(draw: st.DrawFn, name: str) -> Duty:
    return draw(_plain(name))._replace(pausing=draw(_PAUSING))


@st.composite
def _reset(draw: st.DrawFn, name: str) -> Duty:
    pausing = draw(st.none() | _PAUSING)
    return draw(_plain(name))._replace(reset_by=event_is("lead.updated", "lead.stage_changed"), pausing=pausing)


@st.composite
def _reassigned(draw: st.DrawFn, name: str) -> Duty:
    pausing = draw(st.none() | _PAUSING)
    return draw(_plain(name))._replace(on_reassign=draw(_REASSIGN), pausing=pausing)


@st.composite
def _cadence(draw: st.DrawFn, name: str) -> Duty:
    pausing = draw(st.none() | st.none() | _PAUSING)
    return draw(_plain(name))._replace(
        met_by=(),
        attempts=draw(_ATTEMPTS),
        pausing=pausing,
        on_reassign=draw(_REASSIGN),
        repeats=draw(st.booleans()),
    )


@st.composite
def _repeated(draw: st.DrawFn, name: str) -> Duty:
    return draw(_plain(name))._replace(repeats=True, pausing=draw(st.none() | _PAUSING))


@st.composite
def _sequential(draw: st.DrawFn, name: str) -> Duty:
    return draw(_plain(name))._replace(repeats=True, rhythm=Rhythm.SEQUENTIAL)


@st.composite
def _independent(draw: st.DrawFn, name: str) -> Duty:
    pausing = draw(st.none() | st.none() | _PAUSING)
    return draw(_plain(name, _LONG))._replace(repeats=True, rhythm=Rhythm.INDEPENDENT, pausing=pausing)


@st.composite
def _stage_age(draw: st.DrawFn, name: str) -> Duty:
    stay = draw(st.sampled_from(["mql", "sal", "recycled"]))
    moves = Match(frozenset(EVENT_TYPES))
    return draw(_plain(name))._replace(
        starts=(moves._replace(stages=frozenset({stay})),),
        met_by=(moves._replace(stages=frozenset(DEFAULT_STAGES) - {stay}),),
        repeats=True,
    )


@st.composite
def _silent(draw: st.DrawFn, name: str) -> Duty:
    agreed = parse("reason in [no-budget, duplicate]")
    return draw(_plain(name))._replace(
        starts=event_is("lead.handed_off"),
        met_by=(*event_is("lead.accepted"), Match(frozenset({"lead.rejected"}), when=agreed)),
        cancelled_by=event_is("lead.disqualified"),
        silence_accepts=True,
        pausing=draw(st.none() | st.just(Pausing(during=parse('waiting_on == "prospect"')))),
        reset_by=draw(st.sampled_from([(), event_is("lead.updated")])),
    )


@st.composite
def _moved(draw: st.DrawFn, name: str, duties: Callable[[str], st.SearchStrategy[Duty]]) -> Duty:
    """With everything that moves the time of its clocks."""
    reset_by = draw(st.sampled_from([(), event_is("lead.updated", "lead.stage_changed")]))
    pausing, on_reassign = draw(st.none() | _PAUSING), draw(_REASSIGN)
    return draw(duties(name))._replace(pausing=pausing, reset_by=reset_by, on_reassign=on_reassign)


def _next_touch(name: str) -> st.SearchStrategy[Duty]:
    return _plain(name).map(lambda duty: duty._replace(starts=event_is("lead.accepted"), cancelled_by=()))


Family = Callable[[str], st.SearchStrategy[Duty]]
FAMILIES: Final[dict[str, tuple[Family, ...]]] = {
    "plain": (_plain, _plain),
    "paused": (_paused,),
    "reset": (_reset,),
    "reassigned": (_reassigned,),
    "cadence": (_cadence,),
    "repeated": (_repeated,),
    "sequential": (_sequential,),
    "independent": (_independent,),
    "stage age": (_stage_age, _plain),
    "silent": (_silent, _next_touch, _stage_age),
    "moved": (partial(_moved, duties=_plain),),
    "sequential, moved": (partial(_moved, duties=_sequential),),
    "independent, moved": (partial(_moved, duties=_independent),),
    "repeated, moved": (partial(_moved, duties=_repeated),),
    "cadence, moved": (partial(_moved, duties=_cadence),),
    "stage age, moved": (partial(_moved, duties=_stage_age), _plain),
    "silent, moved": (partial(_moved, duties=_silent), _next_touch, _stage_age),
    "all together": (_paused, _reassigned, _cadence, _sequential, _stage_age, _silent),
}
"""Agreements by the rules that they are about: a strategy for each of their duties."""


@st.composite
def policies(draw: st.DrawFn, family: str) -> Policy:
    """An agreement of that family."""
    duties = tuple(draw(strategy(f"duty-{n}")) for n, strategy in enumerate(FAMILIES[family]))
    return Policy(*policy(*duties)._replace(calendars=CALENDARS))


_TYPES = [name for name in EVENT_TYPES if name != LEAD_ERASED]
_TYPES += ["lead.assigned", "activity.logged", "activity.logged", "lead.updated", "lead.handed_off"]
# Half hours from Friday to Tuesday, most of them on Friday: so coarse that instants collide, and deadlines are hit.
_INSTANTS = st.one_of(
    st.integers(0, 24),
    st.integers(0, 24),
    st.tuples(st.integers(0, 4), st.integers(0, 20)).map(
        lambda day_and_half_hour: day_and_half_hour[0] * 48 + day_and_half_hour[1]
    ),
).map(lambda half_hours: START + half_hours * 30 * MINUTE)


@st.composite
def events(draw: st.DrawFn) -> Event:
    """Any event but an erasure."""
    type_ = draw(st.sampled_from(_TYPES))
    data: dict[str, Scalar] = {}
    if type_ == "lead.assigned" or draw(st.integers(0, 5)) == 0:
        data["owner"] = draw(st.sampled_from(["ana", "ben", "cem", ""]))
    if draw(st.integers(0, 3)) == 0:
        data["grade"] = draw(st.sampled_from(["A", "B"]))
    if type_ == "lead.updated" or draw(st.integers(0, 7)) == 0:
        data["waiting_on"] = draw(st.sampled_from(["prospect", "us"]))
    if type_ == "activity.logged":
        data["channel"] = draw(st.sampled_from(["call", "call", "email", "visit"]))
        data["direction"] = draw(st.sampled_from(["outbound", "outbound", "outbound", "inbound"]))
        data["actor"] = draw(st.sampled_from(["person", "person", "automation"]))
        data |= draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "duration_s": st.sampled_from([10, 20, 60]),
                    "actor_id": st.sampled_from(["ana", "ben"]),
                    "outcome": st.sampled_from(["connected", "no-answer"]),
                },
            )
        )
    if type_ == "lead.stage_changed":
        data["stage"] = draw(st.sampled_from(["mql", "sal", "sql", "recycled", "nowhere"]))
    if type_ == "lead.rejected":
        data["reason"] = draw(st.sampled_from(["no-budget", "bad-hair-day"]))
    id_ = f"e{draw(st.integers(0, 10**6))}"
    return Event("L", id_, type_, draw(_INSTANTS), draw(st.sampled_from(["crm", "dialler"])), data)


histories = st.lists(events(), min_size=1, max_size=14, unique_by=lambda event: event.id)
