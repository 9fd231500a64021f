"""A lead's state survives being written and read, and damaged bytes are named, never obeyed."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.claim import Claim, Status
from monitor.core.event import DATA_FIELDS, EVENT_TYPES
from monitor.core.lead import Attempt, Clock, Evidence, Fold, Lead, Merge, Move, Told, new_lead
from monitor.core.outcome import Kind
from monitor.core.tables import OPEN_STATES, ClockState
from monitor.core.tellings import next_instant
from monitor.core.via import Via
from monitor.wire.state import VERSION, UnreadableState, decode_state, encode_state, in_short, state_header
from tests.support.agreement import policy
from tests.support.history import assigned, called, event, run, tick

instants = st.integers(0, 2**63 - 1)
texts = st.text(max_size=20)
scalars = st.one_of(texts, st.integers(-(2**53), 2**53), st.floats(allow_nan=False), st.booleans())
data = st.dictionaries(st.sampled_from(DATA_FIELDS), scalars, max_size=4)
names = st.lists(texts, max_size=2).map(tuple)
evidence = st.builds(
    Evidence, instants, texts, st.sampled_from(EVENT_TYPES), texts, data, names,
    st.none() | st.builds(Via, names, names, names, st.integers(0, 99)),
)  # fmt: skip
keys = st.tuples(instants, st.integers(0, 11), texts, texts)
moves = st.builds(Move, st.sampled_from(Kind), instants, texts, instants, texts)
attempts = st.builds(Attempt, instants, texts, texts)
maybe = st.none() | instants
clocks = st.builds(
    Clock, duty=texts, cycle=st.integers(1, 99), round=st.integers(0, 99), state=st.sampled_from(ClockState),
    started_at=instants, started_by=texts, due_at=instants, policy_version=texts, team=texts, limit=texts,
    calendar=texts, warn_ats=st.lists(st.tuples(st.integers(1, 99) | texts, instants), max_size=3).map(tuple),
    hold_us=instants, final_after=st.dictionaries(texts, instants, max_size=3), ended_at=st.none() | instants,
    ended_by=texts, final=st.booleans(), first_due_at=maybe, moves=st.lists(moves, max_size=3).map(tuple),
    paused_at=maybe, stalls_at=maybe,
    attempts=st.lists(attempts, max_size=3).map(tuple), needed=st.integers(0, 99), reach_at=maybe,
    then_at=maybe,
)  # fmt: skip
claims = st.builds(
    Claim, texts, st.integers(1, 50), st.integers(0, 99), instants, texts, texts,
    st.lists(texts, max_size=2).map(tuple), st.integers(0, 10**15), st.sampled_from(Status), maybe, texts, texts,
)  # fmt: skip
folds = st.builds(
    Fold, texts, instants, st.integers(0, 99), data, st.lists(clocks, max_size=3).map(tuple),
    st.lists(claims, max_size=2).map(tuple),
)  # fmt: skip
told = st.builds(
    Told, texts, st.integers(1, 99), st.sampled_from(Kind).map(str), texts, st.integers(0, 99), st.booleans(), instants,
    instants, st.integers(0, 2**32 - 1),
)  # fmt: skip
leads = st.builds(
    Lead, texts, instants, st.lists(evidence, max_size=4).map(tuple), folds, st.lists(told, max_size=4).map(tuple),
    st.none() | folds, st.none() | keys, st.booleans(), st.none() | st.builds(Merge, texts, keys, st.integers(0, 99)),
)  # fmt: skip


@given(leads, instants, st.none() | st.integers(1, 2**63 - 1))
def test_a_state_survives_being_written_and_read(lead: Lead, offset: int, next_at: int | None) -> None:
    packed = encode_state(lead, offset, next_at)
    assert decode_state(lead.id, packed) == lead
    is_open = any(clock.state in OPEN_STATES for clock in lead.fold.clocks)
    assert state_header(packed).fields() == (is_open, offset, next_at or 0)
    clocks = [(clock.duty, clock.state) for clock in lead.fold.clocks] if is_open else []
    assert in_short(packed) == ("" if lead.merged else lead.fold.stage, clocks)


@given(leads)
def test_what_was_read_is_made_of_the_types_of_the_core(lead: Lead) -> None:
    read = decode_state(lead.id, encode_state(lead, 1, None))
    assert all(isinstance(clock.state, ClockState) for clock in read.fold.clocks)
    assert all(isinstance(part, Evidence) for part in read.evidence)
    assert read.base_key is None or isinstance(read.base_key, tuple)
    assert read.merged is None or isinstance(read.merged, Merge)
    assert all(part.via is None or isinstance(part.via, Via) for part in read.evidence)


def test_a_judged_lead_goes_on_from_its_bytes_as_if_it_had_never_been_written() -> None:
    history = [assigned(0, grade="A"), called(11), tick(12), called(5), event("lead.recycled", 20), assigned(30)]
    rest = [tick(41), called(35), tick(300)]
    lead = run(history, policy())[-1].lead
    read = decode_state("L", encode_state(lead, 7, next_instant(lead)))
    assert read == lead
    assert run(rest, policy(), read) == run(rest, policy(), lead)


def typical(id_chars: int = 10) -> Lead:
    """One open clock, five pieces of evidence."""
    ids = [f"{n:0{id_chars}}" for n in range(5)]
    history = [
        event("lead.created", -60, id_=ids[0], segment="mid-market", source="webform"),
        event("lead.updated", -50, id_=ids[1], score=72, grade="B"),
        event("lead.assigned", 0, id_=ids[2], owner="ana"),
        event("lead.updated", 5, id_=ids[3], score=80),
        event("activity.logged", 8, "dialler", ids[4], channel="call", direction="inbound", actor="person"),
    ]
    return run(history, policy())[-1].lead


@pytest.mark.parametrize(("id_chars", "bytes_max"), [(10, 600), (36, 770)])
def test_a_typical_lead_is_small_even_with_ids_as_long_as_a_uuid(id_chars: int, bytes_max: int) -> None:
    lead = typical(id_chars)
    assert (len(lead.evidence), len(lead.fold.clocks)) == (5, 1)
    assert len(encode_state(lead, 123_456_789, next_instant(lead))) <= bytes_max


def test_the_header_says_whether_a_clock_is_open() -> None:
    running, breached, met = run([assigned(0), tick(60), called(30)])
    for step, is_open in ((running, True), (breached, True), (met, False)):
        assert state_header(encode_state(step.lead, 0, None)).open is is_open
    assert state_header(encode_state(new_lead("L"), 0, None)).open is False


@pytest.mark.parametrize("version", [0, VERSION + 1, 255])  # version 1: tests/contract/test_formats.py
def test_an_unknown_version_is_named_and_not_read(version: int) -> None:
    packed = bytes([version]) + encode_state(typical(), 1, None)[1:]
    for read in (state_header, lambda packed: decode_state("L", packed)):
        with pytest.raises(UnreadableState, match=f"version {version}; this release reads version {VERSION}"):
            read(packed)


def test_a_state_cut_off_anywhere_is_unreadable() -> None:
    packed = encode_state(typical(), 1, None)
    for length in range(len(packed)):
        with pytest.raises(UnreadableState):
            decode_state("L", packed[:length])


@given(st.binary(max_size=80), st.booleans())
def test_no_bytes_raise_anything_else(noise: bytes, behind_header: bool) -> None:
    packed = encode_state(new_lead("L"), 1, None)[:18] + noise if behind_header else noise
    with suppress(UnreadableState):
        decode_state("L", packed)
    with suppress(UnreadableState):
        in_short(packed)


@given(st.data())
def test_a_flipped_byte_raises_nothing_else(data: st.DataObject) -> None:
    packed = bytearray(encode_state(typical(), 1, None))
    packed[data.draw(st.integers(0, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    with suppress(UnreadableState):
        decode_state("L", bytes(packed))
    with suppress(UnreadableState):
        in_short(bytes(packed))
