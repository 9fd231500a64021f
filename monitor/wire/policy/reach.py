"""Which routes are never reached, and what reaches none: tried out on outcomes that differ in what routes ask for."""

from collections.abc import Iterator, Sequence
from itertools import islice, product
from typing import Final, NamedTuple

from monitor.core.definition import DEFINITION_DUTY
from monitor.core.event import LEAD_REJECTED
from monitor.core.outcome import Kind
from monitor.core.policy import Policy
from monitor.core.routing import News, Route, Severity, severity_of
from monitor.wire.policy.fault import Faults
from monitor.wire.policy.tree import Node

TOLD: Final = (
    (Kind.WARNED, News.FOLLOW_UP),
    (Kind.BREACHED, News.FOLLOW_UP),
    (Kind.STALLED, News.FOLLOW_UP),
    (Kind.PASSED_AROUND, News.FOLLOW_UP),
    (Kind.BREACHED, News.DEFINITION),
    (Kind.MET, News.REJECTION),
    (Kind.MET, News.QUOTA),
    (Kind.AT_RISK, News.QUOTA),
    (Kind.BREACHED, News.QUOTA),
    (Kind.CORRECTED, News.QUOTA),
    (Kind.AMENDED, News.AGREEMENT),
    (Kind.REVIEW_DUE, News.REVIEW),
    (Kind.REVIEW_OVERDUE, News.REVIEW),
)
"""Every kind that may be told of each news."""
# Outcomes tried for one route: enough for five fields with a value each.
CASES_MAX: Final = 2_000
_OTHER: Final = "\x00"  # no policy can write it


class _Case(NamedTuple):
    kind: Kind
    news: News
    severity: Severity
    duty: str
    team: str
    segment: str
    owner: str
    source: str


def doubt_reach(faults: Faults, policy: Policy, read: Sequence[tuple[Route, Node]], node: Node) -> None:
    """Tell routes that no outcome reaches, and breaches that reach none. What stands behind an open one is a fault."""
    said = _said_here(policy)
    for n, (route, item) in enumerate(read):
        before = read[:n]
        pairs = [pair for pair in TOLD if _asks_for(route, *pair)]
        open_one = next((place for other, place in before if _is_open(other)), None)
        if open_one is not None and not any(kind is Kind.MET for kind, _ in pairs):
            message = f"is never reached: the route in line {open_one.line} has no when and takes all that is left"
            faults.add(item, message, "move it before that one")
        elif not pairs:
            faults.doubt(item, "fits nothing: no news that it names has a kind or severity that it names", "remove it")
        elif not set(pairs) & said:
            what = ", ".join(sorted({news for _, news in pairs}))
            faults.doubt(
                item, f"fits nothing that this agreement says of {what}", "remove it, or agree on what it tells"
            )
        elif _taken(route, [other for other, _ in before]):
            faults.doubt(item, "is never reached: those before it take all that it would", "move it before them")
    if not any(_takes(route, _Case(Kind.BREACHED, News.FOLLOW_UP, Severity.ERROR, *[_OTHER] * 5)) for route, _ in read):
        faults.doubt(
            node, "a breach that fits none of the routes is told to nobody", "end the list with a route without when"
        )


def _said_here(policy: Policy) -> set[tuple[Kind, News]]:
    """What this agreement can say at all; warnings, pauses and the like are left to the duties."""
    news = {News.FOLLOW_UP, News.AGREEMENT}
    news |= {News.REVIEW} if policy.review_at is not None else set()
    news |= {News.QUOTA} if any(not quota.ceiling for quota in policy.quotas) else set()
    for duty in policy.duties:
        news |= {News.DEFINITION} if duty.name.startswith(DEFINITION_DUTY) else set()
        news |= {News.REJECTION} if any(LEAD_REJECTED in match.types for match in duty.met_by) else set()
    return {(kind, of) for kind, of in TOLD if of in news}


def _asks_for(route: Route, kind: Kind, news: News) -> bool:
    """As `monitor.core.calls` decides: what was met is told only where a route names its news."""
    return (
        (not route.kinds or kind in route.kinds)
        and (news in route.news or not (route.news or kind is Kind.MET))
        and (not route.severities or severity_of(kind) in route.severities)
    )


def _is_open(route: Route) -> bool:
    return not any(each for each in route if isinstance(each, frozenset))


def _takes(route: Route, case: _Case) -> bool:
    fields = (
        (route.duties, case.duty), (route.teams, case.team), (route.segments, case.segment),
        (route.owners, case.owner), (route.sources, case.source),
    )  # fmt: skip
    return _asks_for(route, case.kind, case.news) and all(not asked or said in asked for asked, said in fields)


def _taken(route: Route, before: Sequence[Route]) -> bool:
    """Whether those before it take all that it would; False also when that is too much to find out."""
    cases = _cases(route, before)
    for case in islice(cases, CASES_MAX):
        if not any(_takes(other, case) for other in before):
            return False
    return next(cases, None) is None


def _cases(route: Route, before: Sequence[Route]) -> Iterator[_Case]:
    """Outcomes that fit the route, and differ in whatever those before it ask for."""
    names = ("duties", "teams", "segments", "owners", "sources")
    values = [
        sorted(getattr(route, name)) or [*sorted({value for other in before for value in getattr(other, name)}), _OTHER]
        for name in names
    ]
    for (kind, news), *fields in product([pair for pair in TOLD if _asks_for(route, *pair)], *values):
        yield _Case(kind, news, severity_of(kind), *fields)
