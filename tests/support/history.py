"""Short ways to write a lead's history in tests, in minutes after a Thursday morning."""

from collections.abc import Iterable

from monitor.core.advance import Step, TimeAdvanced, advance
from monitor.core.event import Event, Scalar
from monitor.core.instant import from_rfc3339
from monitor.core.lead import Lead
from monitor.core.outcome import Kind, Outcome
from monitor.core.policy import Policy
from tests.support.agreement import MINUTE, duty, policy

Input = Event | TimeAdvanced
START = from_rfc3339("2026-10-01T08:00:00Z")
ONE_DUTY = policy(duty(warn_at=()))


def at(minute: float) -> int:
    """That minute of the history."""
    return START + round(minute * MINUTE)


def event(type_: str, minute: float, sender: str = "crm", id_: str | None = None, **data: Scalar) -> Event:
    """An event of lead L; without an id of its own it is named after type and minute."""
    return Event("L", id_ or f"{type_}@{minute}", type_, at(minute), sender, data)


def assigned(minute: float, owner: str = "ana", **data: Scalar) -> Event:
    """Starts the first touch."""
    return event("lead.assigned", minute)._replace(data={"owner": owner, **data})


def called(minute: float, sender: str = "dialler") -> Event:
    """Meets the first touch."""
    return event("activity.logged", minute, sender, channel="call", direction="outbound", actor="person")


def tick(minute: float) -> TimeAdvanced:
    """Time has passed until then."""
    return TimeAdvanced(at(minute))


def run(steps: Iterable[Input], agreement: Policy = ONE_DUTY, lead: Lead | None = None) -> list[Step]:
    """Every step, one after the other."""
    done: list[Step] = []
    for step in steps:
        done.append(advance(lead, step, agreement))
        lead = done[-1].lead
    return done


def said(steps: Iterable[Input], agreement: Policy = ONE_DUTY) -> list[Outcome]:
    """All outcomes but the start of clocks."""
    return [o for step in run(steps, agreement) for o in step.outcomes if o.kind is not Kind.ACTIVATED]
