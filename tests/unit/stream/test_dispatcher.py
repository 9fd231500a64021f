"""From an outcome to its message: nothing is lost at any step, nobody hears what is no longer so."""

import asyncio
from collections import Counter

import pytest

from monitor.core.answers import acknowledged
from monitor.core.case import State
from monitor.core.lead import Told, new_lead
from monitor.core.limit import Limit, LimitUnit
from monitor.core.outcome import Kind
from monitor.core.routing import Recipient, Route, Routing, Rung
from monitor.notify.gate import Rules
from monitor.ports import ChannelState, Delivery, Form
from tests.support.agreement import HOUR, office
from tests.support.notices import NOON, outcome
from tests.support.office import Broker, FarEnd, Office
from tests.support.virtual_time import run_virtually

FAILS, REFUSES = Delivery(False, True, "http_5xx"), Delivery(False, False, "http_4xx")
GONE = Delivery(False, False, "gone")
BREACH = outcome(Kind.BREACHED)
DAY_S = 86_400.0


async def told(*outcomes, seconds: float = 60.0, answer=None, **given) -> tuple[Broker, FarEnd, Office]:  # type: ignore[no-untyped-def]
    broker = Broker()
    far_end = FarEnd(broker)
    if answer is not None:
        far_end.answer = answer
    broker.tell(*outcomes)
    office_ = Office(broker, [far_end], **given)
    await office_.run(seconds)
    return broker, far_end, office_


def test_a_breach_is_told_once_and_the_batch_does_not_wait_for_it() -> None:
    async def work() -> None:
        broker, far_end, _ = await told(BREACH, seconds=30, answer=lambda _: FAILS)
        assert broker.committed[0] == 1
        assert broker.left() == [BREACH.outcome_id]
        far_end.answer = lambda _: Delivery(True, False, "ok")
        await Office(broker, [far_end]).run(600)
        assert far_end.ids() == [BREACH.outcome_id]
        assert broker.left() == []

    run_virtually(work())


def test_the_schedule_of_attempts_goes_on_where_it_was_after_a_restart() -> None:
    async def work() -> None:
        broker, far_end, _ = await told(BREACH, seconds=100, answer=lambda _: FAILS, rules=Rules(failures_max=1000))
        before = len(far_end.tried_s)
        (case,) = broker.cases()
        assert case.items[0].attempts == before
        await Office(broker, [far_end], rules=Rules(failures_max=1000)).run(10 * DAY_S)
        pauses = [b - a for a, b in zip(far_end.tried_s, far_end.tried_s[1:], strict=False)]
        assert max(pauses) <= 151
        assert DAY_S - 200 < far_end.tried_s[-1] <= DAY_S + 10
        (case,) = broker.cases()
        assert (case.items[0].state, case.items[0].reason) == (State.FAILED, "gave_up")
        assert case.items[0].attempts == len(far_end.tried_s)
        assert len(broker.letters) == 1

    run_virtually(work())


def test_what_is_refused_is_a_dead_letter_with_the_bytes_of_its_outcome_and_names_the_channel() -> None:
    async def work() -> None:
        broker, _, _ = await told(BREACH, answer=lambda _: REFUSES)
        ((key, value, headers),) = broker.letters
        assert (key, value) == (b"lead-1", broker.outcomes[0][0].value)
        assert ("lead-sla-dlq-reason", b"delivery_failed") in headers
        assert ("lead-sla-dlq-detail", b"slack: http_4xx, attempts: 1") in headers
        assert ("lead-sla-dlq-offset", b"0") in headers
        assert [item.attempts for case in broker.cases() for item in case.items] == [1]

    run_virtually(work())


def test_a_channel_that_is_gone_is_disabled_and_what_comes_later_is_a_dead_letter_at_once() -> None:
    async def work() -> None:
        breaches = [outcome(Kind.BREACHED, lead=f"l{n}") for n in range(5)]
        broker, far_end, office_ = await told(
            *breaches, answer=lambda _: GONE, rules=Rules(in_flight_max=1), people=False
        )
        assert office_.dispatcher.gates["slack"].state is ChannelState.DISABLED
        assert len(far_end.tried_s) == 1
        assert len(broker.letters) == 5
        ended = Counter((item.reason, item.attempts) for case in broker.cases() for item in case.items)
        assert ended == {("gone", 1): 1, ("disabled", 0): 4}

    run_virtually(work())


def test_a_dead_channel_holds_up_no_other() -> None:
    async def work() -> None:
        broker = Broker()
        dead, alive = FarEnd(broker, "dead"), FarEnd(broker, "alive")
        dead.answer = lambda _: FAILS
        broker.tell(*(outcome(Kind.BREACHED, lead=f"l{n}") for n in range(8)))
        await Office(broker, [dead, alive]).run(10)
        assert len(alive.arrived) == 8
        assert len(broker.left()) == 8

    run_virtually(work())


