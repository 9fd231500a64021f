"""Which timeline partition a lead belongs to: the hash of Kafka's own Java client, whatever a producer used."""

from aiokafka.partitioner import murmur2


def partition_of(lead: str, partitions: int) -> int:
    """The partition of a lead (murmur2 of its id in UTF-8, as Kafka's default partitioner does for keys)."""
    return int(murmur2(lead.encode()) & 0x7FFFFFFF) % partitions
