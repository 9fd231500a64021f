from collections import Counter
from itertools import pairwise, takewhile

import pytest

from monitor.cli.demo.funnel import SPOILED, WAVE_S, Planned, plan, record
from monitor.core import event as ev
from monitor.wire.lead_event import InvalidRecord, TimeLimits, decode

STARTED_AT = 1_790_000_000_000_000
LIMITS = TimeLimits(future_us=300_000_000, past_us=86_400_000_000)


def wave(seed: int = 7, leads: int = 400) -> list[Planned]:
    """The first wave."""
    return list(takewhile(lambda planned: planned.send_s < WAVE_S, plan(seed, leads, "L-1")))


def recorded_at(planned: Planned) -> int:
    return STARTED_AT + round(planned.send_s * 1_000_000)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    first, again, other = (
        [record(planned, STARTED_AT) for planned in wave(seed, leads=50)] for seed in (3, 3, 4)
    )  # fmt: skip
    assert first == again
    assert first != other


def test_records_come_in_the_order_of_sending() -> None:
    assert all(one.send_s <= next_one.send_s for one, next_one in pairwise(wave()))


def test_about_as_many_leads_come_in_as_were_asked_for() -> None:
    leads = {planned.lead for planned in wave(leads=400)}
    assert 340 < len(leads) < 460
    assert max(planned.number for planned in wave(leads=400)) == len(leads)


def test_after_a_wave_new_leads_go_on_coming() -> None:
    last_of_wave = wave()[-1].number
    later = next(planned for planned in plan(7, 400, "L-1") if planned.send_s > 3 * WAVE_S)
    assert later.number > 2 * last_of_wave


def test_every_record_that_is_not_spoiled_is_an_event() -> None:
    for planned in wave():
        if planned.spoiled:
            continue
        sent = record(planned, STARTED_AT)
        event = decode(sent.value, sent.headers, recorded_at(planned), LIMITS)
        assert (event.lead, event.id, event.type, event.source) == planned[3:7]
        assert event.at == STARTED_AT + round(planned.happened_s * 1_000_000)
        assert event.data == planned.data


@pytest.mark.parametrize("how", SPOILED)
def test_a_spoiled_record_is_no_event(how: str) -> None:
    sent = record(wave()[0]._replace(spoiled=how), STARTED_AT)
    with pytest.raises(InvalidRecord):
        decode(sent.value, sent.headers, STARTED_AT, LIMITS)


def test_a_few_records_are_spoiled_and_the_event_itself_comes_too() -> None:
    records = wave()
    spoiled = [planned for planned in records if planned.spoiled]
    assert 0 < len(spoiled) < len(records) / 50
    good = {planned.id for planned in records if not planned.spoiled}
    assert {planned.id.removesuffix("-bad") for planned in spoiled} <= good


def test_some_records_come_twice_with_the_same_bytes() -> None:
    values = Counter(record(planned, STARTED_AT) for planned in wave())
    assert len([value for value, times in values.items() if times == 2]) > 20


def test_some_events_arrive_after_later_ones_of_their_lead() -> None:
    newest: dict[str, float] = {}
    overtaken = 0
    for planned in wave():
        overtaken += planned.happened_s < newest.get(planned.lead, 0.0) - 1
        newest[planned.lead] = max(newest.get(planned.lead, 0.0), planned.happened_s)
    assert overtaken > 20


def test_the_funnel_is_believable() -> None:
    good = [planned for planned in wave() if not planned.spoiled]
    types = Counter(planned.type for planned in good)
    assert types[ev.LEAD_CREATED] > types[ev.LEAD_HANDED_OFF] > types[ev.LEAD_ACCEPTED] > types[ev.LEAD_REJECTED] > 0
    owners = {planned.data["owner"] for planned in good if planned.type == ev.LEAD_ASSIGNED}
    assert len(owners) == 6
    created = [planned for planned in good if planned.type == ev.LEAD_CREATED]
    assert {planned.data["segment"] for planned in created} == {"enterprise", "mid-market"}
    assert {planned.data["source"] for planned in created} == {"web-form", "paid-search", "event"}
    acts = [planned.data for planned in good if planned.type == ev.ACTIVITY_LOGGED]
    assert {data["actor"] for data in acts} == {"person", "automation"}
    assert any(record(planned, STARTED_AT).headers for planned in good)
    assert not all(record(planned, STARTED_AT).headers for planned in good)
