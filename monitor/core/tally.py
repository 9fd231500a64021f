"""Live counts of the leads of one partition: of each subject two terms, and every change counted once.

A subject is a duty, or the key figures of a month. Of each there is one page for odd and one for even terms, so the
newest two are kept and nothing has to be deleted.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from monitor.core.money import NOTHING
from monitor.core.policy import Policy
from monitor.core.term import Every, Term, before, is_odd, term_of, term_on

Line = tuple[str, ...]
"""What is counted: a kind first, then what tells one count of this kind from another."""
Period = Literal["current", "previous"]
KPIS: Final = ""
"""The subject of the key figures; no duty has an empty name."""
OTHER: Final = "other"
# Lines of a page; the rest is counted together. A page is written whenever one of its counts has changed, so this
# bounds what that costs: some 10 KB.
LINES_MAX: Final = 256


class PageKey(NamedTuple):
    """Which page."""

    subject: str
    every: Every
    odd: bool


class Page:
    """What is counted of one subject in one term."""

    def __init__(self, first: date, offset: int, counts: dict[Line, int], amounts: dict[Line, Decimal]) -> None:
        self.first = first
        """The first day of the term."""
        self.offset = offset
        """Of the timeline record that changed it last."""
        self.counts = counts
        self.amounts = amounts
        self.fence = offset
        """What a record up to here brings about is in the counts already: the judge that counted it has crashed."""
        self.changed = False
        self.start_at = 0
        self.end_at = 0


class Tally:
    """The pages of one partition."""

    def __init__(self, policy: Policy, pages: Mapping[PageKey, Page], frozen: frozenset[PageKey] = frozenset()) -> None:
        """`frozen`: pages that are there and cannot be read. They are left as they are."""
        self._pages = dict(pages)
        self._frozen = frozen
        self._at_hand: dict[str, Page] = {}
        self.adopt(policy)

    def adopt(self, policy: Policy) -> None:
        """Count by the periods and the time zone of this policy."""
        self._zone = ZoneInfo(policy.timezone)
        self._every: dict[str, Every] = {
            duty.name: Every(duty.objective.every) for duty in policy.duties if duty.objective is not None
        }
        self._every[KPIS] = Every.MONTH
        self._at_hand.clear()
        for key, page in self._pages.items():
            _bound(page, term_on(key.every, self._zone, page.first))

    def add(self, subject: str, at: int, line: Line, step: int, offset: int, amount: Decimal = NOTHING) -> None:
        """Count what became true at that instant, by the timeline record at `offset`.

        What lies before the two terms that are kept is not counted. Raises CalendarExhausted.
        """
        page = self._at_hand.get(subject)
        if page is None or not page.start_at <= at < page.end_at:
            page = self._page(subject, at)
            if page is None:
                return
            self._at_hand[subject] = page
        if offset <= page.fence:
            return
        counts = page.counts
        if line not in counts:
            if len(counts) >= LINES_MAX:
                line, amount = (line[0], *[OTHER] * (len(line) - 1)), NOTHING
            counts.setdefault(line, 0)
        counts[line] += step
        if amount:
            page.amounts[line] = page.amounts.get(line, NOTHING) + amount
        page.offset = offset
        page.changed = True

    def changed(self) -> Iterator[tuple[PageKey, Page]]:
        """The pages that are to be remembered."""
        return ((key, page) for key, page in self._pages.items() if page.changed)

    def remembered(self) -> None:
        """They are."""
        for _, page in self.changed():
            page.changed = False

    def shown(self, at: int) -> Iterator[tuple[str, Period, Page]]:
        """The pages of the term that the instant lies in and of the one before it. Raises CalendarExhausted."""
        for key, page in self._pages.items():
            if self._every_of(key.subject) is key.every:
                current = term_of(key.every, self._zone, at)
                if page.first == current.first:
                    yield key.subject, "current", page
                elif page.first == before(key.every, self._zone, current).first:
                    yield key.subject, "previous", page

    def _page(self, subject: str, at: int) -> Page | None:
        every = self._every_of(subject)
        term = term_of(every, self._zone, at)
        key = PageKey(subject, every, is_odd(every, term))
        page = self._pages.get(key)
        if key in self._frozen or (page is not None and page.first > term.first):
            return None
        if page is None or page.first < term.first:
            page = self._pages[key] = Page(term.first, -1, {}, {})
            _bound(page, term)
        return page

    def _every_of(self, subject: str) -> Every:
        return self._every.get(subject, Every.QUARTER)


def _bound(page: Page, term: Term) -> None:
    page.start_at, page.end_at = term.start_at, term.end_at
