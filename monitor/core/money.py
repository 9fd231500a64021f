"""Money: decimal, with a currency; amounts of different currencies are added up only by a rate that was agreed."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from monitor.core.term import Every

# No money at all, in any currency.
NOTHING: Final = Decimal(0)


class Money(NamedTuple):
    """An amount of one currency."""

    amount: Decimal
    currency: str


class Finance(NamedTuple):
    """What the agreement says of money."""

    currency: str
    rates: Mapping[str, Decimal]
    """What one of another currency is worth in that of the agreement."""
    goals: Mapping[Every, Decimal]
    """What is to be won in a term."""
    margin: Decimal | None = None
    """Percent of revenue that is left after what it costs to serve."""
    churn: Decimal | None = None
    """Percent of customers that are lost in a month."""


class Sum(NamedTuple):
    """Amounts of one currency, and how many they were."""

    amount: Decimal
    number: int

    @property
    def mean(self) -> Decimal:
        """Of at least one amount."""
        return self.amount / self.number


Sums = Mapping[str, Sum]
"""By currency; where the agreement has a rate, in its own."""


def converted(money: Money, finance: Finance | None) -> Money:
    """In the agreement's currency, where that has a rate for it."""
    rate = None if finance is None else finance.rates.get(money.currency)
    return money if finance is None or rate is None else Money(money.amount * rate, finance.currency)


def added_up(amounts: Iterable[Money], finance: Finance | None) -> Sums:
    """The sum in the agreement's currency, and one for each currency that it has no rate for."""
    sums: dict[str, Sum] = {}
    for money in amounts:
        amount, currency = converted(money, finance)
        before = sums.get(currency, Sum(NOTHING, 0))
        sums[currency] = Sum(before.amount + amount, before.number + 1)
    return sums
