"""How the pages of a tally are kept beside the leads: the header of a state, then the first day and the lines."""

from datetime import date
from decimal import Decimal
from typing import Final

import msgspec

from monitor.core.tally import Line, Page, PageKey
from monitor.core.term import Every
from monitor.wire.state.codec import body_of, header, state_header
from monitor.wire.state.codes import DAMAGE, UnreadableState
from monitor.wire.state.shapes import PageBody

PAGE_KEYS: Final = b"\x01tally/"
"""Begins the keys of pages. No lead's id has a control character."""

_encode: Final = msgspec.msgpack.Encoder().encode
_body: Final[msgspec.msgpack.Decoder[PageBody]] = msgspec.msgpack.Decoder(PageBody)


def encode_key(key: PageKey) -> bytes:
    """The key of a page in the table."""
    return PAGE_KEYS + f"{key.every.value}/{int(key.odd)}/{key.subject}".encode()


def decode_key(key: bytes) -> PageKey:
    """The page that `encode_key` was given. Raises UnreadableState."""
    try:
        every, odd, subject = key.removeprefix(PAGE_KEYS).decode().split("/", 2)
        return PageKey(subject, Every(every), odd == "1")
    except ValueError as error:
        raise UnreadableState(f"{key!r} is the key of no page: {error}") from error


def encode_page(page: Page) -> bytes:
    """The page after the timeline record that changed it last."""
    lines: list[tuple[object, ...]] = [
        (line, count, page.amounts[line]) if line in page.amounts else (line, count)
        for line, count in page.counts.items()
    ]
    return header(page.offset) + _encode((page.first.toordinal(), lines))


def decode_page(packed: bytes) -> Page:
    """The page. Raises UnreadableState."""
    state = state_header(packed)
    try:
        body = _body.decode(body_of(packed))
        counts: dict[Line, int] = {each.line: each.count for each in body.lines}
        amounts: dict[Line, Decimal] = {each.line: each.amount for each in body.lines if each.amount is not None}
        return Page(date.fromordinal(body.first), state.offset, counts, amounts)
    except (*DAMAGE, ValueError, OverflowError) as error:
        raise UnreadableState(f"the page is damaged: {error}") from error
