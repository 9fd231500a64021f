"""Microsoft Teams: an Adaptive Card for a workflow that starts when a webhook request is received."""

from typing import Final

from monitor.notify.channels.post import Post, json_post
from monitor.notify.channels.texts import Style, text_of
from monitor.ports import Notice

# learn.microsoft.com/connectors/teams, "Message size limit": about 28 KB, everything counted. A card has about three.
BODY_BYTES_MAX: Final = 28 * 1024
# Browsers and proxies take no longer ones; the card needs room too.
LINK_CHARS_MAX: Final = 2_048
# Rich text came with 1.2, and Teams shows cards up to 1.5.
_VERSION: Final = "1.4"


def teams_post(notice: Notice, style: Style) -> Post:
    """The message. All text stands in TextRuns, the one element whose text is never read as Markdown."""
    text = text_of(notice, style)
    title = {"type": "TextRun", "text": text.title, "weight": "Bolder", "size": "Medium"}
    card: dict[str, object] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": _VERSION,
        "body": [_line(title), *(_fact(label, value) for label, value in text.facts)],
    }
    if text.link and len(text.link) <= LINK_CHARS_MAX:
        card["actions"] = [{"type": "Action.OpenUrl", "title": text.link_label, "url": text.link}]
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return json_post({"type": "message", "attachments": [attachment]})


def _fact(label: str, value: str) -> dict[str, object]:
    name = {"type": "TextRun", "text": f"{label}: ", "weight": "Bolder"}
    return {**_line(name, {"type": "TextRun", "text": value}), "spacing": "Small"}


def _line(*runs: dict[str, str]) -> dict[str, object]:
    return {"type": "RichTextBlock", "inlines": list(runs)}
