"""What the evidence of a lead counts for the key figures, and what one more event changes in that.

The predicates are those of the journal, so a live count and the figure of a recorded history say the same.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Final

from monitor.core import event as ev
from monitor.core.event import Event
from monitor.core.evidence import Evidence, evidence_of
from monitor.core.journal import attempted, connected, entered, money_of
from monitor.core.lead import Fold, Lead
from monitor.core.merging import stays
from monitor.core.money import NOTHING
from monitor.core.policy import Policy
from monitor.core.tables import STAGE_OF_EVENT
from monitor.core.tally import Line
from monitor.core.via import Forward

ENTERED: Final = "entered"
ATTEMPT: Final = "attempt"
WON: Final = "won"
CONNECTED: Final = "connected"
NOT_CONNECTED: Final = "not_connected"

Record = tuple[int, Line, Decimal]
"""When, what, and how much of it if it is money."""
Change = tuple[int, Line, int, Decimal]
"""The same with the number by which there are more."""
_NONE: Final[Sequence[Change]] = ()
# Beside attempts, events of other types count only if they name a stage; a merge changes what counts of the others.
COUNTED: Final = frozenset({*STAGE_OF_EVENT, ev.LEAD_MERGED})
REACHED: Final[Line] = (ATTEMPT, CONNECTED)
NOT_REACHED: Final[Line] = (ATTEMPT, NOT_CONNECTED)


def changes(before: Lead | None, after: Lead, given: Event | Forward, policy: Policy) -> Sequence[Change]:
    """What is counted more, or less, once the event has made `after` of `before`.

    What was counted of an erased lead stays counted.
    """
    event = given.event if isinstance(given, Forward) else given
    if event.type not in COUNTED and "stage" not in event.data and not attempted(event):
        return _NONE
    if after.erased or (before is not None and after.evidence is before.evidence):
        return _NONE
    if _is_newest(before, after, event, policy):
        if event.type not in (ev.ACTIVITY_LOGGED, ev.DEAL_WON) and not policy.earlier:
            stage = after.fold.stage
            return [(event.at, (ENTERED, stage), 1, NOTHING)] if stage != in_stage(before) else _NONE
        return [(at, line, 1, amount) for at, line, amount in recorded(event, in_stage(before), policy)]
    old = Counter(() if before is None else _kept(before, before.base, before.evidence, policy))
    base = after.base if before is None else before.base
    new = Counter(_kept(after, base, _evidence_after(before, after, given, event), policy))
    more = [(at, line, number, amount * number) for (at, line, amount), number in (new - old).items()]
    less = [(at, line, -number, -amount * number) for (at, line, amount), number in (old - new).items()]
    return [*more, *less]


def sales_cycle_us(before: Lead | None, after: Lead, given: Event | Forward) -> int | None:
    """How long it took from the first event of a lead to this one, if this is the first deal that is known of it.

    None if it is not, and for a lead that is erased, no longer has all of its evidence, or went on as another before
    the deal. What was passed on by another lead was measured there.
    """
    if given.type != ev.DEAL_WON or isinstance(given, Forward) or after.erased:
        return None
    if after.base is not None or sum(piece.type == ev.DEAL_WON for piece in after.evidence) != 1:
        return None
    if before is not None and len(before.evidence) == len(after.evidence):
        return None  # said again
    return given.at - next(iter(after.evidence)).at


def recorded(event: Event | Evidence, stage: str, policy: Policy) -> Sequence[Record]:
    """What it counts; `stage`: what the lead was in before it."""
    records: list[Record] = []
    if into := entered(event, stage, policy):
        records.append((event.at, (ENTERED, into), NOTHING))
    if event.type == ev.DEAL_WON:
        amount, currency = money_of(event)
        records.append((event.at, (WON, currency), amount))
    elif attempted(event):
        records.append((event.at, REACHED if connected(event) else NOT_REACHED, NOTHING))
    return records


def in_stage(lead: Lead | None) -> str:
    """The stage of what is known of the lead; empty where nothing is."""
    return "" if lead is None else lead.fold.stage


def _is_newest(before: Lead | None, after: Lead, event: Event, policy: Policy) -> bool:
    """Whether the event stands behind all that was known and nothing else has changed."""
    if before is None or after.merged is not None:
        return after.merged is None
    newest_at = before.evidence.newest_at
    if len(after.evidence) != len(before.evidence) + 1 or (newest_at is not None and newest_at >= event.at):
        return False
    # A lead that counts as accepted by silence is in a stage that no event has put it in.
    return not (policy.timed and any(clock.accepted_by_silence for clock in before.fold.clocks))


def _kept(lead: Lead, base: Fold | None, pieces: Iterable[Evidence], policy: Policy) -> Iterator[Record]:
    """What counts of the evidence of this lead. What a merged one has passed on counts at the lead that goes on."""
    stage = "" if base is None else base.stage
    for piece in pieces:
        for record in recorded(piece, stage, policy):
            if record[1][0] == ENTERED:
                stage = record[1][1]
            if lead.merged is None or stays(piece, policy):
                yield record


def _evidence_after(before: Lead | None, after: Lead, given: Event | Forward, event: Event) -> Iterable[Evidence]:
    """All that is known after the step; what has just become part of the base is still among it."""
    if before is None or after.base_key == before.base_key:
        return after.evidence
    via = given.via if isinstance(given, Forward) else None
    pieces = sorted((*before.evidence, evidence_of(event, via)), key=Evidence.key)
    return [piece for piece in pieces if after.merged is None or piece.key() <= after.merged.key]
