"""Pages of live counts as bytes: the same after reading, and damage is named, whatever it is."""

from contextlib import suppress
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.advance import advance
from monitor.core.event import Event
from monitor.core.tally import LINES_MAX, Page, PageKey
from monitor.core.term import Every
from monitor.wire.state import (
    PAGE_KEYS,
    UnreadableState,
    decode_key,
    decode_page,
    decode_state,
    encode_key,
    encode_page,
    encode_state,
    in_short,
    state_header,
)
from tests.support.agreement import policy

lines = st.tuples(st.sampled_from(["met", "won"]), st.text(max_size=5), st.text(max_size=5))
pages = st.builds(
    Page,
    st.dates(),
    st.integers(0, 2**63),
    st.dictionaries(lines, st.integers(-5, 10**9), max_size=5),
    st.builds(dict),
)


@given(pages, st.decimals(allow_nan=False, allow_infinity=False))
def test_a_page_is_read_as_it_was_written(page: Page, amount: Decimal) -> None:
    if page.counts:
        page.amounts[next(iter(page.counts))] = amount
    read = decode_page(encode_page(page))
    assert (read.first, read.fence, read.counts) == (page.first, page.offset, page.counts)
    assert {line: str(amount) for line, amount in read.amounts.items()} == {
        line: str(amount) for line, amount in page.amounts.items()
    }


@given(st.text(max_size=20), st.sampled_from(Every), st.booleans())
def test_the_key_of_a_page_is_read_as_it_was_written(subject: str, every: Every, odd: bool) -> None:
    assert decode_key(encode_key(PageKey(subject, every, odd))) == PageKey(subject, every, odd)


@pytest.mark.parametrize("key", [b"", b"month", b"month/1", b"fortnight/1/x", b"month/1/\xff"])
def test_a_key_that_is_no_pages_is_unreadable(key: bytes) -> None:
    with pytest.raises(UnreadableState):
        decode_key(PAGE_KEYS + key)


PAGE = encode_page(Page(date(2026, 10, 1), 7, {("won", "EUR"): 2}, {("won", "EUR"): Decimal("9.50")}))


@given(st.integers(0, len(PAGE)), st.binary(max_size=4))
def test_a_damaged_page_is_unreadable_or_a_page_and_nothing_else_is_raised(cut: int, more: bytes) -> None:
    with suppress(UnreadableState):
        decode_page(PAGE[:cut] + more)


def test_recovery_finds_the_offset_and_nothing_to_wait_for() -> None:
    assert state_header(PAGE).fields() == (False, 7, 0)


def test_a_page_is_no_lead() -> None:
    with pytest.raises(UnreadableState):
        decode_state("L", PAGE)


def test_a_full_page_is_small_enough_to_be_written_with_every_batch() -> None:
    counts = {("breached", "sales", f"segment-{n}", "some-source", "an-owner"): n for n in range(LINES_MAX)}
    assert len(encode_page(Page(date(2026, 10, 1), 7, counts, {}))) < 16_384


@pytest.mark.parametrize(
    ("type_", "data", "stage"),
    [
        ("lead.created", {}, "inquiry"),
        ("lead.created", {"stage": "sql"}, "sql"),
        ("lead.updated", {}, ""),
        ("lead.merged", {"into": "M"}, ""),
    ],
)
def test_the_stage_is_read_without_the_rest(type_: str, data: dict[str, str], stage: str) -> None:
    created = Event("L", "e0", "lead.created", 1, "crm", {})
    known = advance(None, created, policy()).lead if type_ == "lead.merged" else None
    lead = advance(known, Event("L", "e1", type_, 2, "crm", data), policy()).lead
    assert in_short(encode_state(lead, 3, None))[0] == stage


def test_a_stage_of_the_agreements_own_is_read_by_name() -> None:
    own = policy()._replace(stages={**policy().stages, "tasting": policy().stages["mql"]})
    lead = advance(None, Event("L", "e1", "lead.created", 2, "crm", {"stage": "tasting"}), own).lead
    assert in_short(encode_state(lead, 3, None))[0] == "tasting"
