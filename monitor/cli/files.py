"""Recorded events and outcomes in files of one JSON object a line, and what is said of lines that are none."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

import typer

from monitor.cli.failure import BAD_INPUT, Failure
from monitor.core.calendar import CalendarExhausted
from monitor.core.event import Event
from monitor.core.instant import from_rfc3339
from monitor.core.outcome import Outcome
from monitor.wire.lead_event import InvalidRecord, TimeLimits, decode
from monitor.wire.outcome import UnreadableOutcome, decode_outcome

# History is read as it was recorded: nothing in it is too old or too far ahead.
ANY_TIME: Final = TimeLimits(future_us=2**62, past_us=2**62)

T = TypeVar("T")


def read_events(path: Path) -> tuple[list[Event], list[str]]:
    """The events of a file, and one message for each line that is none."""
    return _read(path, lambda line: decode(line, (), 0, ANY_TIME))


def read_outcomes(path: Path) -> tuple[list[Outcome], list[str]]:
    """The outcomes of a file, and one message for each line that is none."""
    return _read(path, decode_outcome)


def spare(out: Path, *given: Path | None) -> None:
    """Overwrite nothing that was given to read. Raises Failure."""
    if any(path is not None and path.exists() and out.exists() and out.samefile(path) for path in given):
        raise Failure(f"--out: {out} is what is to be read; name another file", BAD_INPUT)


def complain(bad: Sequence[str]) -> None:
    """Say what was wrong, and exit with 1 if anything was."""
    for line in bad:
        typer.echo(f"lead-sla: {line}", err=True)
    if bad:
        raise typer.Exit(BAD_INPUT)


def instant_of(option: str, text: str | None) -> int | None:
    """The instant that an option gives. Raises Failure."""
    try:
        return None if text is None else from_rfc3339(text)
    except ValueError as error:
        raise Failure(f"{option}: {error}", BAD_INPUT) from None


def beyond(events: Path | str, error: CalendarExhausted) -> Failure:
    """No calendar reaches as far as an event."""
    return Failure(f"{events}: {error}; remove the event with that time", BAD_INPUT)


def _read(path: Path, decoded: Callable[[bytes], T]) -> tuple[list[T], list[str]]:
    found, bad = [], []
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                found.append(decoded(line.strip()))
            except InvalidRecord as invalid:
                bad.append(f"{path}:{number}: {invalid.reason}: {invalid.detail}")
            except UnreadableOutcome as unreadable:
                bad.append(f"{path}:{number}: {unreadable}")
    return found, bad
