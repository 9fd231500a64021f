"""Tells an explained lead to a person, line by line."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from shlex import quote
from typing import Any, Final

from monitor.core.explanation import STRETCHES_MAX
from monitor.core.outcome import Kind
from monitor.core.sentence import duration

_US_PER_S: Final = 1_000_000


def story(lead: Mapping[str, Any]) -> list[str]:
    """The lines of a lead's story: what happened and was said, then each clock, then where the time went."""
    head = f"lead {lead['lead']}: stage {lead['stage'] or 'unknown'}" + (", erased" if lead["erased"] else "")
    if lead["judged_until"] is not None:
        head += f"; judged until {_at(lead['judged_until'])}"
    lines = [(said["at"], 1, _said(said)) for said in lead["said"]]
    for event in lead["timeline"]:
        of = "" if event["lead"] == lead["lead"] else f" of {event['lead']}"
        lines.append((event["at"], 0, f"  {_at(event['at'])}  {event['type']}{of}{_data(event['data'])}"))
    happened = ["what happened and what was said:", *(line for *_, line in sorted(lines))]
    clocks = [line for clock in lead["clocks"] for line in _clock(clock)]
    told, into = [head, *happened, *clocks, *_spans(lead["spans"])], lead["merged_into"]
    return [*told, f"merged into {into}, where it goes on: lead-sla explain {quote(into)}"] if into else told


def _clock(clock: Mapping[str, Any]) -> Iterator[str]:
    state = clock["state"].replace("_", " ") + (", final" if clock["final"] else "")
    yield f"{clock['duty']} (cycle {clock['cycle']}): {state}"
    yield f"  {clock['text'] or 'nothing was said yet'}"
    if clock["evidence_ids"]:
        yield f"  evidence: {', '.join(clock['evidence_ids'])}"
    calendar = f" on {clock['calendar']}" if clock["calendar"] else ""
    yield f"  judged by {clock['policy_version']}: {clock['limit']}{calendar}; target: {clock['target']}"
    yield f"  due: {_due(clock)}"
    stretches = [_between(each) for each in clock["segments"]]
    if stretches:
        newest = " (the newest of them)" if len(stretches) == STRETCHES_MAX else ""
        yield f"  counted: {_duration(clock['used_s'])}: {', '.join(stretches)}{newest}"
    for pause in clock["pauses"]:
        yield f"  paused: {_between(pause)}{', longer than agreed' if pause['stalled'] else ''}"
    for warning in clock["warnings"]:
        yield f"  warning: {_level(warning['level'])} at {_at(warning['at'])}{'' if warning['said'] else ', not said'}"
    if clock["attempts_needed"]:
        yield f"  attempts still needed: {clock['attempts_needed']}"
    for act in clock["acts"]:
        counted = "counted" if act["counted"] else f"did not count: {act['why']}"
        yield f"  {act['channel'] or 'act'} at {_at(act['at'])} ({act['id']}) {counted}"
    for share in clock["owners"]:
        yield f"  {share['owner'] or 'nobody'} had {_share(share)}"


def _due(clock: Mapping[str, Any]) -> str:
    due = str(_at(clock["due_at"]))
    if clock["practical_at"] != clock["due_at"]:
        due += f", which is closing time: by the next opening, {_at(clock['practical_at'])}"
    if clock["reach_at"] is not None:
        due += f"; the next attempt by {_at(clock['reach_at'])}"
    return due if clock["first_due_at"] == clock["due_at"] else f"{due}; at first {_at(clock['first_due_at'])}"


def _share(share: Mapping[str, Any]) -> str:
    had = _duration(share["elapsed_s"], share["working_s"])
    if not share["late_elapsed_s"]:
        return had
    late = _duration(share["late_elapsed_s"], share["late_working_s"])
    return f"{had}, and {late} too late" if share["elapsed_s"] else f"{late} too late"


def _spans(spans: list[Mapping[str, Any]]) -> Iterator[str]:
    for number, those in groupby(spans, key=lambda span: span["round"]):
        yield "where its time went" + (f", round {number}:" if number > 1 else ":")
        for span in those:
            took = _duration(span["elapsed_s"], span["working_s"])
            so_far = " so far" if span["to_at"] is None else ""
            yield f"  to {span['step'].replace('_', ' ')}: {took}{so_far}, {span['team'] or 'no team'}"


def _said(said: Mapping[str, Any]) -> str:
    level = f" {_level(said['level'])}" if said["kind"] == Kind.WARNED else ""
    standing = "" if said["standing"] else ", withdrawn since"
    return f"  {_at(said['at'])}  -> {said['duty']} {said['kind']}{level}{standing}"


def _level(level: str) -> str:
    return f"{level}%" if level.isdigit() else level


def _data(data: Mapping[str, Any]) -> str:
    return "".join(f" {name}={value}" for name, value in data.items())


def _between(stretch: Mapping[str, Any]) -> str:
    return f"{_at(stretch['from_at'])} to {'now' if stretch['to_at'] is None else _at(stretch['to_at'])}"


def _at(instant: str) -> str:
    return instant.replace(".000000Z", "Z")


def _duration(elapsed_s: float, working_s: float | None = None) -> str:
    elapsed = duration(round(elapsed_s * _US_PER_S))
    if working_s is None or working_s == elapsed_s:
        return elapsed
    return f"{elapsed} ({duration(round(working_s * _US_PER_S))} of working time)"
