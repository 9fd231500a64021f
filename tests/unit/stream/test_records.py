"""A header name that is not UTF-8 stops nobody, and a record is handed on as it was read."""

from typing import Any

import pytest
from aiokafka.consumer.fetcher import FetchError, FetchResult, PartitionRecords
from aiokafka.consumer.subscription_state import Assignment
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from aiokafka.structs import ConsumerRecord, TopicPartition

from monitor.stream.engine.records import LenientRecords, leave_as_read


class NotUtf8(str):
    """A header name whose bytes on the wire are no UTF-8."""

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return b"tr\xffce"


def batch(names: list[str], compression: int = 0) -> bytes:
    builder = _DefaultRecordBatchBuilderPy(2, compression, 0, -1, -1, 0, 1 << 20)
    for offset, name in enumerate(names):
        builder.append(offset, 1_000, b"k%d" % offset, b"v%d" % offset, [(name, b"\xff")])
    return bytes(builder.build())


def read(raw: bytes) -> list[Any]:
    records, found = LenientRecords(raw), []
    while records.has_next():
        following = records.next_batch()
        assert following.validate_crc()
        assert not following.is_control_batch
        found += list(following)
    return found


@pytest.mark.parametrize("compression", [0, 1], ids=["plain", "gzip"])
def test_records_with_such_a_header_are_read_and_the_name_is_written_out(compression: int) -> None:
    raw = batch(["good"]) + batch(["trace", NotUtf8("x"), "after"], compression) + batch(["good"])
    found = read(raw)
    assert [record.value for record in found] == [b"v0", b"v0", b"v1", b"v2", b"v0"]
    assert [record.headers[0][0] for record in found] == ["good", "trace", "tr\\xffce", "after", "good"]
    assert all(record.headers[0][1] == b"\xff" for record in found)
    assert found[2].key == b"k1"
    assert type(found[2].value) is bytes


def test_a_control_batch_is_looked_into_as_aiokafka_does() -> None:
    following = LenientRecords(batch(["a"])).next_batch()
    assert next(following).offset == 0


def test_ordinary_batches_are_read_as_ever() -> None:
    assert [record.offset for record in read(batch(["a", "b"]))] == [0, 1]


def fetched(raw: bytes) -> FetchResult:
    """What the fetcher holds ready when these bytes came, read from their beginning."""
    tp = TopicPartition("timeline", 0)
    assignment = Assignment([tp])
    assignment.state_value(tp).seek(0)
    records = PartitionRecords(tp, LenientRecords(raw), [], 0, None, None, True, "read_committed")
    return FetchResult(tp, assignment=assignment, partition_records=records, backoff=0)


async def test_records_are_handed_on_as_read_with_all_that_is_asked_of_them() -> None:
    copied, as_read = fetched(batch(["a", "b"])), fetched(batch(["a", "b"]))
    leave_as_read([as_read, FetchError(error=OSError(), backoff=0)])
    for copy, record in zip(copied.getall(), as_read.getall(), strict=True):
        assert isinstance(copy, ConsumerRecord)
        assert not isinstance(record, ConsumerRecord)
        assert (record.key, record.value, record.offset) == (copy.key, copy.value, copy.offset)
        assert (record.timestamp, record.timestamp_type) == (copy.timestamp, copy.timestamp_type)
        assert tuple(record.headers) == copy.headers
    leave_as_read([as_read])  # all of it is taken


async def test_who_took_a_part_gets_the_rest_as_read_too() -> None:
    result = fetched(batch(["a", "b", "c"]))
    leave_as_read([result])
    assert [record.offset for record in result.getall(max_records=2)] == [0, 1]
    leave_as_read([result])
    assert [record.offset for record in result.getall()] == [2]
