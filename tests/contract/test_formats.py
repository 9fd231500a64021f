"""What earlier releases wrote is read by this one: recorded leads go on from their bytes as they did then.

`formats/leads-<version>.jsonl` holds leads in all shapes, one on a line: the timeline records that made it, its
state, and the records that came next, all as bytes of that version; beside them what was said. Recorded files never
change. A release that changes a format adds a file of its own.

What releases judge differently is left out of the comparison: a merged lead keeps and starts nothing more since.
"""

import base64
import json
from collections.abc import Iterable
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest

from monitor.core.advance import TimeAdvanced, advance
from monitor.core.event import LEAD_MERGED, Event
from monitor.core.lead import Lead
from monitor.core.outcome import Kind, Outcome
from monitor.core.policy import Policy
from monitor.core.tables import OPEN_STATES
from monitor.core.tellings import next_instant
from monitor.wire.outcome import encode_outcome
from monitor.wire.policy import load_policy
from monitor.wire.state import decode_state, encode_state, in_short, state_header
from monitor.wire.timeline import decode_record

LATER_KINDS = {Kind.REASSIGNED}
"""Said since, of leads like those recorded; all that was said then is still said, byte for byte."""
FORMATS = Path(__file__).parent / "formats"
RECORDED = [
    pytest.param(json.loads(line), id=f"{path.stem}: {json.loads(line)['lead']}")
    for path in sorted(FORMATS.glob("leads-*.jsonl"))
    for line in path.read_text().splitlines()
]


@cache
def agreement(number: int) -> Policy:
    return load_policy(FORMATS / f"agreement-{number}.yaml")


def said(outcome: Outcome) -> str:
    """What the recording says of an outcome: enough to see what differs, and a checksum of all its bytes."""
    if outcome.kind is Kind.WITHDRAWN:  # which names its evidence only since
        outcome = outcome._replace(evidence_ids=(), evidence_at=None)
    level, checksum = outcome.level or "-", blake2b(encode_outcome(outcome), digest_size=8).hexdigest()
    return f"{outcome.kind} {outcome.duty} {outcome.cycle} {level} r{outcome.revision} {outcome.outcome_id} {checksum}"


def to_merge(records: list[str]) -> tuple[list[str], bool]:
    """Those that every release judges alike, and whether these are all."""
    for n, record in enumerate(records):
        step = decode_record(base64.b64decode(record))
        if isinstance(step, Event) and step.type == LEAD_MERGED:
            return records[: n + 1], False
    return records, True


def judged(lead: Lead | None, records: Iterable[str], policy: Policy) -> tuple[Lead | None, list[str]]:
    outcomes: list[str] = []
    for record in records:
        step = decode_record(base64.b64decode(record))
        if lead is not None or not isinstance(step, TimeAdvanced):
            done = advance(lead, step, policy)
            lead = done.lead
            outcomes += [said(outcome) for outcome in done.outcomes if outcome.kind not in LATER_KINDS]
    return lead, outcomes


def goes_on(lead: Lead | None, recorded: dict[str, Any], policy: Policy) -> None:
    """As it was recorded."""
    alike, are_all = to_merge(recorded["then"])
    _, outcomes = judged(lead, alike, policy)
    assert outcomes == recorded["said_then"][: None if are_all else len(outcomes)]


@pytest.mark.parametrize("recorded", RECORDED)
def test_a_recorded_timeline_is_judged_as_it_was(recorded: dict[str, Any]) -> None:
    before, after = map(agreement, recorded["agreements"])
    alike, are_all = to_merge(recorded["before"])
    lead, outcomes = judged(None, alike, before)
    assert outcomes == recorded["said_before"][: None if are_all else len(outcomes)]
    if are_all:
        goes_on(lead, recorded, after)


@pytest.mark.parametrize("recorded", RECORDED)
def test_a_recorded_state_goes_on_as_it_did(recorded: dict[str, Any]) -> None:
    lead = decode_state("L", base64.b64decode(recorded["state"]))
    goes_on(lead, recorded, agreement(recorded["agreements"][1]))


@pytest.mark.parametrize("recorded", RECORDED)
def test_a_recorded_state_that_is_written_anew_goes_on_as_it_did(recorded: dict[str, Any]) -> None:
    lead = decode_state("L", base64.b64decode(recorded["state"]))
    assert next_instant(lead) == recorded["next_at"]
    lead = decode_state("L", encode_state(lead, 7, recorded["next_at"]))
    goes_on(lead, recorded, agreement(recorded["agreements"][1]))


@pytest.mark.parametrize("recorded", RECORDED)
def test_what_recovery_reads_of_a_recorded_state_is_what_was_written(recorded: dict[str, Any]) -> None:
    state = base64.b64decode(recorded["state"])
    stage, states = in_short(state)
    is_open = not {f"{clock}" for clock in OPEN_STATES}.isdisjoint(each.split()[-1] for each in recorded["clocks"])
    assert [f"{duty} {clock}" for duty, clock in states] == (recorded["clocks"] if is_open else [])
    lead = decode_state("L", state)
    assert stage == ("" if lead.merged else lead.fold.stage)
    assert state_header(state).fields() == (is_open, len(recorded["before"]) - 1, recorded["next_at"] or 0)


def test_leads_of_every_shape_are_recorded() -> None:
    assert len(RECORDED) >= 50
