"""The commands that need no Kafka: check, diff, calendar, replay, schemas."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import typer

from monitor.cli.calendar_lines import answers
from monitor.cli.failure import BAD_INPUT, Failure
from monitor.cli.marketing import asks_of_marketing, marketing, marketing_text
from monitor.core.calendar import CalendarExhausted
from monitor.core.event import Event
from monitor.core.instant import from_rfc3339
from monitor.core.policy import Policy
from monitor.core.replay import Replay
from monitor.stream.clock import SystemTime
from monitor.stream.garbage import collect_less_often
from monitor.wire import schemas as contract
from monitor.wire.lead_event import InvalidRecord, TimeLimits, decode
from monitor.wire.outcome import encode_outcome
from monitor.wire.policy import PolicyError, examine_policy, load_policy
from monitor.wire.policy import diff as compare

# History is replayed as it was recorded: nothing in it is too old or too far ahead.
ANY_TIME = TimeLimits(future_us=2**62, past_us=2**62)


def say(answer: Mapping[str, Any], *, as_json: bool, text: str) -> None:
    """Print the answer for a script or for a person."""
    typer.echo(json.dumps(answer) if as_json else text)


def check(path: Path, *, as_json: bool) -> None:
    """Print every mistake of a policy file, exit 1 if there is one; else what in it is hardly meant."""
    try:
        policy, doubts = examine_policy(path, SystemTime().now_at())
    except PolicyError as error:
        if as_json:
            faults = [fault._asdict() for fault in error.faults]
            typer.echo(json.dumps({"ok": False, "faults": faults}, default=str))
            raise typer.Exit(BAD_INPUT) from None
        raise Failure(str(error), BAD_INPUT) from None
    duties = [duty.name for duty in policy.duties]
    versions = [version.version for version in policy.versions]
    in_order = f"{path}: in order; {policy.name} {', '.join(versions)}, {len(duties)} duties: {', '.join(duties)}"
    warnings = [doubt._asdict() for doubt in doubts]
    say(
        {
            "ok": True,
            "name": policy.name,
            "version": policy.version,
            "versions": versions,
            "duties": duties,
            "warnings": warnings,
        },
        as_json=as_json,
        text="\n".join([in_order, *map(str, doubts)]),
    )


def diff(old_file: Path, new_file: Path, *, as_json: bool) -> None:
    """Say what changes from one agreement to the other; both must be in order."""
    old, new = _policy(old_file), _policy(new_file)
    changes = compare(old_file.read_text(encoding="utf-8"), new_file.read_text(encoding="utf-8"))
    if changes and old.version == new.version:
        typer.echo(f"lead-sla: both have version {old.version}; give the new one another, ids depend on it", err=True)
    if as_json:
        typer.echo(json.dumps([{"where": list(c.path), "before": c.before, "after": c.after} for c in changes]))
    else:
        typer.echo("\n".join(map(str, changes)) or "no difference")


def replay(events_file: Path, policy_file: Path, out: Path, *, until: str | None, as_json: bool) -> None:
    """Write the outcomes of a recorded history; report bad lines and exit 1 if there was one."""
    collect_less_often()
    policy = _policy(policy_file)
    try:
        until_at = None if until is None else from_rfc3339(until)
    except ValueError as error:
        raise Failure(f"--until: {error}; write for example 2026-10-01T12:00:00Z", BAD_INPUT) from None
    events, bad = read_events(events_file)
    kinds: Counter[str] = Counter()
    replayed = Replay(policy)
    with out.open("wb") as file:
        try:
            for outcome in replayed.run(events, until_at):
                kinds[outcome.kind] += 1
                file.write(encode_outcome(outcome) + b"\n")
        except CalendarExhausted as error:
            raise Failure(f"{events_file}: {error}; remove the event with that time", BAD_INPUT) from None
    for line in bad:
        typer.echo(f"lead-sla: {line}", err=True)
    end_at = max((event.at for event in events), default=0) if until_at is None else until_at
    owed = marketing(replayed, events, policy, end_at) if asks_of_marketing(policy) else None
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    say(
        {
            "events": len(events),
            "bad_lines": len(bad),
            "outcomes": dict(sorted(kinds.items())),
            **({"marketing": owed} if owed else {}),
        },
        as_json=as_json,
        text=f"{len(events)} events, {len(bad)} bad lines; {told or 'nothing to say'}; wrote {out}"
        + (f"\n{marketing_text(owed)}" if owed else ""),
    )
    if bad:
        raise typer.Exit(BAD_INPUT)


def calendar(policy_file: Path, lines: Iterable[str]) -> None:
    """Answer each line at once, so that a script can talk to it; exit 1 if there was a bad one."""
    bad = False
    for answered, answer in answers(_policy(policy_file).calendars, lines):
        bad |= not answered
        typer.echo(answer)
    if bad:
        raise typer.Exit(BAD_INPUT)


def read_events(path: Path) -> tuple[list[Event], list[str]]:
    """Events of a file with one JSON object a line, and one message for each line that is none."""
    events, bad = [], []
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                events.append(decode(line.strip(), (), 0, ANY_TIME))
            except InvalidRecord as invalid:
                bad.append(f"{path}:{number}: {invalid.reason}: {invalid.detail}")
    return events, bad


def schemas(folder: Path, *, check_only: bool) -> None:
    """Write the published contracts, or name what differs and exit 1."""
    if not check_only:
        contract.write(folder)
        typer.echo(f"wrote {folder}")
        return
    differences = contract.differences(folder)
    if differences:
        raise Failure("\n".join(f"{line}; run `lead-sla schemas {folder}`" for line in differences), BAD_INPUT)
    typer.echo(f"{folder} is up to date")


def _policy(path: Path) -> Policy:
    try:
        return load_policy(path)
    except PolicyError as error:
        raise Failure(str(error), BAD_INPUT) from None
