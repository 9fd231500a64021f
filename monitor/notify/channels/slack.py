"""Slack: a message of Block Kit for an incoming webhook (docs.slack.dev, limits as of November 2026)."""

from typing import Final

from monitor.notify.channels.groups import text_of
from monitor.notify.channels.post import Post, json_post
from monitor.notify.channels.texts import Link, Style, Text, fitted
from monitor.ports import Message

# docs.slack.dev/reference/block-kit/blocks: header, section.
HEADER_CHARS_MAX: Final = 150
FIELDS_MAX: Final = 10
FIELD_CHARS_MAX: Final = 2_000
SECTION_CHARS_MAX: Final = 3_000
BLOCKS_MAX: Final = 50
# docs.slack.dev/reference/methods/chat.postMessage: text is best below 4,000 characters.
TEXT_CHARS_MAX: Final = 4_000


def slack_post(message: Message, style: Style) -> Post:
    """The message. Everything but links is `plain_text`, so that no text from outside is read as formatting."""
    text = text_of(message, style)
    fields = [_plain_text(f"{label}\n{value}", FIELD_CHARS_MAX) for label, value in text.facts[:FIELDS_MAX]]
    lines = [f"{n}. {item.text}" for n, item in enumerate(text.items, 1)] + ([text.more] if text.more else [])
    several: list[dict[str, object]] = [
        {"type": "section", "text": _plain_text(line, SECTION_CHARS_MAX)} for line in lines
    ]
    blocks: list[dict[str, object]] = [
        {"type": "header", "text": _plain_text(text.title, HEADER_CHARS_MAX)},
        {"type": "section", "fields": fields},
        *several,
        *_links(text),
    ]
    # What notifications show; without mrkdwn, for the same reason.
    return json_post({"text": fitted(text.title, TEXT_CHARS_MAX, escaped), "mrkdwn": False, "blocks": blocks})


def escaped(text: str) -> str:
    """The three characters that Slack reads as control characters, as it wants them written."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _plain_text(text: str, chars_max: int) -> dict[str, object]:
    return {"type": "plain_text", "text": fitted(text, chars_max, escaped), "emoji": False}


def _links(text: Text) -> list[dict[str, object]]:
    """A section of its own for each page; those of the lines are named by their numbers, as far as they fit in one."""
    numbered = ""
    for n, item in enumerate(text.items, 1):
        more = f"{numbered} {_link(Link(str(n), item.url))}".lstrip()
        if item.url and len(more) <= SECTION_CHARS_MAX:
            numbered = more
    links = [_link(link) for link in text.links]
    shown = [link for link in (numbered, *links) if link and len(link) <= SECTION_CHARS_MAX]
    return [{"type": "section", "text": {"type": "mrkdwn", "text": link}} for link in shown]


def _link(link: Link) -> str:
    return f"<{escaped(link.url)}|{escaped(link.label)}>"
