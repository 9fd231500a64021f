"""Who owned a lead while a clock ran, and how much of its time each of them had."""

from collections.abc import Sequence
from typing import NamedTuple

from monitor.core.lead import Clock, Lead
from monitor.core.outcome import Kind
from monitor.core.retelling import Seen
from monitor.core.worktime import Run

_EVER = 2**63


class Share(NamedTuple):
    """One owner's part in the time of a clock, pauses left out; working time as the clock's calendar counts it."""

    owner: str
    """Empty: nobody."""
    elapsed_us: int
    working_us: int
    late_elapsed_us: int
    """After the deadline, until the duty was fulfilled after all."""
    late_working_us: int


def shares(owned: Sequence[tuple[int, str]], counted: Sequence[Run], late: Sequence[Run]) -> tuple[Share, ...]:
    """One of each owner (see `owners`) who had any of it, in the order in which they got the lead."""
    ends = [at for at, _ in owned[1:]]
    by_owner: dict[str, Share] = {}
    for (from_at, owner), to_at in zip(owned, [*ends, _EVER], strict=True):
        before = by_owner.get(owner, Share(owner, 0, 0, 0, 0))
        theirs = [run.within(from_at, to_at) for run in counted]
        theirs_late = [run.within(from_at, to_at) for run in late]
        share = Share(
            owner,
            before.elapsed_us + sum(run.elapsed_us for run in theirs),
            before.working_us + sum(run.working_us for run in theirs),
            before.late_elapsed_us + sum(run.elapsed_us for run in theirs_late),
            before.late_working_us + sum(run.working_us for run in theirs_late),
        )
        if any(share[1:]):
            by_owner[owner] = share
    return tuple(by_owner.values())


def owners(lead: Lead, clock: Clock, seen: Sequence[Seen]) -> list[tuple[int, str]]:
    """(from when, owner), ascending. What is older than the kept evidence is known from the clock's moves."""
    owner, since, owned = "", -_EVER, list[tuple[int, str]]()
    if lead.base is not None and lead.base_key is not None:
        for move in clock.moves:
            if move.kind is Kind.REASSIGNED and move.at <= lead.base_key[0]:
                owned.append((since, move.owner))
                since = move.at
        owner = str(lead.base.attributes.get("owner", ""))
    owned.append((since, owner))
    for each in seen:
        now = str(each.now.attributes.get("owner", ""))
        if now != owned[-1][1]:
            owned.append((each.now.event.at, now))
    return owned


def owner_at(owned: Sequence[tuple[int, str]], at: int) -> str:
    """Who it was then."""
    return next(owner for since, owner in reversed(owned) if since <= at)
