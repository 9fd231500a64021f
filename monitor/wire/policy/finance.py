"""`money` and `goals` of a policy file: currency, rates, margin and churn, and what is to be won."""

import re
from decimal import Decimal
from functools import partial
from typing import Final

from monitor.core.money import Finance
from monitor.core.term import Every
from monitor.wire.policy.fault import Faults, Refused, quoted
from monitor.wire.policy.tree import Mapping, Node, Scalar
from monitor.wire.policy.values import mapping, one_of, text

# ISO 4217 has fewer than two hundred.
RATES_MAX: Final = 200
_CURRENCY: Final = re.compile("[A-Z]{3}")
_NUMBER: Final = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,6})?")
_SHARE: Final = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3})?)%( per month)?")
_GOALS: Final = (Every.WEEK, Every.MONTH, Every.QUARTER)


def finance(faults: Faults, top: Mapping) -> Finance | None:
    """What the agreement says of money, from the keys at its top; None when it says nothing."""
    node, goals = top.get("money"), top.get("goals")
    if node is None:
        if goals is not None:
            faults.add(goals, "are in no currency", "add money: {currency: EUR}")
        return None
    read = faults.read(partial(_money, faults), node, Finance("", {}, {}))
    return read._replace(goals=faults.read(partial(_goals, faults), goals, {}))


def _money(faults: Faults, node: Node) -> Finance:
    keys = mapping(faults, node, {"currency": "EUR"}, ("rates", "margin", "churn"))
    home = faults.read(_currency, keys.get("currency"), "")
    rates = faults.read(partial(_rates, faults, home), keys.get("rates"), {})
    margin = faults.read(partial(_share, False), keys.get("margin"), None)
    churn = faults.read(partial(_share, True), keys.get("churn"), None)
    return Finance(home, {home: Decimal(1), **rates}, {}, margin, churn)


def _rates(faults: Faults, home: str, node: Node) -> dict[str, Decimal]:
    fix = "write currencies with what one is worth, {USD: 0.92}"
    if not isinstance(node, Mapping):
        raise Refused(node, f"is {node.kind}, not a mapping", fix)
    if len(node.entries) > RATES_MAX:
        raise Refused(node, f"has {len(node.entries)} rates", f"write {RATES_MAX} at most")
    for key in node.keys.values():
        if faults.read(_currency, key, "") == home:
            faults.add(key, f"is the currency of the agreement, which is worth 1 {home}", "remove it")
    return {key: faults.read(_amount, entry, Decimal(1)) for key, entry in node.entries.items()}


def _goals(faults: Faults, node: Node) -> dict[Every, Decimal]:
    if not isinstance(node, Mapping):
        raise Refused(node, f"is {node.kind}, not a mapping", "write what is to be won, {quarter: 250000}")
    goals: dict[Every, Decimal] = {}
    for key, entry in node.entries.items():
        every = faults.read(one_of(_GOALS, "term"), node.keys[key], "")
        if every:
            goals[Every(every)] = faults.read(_amount, entry, Decimal(1))
    return goals


def _currency(node: Node) -> str:
    value = text(node)
    if not _CURRENCY.fullmatch(value):
        raise Refused(node, f"{quoted(value)} is no currency", "write a code of ISO 4217, such as EUR")
    return value


def _amount(node: Node) -> Decimal:
    """As it is written: a decimal number above 0."""
    found = _NUMBER.fullmatch(node.text) if isinstance(node, Scalar) and node.plain else None
    if found is None or not Decimal(found[0]):
        shown = quoted(node.text) if isinstance(node, Scalar) else node.kind
        raise Refused(node, f"{shown} is no number above 0", "write for example 250000, or 0.92")
    return Decimal(found[0])


def _share(per_month: bool, node: Node) -> Decimal:
    found = _SHARE.fullmatch(node.text) if isinstance(node, Scalar) else None
    if found is None or not 0 < Decimal(found[1]) <= 100 or (found[2] is not None) is not per_month:
        shown = quoted(node.text) if isinstance(node, Scalar) else node.kind
        raise Refused(node, f"{shown} is no share", f"write for example {'2.5% per month' if per_month else '70%'}")
    return Decimal(found[1])
