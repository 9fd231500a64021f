"""How long leads took to become customers: said once for each, with the batch that makes it known."""

from monitor.core.event import Event
from monitor.core.lead import EVIDENCE_MAX
from monitor.core.via import Forward, Via
from monitor.stream.engine.shards import MemoryShard
from monitor.stream.partition_judge import PartitionJudge
from monitor.wire.timeline import encode_forward
from tests.support.agreement import DAY, HOUR
from tests.unit.stream.test_partition_judge import POLICY, START, Record, assigned, log_of, touched

WON = {"amount": "10", "currency": "EUR"}


def won(at: int, id_: str = "won", lead: str = "a") -> Event:
    return Event(lead, id_, "deal.won", at, "crm", WON)


def merged(at: int) -> Event:
    return Event("a", "merged", "lead.merged", at, "crm", {"into": "b"})


def cycles(*events: Event) -> list[int]:
    """Of one batch."""
    return list(PartitionJudge(MemoryShard(), POLICY).fold(log_of(*events)).cycles_us)


def test_it_is_measured_from_the_first_event_however_late_that_came_to_the_first_deal() -> None:
    assert cycles(assigned("a", START + HOUR), assigned("a"), won(START + DAY), won(START, lead="b")) == [DAY, 0]


def test_a_deal_that_is_not_the_first_or_is_said_again_is_not_measured() -> None:
    assert cycles(assigned("a"), won(START + DAY), won(START + DAY), won(START + 2 * DAY, "another")) == [DAY]


def test_every_batch_has_its_own_and_one_that_is_read_again_none() -> None:
    shard, log = MemoryShard(), log_of(assigned("a"), won(START + DAY), assigned("b"), won(START + HOUR, lead="b"))
    judge = PartitionJudge(shard, POLICY)
    for records, expected in ((log[:2], [DAY]), (log, [HOUR]), (log, [])):
        done = judge.fold(records)
        judge.remember(done, 0 if done.states else None)
        assert done.cycles_us == expected
    assert PartitionJudge(shard, POLICY).fold(log).cycles_us == []


def test_a_lead_of_which_not_every_event_is_kept_any_more_is_left_out() -> None:
    calls = [touched("a", START + n * HOUR) for n in range(EVIDENCE_MAX + 5)]
    assert cycles(*calls[:-10], won(START + 500 * DAY)) == [500 * DAY]
    assert cycles(*calls, won(START + 500 * DAY)) == []


def test_what_a_merged_lead_passed_on_was_measured_there_and_a_deal_after_the_merge_is_left_out() -> None:
    assert cycles(assigned("a"), merged(START + HOUR), won(START + DAY)) == []
    assert cycles(assigned("a"), merged(START + 2 * DAY), won(START + DAY)) == [DAY]
    passed_on = Forward(won(START + DAY, lead="b"), Via(("a",), (), (), 0))
    record = Record(0, encode_forward(passed_on), b"b")
    assert PartitionJudge(MemoryShard(), POLICY).fold([record]).cycles_us == []
