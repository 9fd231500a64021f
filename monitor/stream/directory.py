"""Where a lead is: its owner in the cluster, and its timeline when the owner is this worker."""

from collections.abc import Callable, Mapping

from monitor.core.instant import to_rfc3339
from monitor.core.lead import Lead
from monitor.ports import NotReady
from monitor.stream.engine.app import LeadApp
from monitor.stream.partition_judge import PartitionJudge
from monitor.stream.partitioning import partition_of
from monitor.wire.state import UnreadableState


class Directory:
    """LeadDirectory over the assignment that Faust's leader handed out."""

    def __init__(self, app: LeadApp, partitions: int, judges: Callable[[], Mapping[int, PartitionJudge]]) -> None:
        self._app = app
        self._partitions = partitions
        self._judges = judges

    def owner_url(self, lead: str) -> str | None:
        """See `monitor.ports.LeadDirectory`."""
        partition = partition_of(lead, self._partitions)
        if partition in self._judges():
            return None
        url = self._app.owner_url(partition)
        if self._app.rebalancing or url is None or url == self._app.engine.advertised_url:
            raise NotReady("the partition of this lead is being moved; try again in a few seconds")
        return url

    def lead_json(self, lead: str) -> dict[str, object] | None:
        """See `monitor.ports.LeadDirectory`."""
        judge = self._judges().get(partition_of(lead, self._partitions))
        if judge is None:
            raise NotReady("the partition of this lead is being moved; try again in a few seconds")
        try:
            found = judge.lead(lead)
        except UnreadableState as unreadable:
            raise NotReady(f"this lead is set aside, not judged: {unreadable}") from unreadable
        return None if found is None else lead_json(found)


def lead_json(lead: Lead) -> dict[str, object]:
    """A lead's state as published: what is known, which clocks it has, what was said."""
    return {
        "lead": lead.id,
        "erased": lead.erased,
        "merged_into": None if lead.merged is None else lead.merged.into,
        "stage": lead.fold.stage,
        "attributes": dict(lead.fold.attributes),
        "clocks": [
            {
                "duty": clock.duty,
                "cycle": clock.cycle,
                "state": clock.state.value,
                "started_at": to_rfc3339(clock.started_at),
                "due_at": to_rfc3339(clock.due_at),
                "ended_at": None if clock.ended_at is None else to_rfc3339(clock.ended_at),
                "ended_by": clock.ended_by or None,
                "limit": clock.limit,
                "calendar": clock.calendar or None,
                "policy_version": clock.policy_version,
                "final": clock.final,
            }
            for clock in lead.fold.clocks
        ],
        "timeline": [
            {
                "at": to_rfc3339(evidence.at),
                "id": evidence.id,
                "type": evidence.type,
                "source": evidence.source,
                "lead": lead.id if evidence.via is None else evidence.via.path[0],
                "data": dict(evidence.data),
            }
            for evidence in lead.evidence
        ],
        "said": [
            {
                "duty": told.duty,
                "cycle": told.cycle,
                "kind": told.kind,
                "level": told.level,
                "revision": told.revision,
                "standing": told.standing,
                "at": to_rfc3339(told.at),
            }
            for told in lead.told
        ],
        "judged_until": to_rfc3339(lead.known_until) if lead.known_until else None,
    }
