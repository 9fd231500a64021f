"""Reads a whole policy file into the agreement of the core; every mistake in it is told at once."""

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from monitor.core.event import LEAD_CREATED
from monitor.core.localtime import reached_at
from monitor.core.policy import DEFAULT_STAGES, Applies, Policy, Stage
from monitor.core.tables import STAGE_OF_EVENT
from monitor.wire.policy.calendars import calendars, zone
from monitor.wire.policy.ceilings import relaxed
from monitor.wire.policy.context import Context
from monitor.wire.policy.definitions import definitions
from monitor.wire.policy.duties import duties
from monitor.wire.policy.fault import Faults, PolicyDoubt, PolicyError, Refused, whole
from monitor.wire.policy.finance import finance
from monitor.wire.policy.notices import notices
from monitor.wire.policy.quotas import quotas
from monitor.wire.policy.tree import Mapping as MappingNode
from monitor.wire.policy.tree import Node, Scalar, Unreadable, tree_of
from monitor.wire.policy.values import duration_us, iso_date, mapping, name, one_of, several, text

# An agreement has a few kilobytes; a megabyte of YAML is still parsed within about a second.
BYTES_MAX: Final = 1_048_576
STAGES_MAX: Final = 50
# Each segment multiplies the time series of the outcomes; a dashboard shows no more than this either.
SEGMENTS_MAX: Final = 50
_TOP: Final = {
    "agreement": "{name: …, version: 2026-Q4, effective_from: 2026-10-01}",
    "timezone": "Europe/Berlin",
    "follow_up": "and the duties below it",
}
_OPTIONAL: Final = ("segments", "stages", "calendars", "definitions", "quotas", "money", "goals", "notices")
# A fortnight: time enough to meet, and short enough to be taken seriously.
REVIEW_NOTICE_US: Final = 14 * 86_400_000_000
_DAY: Final = timedelta(days=1)
_AGREEMENT: Final = {"name": "DACH inbound", "version": "2026-Q4", "effective_from": "2026-10-01"}


class Examined(NamedTuple):
    """An agreement that is in order, and what in it is hardly meant, in the order of the lines."""

    policy: Policy
    doubts: tuple[PolicyDoubt, ...]


class _Terms(NamedTuple):
    """What stands under `agreement`."""

    name: str = ""
    version: str = ""
    effective_from: date | None = None
    applies_to: Applies = Applies.NEW
    since: date | None = None
    review_by: date | None = None
    review_notice_us: int = REVIEW_NOTICE_US
    approved_by: tuple[str, ...] = ()


def read_policy(text: str, file: str) -> Policy:
    """The agreement in `text`, one version; `file` is only its name in messages. Raises PolicyError with all faults."""
    return examined(text, file).policy


def examined(text: str, file: str) -> Examined:
    """The same with doubts about it."""
    if len(text) > BYTES_MAX:
        raise whole(file, 1, f"is larger than {BYTES_MAX} characters", "split the agreement")
    try:
        top = tree_of(text)
    except Unreadable as error:
        raise whole(file, error.line, error.message, error.fix, error.field) from error
    faults = Faults(file)
    policy = faults.read(partial(_policy, faults), top, None)
    if policy is None or faults.found:
        raise PolicyError(faults.found)
    return Examined(policy, faults.told_doubts())


def _policy(faults: Faults, node: Node) -> Policy:
    keys = mapping(faults, node, _TOP, _OPTIONAL)
    terms = faults.read(partial(_agreement, faults), keys.get("agreement"), _Terms())
    home = faults.read(zone, keys.get("timezone"), ZoneInfo("UTC"))
    day = terms.effective_from or date(2026, 1, 1)  # a stand-in, so that reading can go on to the faults behind
    effective_at = _midnight(home, day)
    read_calendars = partial(calendars, faults, default_zone=home, year=day.year)
    known = faults.read(read_calendars, keys.get("calendars"), {})
    stages = faults.read(partial(_stages, faults), keys.get("stages"), DEFAULT_STAGES)
    segments = faults.read(partial(_segments, faults), keys.get("segments"), ())
    named = keys.get("calendars")
    context = Context(
        faults=faults,
        stages=stages,
        segments=segments,
        calendar_names=named.keys if isinstance(named, MappingNode) else (),
        calendars=known,
        effective_at=effective_at,
    )
    read_duties = faults.read(partial(duties, context), keys.get("follow_up"), ())
    read_duties += faults.read(partial(definitions, context, stages, read_duties), keys.get("definitions"), ())
    owed = faults.read(partial(quotas, context, stages, read_duties, home), keys.get("quotas"), ())
    if keys.get("quotas") is not None:
        read_duties = relaxed(context, read_duties, keys.entries["quotas"])
    policy = Policy(
        name=terms.name,
        version=terms.version,
        timezone=home.key,
        effective_from=day.isoformat(),
        stages=stages,
        calendars=known,
        duties=read_duties,
        segments=segments,
        effective_at=effective_at,
        applies_to=terms.applies_to,
        applies_from=effective_at if terms.since is None else _midnight(home, terms.since),
        review_at=None if terms.review_by is None else _midnight(home, terms.review_by + _DAY),
        review_notice_us=terms.review_notice_us,
        approved_by=terms.approved_by,
        quotas=owed,
        finance=finance(faults, keys),
    )
    policy = policy._replace(notices=faults.read(partial(notices, context, policy), keys.get("notices"), None))
    if isinstance(named, MappingNode):
        for calendar, place in named.keys.items():
            if calendar not in context.calendars_used:
                faults.doubt(place, "nothing is counted on this calendar", "name it in a duty, or remove it")
    return policy


