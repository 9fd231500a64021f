"""Reads a whole policy file into the agreement of the core; every mistake in it is told at once."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from monitor.core.event import LEAD_CREATED
from monitor.core.localtime import reached_at
from monitor.core.policy import DEFAULT_STAGES, Policy, Stage
from monitor.core.tables import STAGE_OF_EVENT
from monitor.wire.policy.calendars import calendars, zone
from monitor.wire.policy.ceilings import relaxed
from monitor.wire.policy.context import Context
from monitor.wire.policy.definitions import definitions
from monitor.wire.policy.duties import duties
from monitor.wire.policy.fault import Faults, PolicyDoubt, PolicyError, PolicyFault, Refused
from monitor.wire.policy.finance import finance
from monitor.wire.policy.quotas import quotas
from monitor.wire.policy.tree import Mapping as MappingNode
from monitor.wire.policy.tree import Node, Unreadable, tree_of
from monitor.wire.policy.values import iso_date, mapping, name, one_of, several, text

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
_AGREEMENT: Final = {"name": "DACH inbound", "version": "2026-Q4", "effective_from": "2026-10-01"}


class Examined(NamedTuple):
    """An agreement that is in order, and what in it is hardly meant, in the order of the lines."""

    policy: Policy
    doubts: tuple[PolicyDoubt, ...]


def load_policy(path: Path) -> Policy:
    """The agreement in that file. Raises PolicyError with all its faults, also when the file cannot be read."""
    return examine_policy(path).policy


def examine_policy(path: Path) -> Examined:
    """The same with doubts about it."""
    file = str(path)
    try:
        with path.open("rb") as stream:
            content = stream.read(BYTES_MAX + 1)
    except OSError as error:
        raise _whole(file, 1, f"cannot be read: {error.strerror}", "mind the path and its permissions") from error
    if len(content) > BYTES_MAX:
        raise _whole(file, 1, f"is larger than {BYTES_MAX} bytes", "split the agreement")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _whole(file, line, "is not UTF-8", "save the file as UTF-8") from error
    return _examined(text, file)


def read_policy(text: str, file: str) -> Policy:
    """The agreement in `text`; `file` is only its name in messages. Raises PolicyError with all its faults."""
    return _examined(text, file).policy


def _examined(text: str, file: str) -> Examined:
    if len(text) > BYTES_MAX:
        raise _whole(file, 1, f"is larger than {BYTES_MAX} characters", "split the agreement")
    try:
        top = tree_of(text)
    except Unreadable as error:
        raise _whole(file, error.line, error.message, error.fix, error.field) from error
    faults = Faults(file)
    policy = faults.read(partial(_policy, faults), top, None)
    if policy is None or faults.found:
        raise PolicyError(faults.found)
    return Examined(policy, faults.told_doubts())


def _whole(file: str, line: int, message: str, fix: str, field: str = "policy") -> PolicyError:
    return PolicyError([PolicyFault(file, line, field, message, fix)])


def _policy(faults: Faults, node: Node) -> Policy:
    keys = mapping(faults, node, _TOP, ("segments", "stages", "calendars", "definitions", "quotas", "money", "goals"))
    called, version, effective_from = faults.read(partial(_agreement, faults), keys.get("agreement"), ("", "", None))
    home = faults.read(zone, keys.get("timezone"), ZoneInfo("UTC"))
    day = effective_from or date(2026, 1, 1)  # a stand-in, so that reading can go on to the faults behind
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
        effective_at=reached_at(home, datetime.combine(day, datetime.min.time())),
    )
    read_duties = faults.read(partial(duties, context), keys.get("follow_up"), ())
    read_duties += faults.read(partial(definitions, context, stages, read_duties), keys.get("definitions"), ())
    owed = faults.read(partial(quotas, context, stages, read_duties, home), keys.get("quotas"), ())
    if keys.get("quotas") is not None:
        read_duties = relaxed(context, read_duties, keys.entries["quotas"])
    if isinstance(named, MappingNode):
        for calendar, place in named.keys.items():
            if calendar not in context.calendars_used:
                faults.doubt(place, "no duty is counted on this calendar", "name it in a duty, or remove it")
    return Policy(
        name=called,
        version=version,
        timezone=home.key,
        effective_from=day.isoformat(),
        stages=stages,
        calendars=known,
        duties=read_duties,
        segments=segments,
        quotas=owed,
        finance=finance(faults, keys),
    )


def _agreement(faults: Faults, node: Node) -> tuple[str, str, date | None]:
    keys = mapping(faults, node, _AGREEMENT, ("review_by", "approved_by"))
    effective_from = faults.read(iso_date, keys.get("effective_from"), None)
    review_by = faults.read(iso_date, keys.get("review_by"), None)
    if effective_from is not None and review_by is not None and review_by <= effective_from:
        faults.add(keys.entries["review_by"], "is not after effective_from", f"write a date after {effective_from}")
    faults.read(several(faults, text), keys.get("approved_by"), ())
    called, version = (faults.read(text, keys.get(key), "") for key in ("name", "version"))
    return called, version, effective_from


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
