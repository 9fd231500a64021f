"""A lead as JSON, as the baseline keeps it: Faust's Table of JSON knows nothing better."""

from typing import Any, NamedTuple

import msgspec

from monitor.core.claim import Claim
from monitor.core.event import OrderKey, Scalar
from monitor.core.evidence import Evidence, Pieces
from monitor.core.lead import Clock, Fold, Lead, Merge, Told
from monitor.core.via import Via


class _Evidence(NamedTuple):
    at: int
    id: str
    type: str
    source: str
    data: dict[str, Scalar]
    barred: tuple[str, ...]
    via: Via | None


class _Fold(NamedTuple):
    stage: str
    stage_at: int
    round: int
    attributes: dict[str, Scalar]
    clocks: tuple[Clock, ...]
    claims: tuple[Claim, ...]


class _Lead(NamedTuple):
    id: str
    known_until: int
    evidence: tuple[_Evidence, ...]
    fold: _Fold
    told: tuple[Told, ...]
    base: _Fold | None
    base_key: OrderKey | None
    erased: bool
    merged: Merge | None


def as_json(lead: Lead) -> Any:
    """The lead as values that JSON has."""
    id_, known_until, _, _, told, _, *others = lead.fields()
    pieces = [piece.fields() for piece in lead.evidence]
    based_on = None if lead.base is None else lead.base.fields()
    return msgspec.to_builtins((id_, known_until, pieces, lead.fold.fields(), told, based_on, *others))


def lead_of(value: Any) -> Lead:
    """The lead again."""
    read = msgspec.convert(value, _Lead)
    base = None if read.base is None else Fold(*read.base)
    evidence, fold = Pieces([Evidence(*piece) for piece in read.evidence]), Fold(*read.fold)
    return Lead(read.id, read.known_until, evidence, fold, read.told, base, read.base_key, read.erased, read.merged)