def _midnight(home: ZoneInfo, day: date) -> int:
    return reached_at(home, datetime.combine(day, datetime.min.time()))


def _agreement(faults: Faults, node: Node) -> _Terms:
    keys = mapping(faults, node, _AGREEMENT, ("applies_to", "review_by", "review_notice", "approved_by"))
    effective_from = faults.read(iso_date, keys.get("effective_from"), None)
    review_by = faults.read(iso_date, keys.get("review_by"), None)
    if effective_from is not None and review_by is not None and review_by <= effective_from:
        faults.add(keys.entries["review_by"], "is not after effective_from", f"write a date after {effective_from}")
    applies_to, since = faults.read(_applies_to, keys.get("applies_to"), (Applies.NEW, None))
    if effective_from is not None and since is not None and since >= effective_from:
        fix = f"write new, or a date before {effective_from}"
        faults.add(keys.entries["applies_to"], "is not before effective_from", fix)
    return _Terms(
        faults.read(text, keys.get("name"), ""),
        faults.read(text, keys.get("version"), ""),
        effective_from,
        applies_to,
        since,
        review_by,
        faults.read(duration_us, keys.get("review_notice"), REVIEW_NOTICE_US),
        faults.read(several(faults, text), keys.get("approved_by"), ()),
    )


def _applies_to(node: Node) -> tuple[Applies, date | None]:
    if isinstance(node, Scalar) and node.text in (Applies.NEW, Applies.OPEN):
        return Applies(node.text), None
    try:
        return Applies.SINCE, iso_date(node)
    except Refused as refused:
        fix = "write new, open, or the date since which it applies, such as 2026-09-15"
        raise Refused(node, refused.message, fix) from None


def _segments(faults: Faults, node: Node) -> tuple[str, ...]:
    segments = several(faults, text)(node)
    if len(segments) > SEGMENTS_MAX:
        fix = f"name the {SEGMENTS_MAX} that matter; the rest is `other`"
        raise Refused(node, f"has {len(segments)} segments", fix)
    return segments


def _stages(faults: Faults, node: Node) -> Mapping[str, Stage]:
    fix = "write the stages by name, {mql: {team: marketing, next: [sal]}}, or remove the key"
    if not isinstance(node, MappingNode):
        raise Refused(node, f"is {node.kind}, not a mapping", fix)
    if not 1 <= len(node.entries) <= STAGES_MAX:
        raise Refused(node, f"has {len(node.entries)} stages, not 1 to {STAGES_MAX}", fix)
    for key in node.keys.values():
        faults.read(name, key, "")
    read_stage = partial(_stage, faults, node.keys)
    stages = {key: faults.read(read_stage, entry, Stage("", frozenset())) for key, entry in node.entries.items()}
    led_to = {after for key, read in stages.items() for after in read.next if after != key}
    # A lead begins in the first one, and in that of `lead.created`. A list without any `next` is no path.
    for stage in list(stages)[1:] if led_to else ():
        if stage not in led_to and stage != STAGE_OF_EVENT[LEAD_CREATED]:
            message, proposal = "no other stage leads to this one", f"add {stage} to the next of another"
            faults.doubt(node.keys[stage], message, proposal)
    return stages


def _stage(faults: Faults, known: Collection[str], node: Node) -> Stage:
    keys = mapping(faults, node, {"team": "sales"}, ("next", "handoff_to"))
    return Stage(
        team=faults.read(name, keys.get("team"), ""),
        next=frozenset(faults.read(several(faults, one_of(known, "stage")), keys.get("next"), ())),
        handoff_to=faults.read(name, keys.get("handoff_to"), None),
    )
