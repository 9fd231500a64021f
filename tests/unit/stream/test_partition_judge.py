"""One partition's fold, without brokers: offsets fence, ticks find what is due, damage is named."""

from typing import NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.core.advance import TimeAdvanced
from monitor.core.event import Event
from monitor.core.instant import from_rfc3339
from monitor.core.merging import Forward
from monitor.core.outcome import Kind
from monitor.core.policy import Applies, Pausing, Policy, Target
from monitor.core.via import Via
from monitor.stream.engine.shards import MemoryShard
from monitor.stream.partition_judge import PartitionJudge
from monitor.wire.state import PAGE_KEYS, decode_state
from monitor.wire.timeline import decode_record, encode_event, encode_forward, encode_tick
from tests.support.agreement import HOUR, MINUTE, duty, elapsed, event_is, policy

START = from_rfc3339("2026-10-01T08:00:00Z")
POLICY = policy()


class Record(NamedTuple):
    """What the fold needs of a Kafka record."""

    offset: int
    value: bytes | None
    key: bytes | None = None
    timestamp: int = 0
    timestamp_type: int = 0


def assigned(lead: str, at: int = START) -> Event:
    return Event(lead, f"{lead}-assigned-{at}", "lead.assigned", at, "crm", {"owner": "ana"})


def touched(lead: str, at: int) -> Event:
    act = {"channel": "call", "direction": "outbound", "actor": "person"}
    return Event(lead, f"{lead}-touched-{at}", "activity.logged", at, "dialler", act)


def log_of(*steps: Event | TimeAdvanced | bytes) -> list[Record]:
    def encoded(step: Event | TimeAdvanced | bytes) -> bytes:
        if isinstance(step, TimeAdvanced):
            return encode_tick(step)
        return encode_event(step) if isinstance(step, Event) else step

    keys = [step.lead.encode() if isinstance(step, Event) else None for step in steps]
    return [Record(offset, encoded(step), keys[offset]) for offset, step in enumerate(steps)]


def judged(judge: PartitionJudge, records: list[Record]) -> list[Kind]:
    done = judge.fold(records)
    judge.remember(done, 0 if done.states else None)
    return [outcome.kind for outcome in done.outcomes]


def test_a_tick_reaches_every_lead_that_is_due_and_no_other() -> None:
    judge = PartitionJudge(MemoryShard(), POLICY)
    records = log_of(assigned("a"), assigned("b", START + HOUR), TimeAdvanced(START + HOUR))
    done = judge.fold(records)
    assert [(o.lead, o.kind) for o in done.outcomes if o.kind is Kind.BREACHED] == [("a", Kind.BREACHED)]


def test_a_partition_taken_over_knows_its_deadlines_and_open_clocks() -> None:
    shard = MemoryShard()
    first = PartitionJudge(shard, POLICY)
    judged(first, log_of(assigned("a"), assigned("b"), touched("b", START + MINUTE)))
    second = PartitionJudge(shard, POLICY)
    assert second.deadlines.first() == first.deadlines.first() == START + 30 * MINUTE
    assert +second.open_clocks == +first.open_clocks == {("first-touch", "running"): 1}


def test_damaged_records_are_named_and_the_rest_is_judged() -> None:
    judge = PartitionJudge(MemoryShard(), POLICY)
    done = judge.fold(log_of(b"", b"\x01E\xff", b"\x09E\x00", b"\x01X\x00", assigned("a")))
    assert [record.offset for record, _ in done.damaged] == [0, 1, 2, 3]
    assert [outcome.kind for outcome in done.outcomes] == [Kind.ACTIVATED]


def test_an_event_under_a_key_that_is_not_its_leads_is_named_and_not_judged() -> None:
    judge = PartitionJudge(MemoryShard(), POLICY)
    stray = [Record(n, encode_event(assigned("a")), key) for n, key in enumerate((None, b"b", b"\xff"))]
    done = judge.fold(stray)
    assert [detail for _, detail in done.damaged] == ["the key is not the id of the event's lead"] * 3
    assert done.outcomes == []


def test_a_lead_whose_state_cannot_be_read_is_set_aside_and_its_events_are_dead_letters() -> None:
    shard = MemoryShard()
    judged(PartitionJudge(shard, POLICY), log_of(assigned("a"), assigned("b")))
    newer = b"\x09" + (shard.get(b"a") or b"")[1:]
    shard.put_all([(b"a", newer)], 1)
    judge = PartitionJudge(shard, POLICY)
    assert judge.set_aside == 1
    tick = Record(4, encode_tick(TimeAdvanced(START + HOUR)))
    done = judge.fold([Record(3, encode_event(touched("a", START + MINUTE)), b"a"), tick])
    assert [(record.offset, detail[:31]) for record, detail in done.damaged] == [(3, "the state has version 9; this r")]
    assert [key for key, _ in done.states if not key.startswith(PAGE_KEYS)] == [b"b"]
    assert {outcome.lead for outcome in done.outcomes} == {"b"}
    judge.remember(done, 2)
    assert shard.get(b"a") == newer


