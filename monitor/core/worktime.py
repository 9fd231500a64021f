"""Which time counted for a clock: its stretches, its pauses, the calendar of each."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from monitor.core.calendar import Calendar
from monitor.core.lead import Clock
from monitor.core.outcome import Kind


class Stretch(NamedTuple):
    """Time from its first instant until just before its last."""

    from_at: int
    to_at: int


class Run(NamedTuple):
    """A stretch in which a clock ran, nights and weekends included, and the calendar that counted; None: all time."""

    from_at: int
    to_at: int
    calendar: Calendar | None

    def within(self, from_at: int, to_at: int) -> "Run":
        """What of it lies there; it may be empty."""
        from_at = max(self.from_at, from_at)
        return Run(from_at, max(from_at, min(self.to_at, to_at)), self.calendar)

    @property
    def elapsed_us(self) -> int:
        """All of its time."""
        return self.to_at - self.from_at

    @property
    def working_us(self) -> int:
        """Its working time; all of it where no calendar counts."""
        return self.elapsed_us if self.calendar is None else self.calendar.elapsed(self.from_at, self.to_at)


class Pause(NamedTuple):
    """A stretch in which a clock stood still."""

    from_at: int
    to_at: int | None
    """None: it stands still."""
    by: str
    """Id of the event that began it."""
    ended_by: str
    """Id of the event that ended it, or the clock with it; empty: none did."""
    stalled: bool
    """It lasted longer than the agreement allows."""


Eras = Sequence[tuple[int, Calendar | None]]
"""Which calendar counts from which instant on, ascending; the first from the start of the clock."""


def pauses(clock: Clock, known_until: int) -> tuple[Pause, ...]:
    """All of them, in order."""
    found: list[Pause] = []
    open_ = False
    for move in clock.moves:
        if move.kind is Kind.PAUSED:
            found.append(Pause(move.at, None, move.by, "", stalled=False))
            open_ = True
        elif open_ and move.kind is Kind.STALLED:
            found[-1] = found[-1]._replace(stalled=True)
        elif open_ and move.kind in (Kind.RESUMED, Kind.RESET):
            found[-1] = found[-1]._replace(to_at=move.at, ended_by=move.by)
            open_ = False
    if open_ and clock.ended_at is not None:
        found[-1] = found[-1]._replace(to_at=clock.ended_at, ended_by=clock.ended_by)
    elif open_ and clock.stalls_at is not None and clock.stalls_at <= known_until:
        found[-1] = found[-1]._replace(stalled=True)
    return tuple(found)


def runs(clock: Clock, standing_still: Sequence[Pause], eras: Eras, from_at: int, to_at: int) -> tuple[Run, ...]:
    """The time between these instants in which the clock ran, cut where another calendar begins to count."""
    found: list[Run] = []
    since = clock.started_at
    for pause in standing_still:
        found += _by_era(eras, max(since, from_at), min(pause.from_at, to_at))
        since = to_at if pause.to_at is None else pause.to_at
    return (*found, *_by_era(eras, max(since, from_at), to_at))


def _by_era(eras: Eras, from_at: int, to_at: int) -> Iterator[Run]:
    ends = [at for at, _ in eras[1:]]
    for (begins_at, calendar), ends_at in zip(eras, [*ends, to_at], strict=True):
        run = Run(max(from_at, begins_at), min(to_at, ends_at), calendar)
        if run.from_at < run.to_at:
            yield run


def newest_stretches(of: Sequence[Run]) -> Iterator[Stretch]:
    """The working time of these runs, the newest stretch first."""
    for run in reversed(of):
        if run.calendar is None:
            yield Stretch(run.from_at, run.to_at)
        else:
            yield from _open_backwards(run.calendar, run.from_at, run.to_at)


def _open_backwards(calendar: Calendar, from_at: int, to_at: int) -> Iterator[Stretch]:
    for number in range(calendar.shown(to_at).year, calendar.shown(from_at).year - 1, -1):
        year = calendar.year(number)
        for n in range(bisect_left(year.opens, to_at) - 1, -1, -1):
            if year.closes[n] <= from_at:
                return
            yield Stretch(max(year.opens[n], from_at), min(year.closes[n], to_at))
