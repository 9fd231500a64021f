"""Microsoft Teams: an Adaptive Card for a workflow that starts when a webhook request is received."""

from typing import Any, Final

from monitor.notify.channels.groups import text_of
from monitor.notify.channels.post import Post, json_post
from monitor.notify.channels.texts import Item, Style
from monitor.ports import Message

# learn.microsoft.com/connectors/teams, "Message size limit": about 28 KB, everything counted. A card has about three,
# one of ten lines with the longest names and links a little more than twenty.
BODY_BYTES_MAX: Final = 28 * 1024
# Browsers and proxies take no longer ones; the card needs room too.
LINK_CHARS_MAX: Final = 2_048
ITEM_LINK_CHARS_MAX: Final = 400
# Rich text came with 1.2, and Teams shows cards up to 1.5.
_VERSION: Final = "1.4"


def teams_post(message: Message, style: Style) -> Post:
    """The message. All text stands in TextRuns, the one element whose text is never read as Markdown."""
    text = text_of(message, style)
    title = {"type": "TextRun", "text": text.title, "weight": "Bolder", "size": "Medium"}
    card: dict[str, object] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": _VERSION,
        "body": [
            _line(title),
            *(_fact(label, value) for label, value in text.facts),
            *(_item(item) for item in text.items),
            *([_line({"type": "TextRun", "text": text.more})] if text.more else []),
        ],
    }
    actions = [
        {"type": "Action.OpenUrl", "title": link.label, "url": link.url}
        for link in text.links
        if len(link.url) <= LINK_CHARS_MAX
    ]
    if actions:
        card["actions"] = actions
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return json_post({"type": "message", "attachments": [attachment]})


def _fact(label: str, value: str) -> dict[str, object]:
    name = {"type": "TextRun", "text": f"{label}: ", "weight": "Bolder"}
    return {**_line(name, {"type": "TextRun", "text": value}), "spacing": "Small"}


def _item(item: Item) -> dict[str, object]:
    run: dict[str, Any] = {"type": "TextRun", "text": item.text}
    if item.url and len(item.url) <= ITEM_LINK_CHARS_MAX:
        run["selectAction"] = {"type": "Action.OpenUrl", "url": item.url}
    return {**_line(run), "spacing": "Small"}


def _line(*runs: dict[str, Any]) -> dict[str, object]:
    return {"type": "RichTextBlock", "inlines": list(runs)}
