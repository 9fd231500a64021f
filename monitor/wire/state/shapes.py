"""What packed parts of a state are read into; apart from the code that does it, for no compiled module can hold it."""

from decimal import Decimal
from typing import NamedTuple

import msgspec

from monitor.core.book_entries import Said, Sum
from monitor.core.claim import Claim
from monitor.core.clock import Clock, Merge, Told
from monitor.core.event import OrderKey, Scalar
from monitor.core.outcome import Kind
from monitor.core.tables import ClockState
from monitor.core.via import Via

Fields = dict[str, Scalar]
# Stage, its instant, round, attributes; clocks: their number, packed.
_Base = tuple[str, int, int, Fields, int, bytes]


class Body(msgspec.Struct, array_like=True, forbid_unknown_fields=True, gc=False):
    """The state of a lead behind its header."""

    clocks: bytes
    clocks_length: int
    known_until: int
    stage: int | str
    stage_at: int
    round: int
    attributes: Fields
    count: int
    """Of the pieces of evidence; behind it their newest instant, sources and records."""
    newest_at: int | None
    sources: list[str]
    records: bytes
    base: _Base | None
    base_key: OrderKey | None
    erased: bool
    merged: Merge | None = None
    """Only written where there is one."""


class PackedHead(msgspec.Struct, array_like=True, forbid_unknown_fields=True, gc=False):
    """See Head of the books' accounts."""

    policy_version: str
    said: list[tuple[Kind, str, Said]]
    at_risk: bool
    final: tuple[Kind, Sum] | None


class BodyHead(msgspec.Struct, array_like=True, gc=False):
    """Of the body what leads are counted by; the rest is skipped."""

    clocks: bytes
    clocks_length: msgspec.Raw
    known_until: msgspec.Raw
    stage: int | str
    stage_at: msgspec.Raw
    round: msgspec.Raw
    attributes: msgspec.Raw
    count: msgspec.Raw
    newest_at: msgspec.Raw
    sources: msgspec.Raw
    records: msgspec.Raw
    base: msgspec.Raw
    base_key: msgspec.Raw
    erased: msgspec.Raw
    merged: msgspec.Raw = msgspec.Raw()


class ClockHead(msgspec.Struct, array_like=True, gc=False):
    """The first fields of a clock, as far as those that are asked for."""

    duty: str
    cycle: msgspec.Raw
    round: msgspec.Raw
    state: ClockState


class ClockHeads(msgspec.Struct, array_like=True, gc=False):
    """The clocks, without what was said of them."""

    clocks: tuple[ClockHead, ...]


class Parts(NamedTuple):
    """The clocks, what was said of them, and the claims."""

    clocks: tuple[Clock, ...]
    told: tuple[Told, ...]
    claims: tuple[Claim, ...] = ()
    """Only written where there are some."""


class PageLine(msgspec.Struct, array_like=True, gc=False):
    """One line of a page of live counts."""

    line: tuple[str, ...]
    count: int
    amount: Decimal | None = None
    """Only written where there is one."""


class PageBody(msgspec.Struct, array_like=True, forbid_unknown_fields=True, gc=False):
    """A page of live counts behind its header."""

    first: int
    """The first day of its term, as a number of days."""
    lines: list[PageLine]


class EvidenceRecord(msgspec.Struct, array_like=True, gc=False):
    """One piece of evidence."""

    since: int
    id: str
    type: int
    source: int
    data: dict[int | str, Scalar]
    barred: tuple[str, ...] = ()
    via: Via | None = None