def test_while_a_channel_fails_for_days_what_has_waited_too_long_is_given_up() -> None:
    async def work() -> None:
        breaches = [outcome(Kind.BREACHED, lead=f"l{n}") for n in range(9)]
        broker, _, _ = await told(*breaches, seconds=2 * DAY_S, answer=lambda _: FAILS, people=False)
        assert broker.left() == []
        assert len(broker.letters) == 9

    run_virtually(work())


@pytest.mark.parametrize("state", ["erased", "withdrawn", "revised"])
def test_what_the_newest_state_no_longer_says_is_not_sent(state: str) -> None:
    said = Told(
        "first-touch", 1, Kind.BREACHED, "", 1 if state == "revised" else 0, state != "withdrawn", NOON, NOON, 0
    )
    lead = new_lead("lead-1").but(told=(said,), erased=state == "erased")

    async def work() -> None:
        broker, far_end, _ = await told(BREACH, leads={"lead-1": lead})
        assert far_end.arrived == []
        (case,) = broker.cases()
        reason = {"erased": "lead_erased", "withdrawn": "withdrawn", "revised": "replaced_by_revision"}[state]
        assert (case.items[0].state, case.items[0].reason) == (State.DROPPED, reason)

    run_virtually(work())


def test_what_waits_for_a_channel_is_looked_at_again_right_before_every_attempt() -> None:
    async def work() -> None:
        broker, far_end, _ = await told(BREACH, seconds=10, answer=lambda _: FAILS)
        tried = len(far_end.tried_s)
        again = Office(broker, [far_end], leads={"lead-1": new_lead("lead-1").but(erased=True)})
        await again.run(DAY_S)
        assert len(far_end.tried_s) == tried
        assert broker.left() == []

    run_virtually(work())


OFFICE = office()
ANNA = Recipient("anna", "slack", OFFICE)
LADDER = (Rung(("anna",)), Rung(("anna",), after=Limit(LimitUnit.ELAPSED, HOUR, "1 hours elapsed")))


def by(**route: object) -> Routing:
    return Routing({"anna": ANNA}, {}, "anna", (Route("all", ladder=LADDER[:1], **route),))  # type: ignore[arg-type]


def test_what_comes_at_night_is_one_digest_at_the_next_opening() -> None:
    night = NOON + 12 * HOUR
    opens_s = (OFFICE.next_open(night) - NOON) / 1e6

    async def work() -> None:
        breaches = [outcome(Kind.BREACHED, lead=f"l{n}", at=night + n) for n in range(3)]
        broker, far_end, _ = await told(*breaches, seconds=2 * DAY_S, routing=by())
        (message,) = far_end.arrived
        assert (message.form, len(message.notices)) == (Form.DIGEST, 3)
        assert 0 <= far_end.tried_s[0] - opens_s < 1
        assert broker.left() == []

    run_virtually(work())


def test_a_page_is_told_at_any_hour() -> None:
    async def work() -> None:
        at = NOON + 12 * HOUR
        _, far_end, _ = await told(outcome(Kind.BREACHED, at=at), seconds=DAY_S, routing=by(page=True))
        assert 12 * 3600 <= far_end.tried_s[0] < 12 * 3600 + 1

    run_virtually(work())


def test_what_could_not_be_sent_in_time_waits_for_the_next_opening_too() -> None:
    closes_s = 7 * 3600.0

    async def work() -> None:
        broker = Broker()
        far_end = FarEnd(broker)
        loop = asyncio.get_running_loop()
        far_end.answer = lambda _: FAILS if loop.time() < closes_s else Delivery(True, False, "ok")
        broker.tell(outcome(Kind.BREACHED))
        await Office(broker, [far_end], routing=by()).run(2 * DAY_S)
        assert [message.notices[0].notice_id for message in far_end.arrived] == [BREACH.outcome_id]
        assert OFFICE.next_open(NOON + round(far_end.tried_s[-1] * 1e6)) == NOON + round(far_end.tried_s[-1] * 1e6)

    run_virtually(work())


@pytest.mark.parametrize("answered", [True, False])
def test_an_acknowledgement_stops_the_ladder(answered: bool) -> None:
    routing = Routing({"anna": ANNA._replace(calendar=None)}, {}, "anna", (Route("all", ladder=LADDER),))

    async def work() -> None:
        broker, far_end, office_ = await told(BREACH, seconds=60, routing=routing)
        if answered:
            assert (
                await office_.desk.answer(
                    BREACH.outcome_id, lambda case: acknowledged(case, BREACH.outcome_id, "ana", NOON)
                )
                == 1
            )
        await Office(broker, [far_end], routing=routing).run(2 * 3600)
        assert far_end.ids() == [BREACH.outcome_id, *([] if answered else [BREACH.outcome_id + "-1"])]

    run_virtually(work())


