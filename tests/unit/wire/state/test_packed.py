"""What was read stays packed until somebody looks, and then is what was written, or named as damaged."""

import gc
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.advance import TimeAdvanced, advance
from monitor.core.event import Event
from monitor.core.evidence import Evidence, Pieces
from monitor.core.lead import Lead
from monitor.core.via import Via
from monitor.wire.state import UnreadableState, decode_state, encode_state
from monitor.wire.state.clocks import Packing
from monitor.wire.state.codes import STAGES
from monitor.wire.state.history import PackedHistory, packed_history
from tests.support.agreement import policy
from tests.support.history import assigned, called, event, run, tick

texts = st.text(max_size=8)
names = st.lists(texts, max_size=2).map(tuple)
pieces = st.builds(
    Evidence, st.integers(-(2**60), 2**60), texts, st.sampled_from(["lead.updated", "activity.logged"]),
    st.sampled_from(["crm", "dialler", ""]), st.dictionaries(st.sampled_from(["score", "channel"]), st.integers(-9, 9)),
    names, st.none() | st.builds(Via, names, names, names, st.integers(0, 9)),
)  # fmt: skip
small = st.builds(Evidence, st.integers(0, 9), st.sampled_from("ab"), st.just("lead.updated"), st.sampled_from("cd"),
                  st.just({}), names, st.none())  # fmt: skip
POLICY = policy()
BEGUN = [event("lead.created", -9, segment="a"), assigned(0), called(5), event("lead.recycled", 7), assigned(8)]
LEAD = run(BEGUN, POLICY)[-1].lead


def read(lead: Lead) -> Lead:
    return decode_state(lead.id, encode_state(lead, 1, None))


def looked_at(packed: bytes) -> None:
    lead = decode_state("L", packed)
    base = [] if lead.base is None else list(lead.base.clocks)
    assert (list(lead.evidence), list(lead.fold.clocks), list(lead.told), base) is not None


@given(st.lists(pieces, max_size=5))
def test_a_history_is_packed_piece_by_piece_as_it_is_all_at_once(history: list[Evidence]) -> None:
    history.sort(key=lambda piece: piece.at)
    one_by_one = PackedHistory(0, None, (), b"")
    for piece in history:
        one_by_one = one_by_one.followed_by(piece)
    at_once = packed_history(Pieces(history))
    assert (one_by_one.records, list(one_by_one.sources)) == (at_once.records, list(at_once.sources))
    assert one_by_one == at_once == tuple(history)
    assert (len(one_by_one), one_by_one.newest_at) == (len(history), history[-1].at if history else None)


@given(st.lists(small, max_size=4), small)
def test_packed_or_not_a_history_knows_the_same_events(history: list[Evidence], asked: Evidence) -> None:
    known = any((piece.id, piece.source) == (asked.id, asked.source) for piece in history)
    assert packed_history(Pieces(history)).knows(asked) is Pieces(history).knows(asked) is known


def test_an_event_that_changes_no_clock_looks_neither_at_clocks_nor_at_older_evidence() -> None:
    """So it does not notice that they are damaged."""
    packed = encode_state(LEAD, 1, None)
    for word in (b"first-touch", b"lead.created@"):
        before = decode_state("L", packed.replace(word, b"\xff" * len(word)))
        after = advance(before, event("lead.updated", 20, score=5), POLICY).lead
        assert len(after.evidence) == len(before.evidence) + 1
        assert decode_state("L", encode_state(after, 2, None)).fold.attributes["score"] == 5


@pytest.mark.parametrize(
    "step",
    [
        event("lead.updated", 20, score=5),
        called(9),
        called(6),
        event("lead.merged", 12),
        tick(38),
        tick(500),
        assigned(30),
    ],
)
def test_a_step_on_a_lead_that_was_read_ends_in_the_bytes_of_a_step_on_one_that_was_not(
    step: Event | TimeAdvanced,
) -> None:
    never_read, was_read = advance(LEAD, step, POLICY), advance(read(LEAD), step, POLICY)
    assert was_read.outcomes == never_read.outcomes
    assert encode_state(was_read.lead, 2, None) == encode_state(never_read.lead, 2, None)


@given(st.binary(max_size=120))
def test_no_bytes_raise_anything_else_when_they_are_looked_at(noise: bytes) -> None:
    head = encode_state(LEAD, 1, None)[:18]
    for packed in (noise, head + noise, b"\x01" + head[1:] + noise):
        with suppress(UnreadableState):
            looked_at(packed)


@given(st.data())
def test_changed_bytes_raise_nothing_else_when_they_are_looked_at(data: st.DataObject) -> None:
    packed = bytearray(encode_state(LEAD, 1, None))
    for _ in range(data.draw(st.integers(1, 4))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    with suppress(UnreadableState):
        looked_at(bytes(packed))


def test_damage_within_is_named_when_somebody_looks() -> None:
    packed = encode_state(LEAD, 1, None)
    for word, part in ((b"first-touch", "fold"), (b"lead.created@", "evidence")):
        lead = decode_state("L", packed.replace(word, b"\xff" * len(word)))
        with pytest.raises(UnreadableState, match="damaged"):
            list(lead.fold.clocks if part == "fold" else lead.evidence)


def test_numbers_that_nothing_has_are_named_as_damage() -> None:
    for type_, source, data in ((99, 0, {}), (0, 1, {}), (0, 0, {63: 1})):
        record = msgspec.msgpack.encode((0, "id", type_, source, data))
        with pytest.raises(UnreadableState, match="damaged"):
            list(PackedHistory(1, 0, ["crm"], record))
    packed = encode_state(LEAD, 1, None)
    body = msgspec.msgpack.decode(packed[18:])
    assert STAGES[body[3]] == LEAD.fold.stage
    with pytest.raises(UnreadableState, match="damaged"):
        decode_state("L", packed[:18] + msgspec.msgpack.encode([*body[:3], len(STAGES), *body[4:]]))


def test_a_state_that_was_read_is_let_go_without_the_garbage_collector() -> None:
    state = encode_state(LEAD, 1, None)
    gc.collect()
    gc.disable()
    try:
        before = unread()
        lead = decode_state("L", state)
        assert (len(lead.told), unread()) == (len(LEAD.told), before + 1)
        del lead
        assert unread() == before
    finally:
        gc.enable()


def unread() -> int:
    """How many leads there are in memory whose clocks were read as bytes."""
    return sum(type(each) is Packing for each in gc.get_objects())
