"""The commands that need neither Kafka nor events: check, diff, calendar, schemas."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import typer

from monitor.cli.calendar_lines import answers
from monitor.cli.failure import BAD_INPUT, Failure
from monitor.cli.route_lines import route_lines
from monitor.core.policy import Policy
from monitor.stream.clock import SystemTime
from monitor.wire import schemas as contract
from monitor.wire.policy import PolicyError, examine_policy, load_policy
from monitor.wire.policy import diff as compare


def say(answer: Mapping[str, Any], *, as_json: bool, text: str) -> None:
    """Print the answer for a script or for a person."""
    typer.echo(json.dumps(answer) if as_json else text)


def check(path: Path, *, as_json: bool) -> None:
    """Print all mistakes of a policy, exit 1 if there is one; else who hears of what, and what is hardly meant."""
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
    quotas = [quota.name for quota in policy.quotas]
    in_order = f"{path}: in order; {policy.name} {', '.join(versions)}, {len(duties)} duties: {', '.join(duties)}"
    in_order += f"; {len(quotas)} quotas: {', '.join(quotas)}" if quotas else ""
    warnings = [doubt._asdict() for doubt in doubts]
    notices = [] if policy.notices is None else [*route_lines(policy.notices)]
    say(
        {
            "ok": True,
            "name": policy.name,
            "version": policy.version,
            "versions": versions,
            "duties": duties,
            "quotas": quotas,
            "notices": notices,
            "warnings": warnings,
        },
        as_json=as_json,
        text="\n".join([in_order, *notices, *map(str, doubts)]),
    )


def diff(old_file: Path, new_file: Path, *, as_json: bool) -> None:
    """Say what changes from one file to the other; both must be in order."""
    for path in (old_file, new_file):
        if path.is_dir():
            raise Failure(f"{path} is a folder; name the two files of it to compare", BAD_INPUT)
    old, new = policy_of(old_file), policy_of(new_file)
    changes = compare(old_file.read_text(encoding="utf-8"), new_file.read_text(encoding="utf-8"))
    if changes and old.version == new.version:
        typer.echo(f"lead-sla: both have version {old.version}; give the new one another, ids depend on it", err=True)
    if as_json:
        typer.echo(json.dumps([{"where": list(c.path), "before": c.before, "after": c.after} for c in changes]))
    else:
        typer.echo("\n".join(map(str, changes)) or "no difference")


def calendar(policy_file: Path, lines: Iterable[bytes]) -> None:
    """Answer each line at once, so that a script can talk to it; exit 1 if there was a bad one."""
    bad = False
    for answered, answer in answers(policy_of(policy_file).calendars, lines):
        bad |= not answered
        typer.echo(answer)
    if bad:
        raise typer.Exit(BAD_INPUT)


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


def policy_of(path: Path) -> Policy:
    """The agreement in that file. Raises Failure, naming every mistake."""
    try:
        return load_policy(path)
    except PolicyError as error:
        raise Failure(str(error), BAD_INPUT) from None
