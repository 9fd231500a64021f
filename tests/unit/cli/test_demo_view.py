import io
from dataclasses import replace
from itertools import takewhile

import pytest
from rich.console import Console

from monitor.cli.demo.funnel import plan
from monitor.cli.demo.receiver import Received
from monitor.cli.demo.tally import VERDICTS, Share, Tally
from monitor.cli.demo.view import LiveView, Places, PlainView
from monitor.core.outcome import Kind, Outcome
from monitor.telemetry.metrics import Metrics
from monitor.wire.examples import outcomes

PLACES = Places("127.0.0.1:9092", True, "http://127.0.0.1:6066", "http://127.0.0.1:1/hook", "worker.log", "L-1-0001")


def said(kind: Kind, lead: str = "L-1", owner: str = "ana", level: str = "") -> Outcome:
    return next(iter(outcomes()))._replace(kind=kind, lead=lead, owner=owner, level=level)


def test_a_verdict_counts_for_its_owner_once_however_often_it_is_revised() -> None:
    tally = Tally()
    for kind in (Kind.WARNED, Kind.MET, Kind.MET, Kind.FINALISED):
        tally.said(said(kind))
    tally.said(said(Kind.BREACHED, lead="L-2"))
    tally.said(said(Kind.FULFILLED_LATE, lead="L-2"))
    assert tally.owners == {"ana": Share(met=1, judged=2)}
    assert set(tally.revisable) == {("L-2", "first-touch", 1)}, "what is final is kept no longer"


def test_a_breach_that_is_withdrawn_counts_no_more() -> None:
    tally = Tally()
    tally.said(said(Kind.BREACHED))
    tally.said(said(Kind.WITHDRAWN, level="warned:80"))
    assert tally.owners["ana"] == Share(met=0, judged=1)
    tally.said(said(Kind.WITHDRAWN, level="breached"))
    assert tally.owners["ana"] == Share(met=0, judged=0)
    tally.said(said(Kind.MET))
    assert tally.owners["ana"] == Share(met=1, judged=1)


def test_only_verdicts_are_shown() -> None:
    tally = Tally()
    assert {kind for kind in Kind if tally.said(said(kind))} == VERDICTS
    assert len(tally.verdicts) == 6


def test_the_counts_of_the_worker_come_from_its_own_metrics() -> None:
    metrics = Metrics(version="1")
    metrics.initialise(
        policy_version="2026-Q4",
        duties=["first-touch"], quotas=(), teams={"sales"}, segments=[], limits_s=[],
        channels=[], event_types=["lead.created"], dead_letter_reasons=["json_invalid"],
    )  # fmt: skip
    metrics.event_read("lead.created", "accepted", 3)
    metrics.event_read("lead.created", "duplicate", 2)
    metrics.dead_lettered("json_invalid")
    metrics.watch_clocks(lambda: {("first-touch", "running"): 4})
    metrics.ready(True)
    tally = Tally()
    tally.scraped(metrics.render()[0].decode())
    assert (tally.accepted, tally.dead_letters, tally.ready) == (3, 1, True)
    assert tally.clocks == {("first-touch", "running"): 4, ("first-touch", "breached"): 0}


def test_leads_that_came_in_are_counted_once_though_their_records_repeat() -> None:
    tally = Tally()
    records = list(takewhile(lambda planned: planned.send_s < 30, plan(7, 400, "L-1")))
    for planned in records:
        tally.produced(planned)
    assert tally.leads == len({planned.lead for planned in records})
    assert tally.sent == len(records)


def test_plain_lines_name_the_verdict_and_count_what_was_delivered(capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally()
    view = PlainView(tally, PLACES)
    view.begin()
    view.verdict(said(Kind.BREACHED, lead="L-\n\x1b[31m1"))
    tally.delivered(Received("out_1", verified=True, refusal="", payload={}))
    view.refresh(1.0)
    view.refresh(5.0)
    lines = capsys.readouterr().out.splitlines()
    assert "metrics http://127.0.0.1:6066/metrics" in lines
    assert "lead http://127.0.0.1:6066/leads/L-1-0001" in lines
    assert "in memory only" in lines[0]
    verdict, summary = lines[-2:]
    assert verdict.startswith("verdict breached first-touch L-??[31m1 first-touch on lead")
    assert "\x1b" not in verdict
    assert summary.startswith("summary leads=0 ")
    assert "deliveries_verified=1 deliveries_refused=0" in summary


@pytest.mark.parametrize("hostile", ["[bold red]ana[/]", "[/]", "[link=a:b]x[/link]", "\x1b]0;owned\x07ana"])
def test_the_live_view_shows_names_from_outside_as_they_are(hostile: str) -> None:
    screen = io.StringIO()
    tally = Tally()
    view = LiveView(tally, PLACES, Console(file=screen, width=200, height=50, force_terminal=False))
    view.begin()
    tally.said(said(Kind.BREACHED, lead=hostile, owner=hostile))
    view.refresh(3.0)
    view.end()
    drawn = screen.getvalue()
    shown = "".join(character if character.isprintable() else "?" for character in hostile)
    assert f"breached  {shown}" in drawn
    assert "\x1b]" not in drawn
    assert "\x07" not in drawn


def test_a_long_name_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    view = PlainView(Tally(), PLACES._replace(first_lead="x" * 1000))
    view.begin()
    assert max(map(len, capsys.readouterr().out.splitlines())) < 100


def test_a_refused_delivery_is_counted_as_such() -> None:
    tally = Tally()
    received = Received("out_1", verified=False, refusal="No matching signature found", payload={})
    tally.delivered(received)
    tally.delivered(replace(received, verified=True, refusal=""))
    assert (tally.verified, tally.refused) == (1, 1)