def test_ten_thousand_breaches_in_a_minute_are_a_few_messages_and_no_lead_is_lost() -> None:
    breaches = [outcome(Kind.BREACHED, lead=f"lead-{n}") for n in range(10_000)]
    fold_us = 30_000_000
    routing = Routing(
        {"anna": ANNA}, {}, "anna", (Route("all", ladder=LADDER[:1], fold_us=fold_us, fold_by=("duty",)),)
    )

    async def work() -> None:
        broker = Broker()
        far_end = FarEnd(broker)
        office_ = Office(broker, [far_end], routing=routing)

        async def storm() -> None:
            for second in range(60):
                some = breaches[second * 170 : (second + 1) * 170]
                broker.tell(*(each._replace(at=NOON + second * 1_000_000) for each in some))
                await asyncio.sleep(1)

        await asyncio.gather(storm(), office_.run(300))
        told_of = Counter(far_end.ids())
        assert len(told_of) == 10_000
        assert set(told_of.values()) == {1}
        assert len(far_end.arrived) <= 3
        assert broker.left() == []

    run_virtually(work())


def test_a_storm_without_any_rule_for_it_keeps_the_pace_of_the_channel_and_loses_no_lead() -> None:
    async def work() -> None:
        breaches = [outcome(Kind.BREACHED, lead=f"lead-{n}") for n in range(2_000)]
        broker, far_end, _ = await told(*breaches, seconds=60, rules=Rules(interval_s=1.0))
        assert len(set(far_end.ids())) == len(far_end.ids()) == 2_000
        assert len(far_end.arrived) <= 10
        assert min(b - a for a, b in zip(far_end.tried_s, far_end.tried_s[1:], strict=False)) >= 1.0
        assert broker.left() == []

    run_virtually(work())


def test_what_waits_for_a_channel_that_was_taken_away_is_given_up_after_a_day_or_sent_when_it_is_back() -> None:
    async def work(away_s: float) -> tuple[Broker, FarEnd]:
        broker, far_end, _ = await told(BREACH, seconds=10, answer=lambda _: FAILS)
        await Office(broker, [FarEnd(broker, "another")]).run(away_s)
        far_end.answer = lambda _: Delivery(True, False, "ok")
        await Office(broker, [far_end]).run(600)
        return broker, far_end

    async def both() -> None:
        broker, far_end = await work(3_600)
        assert far_end.ids() == [BREACH.outcome_id]
        broker, far_end = await work(1.1 * DAY_S)
        assert far_end.ids() == []
        assert len(broker.letters) == 1
        assert broker.left() == []

    run_virtually(both())


async def _from_crash_to_end(die_at: int | None) -> tuple[bool, Broker, FarEnd]:
    """A worker that is killed at that step, and one that goes on."""
    broker = Broker(die_at)
    far_end = FarEnd(broker)
    waited = [outcome(Kind.BREACHED, lead=f"l{n}") for n in range(2)]
    folded = [outcome(Kind.BREACHED, lead=f"f{n}", duty="folded") for n in range(3)]
    broker.tell(*waited, outcome(Kind.BREACHED, lead="refused"), *folded)
    broker.tell(outcome(Kind.BREACHED, lead="p1"), partition=1)
    far_end.answer = lambda message: (
        REFUSES if message.notices[0].outcome.lead == "refused"
        else FAILS if len(far_end.tried_s) % 3 == 1
        else Delivery(True, False, "ok")
    )  # fmt: skip
    everywhere = Rung(("floor",))
    routing = Routing(
        {"floor": Recipient("floor", "slack")}, {}, "floor",
        (
            Route("folded", duties=frozenset({"folded"}), ladder=(everywhere,), fold_us=5_000_000, fold_by=("duty",)),
            Route("all", ladder=(everywhere,)),
        ),
    )  # fmt: skip
    await Office(broker, [far_end], routing=routing).run(600)
    died = broker.died.is_set()
    broker.died.clear()
    broker.die_at = None
    broker.tell(outcome(Kind.BREACHED, lead="f9", duty="folded"))
    await Office(broker, [far_end], routing=routing).run(600, sends_after_s=1)
    return died, broker, far_end


def test_a_kill_at_any_step_between_send_and_record_loses_nothing() -> None:
    async def work() -> None:
        die_at, died = 0, True
        repeated = 0
        while died:
            died, broker, far_end = await _from_crash_to_end(die_at)
            ids = Counter(far_end.ids())
            assert broker.left() == [], die_at
            assert len(broker.cases()) == 8
            assert set(ids.values()) <= {1, 2}
            assert len(ids) == 7, die_at
            assert broker.letters
            # What arrived twice was the same message both times, so that the far end can tell.
            messages = {message.message_id: message.notices for message in far_end.arrived}
            assert sum(map(len, messages.values())) == 7, die_at
            repeated += len(messages) < len(far_end.arrived)
            die_at += 1
        assert die_at > 30
        assert repeated

    run_virtually(work())
