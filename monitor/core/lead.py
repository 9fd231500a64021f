"""The state of one lead: what it is, what is known of it, which clocks run, and what was said."""

from collections.abc import Mapping, Sequence
from operator import is_
from typing import Final

from monitor.core.claim import Claim
from monitor.core.clock import Attempt as Attempt
from monitor.core.clock import Clock as Clock
from monitor.core.clock import Merge as Merge
from monitor.core.clock import Move as Move
from monitor.core.clock import Told as Told
from monitor.core.event import OrderKey, Scalar
from monitor.core.evidence import Evidence as Evidence
from monitor.core.evidence import History, Pieces
from monitor.core.value import Value

# Events kept per lead to judge again when one arrives late. Sales cadences in the field run to 10-20 touches
# and CRM syncs add about as many updates; ten times the usual is kept, and a lead stays below some 15 KB.
EVIDENCE_MAX: Final = 100
# Clocks kept per lead; older ones whose verdict is final are forgotten with the evidence they rest on.
CLOCKS_MAX: Final = 24


# Pauses, resumptions, resets and changes of owner of one clock; what comes after them moves its time no more. Ten times
# what a deal takes, and whoever needs more is hiding something.
MOVES_MAX: Final = 40
# Acts that one cadence counts; twice the most that an agreement can ask for.
ATTEMPTS_MAX: Final = 100


# Begins the id of what was no event, but the passing of time; no event from outside has an id with a control character.
BY_TIME: Final = "\x1f"


def by_time(event_id: str) -> bool:
    """Whether that was no event, but the passing of time."""
    return not event_id or event_id.startswith(BY_TIME)


class Fold(Value):
    """What a run of events adds up to, in their order."""

    def __init__(
        self,
        stage: str,
        stage_at: int,
        round: int,
        attributes: Mapping[str, Scalar],
        clocks: Sequence[Clock],
        claims: Sequence[Claim] = (),
    ) -> None:
        """`round`: how often the lead has left the funnel; a duty has at most one clock in each round."""
        self.stage: Final = stage
        self.stage_at: Final = stage_at
        self.round: Final = round
        self.attributes: Final = attributes
        self.clocks: Final = clocks
        self.claims: Final = claims

    def fields(self) -> tuple[object, ...]:
        """See Value."""
        return self.stage, self.stage_at, self.round, self.attributes, self.clocks, self.claims

    def but(self, clocks: Sequence[Clock] | None = None, claims: Sequence[Claim] | None = None) -> "Fold":
        """The same with other clocks or claims."""
        return Fold(
            self.stage,
            self.stage_at,
            self.round,
            self.attributes,
            self.clocks if clocks is None else clocks,
            self.claims if claims is None else claims,
        )


class Lead(Value):
    """The whole state of one lead. In one that was just read, sequences are unpacked when first looked at."""

    def __init__(
        self,
        id: str,
        known_until: int,
        evidence: History,
        fold: Fold,
        told: Sequence[Told],
        base: Fold | None = None,
        base_key: OrderKey | None = None,
        erased: bool = False,
        merged: Merge | None = None,
    ) -> None:
        """`known_until`: the newest tick that reached this lead. `fold`: of `base`, which is what evidence no longer
        kept added up to, up to `base_key`; and of `evidence`.
        """
        self.id: Final = id
        self.known_until: Final = known_until
        self.evidence: Final = evidence
        self.fold: Final = fold
        self.told: Final = told
        self.base: Final = base
        self.base_key: Final = base_key
        self.erased: Final = erased
        self.merged: Final = merged

    def fields(self) -> tuple[object, ...]:
        """See Value."""
        so_far = (self.id, self.known_until, self.evidence, self.fold, self.told)
        return (*so_far, self.base, self.base_key, self.erased, self.merged)

    def but(
        self,
        known_until: int | None = None,
        evidence: History | None = None,
        fold: Fold | None = None,
        told: Sequence[Told] | None = None,
        merged: Merge | None = None,
        erased: bool | None = None,
    ) -> "Lead":
        """The same with other values; None: that one stays."""
        return Lead(
            self.id,
            self.known_until if known_until is None else known_until,
            self.evidence if evidence is None else evidence,
            self.fold if fold is None else fold,
            self.told if told is None else told,
            self.base,
            self.base_key,
            self.erased if erased is None else erased,
            self.merged if merged is None else merged,
        )


EMPTY_FOLD: Final = Fold("", 0, 0, {}, ())


def new_lead(lead_id: str) -> Lead:
    """A lead of which nothing is known yet."""
    return Lead(lead_id, 0, Pieces(), EMPTY_FOLD, ())


def with_clocks(fold: Fold, clocks: list[Clock]) -> Fold:
    """The same fold when it has these already."""
    if all(map(is_, clocks, fold.clocks)):
        return fold
    return fold.but(clocks=tuple(clocks))
