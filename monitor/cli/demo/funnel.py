"""A believable funnel of made-up leads: who comes in, who follows up and how well; the same for the same seed."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Final, NamedTuple

from monitor.core import event as ev
from monitor.core.event import Scalar
from monitor.core.instant import to_rfc3339

WAVE_S: Final = 180.0
"""The number of leads that one asks for comes in within this time, and again, until stopped."""

_US_PER_S: Final = 1_000_000
_SOURCES: Final = {"web-form": 50, "paid-search": 30, "event": 20}
_SEGMENTS: Final = {"mid-market": 65, "enterprise": 35}
_GRADES: Final = {"enterprise": {"A": 50, "B": 35, "C": 15}, "mid-market": {"A": 15, "B": 45, "C": 40}}
_PERSONAS: Final = {"plant-manager": 40, "purchasing": 30, "it-lead": 20, "student": 10}
_COUNTRIES: Final = {"DE": 60, "AT": 20, "CH": 20}
_QUALIFIED: Final = {"A": 0.95, "B": 0.85, "C": 0.5}
_TOUCHES: Final = {"call": 50, "email": 35, "meeting": 15}
_ANSWERS: Final = {"connected": 40, "no-answer": 40, "voicemail": 20}
_REJECTIONS: Final = {"bad-data": 40, "wrong-persona": 25, "no-budget": 20, "duplicate": 15}
_ENDS: Final = {"sql": 45, "recycled": 35, "disqualified": 20}
_REJECTED, _RETURNS, _AUTOMATED, _ANSWERED, _REASSIGNED = 0.12, 0.4, 0.4, 0.1, 0.6
_REPEATED, _DELAYED, _SPOILED = 0.03, 0.02, 0.006


class Owner(NamedTuple):
    """A salesperson; times are medians in seconds, the rest are shares."""

    name: str
    touch_s: float
    spread: float
    forgets: float
    logs_late: float
    decides_s: float


_OWNERS: Final[Mapping[str, tuple[Owner, ...]]] = {
    "enterprise": (
        Owner("ana", 2.0, 0.3, 0.0, 0.0, 16),  # nearly always in time
        Owner("ben", 3.5, 0.4, 0.05, 0.05, 24),
        Owner("emil", 9.0, 0.6, 0.1, 0.0, 42),  # mostly late
    ),
    "mid-market": (
        Owner("carla", 5.0, 0.5, 0.02, 0.1, 20),
        Owner("deniz", 7.0, 0.5, 0.05, 0.3, 28),  # acts in time and writes it down later
        Owner("fay", 5.0, 0.5, 0.45, 0.05, 26),  # forgetful
    ),
}


class Record(NamedTuple):
    """What goes on the topic."""

    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


class Planned(NamedTuple):
    """One record to come; seconds count from the start of the funnel."""

    send_s: float
    happened_s: float
    """Before `send_s` when it arrives late."""
    number: int
    """Of the lead, counted from 1."""
    lead: str
    id: str
    type: str
    source: str
    data: Mapping[str, Scalar]
    spoiled: str = ""
    """One of SPOILED when the record is no event."""


def plan(seed: int, leads: int, tag: str) -> Iterator[Planned]:
    """Every record in the order of sending, without end; `leads` come in within WAVE_S, their ids begin with `tag`."""
    rng = Random(seed)  # noqa: S311 - makes up a story, keeps no secret
    waiting: list[tuple[float, int, Planned]] = []
    serial = count()
    arrives_s = 0.0
    for number in count(1):
        for planned in _story(rng, number, f"{tag}-{number:04}", arrives_s):
            heappush(waiting, (planned.send_s, next(serial), planned))
        arrives_s += rng.expovariate(leads / WAVE_S)
        while waiting and waiting[0][0] < arrives_s:
            yield heappop(waiting)[2]


def record(planned: Planned, started_at: int) -> Record:
    """The record's bytes, when the funnel started at that instant (microseconds since the epoch)."""
    attributes: dict[str, object] = {
        "specversion": "1.0",
        "id": planned.id,
        "source": planned.source,
        "type": planned.type,
        "subject": planned.lead,
        "time": to_rfc3339(started_at + round(planned.happened_s * _US_PER_S)),
        "datacontenttype": "application/json",
    }
    key = planned.lead.encode()
    if planned.spoiled:
        return Record(key, SPOILED[planned.spoiled]({**attributes, "data": planned.data}), ())
    if planned.source == "web":  # CloudEvents in binary mode: attributes in headers, data in the value
        content_type = str(attributes.pop("datacontenttype"))
        headers = tuple((f"ce_{name}", str(value).encode()) for name, value in attributes.items())
        return Record(key, _json(planned.data), (("content-type", content_type.encode()), *headers))
    return Record(key, _json({**attributes, "data": planned.data}), ())


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


SPOILED: Final[Mapping[str, Callable[[dict[str, object]], bytes]]] = {
    "cut off": lambda event: _json(event)[:-9],
    "no subject": lambda event: _json({**event, "subject": None}),
    "unknown type": lambda event: _json({**event, "type": "lead.teleported"}),
    "time without offset": lambda event: _json({**event, "time": str(event["time"]).rstrip("Z")}),
    "a page instead of an event": lambda event: b"<html><title>502 Bad Gateway</title></html>",
}
"""Ways in which a record can be no event."""


