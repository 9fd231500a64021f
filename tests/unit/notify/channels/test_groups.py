"""Several notices in one message: counted, with what they have in common and the worst of them."""

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.core.outcome import Delivery, Kind
from monitor.core.routing import Asks
from monitor.notify.channels.groups import COUNTS_MAX, ITEMS_MAX, text_of
from monitor.notify.channels.mail import message_of
from monitor.notify.channels.pagerduty import incident_of, pagerduty_post
from monitor.notify.channels.slack import slack_post
from monitor.notify.channels.standard import StandardWebhook, webhook_body
from monitor.notify.channels.teams import teams_post
from monitor.notify.channels.texts import Item, Link, Style
from monitor.notify.channels.words import Language
from monitor.ports import Form, Message, Notice, alone
from monitor.wire.outcome import encode_outcome
from tests.support.notices import NOON, SECRET, notice, notice_of_agreement, outcome

LEADS = "https://crm.example.com/leads/{lead}"
ENGLISH = Style(Language.ENGLISH, ZoneInfo("Europe/Berlin"), LEADS)
GERMAN = ENGLISH._replace(language=Language.GERMAN)
CAUSE = (("source", "web"), ("duty", "first-touch"))
MINUTE = 60_000_000
KEY = "0123456789abcdef0123456789abcdef"


def folded(*notices: Notice, cause: tuple[tuple[str, str], ...] = CAUSE, message_id: str = "msg_1") -> Message:
    return Message(message_id, notices, Form.FOLDED, cause)


def storm(leads: int, name: str = "lead-{}") -> Message:
    """Breaches of one cause, each a minute later than the one before, the last of them first."""
    return folded(
        *(notice(lead=name.format(n), due_at=NOON + n * MINUTE, at=NOON + n * MINUTE) for n in reversed(range(leads)))
    )


def test_a_storm_in_english() -> None:
    text = text_of(storm(10_000), ENGLISH)
    assert text.title == "Overdue: 10,000 at once"
    assert text.facts == (("Overdue: first-touch", "10,000"), ("Source", "web"), ("Duty", "first-touch"))
    assert text.items[0] == Item(
        "Overdue: first-touch, lead-0 (ana), due Thu 1 Oct 2026, 14:00 (Europe/Berlin)",
        "https://crm.example.com/leads/lead-0",
    )
    assert [item.url.rpartition("-")[2] for item in text.items] == [str(n) for n in range(ITEMS_MAX)], "longest overdue"
    assert text.more == "and 9,990 more"


def test_a_digest_in_german() -> None:
    told = Message("msg_1", (notice(Kind.WARNED, due_at=NOON - MINUTE), notice(lead="lead-2"), notice()), Form.DIGEST)
    text = text_of(told, GERMAN)
    assert text.title == "Während Ihrer Abwesenheit: 3 Meldungen"
    assert text.facts == (("Überfällig: first-touch", "2"), ("Bald fällig: first-touch", "1"))
    assert [item.text.partition(",")[0] for item in text.items] == [
        "Überfällig: first-touch", "Überfällig: first-touch", "Bald fällig: first-touch",
    ]  # fmt: skip
    assert text.more == ""


def test_leads_are_counted_once_however_much_is_said_of_them() -> None:
    assert text_of(folded(notice(), notice(Kind.STALLED)), ENGLISH).title.endswith(": 1 at once")


def test_a_notice_that_is_alone_is_written_as_itself_whatever_it_waited_for() -> None:
    assert text_of(folded(notice()), ENGLISH) == text_of(alone(notice()), ENGLISH)
    assert webhook_body(folded(notice())) == webhook_body(alone(notice()))


def test_a_cause_that_is_nobody_is_called_so() -> None:
    told = folded(notice(owner=""), notice(owner="", lead="lead-2"), cause=(("owner", ""), ("source", "")))
    assert text_of(told, ENGLISH).facts[1:] == (("Owner", "nobody assigned"), ("Source", "-"))


def test_what_is_said_of_the_agreement_has_a_line_too() -> None:
    told = Message("msg_1", (notice_of_agreement(Kind.REVIEW_DUE), notice()), Form.DIGEST)
    assert text_of(told, ENGLISH).items[1].text.startswith("Agreement to be reviewed: agreement, 2026-Q4, due ")


def test_a_quota_has_a_line_that_names_its_term() -> None:
    said = outcome(
        Kind.AT_RISK, lead="", owner="", duty="leads", delivery=Delivery("2026-10", (("s", "big"),), 1, 0, 0, 0, 0)
    )
    told = Message("msg_1", (Notice("id", said), notice()), Form.DIGEST)
    assert (
        text_of(told, ENGLISH).items[1].text == "At risk: leads, 2026-10 big, due Thu 1 Oct 2026, 14:00 (Europe/Berlin)"
    )


def test_a_message_links_to_its_pages() -> None:
    told = Message(
        "n", (notice(),), acknowledge_url="https://sla.example.com/a", snooze_url="https://sla.example.com/s"
    )
    assert text_of(told, ENGLISH).links[1:] == (
        Link("Acknowledge", "https://sla.example.com/a"),
        Link("Snooze", "https://sla.example.com/s"),
    )


