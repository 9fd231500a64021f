"""An agreement with one quota for tests, and leads that enter the stage it counts."""

from zoneinfo import ZoneInfo

from monitor.core.event import EVENT_TYPES, Event, Scalar
from monitor.core.instant import from_rfc3339
from monitor.core.limit import Limit, LimitUnit
from monitor.core.policy import Definition, Match, Policy, Target
from monitor.core.quota import ClawBack, Quota
from monitor.core.term import Every
from tests.support.agreement import DAY, duty, office, policy

MONDAY = from_rfc3339("2026-10-04T22:00:00Z")
"""The first instant of a week in Munich."""
NEXT_MONDAY = MONDAY + 7 * DAY


def quota(name: str = "qualified-leads", **changes: object) -> Quota:
    """Two enterprise leads and one of mid-market a week, taken back when rejected as bad data within two days."""
    standard = Quota(
        name=name,
        team="marketing",
        stage="mql",
        every=Every.WEEK,
        targets={("enterprise",): 2000, ("smb",): 1000},
        zone=ZoneInfo("Europe/Berlin"),
        per=("segment",),
        claw_back=ClawBack(Limit(LimitUnit.ELAPSED, 2 * DAY, "2 days elapsed"), None, frozenset({"bad-data"})),
        calendar=office(),
        final_after_us=DAY,
    )
    return standard._replace(**changes)


def agreement(*quotas: Quota, definition: Definition | None = None) -> Policy:
    """These quotas, beside a definition of what they count if there is one."""
    defined = ()
    if definition is not None:
        at_once = (Target(Limit(LimitUnit.ELAPSED, 0, "at once"), None),)
        entering = (Match(frozenset(EVENT_TYPES), stages=frozenset({"mql"})),)
        changes = {"cancelled_by": (), "met_by": (), "warn_at": (), "targets": at_once, "repeats": True}
        asked = duty("definition-mql", team="marketing", starts=entering, definition=definition, **changes)
        defined = (asked._replace(final_after={"default": 30 * DAY}),)
    return policy(duty(), *defined)._replace(quotas=quotas or (quota(),))


class Leads:
    """Events with ids in the order in which they are made."""

    def __init__(self) -> None:
        self._number = 0

    def happened(self, lead: str, at: int, type_: str, **data: Scalar) -> Event:
        """An event of a lead at an instant."""
        self._number += 1
        return Event(lead, f"e{self._number:04}", type_, at, "crm", data)

    def qualified(self, lead: str, at: int, segment: str = "enterprise", **data: Scalar) -> Event:
        """It enters the stage."""
        return self.happened(lead, at, "lead.stage_changed", stage="mql", segment=segment, **data)

    def rejected(self, lead: str, at: int, reason: str = "bad-data") -> Event:
        """Sales gives it back."""
        return self.happened(lead, at, "lead.rejected", reason=reason)
