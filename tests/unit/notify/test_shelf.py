"""What waits for a channel: in which order it leaves, and what of it in one message."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.calls import Call
from monitor.core.case import Item
from monitor.core.outcome import Kind
from monitor.notify.parcel import parcel_of
from monitor.notify.shelf import SINGLES_MAX, Entry, Shelf
from monitor.ports import Form
from tests.support.notices import NOON, outcome

SECOND = 1_000_000
CAUSE = (("source", "web"), ("duty", "first-touch"))


def entry(
    lead: str, order: int = 0, at_s: float = 0.0, recipient: str = "floor", digest: bool = False, fold_s: int = 0,
    next_s: float = 0.0, partition: int = 0, message: str = "",
) -> Entry:  # fmt: skip
    said = outcome(Kind.BREACHED, lead=lead, cycle=order + 1)
    at = NOON + round(at_s * SECOND)
    call = Call("breached", recipient, "slack", at, fold=CAUSE if fold_s else (), fold_us=fold_s * SECOND)
    item = Item(said.outcome_id, said.outcome_id, call, at, digest=digest, message=message)
    return Entry(
        (partition, f"{lead}/{order}".encode()), item._replace(next_at=NOON + round(next_s * SECOND)), said, NOON, order
    )


def shelf_of(*entries: Entry, folds: bool = True) -> Shelf:
    shelf = Shelf(folds=folds)
    for each in entries:
        shelf.put(each.home, [each])
    return shelf


def leads(entries: list[Entry]) -> list[str]:
    return [each.outcome.lead for each in entries]


def at(seconds: float) -> int:
    return NOON + round(seconds * SECOND)


def settle(shelf: Shelf, entries: list[Entry]) -> None:
    for each in entries:
        shelf.put(each.home, ())
    shelf.ended(entries)


def test_nothing_leaves_before_its_instant() -> None:
    shelf = shelf_of(entry("a", at_s=10))
    assert shelf.next(at(9)) == []
    assert shelf.wake_at(at(9)) == at(10)
    assert leads(shelf.next(at(10))) == ["a"]
    assert shelf.next(at(11)) == []


def test_a_leads_notices_leave_one_after_the_other_and_leads_do_not_wait_for_each_other() -> None:
    first, second, other = entry("a", 0), entry("a", 1), entry("b", 2)
    shelf = shelf_of(first, second, other)
    assert [leads(shelf.next(at(0))) for _ in range(3)] == [["a"], ["b"], []]
    settle(shelf, [first])
    assert shelf.next(at(0)) == [second]


def test_what_failed_holds_up_the_rest_of_its_lead_until_it_is_tried_again() -> None:
    first, second = entry("a", 0), entry("a", 1)
    shelf = shelf_of(first, second)
    assert shelf.next(at(0)) == [first]
    again = entry("a", 0, next_s=60)
    shelf.put(first.home, [again])
    shelf.ended([first])
    assert shelf.next(at(59)) == []
    assert shelf.wake_at(at(59)) == at(60)
    assert shelf.next(at(60)) == [again]


def test_a_later_step_of_a_ladder_holds_up_nothing_before_its_time() -> None:
    shelf = shelf_of(entry("a", 0, at_s=3600), entry("a", 1))
    assert [each.order for each in shelf.next(at(0))] == [1]


def test_what_waited_for_an_opening_is_one_message_for_each_recipient() -> None:
    night = [entry("a", 0, 5, digest=True), entry("b", 1, 5, digest=True), entry("a", 2, 5, digest=True)]
    shelf = shelf_of(*night, entry("c", 3, 5, recipient="anna", digest=True))
    assert leads(shelf.next(at(5))) == ["a", "b", "a"]
    assert leads(shelf.next(at(5))) == ["c"]
    assert parcel_of(night).form is Form.DIGEST


def test_what_has_a_cause_in_common_leaves_together_when_the_window_closes() -> None:
    shelf = shelf_of(*(entry(f"l{n}", n, at_s=n, fold_s=30) for n in range(40)))
    assert shelf.next(at(29)) == []
    assert shelf.wake_at(at(29)) == at(30)
    together = shelf.next(at(30))
    assert len(together) == 31
    assert parcel_of(together).cause == CAUSE
    assert shelf.next(at(60)) == []
    assert len(shelf.next(at(61))) == 9


def test_a_storm_of_single_notices_is_one_message_for_people_and_single_ones_for_programs() -> None:
    storm = [entry(f"l{n}", n) for n in range(SINGLES_MAX + 1)]
    assert len(shelf_of(*storm).next(at(0))) == SINGLES_MAX + 1
    assert len(shelf_of(*storm[:-1]).next(at(0))) == 1
    assert len(shelf_of(*storm, folds=False).next(at(0))) == 1


def test_what_was_sent_together_once_is_tried_together_again() -> None:
    shelf = shelf_of(entry("a", 0, message="grp_1"), entry("b", 1), entry("c", 2, message="grp_1"))
    assert sorted(leads(shelf.next(at(0)))) == ["a", "c"]


def test_the_same_notices_make_the_same_message_and_others_never() -> None:
    a, b, c = (entry(lead) for lead in "abc")
    assert parcel_of([a, b]).message_id == parcel_of([b, a]).message_id
    assert len({parcel_of(some).message_id for some in ([a, b], [a, c], [a, b, c], [a], [b])}) == 5
    assert parcel_of([a]).message_id == a.item.notice_id


def test_a_notice_that_is_of_no_use_any_more_leaves_no_trace() -> None:
    shelf = shelf_of(entry("a", fold_s=30), entry("b"))
    for home in ((0, b"a/0"), (0, b"b/0")):
        shelf.put(home, ())
    assert shelf.next(at(99)) == []
    assert (len(shelf), shelf.oldest_at(), shelf.wake_at(at(99))) == (0, None, None)


def test_what_is_under_way_while_partitions_move_is_not_begun_a_second_time() -> None:
    first = entry("a")
    shelf = shelf_of(first)
    assert shelf.next(at(0)) == [first]
    shelf.forget({0})
    shelf.put(first.home, [first])
    assert shelf.next(at(0)) == []
    shelf.ended([first])
    assert shelf.next(at(0)) == [first]


def test_partitions_of_others_are_forgotten() -> None:
    shelf = shelf_of(entry("a", partition=0), entry("b", partition=1), entry("c", partition=1, fold_s=9))
    shelf.forget({1})
    assert [leads(shelf.next(at(99))) for _ in range(2)] == [["a"], []]


any_entry = st.builds(
    entry,
    st.sampled_from("abcd"),
    st.integers(0, 500),
    st.integers(0, 60).map(float),
    st.sampled_from(["floor", "anna"]),
    st.booleans(),
    st.sampled_from([0, 0, 10]),
    st.integers(0, 90).map(float),
)


@given(st.lists(any_entry, max_size=40, unique_by=lambda each: each.home), st.booleans(), st.data())
def test_everything_leaves_exactly_once_not_too_early_and_a_leads_in_order(
    entries: list[Entry], folds: bool, data: st.DataObject
) -> None:
    shelf, now_at, left, under_way = shelf_of(*entries, folds=folds), NOON, [], []
    while True:
        leaving = shelf.next(now_at)
        if leaving:
            assert all(each.item.ready_at <= now_at for each in leaving)
            assert len({each.item.call.recipient for each in leaving}) == 1
            assert not {each.lead for each in leaving} & {each.lead for some in under_way for each in some}
            under_way.append(leaving)
            left += leaving
        if under_way and (not leaving or data.draw(st.booleans())):
            settle(shelf, under_way.pop(data.draw(st.integers(0, len(under_way) - 1))))
        elif not leaving:
            wake_at = shelf.wake_at(now_at)
            if wake_at is None:
                break
            assert wake_at > now_at
            now_at = wake_at
    assert sorted(each.ref for each in left) == sorted(each.ref for each in entries)
    assert len(shelf) == 0
    assert shelf.oldest_at() is None
