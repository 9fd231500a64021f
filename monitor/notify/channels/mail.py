"""E-mail: plain text, so that nothing from outside is ever read as markup."""

from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

from monitor.notify.channels.groups import text_of
from monitor.notify.channels.texts import Style, fitted
from monitor.ports import Message

# RFC 5322 allows lines of 998 characters and asks for 78: longer subjects are folded, and nobody reads more than this.
SUBJECT_CHARS_MAX: Final = 150
_US_PER_S: Final = 1_000_000


def message_of(told: Message, style: Style, sender: str, recipients: Sequence[str], now_at: int) -> EmailMessage:
    """The mail. Its Message-ID is constant over attempts, so that a mailbox can tell a repetition."""
    text = text_of(told, style)
    message = EmailMessage(SMTP)
    message["From"] = sender
    message["To"] = ", ".join(recipients)
    message["Subject"] = fitted(text.title, SUBJECT_CHARS_MAX)
    message["Date"] = datetime.fromtimestamp(now_at // _US_PER_S, UTC)
    message["Message-ID"] = f"<{told.message_id}@{sender.rpartition('@')[2]}>"
    # RFC 3834: no automatic answers, please.
    message["Auto-Submitted"] = "auto-generated"
    lines = [text.title, "", *(f"{label}: {value}" for label, value in text.facts)]
    for n, item in enumerate(text.items, 1):
        lines += ["", f"{n}. {item.text}", *([f"   {item.url}"] if item.url else [])]
    lines += ["", text.more] if text.more else []
    lines += ["", *(f"{link.label}: {link.url}" for link in text.links)] if text.links else []
    message.set_content("\n".join(lines) + "\n")
    return message
