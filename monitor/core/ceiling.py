"""The other side of a quota: leads that come in above what sales has agreed to handle have more time.

A lead that does learns so by an event of its own, as of the instant of its entry: what is known of it then, its relief
included, chooses the target of each duty, also when that is learned late.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from monitor.core import event as ev
from monitor.core.account import Account, Place
from monitor.core.claim import COUNTING
from monitor.core.event import Event
from monitor.core.quota import Dims
from monitor.core.term import Term

# The attribute of a lead that says above which ceiling it came in; targets ask for it.
RELIEF: Final = "relief"
SOURCE: Final = "lead-sla"
_ABOVE: Final = ", above "


def relaxed(limit: str, ceiling: str) -> str:
    """How a limit is written that holds for leads above the ceiling; so every verdict says why it is another one."""
    return f"{limit}{_ABOVE}{ceiling}"


def relieved_by(limit: str) -> str:
    """The name of the ceiling that relaxed the limit; empty: none has."""
    return limit.rpartition(_ABOVE)[2] if _ABOVE in limit else ""


class Filled(NamedTuple):
    """How far one term of a ceiling is used, for one combination of values."""

    quota: str
    dims: Dims
    term: Term
    ceiling: int
    """Thousandths of a lead, as what follows."""
    entered: int

    @property
    def above(self) -> int:
        """How much came in above it."""
        return max(0, self.entered - self.ceiling)


def filled(accounts: Iterable[Account]) -> Iterator[Filled]:
    """Of those accounts that have a ceiling."""
    for account in accounts:
        if account.quota.ceiling and account.target is not None:
            entered = sum(account.rows[id_].weight for _, id_ in account.counting)
            yield Filled(account.quota.name, account.dims, account.term, account.target, entered)


class Ceilings:
    """Which entries of which leads came in above a ceiling."""

    def __init__(self) -> None:
        self._relieved: dict[tuple[str, str], set[str]] = {}
        """By quota and lead: its entries that are above."""

    def reliefs(self, account: Account, entered: str) -> Iterator[Event]:
        """What leads have to learn after the fact of the entry `entered` has changed."""
        first = _first_above(account)
        for id_ in self._asked(account, entered, first):
            row = account.rows[id_]
            above = row.status in COUNTING and first is not None and (row.at, id_) >= first
            if above is not bool(row.above % 2):
                yield self._learned(account, id_, row.above + 1)
            elif id_ == entered and not above and not row.above and self._was_relieved(account, id_):
                # A lead that came in above a ceiling once has no relief when it comes back below it.
                yield self._learned(account, id_, 2)
        account.first_above = (first,)

    def _asked(self, account: Account, entered: str, first: Place | None) -> list[str]:
        """The entries that may be on the other side now: those between where the ceiling was and where it is."""
        if account.first_above is None:
            return sorted(account.rows)
        was, counting = account.first_above[0], account.counting
        ends = sorted(len(counting) if end is None else bisect_left(counting, end) for end in (was, first))
        return sorted({entered, *(id_ for _, id_ in counting[slice(*ends)])})

    def forget(self, account: Account) -> None:
        """The account is of a term that is over for good."""
        for id_, row in account.rows.items():
            self._relieved.get((account.quota.name, row.lead), set()).discard(id_)
            if not self._relieved.get((account.quota.name, row.lead), True):
                del self._relieved[account.quota.name, row.lead]

    def restore(self, account: Account) -> None:
        """The account is known again, with what its leads were told."""
        for id_, row in account.rows.items():
            if row.above % 2:
                self._relieved.setdefault((account.quota.name, row.lead), set()).add(id_)

    def _learned(self, account: Account, id_: str, said: int) -> Event:
        account.tell(id_, said)
        lead, name = account.rows[id_].lead, account.quota.name
        relieved = self._relieved.setdefault((name, lead), set())
        (relieved.add if said % 2 else relieved.discard)(id_)
        data = {RELIEF: name if said % 2 else ""}
        # Of the same instant and type, what is said later sorts behind.
        return Event(lead, f"{id_}:{said:04}", ev.LEAD_UPDATED, account.rows[id_].at, SOURCE, data)

    def _was_relieved(self, account: Account, id_: str) -> bool:
        return bool(self._relieved.get((account.quota.name, account.rows[id_].lead)))


def _first_above(account: Account) -> Place | None:
    """Where the entries begin that are above the ceiling; None: nowhere."""
    total, ceiling = 0, account.target
    for place in account.counting if ceiling is not None else ():
        total += account.rows[place[1]].weight
        if ceiling is not None and total > ceiling:
            return place
    return None