@pytest.mark.parametrize("name", ["lead-{}", "&" * 240 + "{}", "\U0001f600" * 240 + "{}"], ids=["plain", "&", "astral"])
@pytest.mark.parametrize("style", [ENGLISH, GERMAN], ids=["en", "de"])
def test_ten_thousand_leads_keep_the_limits_of_every_far_end(name: str, style: Style) -> None:
    told = storm(10_000, name)
    slack = json.loads(slack_post(told, style).body)
    assert len(slack["blocks"]) <= 50
    assert all(len(block["text"]["text"]) <= 3_000 for block in slack["blocks"][2:])
    assert len(teams_post(told, style).body) <= 28 * 1024
    assert len(pagerduty_post(told, style, KEY).body) <= 512 * 1024
    assert len(webhook_body(told)) < 20_000
    mail = message_of(told, style, "lead-sla@example.com", ["ana@example.com"], NOON).as_bytes()
    assert max(map(len, mail.split(b"\r\n"))) <= 998
    assert len(mail) < 100_000


def test_many_duties_are_counted_as_far_as_there_is_room() -> None:
    told = folded(*(notice(duty=f"duty-{n}", lead=f"lead-{n}") for n in range(30)), cause=())
    text = text_of(told, ENGLISH)
    assert len(text.facts) == COUNTS_MAX
    assert text.title == "Overdue: 30 at once"


def body_of(message: Message) -> Any:
    return json.loads(StandardWebhook([SECRET]).post(message, NOON).body)


def test_a_webhook_hears_how_many_of_what_and_the_worst_with_every_field() -> None:
    told = storm(3)
    body = body_of(told)
    assert (body["type"], body["timestamp"]) == ("lead-sla.folded", "2026-10-01T12:02:00.000000Z")
    data = body["data"]
    assert (data["count"], data["leads"], data["cause"]) == (3, 3, {"source": "web", "duty": "first-touch"})
    assert data["counts"] == [{"kind": "breached", "duty": "first-touch", "count": 3}]
    single = [json.loads(webhook_body(alone(each)))["data"] for each in reversed(told.notices)]
    assert data["worst"] == single


def test_the_id_of_a_message_is_that_of_the_request() -> None:
    assert StandardWebhook([SECRET]).post(storm(3), NOON).headers["webhook-id"] == "msg_1"


def test_one_cause_is_one_incident_and_it_ends_when_all_that_is_told_has_ended() -> None:
    first, again = storm(3), folded(notice(lead="lead-9"), notice(lead="lead-8"), message_id="msg_2")
    assert incident_of(first) == incident_of(again)
    assert incident_of(first) != incident_of(folded(*first.notices, cause=(("source", "fair"),)))
    ended = [notice(Kind.FULFILLED_LATE, lead=f"lead-{n}") for n in range(3)]
    events = [folded(*ended), folded(*ended, notice())]
    assert [json.loads(pagerduty_post(each, ENGLISH, KEY).body)["event_action"] for each in events] == [
        "resolve", "trigger",
    ]  # fmt: skip


@pytest.mark.parametrize("form", [Form.DIGEST, Form.FOLDED])
def test_two_messages_without_a_cause_are_two_incidents(form: Form) -> None:
    notices = (notice(), notice(lead="lead-2"))
    assert incident_of(Message("a", notices, form)) != incident_of(Message("b", notices, form))


def test_an_incident_is_as_severe_as_the_worst_of_what_it_tells() -> None:
    told = folded(notice(Kind.WARNED), notice(lead="lead-2"), notice(Kind.WARNED, lead="lead-3"))
    assert json.loads(pagerduty_post(told, ENGLISH, KEY).body)["payload"]["severity"] == "error"


def test_a_webhook_hears_which_step_of_a_ladder_it_is() -> None:
    step = Notice("id", notice().outcome, "2 working_hours", Asks.REASSIGN)
    data = json.loads(webhook_body(alone(step)))["data"]
    assert (data["after"], data["asks"]) == ("2 working_hours", "reassign")
    assert not {"after", "asks"} & set(json.loads(webhook_body(alone(notice())))["data"])


def test_a_webhook_hears_how_a_quota_stands_as_the_outcomes_topic_does() -> None:
    standing = Delivery("2026-10", (("segment", "enterprise"),), 40_000, 31_500, 0, 2_000, 0, 36_000, 33_000, 39_000)
    said = outcome(Kind.AT_RISK, lead="", duty="qualified-leads", delivery=standing)
    data = json.loads(webhook_body(alone(Notice("id", said))))["data"]
    assert data["delivery"] == json.loads(encode_outcome(said))["data"]["delivery"]


def test_slack_links_to_as_many_leads_as_fit() -> None:
    blocks = json.loads(slack_post(storm(10, "x" * 600 + "-{}"), ENGLISH).body)["blocks"]
    links = blocks[-1]["text"]["text"]
    assert len(links) <= 3_000
    assert [link.rpartition("|")[2] for link in links.split(" ")] == ["1>", "2>", "3>", "4>"]


def test_a_mail_has_a_line_and_a_link_for_each_and_says_how_many_more_there_are() -> None:
    mail = message_of(storm(12), ENGLISH, "lead-sla@example.com", ["ana@example.com"], NOON).get_content().splitlines()
    first = mail.index("1. Overdue: first-touch, lead-0 (ana), due Thu 1 Oct 2026, 14:00 (Europe/Berlin)")
    assert mail[first + 1].strip() == "https://crm.example.com/leads/lead-0"
    assert "and 2 more" in mail