def test_nothing_is_remembered_before_it_is_acknowledged() -> None:
    shard = MemoryShard()
    PartitionJudge(shard, POLICY).fold(log_of(assigned("a")))
    assert list(shard.items()) == []


steps = st.lists(
    st.one_of(
        st.builds(assigned, st.sampled_from("ab"), st.integers(0, 20).map(lambda n: START + n * 10 * MINUTE)),
        st.builds(touched, st.sampled_from("ab"), st.integers(0, 20).map(lambda n: START + n * 10 * MINUTE)),
        st.integers(0, 40).map(lambda n: TimeAdvanced(START + n * 10 * MINUTE)),
    ),
    min_size=1,
    max_size=20,
)


@given(steps, st.data())
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_replaying_any_suffix_changes_nothing_and_says_nothing(
    history: list[Event | TimeAdvanced], data: st.DataObject
) -> None:
    shard, records = MemoryShard(), log_of(*history)
    judged(PartitionJudge(shard, POLICY), records)
    before = dict(shard.items())
    judge = PartitionJudge(shard, POLICY)
    assert judged(judge, records[data.draw(st.integers(0, len(records))) :]) == []
    assert dict(shard.items()) == before


@given(steps, st.integers(1, 5))
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_how_the_log_is_cut_into_batches_does_not_matter(history: list[Event | TimeAdvanced], size: int) -> None:
    records, whole, parts = log_of(*history), MemoryShard(), MemoryShard()
    at_once = judged(PartitionJudge(whole, POLICY), records)
    piecewise: list[Kind] = []
    judge = PartitionJudge(parts, POLICY)
    for start in range(0, len(records), size):
        piecewise += judged(judge, records[start : start + size])
        judge = PartitionJudge(parts, POLICY) if start % 2 else judge
    assert piecewise == at_once
    assert dict(parts.items()) == dict(whole.items())


def test_a_tick_that_is_read_again_does_not_lose_a_deadline_that_a_later_event_brought() -> None:
    shard = MemoryShard()
    tick = TimeAdvanced(START + 3 * HOUR)
    records = log_of(assigned("b"), tick, assigned("a"))  # by the time of the tick "a" was due, but nobody knew of it
    judged(PartitionJudge(shard, POLICY), records)
    taken_over = PartitionJudge(shard, POLICY)
    assert judged(taken_over, records[1:]) == []
    assert taken_over.deadlines.first() == START + 30 * MINUTE
    later = Record(len(records), encode_tick(TimeAdvanced(tick.at + MINUTE)))
    assert Kind.BREACHED in judged(taken_over, [later])


def test_a_damaged_state_does_not_keep_other_leads_from_being_judged() -> None:
    shard = MemoryShard()
    judged(PartitionJudge(shard, POLICY), log_of(assigned("a"), assigned("b"), assigned("c")))
    whole = shard.get(b"b")
    assert whole is not None
    shard.put_all([(b"b", whole[:18] + b"\xc1" + whole[19:])], 1)
    judge = PartitionJudge(shard, POLICY)
    done = judge.fold([Record(9, encode_tick(TimeAdvanced(START + HOUR)))])
    assert [o.lead for o in done.outcomes if o.kind is Kind.BREACHED] == ["a", "c"]
    assert len(done.damaged) == 1


def merged(lead: str, into: str, at: int) -> Event:
    return Event(lead, f"{lead}-merged", "lead.merged", at, "crm", {"into": into})


def test_what_a_merged_lead_passes_on_is_judged_where_the_other_lead_is() -> None:
    of_a, of_b = PartitionJudge(MemoryShard(), POLICY), PartitionJudge(MemoryShard(), POLICY)
    done = of_a.fold(log_of(assigned("a"), merged("a", "b", START + MINUTE)))
    assert [(onward.to, onward.key) for onward in done.onward] == [("timeline", "b")]
    passed_on = decode_record(done.onward[0].value)
    assert isinstance(passed_on, Forward)
    assert (passed_on.lead, passed_on.event.id) == ("b", f"a-assigned-{START}")
    of_a.remember(done, 0)
    tick = Record(9, encode_tick(TimeAdvanced(START + HOUR)))
    assert judged(of_b, [Record(0, done.onward[0].value, b"b"), tick]) == [
        Kind.ACTIVATED,
        Kind.WARNED,
        Kind.WARNED,
        Kind.BREACHED,
    ]
    again = of_a.fold(log_of(assigned("a"), merged("a", "b", START + MINUTE)))
    assert (again.onward, again.states) == ([], [])


