"""Reads a whole policy file into the agreement of the core; every mistake in it is told at once."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from monitor.core.localtime import reached_at
from monitor.core.policy import DEFAULT_STAGES, Policy, Stage
from monitor.wire.policy.calendars import calendars, zone
from monitor.wire.policy.duties import Context, duties
from monitor.wire.policy.fault import Faults, PolicyError, PolicyFault, Refused
from monitor.wire.policy.tree import Mapping as MappingNode
from monitor.wire.policy.tree import Node, Unreadable, tree_of
from monitor.wire.policy.values import iso_date, mapping, name, one_of, several, text

# An agreement has a few kilobytes; a megabyte of YAML is still parsed within about a second.
BYTES_MAX: Final = 1_048_576
STAGES_MAX: Final = 50
_TOP: Final = {
    "agreement": "{name: …, version: 2026-Q4, effective_from: 2026-10-01}",
    "timezone": "Europe/Berlin",
    "follow_up": "a list of duties",
}
_AGREEMENT: Final = {"name": "DACH inbound", "version": "2026-Q4", "effective_from": "2026-10-01"}


def load_policy(path: Path) -> Policy:
    """The agreement in that file. Raises PolicyError with all its faults, also when the file cannot be read."""
    file = str(path)
    try:
        with path.open("rb") as stream:
            content = stream.read(BYTES_MAX + 1)
    except OSError as error:
        fix = "mind the path and its permissions"
        raise PolicyError([PolicyFault(file, 1, "policy", f"cannot be read: {error.strerror}", fix)]) from error
    try:
        return read_policy(content.decode(), file)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise PolicyError([PolicyFault(file, line, "policy", "is not UTF-8", "save the file as UTF-8")]) from error


def read_policy(text: str, file: str) -> Policy:
    """The agreement in `text`; `file` is only its name in messages. Raises PolicyError with all its faults."""
    if len(text) > BYTES_MAX:
        fix = "split the agreement"
        raise PolicyError([PolicyFault(file, 1, "policy", f"is larger than {BYTES_MAX} bytes", fix)])
    try:
        top = tree_of(text)
    except Unreadable as error:
        raise PolicyError([PolicyFault(file, error.line, error.field, error.message, error.fix)]) from error
    faults = Faults(file)
    policy = faults.read(partial(_policy, faults), top, None)
    if policy is None or faults.found:
        raise PolicyError(faults.found)
    return policy


def _policy(faults: Faults, node: Node) -> Policy:
    keys = mapping(faults, node, _TOP, ("stages", "calendars"))
    called, version, effective_from = faults.read(partial(_agreement, faults), keys.get("agreement"), ("", "", None))
    home = faults.read(zone, keys.get("timezone"), ZoneInfo("UTC"))
    day = effective_from or date(2026, 1, 1)  # a stand-in, so that reading can go on to the faults behind
    read_calendars = partial(calendars, faults, default_zone=home, year=day.year)
    known = faults.read(read_calendars, keys.get("calendars"), {})
    stages = faults.read(partial(_stages, faults), keys.get("stages"), DEFAULT_STAGES)
    named = keys.get("calendars")
    context = Context(
        faults=faults,
        stages=stages,
        calendar_names=named.keys if isinstance(named, MappingNode) else (),
        calendars=known,
        effective_at=reached_at(home, datetime.combine(day, datetime.min.time())),
    )
    return Policy(
        name=called,
        version=version,
        timezone=home.key,
        effective_from=day.isoformat(),
        stages=stages,
        calendars=known,
        duties=faults.read(partial(duties, context), keys.get("follow_up"), ()),
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


def _stages(faults: Faults, node: Node) -> Mapping[str, Stage]:
    if not isinstance(node, MappingNode) or not 1 <= len(node.entries) <= STAGES_MAX:
        fix = "write the stages by name, {mql: {team: marketing, next: [sal]}}, or remove the key"
        raise Refused(node, f"is {node.kind}, not a mapping of 1 to {STAGES_MAX} stages", fix)
    for key in node.keys.values():
        faults.read(name, key, "")
    read_stage = partial(_stage, faults, node.keys)
    return {key: faults.read(read_stage, entry, Stage("", frozenset())) for key, entry in node.entries.items()}


def _stage(faults: Faults, known: Collection[str], node: Node) -> Stage:
    keys = mapping(faults, node, {"team": "sales"}, ("next", "handoff_to"))
    return Stage(
        team=faults.read(name, keys.get("team"), ""),
        next=frozenset(faults.read(several(faults, one_of(known, "stage")), keys.get("next"), ())),
        handoff_to=faults.read(name, keys.get("handoff_to"), None),
    )
