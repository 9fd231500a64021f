"""The clocks of a lead, what was said of them and its claims, packed together: most events change none of these."""

from collections.abc import Iterator, Sequence
from typing import Final, TypeVar, overload

import msgspec

from monitor.core.claim import Claim
from monitor.core.lead import Clock, Told
from monitor.core.tables import OPEN_STATES, ClockState
from monitor.wire.state.codes import DAMAGE, UnreadableState
from monitor.wire.state.shapes import ClockHeads, Parts

T = TypeVar("T")


# The fields behind these are written only where one of them says something: few clocks ever pause or count attempts.
_PLAIN: Final = Clock._fields.index("first_due_at")
_NOTHING_MORE: Final = tuple(Clock._field_defaults[name] for name in Clock._fields[_PLAIN:])
_encode: Final = msgspec.msgpack.Encoder().encode
_parts: Final[msgspec.msgpack.Decoder[Parts]] = msgspec.msgpack.Decoder(Parts)


_heads: Final[msgspec.msgpack.Decoder[ClockHeads]] = msgspec.msgpack.Decoder(ClockHeads)


class Packing:
    """The clocks of a lead, what was said of them and its claims, as bytes that are read once, if at all.

    What is kept of them refers to this and this to none of it: in a circle, every state that is read would stay in
    memory until the garbage collector finds it.
    """

    __slots__ = ("_read", "is_open", "length", "packed")

    def __init__(self, packed: bytes, length: int, is_open: bool) -> None:
        self.packed = packed
        self.length = length
        self.is_open = is_open
        self._read: Parts | None = None

    def parts(self) -> Parts:
        """The clocks, what was said, the claims. Raises UnreadableState."""
        if self._read is None:
            try:
                self._read = _parts.decode(self.packed)
            except DAMAGE as error:
                raise UnreadableState(f"the clocks of the state are damaged: {error}") from error
        return self._read


class _Packed(Sequence[T]):
    """A sequence that is unpacked when somebody looks into it, which may raise UnreadableState."""

    __slots__ = ("packing",)

    def __init__(self, packing: Packing) -> None:
        self.packing = packing

    def unpacked(self) -> tuple[T, ...]:
        """All of them."""
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self.unpacked())

    def __iter__(self) -> Iterator[T]:
        return iter(self.unpacked())

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[T, ...]: ...
    def __getitem__(self, index: int | slice) -> T | tuple[T, ...]:
        return self.unpacked()[index]

    def __eq__(self, other: object) -> bool:
        return self.unpacked() == (other.unpacked() if isinstance(other, _Packed) else other)


class PackedClocks(_Packed[Clock]):
    """The clocks of a lead."""

    __slots__ = ()

    def __len__(self) -> int:
        return self.packing.length

    def unpacked(self) -> tuple[Clock, ...]:
        """All clocks. Raises UnreadableState."""
        return self.packing.parts().clocks


class PackedTold(_Packed[Told]):
    """What was said of the clocks of a lead."""

    __slots__ = ()

    def unpacked(self) -> tuple[Told, ...]:
        """All that was said. Raises UnreadableState."""
        return self.packing.parts().told


class PackedClaims(_Packed[Claim]):
    """The claims of a lead."""

    __slots__ = ()

    def unpacked(self) -> tuple[Claim, ...]:
        """All claims. Raises UnreadableState."""
        return self.packing.parts().claims


def packed_clocks(clocks: Sequence[Clock], told: Sequence[Told], claims: Sequence[Claim]) -> tuple[bytes, int, bool]:
    """All as bytes, those they were read from when none was changed; how many clocks; whether one is open."""
    if isinstance(clocks, PackedClocks):
        packing = clocks.packing
        if _is_of(told, packing) and _is_of(claims, packing):
            return packing.packed, packing.length, packing.is_open
        clocks = clocks.unpacked()
    is_open = not OPEN_STATES.isdisjoint([clock.state for clock in clocks])
    shown = [clock if clock[_PLAIN:] != _NOTHING_MORE else clock[:_PLAIN] for clock in clocks]
    parts = (shown, tuple(told), tuple(claims)) if claims else (shown, tuple(told))
    return _encode(parts), len(clocks), is_open


def _is_of(items: Sequence[object], packing: Packing) -> bool:
    return isinstance(items, _Packed) and items.packing is packing


def clock_states_of(packed: bytes) -> list[tuple[str, ClockState]]:
    """Duty and state of each clock. Raises UnreadableState."""
    try:
        return [(clock.duty, clock.state) for clock in _heads.decode(packed).clocks]
    except DAMAGE as error:
        raise UnreadableState(f"the clocks of the state are damaged: {error}") from error
