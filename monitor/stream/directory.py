"""Where a lead is: its owner in the cluster, and its timeline when the owner is this worker."""

from collections.abc import Callable, Mapping

from monitor.ports import NotReady
from monitor.stream.engine.app import LeadApp
from monitor.stream.partition_judge import PartitionJudge
from monitor.stream.partitioning import partition_of
from monitor.wire.explanation import lead_answer
from monitor.wire.state import UnreadableState


class Directory:
    """LeadDirectory over the assignment that Faust's leader handed out."""

    def __init__(
        self, app: LeadApp, table: str, partitions: int, judges: Callable[[], Mapping[int, PartitionJudge]]
    ) -> None:
        self._app = app
        self._table = table
        self._partitions = partitions
        self._judges = judges

    def owner_url(self, lead: str) -> str | None:
        """See `monitor.ports.LeadDirectory`."""
        partition = partition_of(lead, self._partitions)
        if partition in self._judges():
            return None
        url = self._app.owner_url(self._table, partition)
        if self._app.rebalancing or url is None or url == self._app.engine.advertised_url:
            raise NotReady("the partition of this lead is being moved; try again in a few seconds")
        return url

    def lead_json(self, lead: str) -> dict[str, object] | None:
        """See `monitor.ports.LeadDirectory`."""
        judge = self._judges().get(partition_of(lead, self._partitions))
        if judge is None:
            raise NotReady("the partition of this lead is being moved; try again in a few seconds")
        try:
            found = judge.explain(lead)
        except UnreadableState as unreadable:
            raise NotReady(f"this lead is set aside, not judged: {unreadable}") from unreadable
        return None if found is None else lead_answer(found)
