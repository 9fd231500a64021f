"""Leads go where Kafka's own clients put their keys."""

import pytest
from aiokafka.partitioner import DefaultPartitioner

from monitor.stream.partitioning import partition_of


@pytest.mark.parametrize("lead", ["L-1", "00Q5e00000xYz", "müller", "x" * 128])
@pytest.mark.parametrize("partitions", [1, 3, 8, 100])
def test_a_lead_has_the_partition_of_its_key(lead: str, partitions: int) -> None:
    everywhere = list(range(partitions))
    assert partition_of(lead, partitions) == DefaultPartitioner()(lead.encode(), everywhere, everywhere)
