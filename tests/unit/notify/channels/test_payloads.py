"""What is sent stays within the limits that each vendor documents, whatever a name or an id looks like.

The limits, as their pages gave them in November 2026, are written out once more here, so that the modules under test
cannot move them:

- Slack (docs.slack.dev/reference/block-kit): 50 blocks; a header 150 characters; a section 3,000, or 10 fields of
  2,000; `&`, `<` and `>` escaped. Text 4,000 (chat.postMessage).
- Teams (learn.microsoft.com/connectors/teams): about 28 KB a message; Markdown is read in TextBlock and Fact, not in
  TextRun (learn.microsoft.com/adaptive-cards/schema-explorer/text-run).
- PagerDuty (developer.pagerduty.com/docs/events-api-v2): 512 KB; summary 1,024 characters, dedup_key 255; severity one
  of four; summary, source and severity required with a trigger.
- Standard Webhooks (standardwebhooks.com): payload below 20 kB, advised.
- E-mail (RFC 5322): lines of at most 998 characters.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from monitor.core.outcome import Kind
from monitor.core.routing import FOLD_FIELDS, Asks
from monitor.notify.channels.mail import message_of
from monitor.notify.channels.pagerduty import Action, incident_of, pagerduty_post
from monitor.notify.channels.slack import slack_post
from monitor.notify.channels.standard import StandardWebhook, webhook_body
from monitor.notify.channels.teams import teams_post
from monitor.notify.channels.texts import Style
from monitor.notify.channels.words import Language
from monitor.ports import Form, Message, Notice, alone
from tests.support.notices import NOON, OF_AGREEMENT, REASONS, message, notice, notice_of_agreement, outcome

PAGE = "https://lead-sla.example.com/notices/1/ack?signature=x"
LINK = "https://crm.example.com/leads/{lead}"
STYLES = [Style(language, ZoneInfo("Europe/Berlin"), link) for language in Language for link in ("", LINK)]
KEY = "0123456789abcdef0123456789abcdef"
EVIL = '<!channel> & <https://evil.example|ana> *bold* [x](https://evil.example) {{DATE}} "'

anything = st.text(max_size=300) | st.sampled_from(
    ["&" * 256, "<" * 256, "\U0001f600" * 256, EVIL, "\ud800", "\r\n.\r\n"]
)
of_leads = st.builds(
    notice,
    kind=st.sampled_from(list(REASONS)),
    lead=anything.filter(lambda text: text and "\ud800" not in text),  # intake refuses half a UTF-16 pair
    owner=anything,
    segment=anything,
    lead_source=anything,
    calendar=anything,
)
of_agreement = st.builds(
    notice_of_agreement, st.sampled_from(list(OF_AGREEMENT)), changes=st.lists(anything, max_size=30).map(tuple)
)
of_steps = st.builds(
    Notice, st.text("abc", min_size=1), st.builds(outcome, owner=anything), anything, st.sampled_from(Asks)
)
notices = of_leads | of_agreement | of_steps
several = st.builds(
    Message,
    st.just("msg_1"),
    st.lists(notices, min_size=1, max_size=30).map(tuple),
    st.sampled_from([Form.DIGEST, Form.FOLDED]),
    st.lists(st.tuples(st.sampled_from(FOLD_FIELDS), anything), max_size=5, unique_by=lambda each: each[0]).map(tuple),
    st.sampled_from(["", PAGE]),
    st.sampled_from(["", PAGE]),
)
messages = notices.map(alone) | several


def body_of(post: Any) -> Any:
    assert post.headers["Content-Type"] == "application/json"
    return json.loads(post.body.decode())


def strings(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for each in value.values():
                yield from strings(each)
        case list():
            for each in value:
                yield from strings(each)
        case str():
            yield value


@given(messages, st.sampled_from(STYLES))
def test_a_slack_message_keeps_every_limit(told: Message, style: Style) -> None:
    posted = body_of(slack_post(told, style))
    assert 1 <= len(posted["text"]) <= 4_000
    assert 1 <= len(posted["blocks"]) <= 50
    header, section, *others = posted["blocks"]
    assert (header["type"], header["text"]["type"]) == ("header", "plain_text")
    assert 1 <= len(header["text"]["text"]) <= 150
    assert 1 <= len(section["fields"]) <= 10
    for field in section["fields"]:
        assert field["type"] == "plain_text"
        assert 1 <= len(field["text"]) <= 2_000
    assert all(1 <= len(block["text"]["text"]) <= 3_000 for block in others)


@given(messages, st.sampled_from(STYLES))
def test_no_control_character_of_slack_comes_from_outside(told: Message, style: Style) -> None:
    posted = body_of(slack_post(told, style))
    linking = [block for block in posted["blocks"] if block.get("text", {}).get("type") == "mrkdwn"]
    plain = [block for block in posted["blocks"] if block not in linking]
    for text in [posted["text"], *strings(plain)]:
        bare = text.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")
        assert not set(bare) & set("&<>")
    for link in [link for block in linking for link in block["text"]["text"].split("> <")]:
        url, _, label = link.removeprefix("<").removesuffix(">").partition("|")
        assert not set(url + label) & set("<>|")


@given(messages, st.sampled_from(STYLES))
def test_a_teams_card_is_small_and_has_no_element_that_reads_markdown(told: Message, style: Style) -> None:
    post = teams_post(told, style)
    assert len(post.body) <= 28 * 1024
    (attachment,) = body_of(post)["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    for block in card["body"]:
        assert block["type"] == "RichTextBlock"
        assert {run["type"] for run in block["inlines"]} == {"TextRun"}
        assert {run["selectAction"]["type"] for run in block["inlines"] if "selectAction" in run} <= {"Action.OpenUrl"}
    for action in card.get("actions", ()):
        assert action["type"] == "Action.OpenUrl"
        assert action["url"] == PAGE or action["url"].startswith("https://crm.example.com/leads/")


@given(messages, st.sampled_from(STYLES))
def test_a_pagerduty_event_keeps_every_limit(told: Message, style: Style) -> None:
    post = pagerduty_post(told, style, KEY)
    assert len(post.body) <= 512 * 1024
    event = body_of(post)
    assert event["routing_key"] == KEY
    assert 1 <= len(event["dedup_key"]) <= 255
    assert event["event_action"] in ("trigger", "acknowledge", "resolve")
    if event["event_action"] == "trigger":
        payload = event["payload"]
        assert 1 <= len(payload["summary"]) <= 1_024
        assert payload["source"]
        assert payload["severity"] in ("critical", "error", "warning", "info")
        assert all(link["href"].startswith((PAGE, "https://crm.example.com/")) for link in event.get("links", ()))


@given(messages)
def test_a_standard_webhook_is_small_and_its_body_never_changes(told: Message) -> None:
    hook = StandardWebhook(["whsec_" + "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0"])
    first, later = hook.post(told, NOON), hook.post(told, NOON + 3_600_000_000)
    assert len(first.body) < 20_000
    assert (first.body, first.headers["webhook-id"]) == (later.body, later.headers["webhook-id"])
    assert first.headers["webhook-timestamp"] != later.headers["webhook-timestamp"]


@given(messages, st.sampled_from(STYLES))
def test_an_email_can_be_read_back_and_nothing_breaks_out_of_its_headers(told: Message, style: Style) -> None:
    sent = message_of(told, style, "lead-sla@example.com", ["ana@example.com", "bo@example.com"], NOON)
    raw = sent.as_bytes()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    read = message_from_bytes(raw, policy=default)
    assert set(read.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Type", "Content-Transfer-Encoding",
        "MIME-Version",
    }  # fmt: skip
    assert read["To"] == "ana@example.com, bo@example.com"
    # The library folds a long subject with one space too many.
    assert len(" ".join(read["Subject"].split())) <= 150
    assert read.get_content_type() == "text/plain"


def test_a_mention_in_a_name_is_text() -> None:
    posted = body_of(slack_post(message(owner=EVIL), STYLES[0]))
    assert "&lt;!channel&gt; &amp;" in posted["text"]
    assert "<!channel>" not in json.dumps(posted)


def test_a_link_too_long_for_a_button_is_left_out() -> None:
    lead = "\U0001f600" * 256
    assert len(body_of(slack_post(message(lead=lead), STYLES[1]))["blocks"]) == 2
    assert "actions" not in body_of(teams_post(message(lead=lead), STYLES[1]))["attachments"][0]["content"]
    assert "links" not in body_of(pagerduty_post(message(lead=lead), STYLES[1], KEY))


@pytest.mark.parametrize(
    ("kind", "action", "severity"),
    [
        (Kind.BREACHED, "trigger", "error"),
        (Kind.WARNED, "trigger", "warning"),
        (Kind.STALLED, "trigger", "warning"),
        (Kind.PASSED_AROUND, "trigger", "warning"),
        (Kind.FULFILLED_LATE, "resolve", None),
        (Kind.WITHDRAWN, "resolve", None),
    ],
)
def test_a_breach_opens_an_incident_and_its_end_closes_it(kind: Kind, action: str, severity: str | None) -> None:
    event = body_of(pagerduty_post(message(kind), STYLES[0], KEY))
    assert event["event_action"] == action
    assert event.get("payload", {}).get("severity") == severity


def test_an_incident_can_be_acknowledged() -> None:
    event = body_of(pagerduty_post(message(), STYLES[0], KEY, Action.ACKNOWLEDGE))
    assert event == {"routing_key": KEY, "event_action": "acknowledge", "dedup_key": incident_of(message())}


def test_an_incident_is_one_clock_whatever_is_said_of_it() -> None:
    breach, end = message(), message(Kind.FULFILLED_LATE, revision=3, owner="bo", policy_version="2027-Q1")
    assert incident_of(breach) == incident_of(end)
    others = [message(lead="lead-2"), message(duty="acceptance"), message(cycle=2), message(lead="lead-1\x1ffirst")]
    assert len({incident_of(each) for each in (breach, *others)}) == 5


def test_during_a_rotation_either_secret_verifies() -> None:
    new, old, other = ("whsec_" + letter * 32 for letter in "abc")
    told = message()
    post = StandardWebhook([new, old]).post(told, NOON)
    signatures = post.headers["webhook-signature"].split(" ")
    assert len(signatures) == 2
    at = datetime.fromtimestamp(NOON // 1_000_000, UTC)
    expected = [Webhook(secret).sign(told.message_id, at, webhook_body(told).decode()) for secret in (new, old)]
    assert signatures == expected
    assert Webhook(other).sign(told.message_id, at, webhook_body(told).decode()) not in signatures
