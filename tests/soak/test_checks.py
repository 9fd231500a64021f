"""The checks of the soak runs find what they are there to find: a check that cannot fail proves nothing."""

import json
import random
from typing import Any, NamedTuple

from monitor.core.lead import new_lead
from monitor.wire.lead_event import TimeLimits, decode
from monitor.wire.policy import load_policy
from monitor.wire.state import encode_state
from monitor.wire.timeline import encode_event
from tests.soak import checks
from tests.soak.faults import schedule
from tests.soak.load import Load
from tests.soak.scenario import AGREEMENT
from tests.soak.traced_worker import HEADER
from tests.support.cluster import event, rfc3339, touch
from tests.support.leads import Events
from tests.support.verdicts import replayed

LIMITS = TimeLimits(2**62, 2**62)


class Record(NamedTuple):
    """As much of a Kafka record as the checks look at."""

    offset: int
    value: bytes = b""
    key: bytes = b"a"
    headers: tuple[tuple[str, bytes], ...] = ()
    topic: str = "t"
    partition: int = 0
    timestamp: int = 0


def written_by(*writers: str) -> dict[int, list[Record]]:
    """One partition with a record of each writer, in this order."""
    return {0: [Record(n, headers=((HEADER, writer.encode()),)) for n, writer in enumerate(writers)]}


def states(*offsets: int) -> dict[int, list[Record]]:
    """One partition of a changelog with states of one lead, made from these timeline offsets."""
    return {0: [Record(n, encode_state(new_lead("a"), offset, None)) for n, offset in enumerate(offsets)]}


def judged(events: Events) -> tuple[dict[int, list[Record]], checks.Folded]:
    """The outcomes topic of a monitor that makes no mistake, and what its timeline gives."""
    timeline = [Record(n, encode_event(decode(json.dumps(e).encode(), (), 0, LIMITS))) for n, e in enumerate(events)]
    folded = checks.fold({0: timeline}, load_policy(AGREEMENT))
    return {0: [Record(n, value) for n, value in enumerate(folded.outcomes.values())]}, folded


EVENTS = [event("a", "lead.assigned", 1_800_000_000, {"owner": "ana"}), touch("a", 1_800_000_002)]


def test_a_writer_that_goes_on_after_the_next_one_began_is_found() -> None:
    assert checks.overlaps(written_by("1.1", "1.1", "2.1", "1.1", "2.1")) == [
        "t 0:3: 1.1 after 2.1",
        "t 0:4: 2.1 after 1.1",
    ]


def test_a_partition_that_is_given_back_is_no_second_writer() -> None:
    assert checks.overlaps(written_by("1.1", "2.1", "2.1", "1.3")) == []


def test_a_state_that_was_overtaken_by_an_older_one_is_found_until_it_is_written_again() -> None:
    assert checks.stale(states(3, 7, 5)) == ["a: newest at 0:1, last at 0:2"]
    assert checks.stale(states(3, 7, 5, 7)) == []


def test_a_missing_a_wrong_and_a_made_up_outcome_are_found() -> None:
    told, folded = judged(EVENTS)
    assert list(checks.tellings(told, folded)) == []
    first, *rest = told[0]
    assert "missing" in "".join(checks.tellings({0: rest}, folded))
    changed = first._replace(value=first.value.replace(b"ana", b"eve"))
    assert "wrong" in "".join(checks.tellings({0: [changed, *rest]}, folded))
    made_up = first._replace(value=first.value.replace(b"out_", b"out_0", 1))
    assert "does not give" in "".join(checks.tellings({0: [made_up, *told[0]]}, folded))


def test_an_outcome_repeated_with_another_content_is_found() -> None:
    told, folded = judged(EVENTS)
    first = told[0][0]
    changed = first._replace(value=first.value.replace(b"ana", b"eve"))
    assert "another content" in "".join(checks.tellings({0: [*told[0], changed]}, folded))
    assert checks.repeats({0: [*told[0], first]}) == 1


def test_a_verdict_that_is_not_the_replays_is_found() -> None:
    told, _ = judged(EVENTS)
    expected = replayed(EVENTS, 1_800_000_060, AGREEMENT)
    assert list(checks.verdicts(told, expected)) == []
    assert list(checks.verdicts({0: []}, expected)) == [
        "verdict missing or wrong: 1, for example ('a', 'first-touch', 1, 'met')"
    ]


def test_a_lost_and_a_wrong_state_are_found() -> None:
    _, folded = judged(EVENTS)
    pages = [Record(n, packed, key=key) for n, (key, packed) in enumerate(folded.states[0].items()) if key != b"a"]
    right = {0: [*pages, Record(9, folded.states[0][b"a"])]}
    assert list(checks.states(right, folded)) == []
    assert list(checks.states({0: pages}, folded)) == ["state missing or wrong in partition 0: 1, for example b'a'"]
    wrong = {0: [*pages, *states(1)[0]]}
    assert list(checks.states(wrong, folded)) == ["state missing or wrong in partition 0: 1, for example b'a'"]


def test_a_withdrawn_breach_is_unfair_only_if_its_disproof_was_in_kafka_before_the_due() -> None:
    load = Load("", "", 0, 1)
    load.events = EVENTS
    withdrawn = {"kind": "withdrawn", "level": "breached", "duty": "first-touch", "due_at": rfc3339(1_800_000_005)}
    outcomes: dict[int, list[Any]] = {
        0: [Record(0, json.dumps({"id": "x", "subject": "a", "data": withdrawn}).encode())]
    }
    load.acknowledged_s = {item["id"]: 1_800_000_004 for item in EVENTS}
    assert checks.retracted(outcomes, load) == (1, [f"a first-touch due {rfc3339(1_800_000_005)}"])
    load.acknowledged_s[EVENTS[1]["id"]] = 1_800_000_005.1
    assert checks.retracted(outcomes, load) == (1, [])


def test_a_schedule_follows_from_its_seed_and_a_worker_has_one_fault_at_a_time() -> None:
    def planned(seed: int) -> list[Any]:
        return schedule(random.Random(seed), ("kill", "stop", "pause"), workers=3, rounds=30, every_s=4)

    assert planned(7) == planned(7) != planned(8)
    faults = planned(7)
    assert {fault.kind for fault in faults} == {"join", "kill", "stop", "pause"}
    free_s = [0.0, 0.0, 0.0]
    for fault in faults:
        assert fault.at_s >= free_s[fault.worker]
        free_s[fault.worker] = fault.at_s + fault.for_s
