"""The notices of an agreement become routes; what is hardly meant in them is doubted, and channels are asked for."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.calls import Reach, Silence, calls_for
from monitor.core.limit import Limit, LimitUnit
from monitor.core.outcome import Delivery, Kind, Outcome, Reason
from monitor.core.policy import Policy
from monitor.core.routing import Asks, News, Recipient, Route, Routing, Rung, Severity, fits, news_of
from monitor.wire.policy import PolicyDoubt, PolicyError, check_channels, examine_policy, policy_of, read_policy
from monitor.wire.policy.agreement import examined
from monitor.wire.policy.reach import TOLD
from tests.support.notices import outcome

RIGHT = Path(__file__).parents[2] / "contract" / "policies" / "right" / "notices.yaml"
TEXT = RIGHT.read_text()
DUTIES = """\
follow_up:
  - {duty: touch, starts: lead.assigned, met_by: {activity: call}, within: 4 working_hours, warn_at: [50%, 80%]}
"""
HEAD = """\
agreement: {name: Test, version: v1, effective_from: 2026-10-01}
timezone: Europe/Berlin
calendars:
  munich: {hours: {mon-fri: 09:00-17:00}}
notices:
  recipients:
    floor: {channel: sales}
    managers: {channel: teams}
"""
DAY = Limit(LimitUnit.WORKING_DAYS, 1, "1 working_days")


def routing_of(text: str) -> Routing:
    policy = read_policy(text, "a.yaml")
    assert policy.notices is not None
    return policy.notices


def test_every_key_of_notices_is_read() -> None:
    policy = read_policy(TEXT, "a.yaml")
    routing, munich = policy.notices, policy.calendars["munich"]
    assert routing is not None
    assert routing.recipients["floor"] == Recipient("floor", "sales-slack", munich)
    assert routing.recipients["on-call"] == Recipient("on-call", "pager")
    assert (routing.owners, routing.default_owner) == ({"anna@example.com": "anna"}, "floor")
    quiet, vip, anna, marketing, _, sales, rest = routing.routes
    assert quiet == Route("quiet", kinds=frozenset({Kind.STALLED}), mute=True)
    assert (vip.duties, vip.segments) == ({"first-touch"}, {"enterprise"})
    assert (vip.severities, vip.page) == ({Severity.ERROR}, True)
    half_an_hour = Limit(LimitUnit.ELAPSED, 1_800_000_000, "30 minutes elapsed")
    assert vip.ladder == (Rung(("on-call",)), Rung(("on-call", "managers"), after=half_an_hour))
    assert (anna.owners, anna.sources, anna.ladder) == (
        {"anna@example.com"},
        {"web-form"},
        (Rung(("anna",), level=None),),
    )
    assert marketing.news == {News.QUOTA, News.DEFINITION, News.REJECTION}
    assert (sales.teams, sales.fold_by, sales.fold_us) == ({"sales"}, ("source", "duty"), 30_000_000)
    assert [rung.level for rung in sales.ladder] == ["80", "30 working_minutes left", "", "", ""]
    assert sales.ladder[-1] == Rung(("managers", "on-call"), "", DAY, munich, Asks.REASSIGN)
    assert rest == Route("rest", ladder=(Rung(("floor",), level=None),))


def test_without_notices_there_is_no_routing() -> None:
    before, _, behind = TEXT.partition("notices:")
    assert read_policy(before + "follow_up:" + behind.partition("follow_up:")[2], "a.yaml").notices is None


def doubts(folder: Path, notices: str, duties: str = DUTIES, head: str = HEAD) -> list[PolicyDoubt]:
    path = folder / "a.yaml"
    path.write_text(head + notices + duties)
    return list(examine_policy(path).doubts)


REST = "    - {name: rest, to: [floor, managers]}\n"


@pytest.mark.parametrize(
    ("notices", "line", "field", "message"),
    [
        ("  routes:\n    - {name: rest, to: floor}\n", 8, "recipients.managers", "no step, route or owner names it"),
        ("  owners: {default: floor}\n  routes:\n" + REST, 9, "owners",
         "no step and no route tells the owner anything"),
        ("  owners: {ana: managers, default: floor}\n  routes: [{name: rest, to: owner}]\n", None, "", ""),
        ("  ladders: {one: [{at: breach, to: floor}]}\n  routes:\n" + REST, 9, "ladders.one", "no route names it"),
        ("  ladders: {one: [{at: 75%, to: floor}, {at: breach, to: managers}]}\n"
         "  routes: [{name: rest, ladder: one}]\n", 9, "ladders.one[0].at", "no duty warns at 75%"),
        ("  ladders: {one: [{at: 80%, to: [floor, managers]}]}\n  routes: [{name: rest, ladder: one}]\n", 9,
         "ladders.one", "tells nobody of a breach"),
        ("  ladders: {one: [{after: 20 hours elapsed, to: floor}, {after: 1 working_days, to: managers}]}\n"
         "  routes: [{name: rest, ladder: one}]\n", None, "", ""),
        ("  ladders: {one: [{after: 30 hours elapsed, to: floor}, {after: 1 working_days, to: managers}]}\n"
         "  routes: [{name: rest, ladder: one}]\n", 9, "ladders.one[1].after",
         "sometimes comes before the step above it"),
        ("  routes:\n    - {name: a, when: {team: sales}, to: floor}\n    - {name: b, to: managers}\n", None, "", ""),
        ("  routes:\n    - {name: a, when: {duty: touch}, to: [floor, managers]}\n", 10, "routes",
         "a breach that fits none of the routes is told to nobody"),
        ("  routes:\n    - {name: a, when: {kind: [warned, breached]}, to: floor}\n"
         "    - {name: b, when: {kind: breached, owner: ana}, to: floor}\n" + REST, 11, "routes[1]",
         "is never reached: those before it take all that it would"),
        ("  routes:\n    - {name: a, when: {severity: error}, to: floor}\n"
         "    - {name: b, when: {severity: [warning, info]}, to: floor}\n    - {name: rest, to: managers}\n", 12,
         "routes[2]", "is never reached: those before it take all that it would"),
        ("  routes:\n    - {name: a, when: {owner: ana}, to: floor}\n"
         "    - {name: b, when: {owner: [ana, bo]}, to: floor}\n" + REST, None, "", ""),
        ("  routes:\n    - {name: a, when: {news: rejection, kind: breached}, to: floor}\n" + REST, 10, "routes[0]",
         "fits nothing: no news that it names has a kind or severity that it names"),
        ("  routes:\n    - {name: a, when: {news: quota}, to: floor}\n" + REST, 10, "routes[0]",
         "fits nothing that this agreement says of quota"),
        ("  routes:\n    - {name: a, when: {news: rejection}, to: floor}\n" + REST, 10, "routes[0]",
         "fits nothing that this agreement says of rejection"),
        ("  routes:\n    - {name: a, when: {news: [definition, review]}, to: floor}\n" + REST, 10, "routes[0]",
         "fits nothing that this agreement says of definition, review"),
    ],
)  # fmt: skip
def test_what_is_hardly_meant_is_doubted_and_what_may_be_meant_is_not(
    tmp_path: Path, notices: str, line: int | None, field: str, message: str
) -> None:
    told = [(doubt.line, doubt.field, doubt.message) for doubt in doubts(tmp_path, notices)]
    assert told == ([] if line is None else [(line, f"notices.{field}", message)])


def test_news_that_comes_behind_a_route_for_everything_is_told_all_the_same(tmp_path: Path) -> None:
    notices = (
        "  routes:\n    - {name: all, to: floor}\n    - {name: given-back, when: {news: rejection}, to: managers}\n"
    )
    acceptance = "  - {duty: acceptance, starts: lead.handed_off, reasons: [bad-data], within: 1 working_days}\n"
    assert doubts(tmp_path, notices, DUTIES + acceptance) == []
    said = outcome(Kind.MET, reason=Reason.REJECTED)
    calls = calls_for(said, routing_of(HEAD + notices + DUTIES + acceptance), Reach(("sales", "teams")))
    assert not isinstance(calls, Silence)
    assert [call.channel for call in calls] == ["teams"]


def test_a_calendar_that_only_a_recipient_or_a_step_names_is_not_doubted(tmp_path: Path) -> None:
    elapsed = DUTIES.replace("4 working_hours", "4 hours elapsed")
    named = "  routes: [{name: rest, to: [floor, managers]}]\n"
    assert [doubt.field for doubt in doubts(tmp_path, named, elapsed)] == ["calendars.munich"]
    head = HEAD.replace("{channel: teams}", "{channel: teams, calendar: munich}")
    assert doubts(tmp_path, named, elapsed, head) == []


def of(kind: Kind, news: News) -> Outcome:
    """An outcome of that kind and news."""
    match news:
        case News.QUOTA:
            return outcome(kind, lead="", delivery=Delivery("2026-10", (), 40_000, 0, 0, 0, 0))
        case News.AGREEMENT | News.REVIEW:
            return outcome(kind, lead="", level="")
        case News.DEFINITION:
            return outcome(kind, duty="definition-mql")
        case News.REJECTION:
            return outcome(kind, reason=Reason.REJECTED)
        case _:
            return outcome(kind)


@pytest.mark.parametrize(("kind", "news"), TOLD)
def test_what_routes_are_checked_against_is_told_where_a_route_asks_for_it(kind: Kind, news: News) -> None:
    assert news_of(of(kind, news)) is news
    assert is_told(kind, news)


def test_no_other_kind_is_told() -> None:
    assert {kind for kind in Kind if any(is_told(kind, news) for news in News)} == {kind for kind, _ in TOLD}


def is_told(kind: Kind, news: News) -> bool:
    ladder = (Rung(("x",), "80"), Rung(("x",)))
    by = Routing({"x": Recipient("x", "x")}, {}, "", (Route("one", news=frozenset({news}), ladder=ladder),))
    return not isinstance(calls_for(of(kind, news), by, Reach(("x",))), Silence)


FILES = {"a.yaml": TEXT}
CHANNELS = ["sales-slack", "anna-mail", "sales-teams", "marketing-slack", "pager"]
OCTOBER, LATER = 1_790_856_000_000_000, 1_830_000_000_000_000


def test_every_recipient_needs_a_channel_that_is_configured() -> None:
    check_channels(policy_of(FILES), FILES, CHANNELS, OCTOBER)
    with pytest.raises(PolicyError) as told:
        check_channels(policy_of(FILES), FILES, ["slack-sales", *CHANNELS[1:4]], OCTOBER)
    assert [str(fault) for fault in told.value.faults] == [
        "a.yaml:14: notices.recipients.floor.channel: no channel 'sales-slack' is configured; fix: write sales-teams",
        "a.yaml:18: notices.recipients.on-call.channel: no channel 'pager' is configured; fix: use one of slack-sales, "
        "anna-mail, sales-teams, marketing-slack",
    ]  # fmt: skip


def test_without_any_channel_the_fix_is_to_configure_one() -> None:
    with pytest.raises(PolicyError, match=r"configure it: docs/operating/notices\.md"):
        check_channels(policy_of(FILES), FILES, [], OCTOBER)


def test_versions_that_are_over_may_name_channels_that_are_gone_and_those_to_come_may_not() -> None:
    newer = TEXT.replace("2026-Q4", "2027-Q4").replace("2026-10-01", "2027-10-01").replace("2026-12-18", "2027-12-18")
    files = {"a.yaml": TEXT, "b.yaml": newer.replace("sales-slack", "new-slack")}
    policy: Policy = policy_of(files)
    with pytest.raises(PolicyError, match=r"^b\.yaml:14: .* no channel 'new-slack' is configured"):
        check_channels(policy, files, CHANNELS, OCTOBER)
    check_channels(policy, files, ["new-slack", *CHANNELS[1:]], LATER)
    with pytest.raises(PolicyError, match=r"^a\.yaml:14: .* no channel 'sales-slack' is configured"):
        check_channels(policy, files, ["new-slack", *CHANNELS[1:]], OCTOBER)


SAID_BY_ALL = [kind for kind, news in TOLD if news in (News.FOLLOW_UP, News.AGREEMENT)]


@given(st.lists(st.sampled_from(SAID_BY_ALL), min_size=1), st.lists(st.sampled_from(SAID_BY_ALL), min_size=1))
def test_a_route_is_doubted_exactly_when_the_one_before_it_takes_all_that_fits_it(
    first: list[Kind], second: list[Kind]
) -> None:
    routes = [
        f"    - {{name: a, when: {{kind: [{', '.join(first)}]}}, to: floor}}",
        f"    - {{name: b, when: {{kind: [{', '.join(second)}]}}, to: managers}}",
    ]
    found = examined("\n".join([HEAD + "  routes:", *routes, DUTIES]), "a.yaml")
    doubted = any(doubt.message.startswith("is never reached") for doubt in found.doubts)
    assert found.policy.notices is not None
    taker, behind = found.policy.notices.routes
    said = [of(*pair) for pair in TOLD]
    assert doubted == all(fits(taker, each) for each in said if fits(behind, each))
