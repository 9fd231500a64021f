"""Made-up leads: in time, late, forgotten, cancelled, recycled; their events repeated and out of order."""

import random
from typing import Any

from tests.support.cluster import event, touch

Events = list[dict[str, Any]]


def made_up(lead: str, at_s: float, rng: random.Random) -> Events:
    """The history of one lead that is assigned at `at_s`, in the order of its instants but for the repeats.

    It ends within 12 seconds: what was written last about it then stands for good.
    """
    assigned = {"owner": rng.choice(["ana", "ben"]), "grade": rng.choice("ABC")}
    events = [
        event(lead, "lead.created", at_s - 1, {"segment": rng.choice(["enterprise", "smb"])}),
        event(lead, "lead.assigned", at_s, assigned),
    ]
    fate = rng.random()
    if fate < 0.4:
        events.append(touch(lead, at_s + rng.random() * 3))
    elif fate < 0.6:
        events.append(touch(lead, at_s + 5 + rng.random() * 2))
    elif fate < 0.7:
        events.append(event(lead, "lead.disqualified", at_s + rng.random() * 6, {"reason": "bad-data"}))
    elif fate < 0.8:
        events.append(event(lead, "lead.recycled", at_s + rng.random() * 6, {"reason": "no-budget"}))
        again_s = at_s + 6 + rng.random()
        events.append(event(lead, "lead.assigned", again_s, {"owner": "cem", "grade": "B"}))
        if rng.random() < 0.5:
            events.append(touch(lead, again_s + rng.random() * 4.5))
    if rng.random() < 0.3:
        events.append(event(lead, "lead.handed_off", at_s + 0.5))
        if rng.random() < 0.5:
            events.append(event(lead, "lead.accepted", at_s + 0.5 + rng.random() * 8))
    if rng.random() < 0.1:
        events.append(rng.choice(events))
    return events


def funnel(prefix: str, leads: int, start_s: float, spread_s: float, seed: int) -> Events:
    """The histories of so many leads, assigned within `spread_s` seconds after `start_s`."""
    rng = random.Random(seed)
    return [item for n in range(leads) for item in made_up(f"{prefix}{n}", start_s + rng.random() * spread_s, rng)]
