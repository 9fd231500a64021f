"""The `calendars` of a policy file: opening hours, public holidays, closed and short days, time zones."""

from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches
from functools import cache, partial
from typing import Final
from warnings import catch_warnings
from zoneinfo import ZoneInfo, available_timezones

import holidays

from monitor.core.calendar import Calendar, Hours
from monitor.wire.policy.fault import Faults, Refused, quoted
from monitor.wire.policy.tree import Mapping as MappingNode
from monitor.wire.policy.tree import Node
from monitor.wire.policy.values import hours, iso_date, mapping, name, nearest, several, text

# Public holidays are resolved for the years around `effective_from`: what is replayed lies before it, and ten years
# are as far as a calendar looks for a due instant.
HOLIDAY_YEARS_BEFORE: Final = 2
HOLIDAY_YEARS_AFTER: Final = 10
CALENDARS_MAX: Final = 100
_CALENDAR_OPTIONAL: Final = ("timezone", "holidays", "closed", "short_days", "open_days")
_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


@cache
def _countries() -> Mapping[str, list[str]]:
    return holidays.list_supported_countries()


def zone(node: Node) -> ZoneInfo:
    """An IANA time zone. Raises Refused."""
    value = text(node)
    if value not in _zones():
        near = get_close_matches(value, _zones(), n=1, cutoff=0.8)
        raise Refused(
            node,
            f"unknown time zone {quoted(value)}",
            f"write {near[0] if near else 'an IANA name such as Europe/Berlin'}",
        )
    return ZoneInfo(value)


def calendars(faults: Faults, node: Node, default_zone: ZoneInfo, year: int) -> dict[str, Calendar]:
    """Calendars by name, without those that have faults; `year` is that of `effective_from`. Raises Refused."""
    if not isinstance(node, MappingNode):
        raise Refused(node, f"is {node.kind}, not a mapping", "write a name for each calendar, and its hours below it")
    if len(node.entries) > CALENDARS_MAX:
        raise Refused(node, f"more than {CALENDARS_MAX} calendars", "remove those that no duty uses")
    whole: dict[str, Calendar] = {}
    for key, entry in node.entries.items():
        before = len(faults.found)
        faults.read(name, node.keys[key], "")
        calendar = faults.read(partial(_calendar, faults, key, default_zone, year), entry, None)
        if calendar is not None and len(faults.found) == before:
            whole[key] = calendar
    return whole


def _calendar(faults: Faults, called: str, default_zone: ZoneInfo, year: int, node: Node) -> Calendar | None:
    keys = mapping(faults, node, {"hours": "{mon-fri: 09:00-17:00}"}, _CALENDAR_OPTIONAL)
    weekly = faults.read(partial(_weekly, faults), keys.get("hours"), ((),) * 7)
    public = faults.read(partial(_public_holidays, faults, year), keys.get("holidays"), frozenset())
    closed = faults.read(several(faults, iso_date), keys.get("closed"), ())
    short = faults.read(partial(_days, faults, dict.fromkeys(closed, "closed")), keys.get("short_days"), {})
    taken = dict.fromkeys(closed, "closed") | dict.fromkeys(short, "short_days")
    more = faults.read(partial(_days, faults, taken), keys.get("open_days"), {})
    return Calendar(
        name=called,
        zone=faults.read(zone, keys.get("timezone"), default_zone),
        weekly=weekly,
        closed=public | frozenset(closed),
        days={**short, **more},
    )


def _weekly(faults: Faults, node: Node) -> tuple[Hours, ...]:
    if not isinstance(node, MappingNode):
        raise Refused(node, f"is {node.kind}, not a mapping", "write weekdays with their hours, {mon-fri: 09:00-17:00}")
    weekly: dict[str, Hours] = {}
    before = len(faults.found)
    for key, entry in node.entries.items():
        periods = faults.read(hours, entry, ())
        for day in faults.read(_weekdays, node.keys[key], ()):
            if day in weekly:
                faults.add(node.keys[key], f"{day} has hours already", "name every weekday once")
            weekly[day] = periods
    if not any(weekly.values()) and len(faults.found) == before:
        raise Refused(
            node, "this calendar never opens", "give at least one weekday hours, such as mon-fri: 09:00-17:00"
        )
    return tuple(weekly.get(day, ()) for day in _WEEKDAYS)


def _weekdays(key: Node) -> tuple[str, ...]:
    value = text(key)
    days = days_of(value)
    if not days:
        raise Refused(
            key, f"{quoted(value)} is no weekday", f"write {', '.join(_WEEKDAYS)}, or a range such as mon-fri"
        )
    return days


def days_of(key: str) -> tuple[str, ...]:
    """The weekdays that a key such as `fri` or `mon-thu` names; none if it is no such key."""
    first, _, last = key.partition("-")
    if first not in _WEEKDAYS or (last or first) not in _WEEKDAYS:
        return ()
    start = _WEEKDAYS.index(first)
    count = (_WEEKDAYS.index(last or first) - start) % 7 + 1  # sun-thu is a week of work too
    return tuple(_WEEKDAYS[(start + more) % 7] for more in range(count))


def _public_holidays(faults: Faults, year: int, node: Node) -> frozenset[date]:
    keys = mapping(faults, node, {"country": "DE"}, ("subdivision",))
    country = faults.read(_country, keys.get("country"), "")
    if not country:
        return frozenset()
    subdivision = faults.read(partial(_subdivision, country), keys.get("subdivision"), None)
    first, last = year - HOLIDAY_YEARS_BEFORE, year + HOLIDAY_YEARS_AFTER
    with catch_warnings(record=True, action="always") as warned:  # of years for which a feast has no date yet
        found = holidays.country_holidays(country, subdiv=subdivision, years=range(first, last + 1))
    if warned or found.start_year > first or found.end_year < last:
        message = f"not all public holidays of {country} from {first} to {last} are known"
        faults.doubt(node, message, "list those that are missing under closed, in time")
    return frozenset(found)


def _country(node: Node) -> str:
    value = text(node)
    if value not in _countries():
        raise Refused(
            node,
            f"no public holidays are known for {quoted(value)}",
            "write an ISO 3166 code such as DE, or list the days under closed",
        )
    return value


def _subdivision(country: str, node: Node) -> str:
    value = text(node)
    known = _countries()[country]
    if value not in known:
        raise Refused(node, f"{country} has no subdivision {quoted(value)}", nearest(value, known))
    return value


def _days(faults: Faults, taken: Mapping[date, str], node: Node) -> dict[date, Hours]:
    """Dates with hours of their own; `taken` are those that stand under another key already."""
    if not isinstance(node, MappingNode):
        raise Refused(node, f"is {node.kind}, not a mapping", "write dates with their hours, {2026-12-31: 09:00-12:00}")
    days: dict[date, Hours] = {}
    for key, entry in node.entries.items():
        day = faults.read(iso_date, node.keys[key], None)
        periods = faults.read(hours, entry, ((0, 1),))
        if not periods:
            faults.add(entry, "has no hours", "list the date under closed instead")
        if day is None:
            continue
        if day in taken:
            faults.add(node.keys[key], f"{day} is listed under {taken[day]} too", "keep one of the two")
        days[day] = periods
    return days
