"""The ledger in the books: what teams spend and customers pay, each a quota that nobody owes and a fact per entry."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from monitor.core.account import Account
from monitor.core.book_entries import Line
from monitor.core.claim import Status
from monitor.core.event import REVENUE_RECORDED, SPEND_RECORDED, Event
from monitor.core.fact import Fact
from monitor.core.journal import money_of
from monitor.core.quota import OTHER, UNIT, Dims, Quota
from monitor.core.tally import Period
from monitor.core.term import Every, before, term_of

# No agreement can use these names. They do not begin with a zero byte, for keys of Kafka records must not.
SPEND: Final = "\x02spend"
REVENUE: Final = "\x02revenue"
LEDGER_OF: Final[Mapping[str, str]] = {SPEND_RECORDED: SPEND, REVENUE_RECORDED: REVENUE}
"""By type of event the name under which it is in the books."""
LEDGERS: Final[Mapping[str, Dims]] = {SPEND: ("team", "currency"), REVENUE: ("currency",)}
"""By name what it is counted by."""
# Teams and currencies of a month that have lines of their own; what more come count under OTHER. Five teams that pay
# in four currencies would be many, and every line is looked at when another one begins.
LINES_MAX: Final = 64


class Booked(NamedTuple):
    """What one line of a ledger adds up to in a month."""

    ledger: str
    period: Period
    team: str
    """Empty for revenue."""
    currency: str
    amount: int
    """Thousandths of the currency's unit."""


def ledger_quota(name: str, zone: ZoneInfo) -> Quota | None:
    """By what the books keep the ledger of that name: months, no targets. None where it is the name of none."""
    per = LEDGERS.get(name)
    return None if per is None else Quota(name, "", "", Every.MONTH, {}, zone, per=per)


def entry_of(event: Event, zone: ZoneInfo) -> Fact:
    """The entry into its ledger that spend or revenue is; the same event gives the same. Raises CalendarExhausted."""
    ledger, money, team = LEDGER_OF[event.type], money_of(event), str(event.data.get("team", ""))
    name = f"{event.source}\x1f{event.id}"
    return Fact(
        "entry_" + blake2b(name.encode(), digest_size=16).hexdigest(),
        ledger,
        term_of(Every.MONTH, zone, event.at).key,
        # Keys of states separate their parts by a control character.
        (team if team.isprintable() else OTHER, money.currency) if ledger == SPEND else (money.currency,),
        event.at,
        round(money.amount * UNIT),
        Status.CREDITED,
        None,
        "",
    )


def within_bounds(fact: Fact, lines: Collection[Line]) -> Fact:
    """The fact, or with OTHER for its team and currency if too many lines of its month are there before its own.

    Lines of a month are let go all at once, so an entry that comes again is put where it was.
    """
    if fact.quota not in LEDGERS or (fact.quota, fact.dims, fact.term) in lines:
        return fact
    of_month = sum(quota == fact.quota and term == fact.term for quota, _, term in lines)
    return fact if of_month < LINES_MAX else fact._replace(dims=(OTHER,) * len(fact.dims))


def booked(accounts: Iterable[Account], zone: ZoneInfo, at: int) -> Iterator[Booked]:
    """What the ledgers say of the month that the instant lies in and of the one before it. Raises CalendarExhausted."""
    current = term_of(Every.MONTH, zone, at)
    periods: dict[str, Period] = {current.key: "current", before(Every.MONTH, zone, current).key: "previous"}
    for account in accounts:
        period = periods.get(account.term.key)
        if period is not None and account.quota.name in LEDGERS:
            team, currency = ("", *account.dims)[-2:]
            yield Booked(account.quota.name, period, team, currency, account.figures(at).delivered.weight)
