"""Recorded events and outcomes in files of one JSON object a line, and what is said of lines that are none."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, TypeVar

import typer

from monitor.cli.failure import BAD_INPUT, Failure
from monitor.core.calendar import CalendarExhausted
from monitor.core.event import Event
from monitor.core.instant import from_rfc3339, to_rfc3339
from monitor.core.outcome import Outcome
from monitor.wire.lead_event import InvalidRecord, TimeLimits, decode
from monitor.wire.outcome import UnreadableOutcome, decode_outcome

# History is read as it was recorded: nothing in it is too old or too far ahead.
ANY_TIME: Final = TimeLimits(future_us=2**62, past_us=2**62)
# Time passes midnight by midnight where there are quotas. A history has no longer silence in it: what lies apart from
# the rest was stamped by a wrong clock.
SILENCE_US_MAX: Final = 10 * 366 * 86_400_000_000
_SILENCE: Final = "more than ten years"

T = TypeVar("T", Event, Outcome)


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


def history_of(instants: Iterable[int]) -> tuple[int, int]:
    """First and last instant of the most of them that have no long silence between them; of as many, the earliest."""
    parts: list[list[int]] = []
    for at in sorted(instants):
        if not parts or at - parts[-1][-1] > SILENCE_US_MAX:
            parts.append([])
        parts[-1].append(at)
    most = max(parts, key=len, default=[0])
    return most[0], most[-1]


def within_reach(option: str, until: int | None, records: Iterable[Event | Outcome]) -> None:
    """Raises Failure where time would go on for long after the newest record."""
    newest = max((record.at for record in records), default=None)
    if until is not None and newest is not None and until - newest > SILENCE_US_MAX:
        message = f"{option} lies {_SILENCE} after the newest record, {to_rfc3339(newest)}; choose an earlier instant"
        raise Failure(message, BAD_INPUT)


def beyond(events: Path | str, error: CalendarExhausted) -> Failure:
    """No calendar reaches as far as an event."""
    return Failure(f"{events}: {error}; remove the event with that time", BAD_INPUT)


def _read(path: Path, decoded: Callable[[bytes], T]) -> tuple[list[T], list[str]]:
    found: list[tuple[int, T]] = []
    bad: list[tuple[int, str]] = []
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                found.append((number, decoded(line.strip())))
            except InvalidRecord as invalid:
                bad.append((number, f"{invalid.reason}: {invalid.detail}"))
            except UnreadableOutcome as unreadable:
                bad.append((number, str(unreadable)))
    first, last = history_of(record.at for _, record in found)
    for number, record in found:
        if not first <= record.at <= last:
            apart = f"time {to_rfc3339(record.at)} lies {_SILENCE} from the rest of the file"
            bad.append((number, f"{apart}; correct it, or remove the line"))
    kept = [record for _, record in found if first <= record.at <= last]
    return kept, [f"{path}:{number}: {why}" for number, why in sorted(bad)]