@dataclass
class _Story:
    """What happens to one lead, as it is made up."""

    rng: Random
    number: int
    lead: str
    records: list[Planned] = field(default_factory=list)

    def choose(self, weights: Mapping[str, int]) -> str:
        return self.rng.choices(list(weights), list(weights.values()))[0]

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def within(self, least_s: float, most_s: float) -> float:
        return self.rng.uniform(least_s, most_s)

    def takes(self, median_s: float, spread: float) -> float:
        """Seconds that a person takes: mostly near the median, now and then far more."""
        return median_s * self.rng.lognormvariate(0, spread)

    def add(self, at_s: float, type_: str, source: str, data: Mapping[str, Scalar], late_s: float = 0.0) -> float:
        """Note what happened, arriving `late_s` seconds later; gives `at_s` back."""
        if not late_s and self.chance(_DELAYED):
            late_s = self.within(0.5, 3)
        event_id = f"{self.lead}-{len(self.records) + 1}"
        planned = Planned(at_s + late_s, at_s, self.number, self.lead, event_id, type_, source, data)
        self.records.append(planned)
        if self.chance(_REPEATED):
            self.records.append(planned._replace(send_s=planned.send_s + self.within(0.2, 4)))
        if self.chance(_SPOILED):
            how = self.rng.choice(list(SPOILED))
            self.records.append(planned._replace(id=f"{event_id}-bad", spoiled=how))
        return at_s


def _story(rng: Random, number: int, lead: str, arrives_s: float) -> list[Planned]:
    story = _Story(rng, number, lead)
    segment = story.choose(_SEGMENTS)
    grade = story.choose(_GRADES[segment])
    origin = {
        "source": story.choose(_SOURCES),
        "segment": segment,
        "persona": story.choose(_PERSONAS),
        "country": story.choose(_COUNTRIES),
    }
    at_s = story.add(arrives_s, ev.LEAD_CREATED, "web", origin)
    score = rng.randint(55, 95) if grade != "C" else rng.randint(20, 70)
    at_s = story.add(at_s + story.within(0.2, 1), ev.LEAD_UPDATED, "scoring", {"grade": grade, "score": score})
    if story.chance(_QUALIFIED[grade]):
        _hand_off(story, segment, at_s + story.within(0.3, 2))
    elif story.chance(0.5):
        story.add(at_s + story.within(2, 8), ev.LEAD_DISQUALIFIED, "crm", {"reason": "no-fit"})
    return story.records


def _hand_off(story: _Story, segment: str, at_s: float) -> None:
    """From marketing to an owner in sales; what a busy one gives back may come a second time."""
    for again in (False, True):
        owner = story.rng.choice(_OWNERS[segment])
        story.add(at_s, ev.LEAD_STAGE_CHANGED, "marketing-automation", {"stage": "mql"})
        at_s = story.add(at_s + story.within(0.2, 0.8), ev.LEAD_HANDED_OFF, "marketing-automation", {"team": "sales"})
        at_s = story.add(at_s + story.within(0.2, 1.2), ev.LEAD_ASSIGNED, "crm", {"owner": owner.name, "team": "sales"})
        rejected_s = _work(story, owner, segment, at_s)
        if again or rejected_s is None or not story.chance(_RETURNS):
            return
        at_s = rejected_s + story.within(15, 40)


def _work(story: _Story, owner: Owner, segment: str, assigned_s: float) -> float | None:
    """What sales does with an assigned lead; when it was rejected, if it was."""
    if story.chance(_AUTOMATED):  # a sequence writes at once: fast, and no follow-up
        at_s = assigned_s + story.within(0.2, 1)
        mail = {"channel": "email", "direction": "outbound", "actor": "automation"}
        story.add(at_s, ev.ACTIVITY_LOGGED, "sequencer", mail)
    if story.chance(_ANSWERED):
        at_s = assigned_s + story.within(1, 6)
        story.add(at_s, ev.ACTIVITY_LOGGED, "mail", {"channel": "email", "direction": "inbound", "actor": "person"})
    if story.chance(owner.forgets):
        if not story.chance(_REASSIGNED):
            return None
        owner = story.rng.choice([other for other in _OWNERS[segment] if other != owner])
        assigned_s += story.within(14, 25)
        story.add(assigned_s, ev.LEAD_ASSIGNED, "crm", {"owner": owner.name, "team": "sales"})
    touched_s = assigned_s + story.takes(owner.touch_s, owner.spread)
    decided_s = assigned_s + story.takes(0.8 * owner.touch_s, owner.spread)
    if story.chance(_REJECTED):
        return story.add(decided_s, ev.LEAD_REJECTED, "crm", {"reason": story.choose(_REJECTIONS)})
    story.add(decided_s, ev.LEAD_ACCEPTED, "crm", {})
    _follow_up(story, owner, touched_s, decided_s)
    return None


def _follow_up(story: _Story, owner: Owner, touched_s: float, accepted_s: float) -> None:
    ends_s = max(touched_s, accepted_s) + story.takes(owner.decides_s, 0.35)
    for _ in range(story.rng.randint(1, 4)):
        late_s = story.within(4, 25) if story.chance(owner.logs_late) else 0.0
        touch = {
            "channel": story.choose(_TOUCHES),
            "direction": "outbound",
            "actor": "person",
            "outcome": story.choose(_ANSWERS),
        }
        story.add(touched_s, ev.ACTIVITY_LOGGED, "dialler", touch, late_s)
        touched_s += story.within(2, 9)
        if touched_s > ends_s:
            break
    if story.chance(owner.forgets):
        return
    match story.choose(_ENDS):
        case "sql":
            story.add(ends_s, ev.LEAD_STAGE_CHANGED, "crm", {"stage": "sql"})
        case "recycled":
            story.add(ends_s, ev.LEAD_RECYCLED, "crm", {"reason": "no-budget"})
        case _:
            story.add(ends_s, ev.LEAD_DISQUALIFIED, "crm", {"reason": "competitor"})
