"""Slack: a message of Block Kit for an incoming webhook (docs.slack.dev, limits as of November 2026)."""

from typing import Final

from monitor.notify.channels.post import Post, json_post
from monitor.notify.channels.texts import Style, Text, fitted, text_of
from monitor.ports import Notice

# docs.slack.dev/reference/block-kit/blocks: header, section.
HEADER_CHARS_MAX: Final = 150
FIELDS_MAX: Final = 10
FIELD_CHARS_MAX: Final = 2_000
SECTION_CHARS_MAX: Final = 3_000
BLOCKS_MAX: Final = 50
# docs.slack.dev/reference/methods/chat.postMessage: text is best below 4,000 characters.
TEXT_CHARS_MAX: Final = 4_000


def slack_post(notice: Notice, style: Style) -> Post:
    """The message. Everything but the link is `plain_text`, so that no text from outside is read as formatting."""
    text = text_of(notice, style)
    fields = [_plain_text(f"{label}\n{value}", FIELD_CHARS_MAX) for label, value in text.facts[:FIELDS_MAX]]
    blocks: list[dict[str, object]] = [
        {"type": "header", "text": _plain_text(text.title, HEADER_CHARS_MAX)},
        {"type": "section", "fields": fields},
        *_link(text),
    ]
    # What notifications show; without mrkdwn, for the same reason.
    return json_post({"text": fitted(text.title, TEXT_CHARS_MAX, escaped), "mrkdwn": False, "blocks": blocks})


def escaped(text: str) -> str:
    """The three characters that Slack reads as control characters, as it wants them written."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _plain_text(text: str, chars_max: int) -> dict[str, object]:
    return {"type": "plain_text", "text": fitted(text, chars_max, escaped), "emoji": False}


def _link(text: Text) -> list[dict[str, object]]:
    link = f"<{escaped(text.link)}|{escaped(text.link_label)}>"
    if not text.link or len(link) > SECTION_CHARS_MAX:
        return []
    return [{"type": "section", "text": {"type": "mrkdwn", "text": link}}]