def test_what_is_passed_on_under_another_key_is_named_and_not_judged() -> None:
    forward = Forward(assigned("b"), Via(("a",), (), (), 1))
    done = PartitionJudge(MemoryShard(), POLICY).fold([Record(0, encode_forward(forward), b"a")])
    assert [detail for _, detail in done.damaged] == ["the key is not the id of the event's lead"]


def test_a_partition_is_judged_as_far_as_its_batches_are_remembered() -> None:
    judge = PartitionJudge(MemoryShard(), POLICY)
    done = judge.fold(log_of(assigned("a"), b"damaged"))
    assert judge.judged_to == 0
    judge.remember(done, 0)
    assert judge.judged_to == 2


def test_a_tick_that_is_ahead_of_the_brokers_clock_passes_no_more_time_than_the_broker_says() -> None:
    judge = PartitionJudge(MemoryShard(), POLICY)
    started, fast = log_of(assigned("a"), TimeAdvanced(START + 5 * HOUR))
    stamped = fast._replace(timestamp=(START + MINUTE) // 1_000, timestamp_type=1)
    done = judge.fold([started, stamped])
    assert [outcome.kind for outcome in done.outcomes] == [Kind.ACTIVATED]
    assert done.tick == (START + 5 * HOUR, START + MINUTE + 999)


def test_a_tick_behind_the_brokers_clock_passes_as_much_time_as_it_says() -> None:
    """Between sending and appending evidence may have come in."""
    judge = PartitionJudge(MemoryShard(), POLICY)
    started, slow = log_of(assigned("a"), TimeAdvanced(START + MINUTE))
    done = judge.fold([started, slow._replace(timestamp=(START + 5 * HOUR) // 1_000, timestamp_type=1)])
    assert [outcome.kind for outcome in done.outcomes] == [Kind.ACTIVATED]


def test_what_somebody_else_wrote_to_the_changelog_in_between_is_left_for_the_next_recovery() -> None:
    shard = MemoryShard()
    judge = PartitionJudge(shard, POLICY)
    for offset, lead, changelog_offset, read_to in ((0, "a", 0, 0), (1, "b", 1, 1), (2, "c", 3, 1), (3, "d", 4, 1)):
        judge.remember(
            judge.fold([Record(offset, encode_event(assigned(lead)), lead.encode())]), changelog_offset, alone=False
        )
        assert shard.changelog_offset == read_to
    assert sorted(key for key, _ in shard.items()) == [b"a", b"b", b"c", b"d"]
    judge.remember(judge.fold([Record(4, encode_event(assigned("e")), b"e")]), 7, alone=True)
    assert shard.changelog_offset == 7


def version(name: str, minutes: int, applies_to: Applies) -> Policy:
    """First touch within so many minutes, from half an hour after START on."""
    touch = duty(targets=(Target(elapsed(minutes), None),), warn_at=())
    begun = START + HALF
    return policy(touch, version=name)._replace(effective_at=begun, applies_from=begun, applies_to=applies_to)


HALF = 30 * MINUTE
OLD = policy(duty(targets=(Target(elapsed(60), None),), warn_at=()), version="1")


def test_a_version_adopted_on_the_way_takes_over_open_clocks_when_it_comes_into_force() -> None:
    judge = PartitionJudge(MemoryShard(), OLD)
    judged(judge, log_of(assigned("a")))
    judge.adopt(version("2", 120, Applies.OPEN)._replace(earlier=(OLD,)))
    assert judge.deadlines.first() == START + HALF
    done = judge.fold([Record(1, encode_tick(TimeAdvanced(START + HALF)))])
    assert [(o.kind, o.policy_version, o.due_at) for o in done.outcomes] == [(Kind.AMENDED, "2", START + 2 * HOUR)]
    assert judge.deadlines.first() == START + 2 * HOUR


def test_a_version_that_was_in_force_before_anybody_read_it_takes_over_at_once() -> None:
    shard = MemoryShard()
    judged(PartitionJudge(shard, OLD), log_of(assigned("a"), TimeAdvanced(START + 40 * MINUTE)))
    judge = PartitionJudge(shard, version("2", 120, Applies.OPEN))
    assert judge.deadlines.first() == START + HALF
    done = judge.fold([Record(2, encode_tick(TimeAdvanced(START + 50 * MINUTE)))])
    assert [(o.kind, o.at) for o in done.outcomes] == [(Kind.AMENDED, START + HALF)]


def test_a_version_read_late_takes_over_a_clock_that_stands_still_for_good() -> None:
    shard = MemoryShard()
    pausing = Pausing(event_is("lead.updated"), event_is("lead.created"))
    old = policy(duty(targets=(Target(elapsed(60), None),), warn_at=(), pausing=pausing), version="1")
    paused = assigned("a", START + 10 * MINUTE)._replace(type="lead.updated")
    judged(PartitionJudge(shard, old), log_of(assigned("a"), paused, TimeAdvanced(START + 40 * MINUTE)))
    judge = PartitionJudge(shard, version("2", 120, Applies.OPEN)._replace(earlier=(old,)))
    done = judge.fold([Record(3, encode_tick(TimeAdvanced(START + 50 * MINUTE)))])
    assert [o.kind for o in done.outcomes] == [Kind.RESUMED, Kind.AMENDED]
    assert judge.deadlines.first() == START + 140 * MINUTE


def test_a_lead_looked_at_for_nothing_is_not_written() -> None:
    shard = MemoryShard()
    judged(PartitionJudge(shard, OLD), log_of(assigned("a")))
    judge = PartitionJudge(shard, OLD, agreement=True)
    assert [key for key, _ in judge.fold([Record(1, encode_tick(TimeAdvanced(START)))]).states] == [b"\x01agreement"]
    judge.remember(judge.fold([]), 2)
    again = PartitionJudge(shard, OLD, agreement=True)
    assert again.fold([Record(2, encode_tick(TimeAdvanced(START + 1)))]).states == []
    assert again.deadlines.first() == START + HOUR


def test_a_batch_under_way_is_not_forgotten_when_a_version_is_adopted() -> None:
    judge = PartitionJudge(MemoryShard(), OLD)
    under_way = judge.fold(log_of(assigned("a")))
    judge.adopt(version("2", 120, Applies.OPEN))
    judge.remember(under_way, 0)
    assert judge.deadlines.first() == START + HALF


def test_the_agreement_is_judged_by_the_ticks_of_the_partition_that_has_it() -> None:
    shard = MemoryShard()
    first = policy(duty(), version="1")
    judge = PartitionJudge(shard, first, agreement=True)
    judged(judge, [Record(0, encode_tick(TimeAdvanced(START)))])
    judge.adopt(version("2", 120, Applies.NEW)._replace(earlier=(first,)))
    assert judge.deadlines.first() is not None
    assert judged(judge, [Record(1, encode_tick(TimeAdvanced(START + MINUTE)))]) == []
    assert judge.deadlines.first() == START + HALF
    assert judged(judge, [Record(2, encode_tick(TimeAdvanced(START + HALF)))]) == [Kind.AMENDED]
    assert judged(PartitionJudge(shard, first), [Record(3, encode_tick(TimeAdvanced(START + HOUR)))]) == []


patient = {"default": 30 * HOUR}


def lasting(agreed: Policy) -> Policy:
    """The same with verdicts that are not final before the log ends."""
    return agreed._replace(duties=tuple(each._replace(final_after=patient) for each in agreed.duties))


@given(steps, st.sampled_from(list(Applies)), st.sampled_from([5, 30, 90]), st.data())
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_when_a_version_is_picked_up_and_whether_by_a_restart_does_not_matter_in_the_end(
    history: list[Event | TimeAdvanced], applies_to: Applies, minutes: int, data: st.DataObject
) -> None:
    old = lasting(OLD)
    both = lasting(version("2", minutes, applies_to))._replace(earlier=(old,))
    if applies_to is Applies.SINCE:
        both = both._replace(applies_from=START + 10 * MINUTE)
    records = log_of(*history, TimeAdvanced(START + 20 * HOUR))
    ends = []
    for picked_up_at, restarts in ((0, False), (data.draw(st.integers(0, len(history))), data.draw(st.booleans()))):
        shard = MemoryShard()
        judge = PartitionJudge(shard, old)
        judged(judge, records[:picked_up_at])
        if restarts:
            judge = PartitionJudge(shard, both)
        else:
            judge.adopt(both)
        judged(judge, records[picked_up_at:])
        leads = [
            decode_state(key.decode(), packed) for key, packed in sorted(shard.items()) if not key.startswith(PAGE_KEYS)
        ]
        ends.append([sorted(lead.fold.clocks, key=lambda clock: clock.cycle) for lead in leads])
    assert ends[0] == ends[1]


def test_a_lead_is_explained_up_to_the_newest_tick_whether_or_not_it_had_to_reach_it() -> None:
    judge = PartitionJudge(MemoryShard(), POLICY)
    assert judged(judge, log_of(assigned("a"), TimeAdvanced(START + MINUTE))) == [Kind.ACTIVATED]
    found = judge.explain("a")
    assert found is not None
    assert found.clocks[0].used_us == MINUTE
    assert judge.explain("b") is None
