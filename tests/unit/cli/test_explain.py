"""What `lead-sla explain` prints of a merged lead, and of the one that goes on."""

from monitor.cli.explain import story
from monitor.core.replay import Replay
from monitor.stream.directory import lead_json
from tests.support.history import ONE_DUTY, assigned, at, event


def test_a_merged_lead_shows_the_way_and_the_other_one_says_whose_its_events_were() -> None:
    replay = Replay(ONE_DUTY)
    list(replay.run([assigned(0), event("lead.merged", 5, into="lead 2")], at(10)))
    old, new = (story(lead_json(replay.leads[name])) for name in ("L", "lead 2"))
    assert old[-1] == "merged into lead 2, where it goes on: lead-sla explain 'lead 2'"
    assert [line for line in new if "lead.assigned" in line] == [
        "  2026-10-01T08:00:00.000000Z  lead.assigned of L owner=ana"
    ]
    assert not any("merged into" in line for line in new)
